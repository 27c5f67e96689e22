"""What a drag paints on a raster: freehand pieces or a shape, with their copies by symmetry. Pure numpy; a
piece's cost is its own bounding box, not the raster's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.document.specs.units import Vector
from fmstudio.studio import masks
from fmstudio.studio.asked_files import End
from fmstudio.studio.masks import Turn

Raster = npt.NDArray[np.float32]
INK_POINTS = 50_000
SOFTEN_CELLS = 2
"""So many samples, softened so far, leave some 5 % of noise in the ink of two moons."""


class Pen(StrEnum):
    """What a drag leaves."""

    BRUSH = "brush"
    """where it went"""
    SPRAY = "spray"
    """drops around where it went"""
    LINE = "line"
    """a straight line from where it began"""
    ELLIPSE = "ellipse"
    """the ellipse in the box from where it began"""
    POLYGON = "polygon"
    """all that its corners enclose: they are clicked"""
    TEXT = "text"
    """words, where it ends"""
    ERASER = "eraser"
    """nothing, where it went"""

    @property
    def spans(self) -> bool:
        """The drag as a whole is one shape, which follows the pointer."""
        return self in (Pen.LINE, Pen.ELLIPSE, Pen.TEXT)


@dataclass(frozen=True)
class Brush:
    """A round brush: ``radius`` in plane units, ``softness`` in [0, 1] (0 is a hard edge). What it leaves is
    left ``turns`` times around the middle, and ``mirrored`` in the vertical axis too."""

    radius: float = 0.15
    softness: float = 0.6
    pen: Pen = Pen.BRUSH
    turns: int = 1
    mirrored: bool = False
    words: str = ""
    """what ``Pen.TEXT`` writes"""
    letters: FrozenArray | None = None
    """the words as coverage (h, w) in [0, 1], the uppermost row first"""

    @property
    def erases(self) -> bool:
        return self.pen is Pen.ERASER

    @property
    def copies(self) -> tuple[Turn, ...]:
        return tuple(masks.turns(self.turns, self.mirrored))

    @property
    def blur(self) -> float:
        """Of the edges of what is filled."""
        return masks.SOFT * self.softness * self.radius


Segment = tuple[Vector, Vector]
"""From where to where."""
DROPS, DROP = 14, 0.12
"""Of a spray: how many for each piece of a drag, and how large in radii of the brush."""
ELLIPSE_CORNERS = 48


def stamp(raster: Raster, half: float, start: Vector, end: Vector, brush: Brush) -> Raster:
    """The raster with the segment start-end painted on it (a new array; the old one is not touched).

    Paint does not pile up: each cell takes the larger of what it has and what the brush gives.
    """
    return _painted(raster, half, [(start, end)], brush)


def _painted(raster: Raster, half: float, segments: Iterable[Segment], brush: Brush) -> Raster:
    out = raster.copy()
    for start, end in segments:
        _paint(out, half, start, end, brush)
    return out


def _paint(out: Raster, half: float, start: Vector, end: Vector, brush: Brush) -> None:
    """One segment, in place."""
    cells = out.shape[0]
    cell = 2 * half / cells
    (x0, x1), (y0, y1) = (_range(axis, start, end, brush.radius, half, cell, cells) for axis in (0, 1))
    if x0 >= x1 or y0 >= y1:
        return
    xs = (np.arange(x0, x1, dtype=np.float32) + 0.5) * cell - half
    ys = (np.arange(y0, y1, dtype=np.float32) + 0.5) * cell - half
    ink = _ink(_distance(xs, ys, start, end), brush)
    part = out[y0:y1, x0:x1]
    out[y0:y1, x0:x1] = part * (1 - ink) if brush.erases else np.maximum(part, ink)


def stroke(target: DrawnSpec, start: Vector, end: Vector, brush: Brush) -> DrawnSpec:
    """The drawing with what a drag from ``start`` to ``end`` leaves; it is no picture of a file any more."""
    if brush.pen is Pen.TEXT:
        return _written(target, end, brush)
    segments, tip = tuple(_left_by(brush, start, end)), brush
    if brush.pen is Pen.SPRAY:
        tip = replace(brush, radius=max(DROP * brush.radius, 1.5 * target.half / len(target.raster.values)))
    return _with_raster(target, _painted(target.raster.values, target.half, _copies(brush, segments), tip))


def filled(target: DrawnSpec, corners: Sequence[Vector], brush: Brush) -> DrawnSpec:
    """The drawing with the inside of a polygon and of its copies."""
    cells = len(target.raster.values)
    ink = masks.polygon(corners, brush.copies, cells, target.half, brush.blur)
    return _with_raster(target, np.maximum(target.raster.values, ink))


def _written(target: DrawnSpec, at: Vector, brush: Brush) -> DrawnSpec:
    """The drawing with the words and their copies."""
    if brush.letters is None:
        return target
    cells, em = len(target.raster.values), masks.EM * brush.radius
    ink = masks.words(brush.letters.values, at, brush.copies, cells, target.half, em, brush.blur / 2)
    return _with_raster(target, np.maximum(target.raster.values, ink))


def _with_raster(target: DrawnSpec, raster: Raster) -> DrawnSpec:
    return target.model_copy(update={"raster": FrozenArray(raster), "picture": None, "note": ""})


def _left_by(brush: Brush, start: Vector, end: Vector) -> Iterator[Segment]:
    if brush.pen is Pen.ELLIPSE:
        yield from _ellipse(start, end)
    elif brush.pen is Pen.SPRAY:
        yield from _drops(brush.radius, start, end)
    else:
        yield start, end


def _ellipse(start: Vector, end: Vector) -> Iterator[Segment]:
    angles = np.linspace(0, 2 * np.pi, ELLIPSE_CORNERS + 1)
    x = (start[0] + end[0]) / 2 + abs(end[0] - start[0]) / 2 * np.cos(angles)
    y = (start[1] + end[1]) / 2 + abs(end[1] - start[1]) / 2 * np.sin(angles)
    corners = list(zip(x.tolist(), y.tolist(), strict=True))
    yield from pairwise(corners)


def _drops(radius: float, start: Vector, end: Vector) -> Iterator[Segment]:
    """Normally around places of the piece; the same piece leaves the same drops."""
    seed = [int(1e6 * (value + 1e3)) for value in (*start, *end)]
    luck = np.random.default_rng(seed)
    along = luck.random((DROPS, 1))
    places = np.array(start) * (1 - along) + np.array(end) * along
    places = places + radius / 2 * luck.standard_normal((DROPS, 2))
    for x, y in places.tolist():
        yield (x, y), (x, y)


def _copies(brush: Brush, segments: Iterable[Segment]) -> Iterator[Segment]:
    """Around the middle of the plane, as often as the brush turns, and in the mirror."""
    for start, end in segments:
        for turn in brush.copies:
            yield masks.turned(start, turn), masks.turned(end, turn)


def begun(points: npt.NDArray[np.float32], half: float) -> DrawnSpec:
    """Samples (n, 2) of a distribution as ink: how many fell in each cell, softened; the densest is full."""
    empty = DrawnSpec(half=half)
    cells = empty.raster.values.shape[0]
    sides = [[-half, half], [-half, half]]
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], bins=cells, range=sides)
    ink = _softened(_softened(counts).T).T
    full = float(np.quantile(ink[ink > 0], 0.99)) if ink.any() else 1.0
    return empty.model_copy(update={"raster": FrozenArray(np.clip(ink / full, 0, 1).astype(np.float32))})


def with_ink(document: Document, end: End, ink: DrawnSpec) -> Document:
    """Its drawing at that end with that ink beneath what was painted; no drawing is left as it is."""
    law = getattr(document, end)
    if not isinstance(law, DrawnSpec):
        return document
    return document.model_copy(update={end: merged(law, ink)})


def merged(law: DrawnSpec, ink: DrawnSpec) -> DrawnSpec:
    """The drawing with the ink of another beneath; as it is where their rasters differ in size."""
    if law.raster.values.shape != ink.raster.values.shape:
        return law
    raster = FrozenArray(np.maximum(law.raster.values, ink.raster.values))
    return law.model_copy(update={"raster": raster})


def _softened(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Along the first axis, by a Gaussian of SOFTEN_CELLS."""
    reach = 3 * SOFTEN_CELLS
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SOFTEN_CELLS) ** 2)
    padded = np.pad(rows, ((reach, reach), (0, 0)))
    shifted = (weight * padded[i : i + len(rows)] for i, weight in enumerate(weights))
    return np.asarray(np.sum(list(shifted), axis=0) / weights.sum())


def cleared(target: DrawnSpec) -> DrawnSpec:
    return DrawnSpec(half=target.half, name=target.name)


def _range(
    axis: int, start: Vector, end: Vector, radius: float, half: float, cell: float, cells: int
) -> tuple[int, int]:
    low = min(start[axis], end[axis]) - radius
    high = max(start[axis], end[axis]) + radius
    return (
        max(0, int(np.floor((low + half) / cell))),
        min(cells, int(np.ceil((high + half) / cell)) + 1),
    )


def _distance(xs: Raster, ys: Raster, start: Vector, end: Vector) -> Raster:
    """Distance of each cell centre to the segment, (len(ys), len(xs))."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length2 = dx * dx + dy * dy
    px, py = xs[None, :] - start[0], ys[:, None] - start[1]
    along = np.clip((px * dx + py * dy) / length2, 0, 1) if length2 > 0 else np.zeros((1, 1))
    return np.asarray(np.hypot(px - along * dx, py - along * dy), np.float32)


def _ink(distance: Raster, brush: Brush) -> Raster:
    """1 within the hard core, a raised cosine down to 0 at the radius."""
    core = brush.radius * (1 - brush.softness)
    edge = max(brush.radius - core, 1e-6)
    ramp = np.clip((brush.radius - distance) / edge, 0, 1)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * ramp), np.float32)
