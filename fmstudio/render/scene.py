"""What is drawn, as plain data: a scene has panes, a pane has layers.

The presenter makes a Scene from results at a time t; a canvas (render.vispy, or a fake in a test) draws it.
Arrays are never changed after they are put in a scene, so a canvas may keep what it uploaded for an array
for as long as it is handed the same array object. Coordinates are those of the plane, y up.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fmstudio.document.specs.density import Meaning
from fmstudio.document.specs.units import Units
from fmstudio.engine.messages import Request
from fmstudio.render.palette import Palette
from fmstudio.studio.clocks import PATH_CLOCK, Clock, TrainingClock

Array = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Camera:
    """Centre of the visible part of the plane, and half of what is seen along a pane's smaller side."""

    x: float
    y: float
    half: float


@dataclass(frozen=True, eq=False)
class Provenance:
    """What a layer is a picture of."""

    answers: Request | None = field(default=None, kw_only=True)
    """the request that it was made of; None for what the document itself holds"""
    is_waiting: bool = field(default=False, kw_only=True)
    """something else is asked now; if that does not come at once, this is dimmed"""


@dataclass(frozen=True, eq=False)
class DensityLayer(Provenance):
    """Two images (ny, nx) over a rectangle, mixed (1 - weight) a + weight b, coloured by (value / top).

    Values stand at the points of the closed rectangle: row 0 at y0, the last at y1, and so in x. Between
    the points they are interpolated, and the picture passes through every value.
    """

    a: Array
    b: Array
    weight: float
    top: float
    """the value shown as the brightest colour, > 0"""
    x0: float
    y0: float
    x1: float
    y1: float
    meaning: Meaning = Meaning.DENSITY
    opacity: float = 1.0
    fills: bool = True
    """it is coloured"""
    contours: bool = False
    """lines where it is top, half of that, half of that again ..."""


@dataclass(frozen=True, eq=False)
class ParticleLayer(Provenance):
    """Positions (n, 2) between two solver states, mixed in the vertex shader. Nothing is uploaded for an
    array that the canvas has seen, so a frame between two states costs no transfer."""

    a: Array
    b: Array
    weight: float
    colours: Bytes
    """(n, 4) RGBA"""
    size: float
    """diameter in logical pixels"""
    opacity: float = 1.0
    glows: bool = False
    """a halo around each, which adds up where many are"""


@dataclass(frozen=True, eq=False)
class TrailLayer(Provenance):
    """Polylines (n, k, 2) with opacity rising from the first to the last point; NaN points break a line."""

    points: Array
    colours: Bytes
    """(n, 4)"""
    width: float
    """in logical pixels"""
    opacity: float = 1.0
    fade: bool = True


@dataclass(frozen=True, eq=False)
class ArrowLayer(Provenance):
    """Arrows with their middle at ``positions`` (n, 2), along ``vectors`` (n, 2) in plane units.

    ``width`` of the shaft is in logical pixels; the head follows from it. Where a vector is NaN, nothing is
    drawn."""

    positions: Array
    vectors: Array
    colour: str
    opacity: float
    width: float


@dataclass(frozen=True, eq=False)
class PointLayer(Provenance):
    """Still points (n, 2) of one colour."""

    points: Array
    colour: str
    size: float
    opacity: float


@dataclass(frozen=True, eq=False)
class InkLayer(Provenance):
    """A drawing (G, G), values in [0, 1], over [-half, half]^2, as a veil of one colour."""

    raster: Array
    half: float
    colour: str
    opacity: float


@dataclass(frozen=True, eq=False)
class AxesLayer(Provenance):
    """Lines at round numbers of these units, with labels, and a scale bar."""

    units: Units
    opacity: float = 1.0


@dataclass(frozen=True, eq=False)
class HandleLayer(Provenance):
    """What a hand may take hold of on a window's canvas: lines from back to front, and discs upon them. In no
    picture that is exported."""

    lines: tuple[TrailLayer, ...]
    discs: tuple[PointLayer, ...]
    opacity: float = 1.0


Layer = (
    InkLayer | DensityLayer | ParticleLayer | TrailLayer | ArrowLayer | PointLayer | AxesLayer | HandleLayer
)


@dataclass(frozen=True)
class Swatch:
    """Colours beside a word: a dot of one, a bar of several, or a wheel around which they run."""

    colours: tuple[str, ...]
    is_wheel: bool = False


@dataclass(frozen=True)
class Legend:
    """One entry at the pane's lower edge: '**name** text', with an optional colour swatch.

    In all words of a scene 'p_t' and 'pₜ' are set as p with a lowered t."""

    name: str
    text: str
    colour: str = ""
    answers: Request | None = field(default=None, compare=False)
    """the request of what it speaks of; None for words about what is asked"""
    scale: Swatch | None = None
    """in place of one colour"""


@dataclass(frozen=True, eq=False)
class Pane:
    """Layers from back to front, and the words around them. ``notice`` stands in the middle of it;
    ``waiting`` says why layers that wait are dimmed, '' where none is."""

    title: str
    subtitle: str
    layers: tuple[Layer, ...]
    legend: tuple[Legend, ...] = ()
    notice: str = ""
    waiting: str = ""
    camera: Camera | None = None
    """where one looks in this pane alone"""


@dataclass(frozen=True, eq=False)
class Scene:
    """One to six panes, all at the same time and camera; where they lie follows from the canvas."""

    panes: tuple[Pane, ...]
    camera: Camera
    palette: Palette
    t: float
    chrome: bool = True
    """titles, legends and (in exports) the time bar"""
    clock: Clock | TrainingClock = PATH_CLOCK
    """what t is called, or the part of a training"""

    def camera_in(self, pane: int) -> Camera:
        """Where one looks in a pane."""
        return self.panes[pane].camera or self.camera


def without_handles(scene: Scene) -> Scene:
    """As it is taken along: in a copied picture nobody takes hold of anything."""
    panes = tuple(
        replace(pane, layers=tuple(layer for layer in pane.layers if not isinstance(layer, HandleLayer)))
        for pane in scene.panes
    )
    return replace(scene, panes=panes)


class SceneCanvas(Protocol):
    """Anything that can draw a scene."""

    def show_scene(self, scene: Scene) -> None:
        """Draw this from now on."""
