"""Draws a scene into the current framebuffer: the same code for the window and for exported pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from vispy import gloo

from fmstudio.render.palette import rgb
from fmstudio.render.panes import PaneArea, pane_areas
from fmstudio.render.scene import (
    ArrowLayer,
    DensityLayer,
    InkLayer,
    Layer,
    Pane,
    ParticleLayer,
    PointLayer,
    Scene,
    TrailLayer,
)
from fmstudio.render.vispy.arrows import ArrowVisual
from fmstudio.render.vispy.chrome import BAR, Chrome, Look
from fmstudio.render.vispy.density import DensityVisual
from fmstudio.render.vispy.frame import PaneFrame
from fmstudio.render.vispy.ink import InkVisual
from fmstudio.render.vispy.particles import ParticleVisual, PointVisual
from fmstudio.render.vispy.trails import TrailVisual


class LayerVisual(Protocol):
    """Draws layers of one kind in the current GL context."""

    def draw(self, layer: Any, frame: PaneFrame) -> None: ...


@dataclass(frozen=True)
class Sheet:
    """What is drawn upon: size in physical pixels, and what a window and a film do differently."""

    width: int
    height: int
    ratio: float = 1.0
    """physical pixels per logical pixel"""
    time_bar: bool = False
    transparent: bool = False
    reserve: float = 0.0
    """logical pixels kept free of words in each pane's upper right corner"""

    def areas(self, scene: Scene) -> tuple[PaneArea, ...]:
        return pane_areas(len(scene.panes), self.width, self._bar_top(scene))

    def _bar_top(self, scene: Scene) -> int:
        return max(self.height - round(BAR * self.ratio), 1) if self.has_bar(scene) else self.height

    def has_bar(self, scene: Scene) -> bool:
        """A bar that would take a quarter of the picture is left out."""
        return self.time_bar and scene.chrome and self.height >= 4 * BAR * self.ratio


class ScenePainter:
    """Holds the GPU's side of what scenes show. Belongs to one GL context and its thread."""

    def __init__(self) -> None:
        self.visuals: Mapping[type[Layer], LayerVisual] = {
            DensityLayer: DensityVisual(),
            ParticleLayer: ParticleVisual(),
            TrailLayer: TrailVisual(),
            ArrowLayer: ArrowVisual(),
            PointLayer: PointVisual(),
            InkLayer: InkVisual(),
        }
        self._chrome = Chrome()

    def paint(self, scene: Scene, sheet: Sheet) -> None:
        """Draw into the framebuffer that is bound, whose context is current."""
        areas = sheet.areas(scene)
        gloo.set_state(
            depth_test=False,
            cull_face=False,
            scissor_test=False,
            blend=True,
            blend_func=("one", "one_minus_src_alpha"),
        )
        gloo.set_viewport(0, 0, sheet.width, sheet.height)
        gloo.clear((*rgb(scene.palette.line), 1.0))
        gloo.set_state(scissor_test=True)
        for pane, area in zip(scene.panes, areas, strict=True):
            self._paint_pane(pane, area, scene, sheet)
        if sheet.has_bar(scene):
            self._paint_bar(scene, sheet, areas[-1].y + areas[-1].height + 1)
        gloo.set_state(scissor_test=False)

    def _paint_pane(self, pane: Pane, area: PaneArea, scene: Scene, sheet: Sheet) -> None:
        below = sheet.height - area.y - area.height
        gloo.set_scissor(area.x, below, area.width, area.height)
        self._clear(scene, sheet)
        gloo.set_viewport(area.x, below, area.width, area.height)
        frame = PaneFrame(area, scene.camera, scene.palette, sheet.ratio, sheet.transparent)
        for layer in pane.layers:
            self.visuals[type(layer)].draw(layer, frame)
        gloo.set_viewport(0, 0, sheet.width, sheet.height)
        if scene.chrome:
            self._chrome.begin(sheet.width, sheet.height)
            look = Look(scene.palette, sheet.ratio, halo=not sheet.transparent)
            self._chrome.draw_words(pane, area, look, sheet.reserve)

    def _paint_bar(self, scene: Scene, sheet: Sheet, top: int) -> None:
        gloo.set_scissor(0, 0, sheet.width, sheet.height - top)
        self._clear(scene, sheet)
        self._chrome.begin(sheet.width, sheet.height)
        self._chrome.draw_time(scene, top, sheet.width, sheet.ratio)

    def _clear(self, scene: Scene, sheet: Sheet) -> None:
        gloo.clear((0.0, 0.0, 0.0, 0.0) if sheet.transparent else (*rgb(scene.palette.canvas), 1.0))
