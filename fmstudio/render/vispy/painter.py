"""Draws a scene into the current framebuffer: the same code for the window and for exported pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from vispy import gloo

from fmstudio.render.palette import rgb
from fmstudio.render.panes import PaneArea
from fmstudio.render.scene import (
    ArrowLayer,
    AxesLayer,
    DensityLayer,
    HandleLayer,
    InkLayer,
    Layer,
    Pane,
    ParticleLayer,
    PointLayer,
    Scene,
    TrailLayer,
)
from fmstudio.render.sheet import Plan, Sheet
from fmstudio.render.text import PLATE
from fmstudio.render.vispy.arrows import ArrowVisual
from fmstudio.render.vispy.axes import AxesVisual
from fmstudio.render.vispy.chrome import Chrome
from fmstudio.render.vispy.density import DensityVisual
from fmstudio.render.vispy.frame import PaneFrame
from fmstudio.render.vispy.handles import HandleVisual
from fmstudio.render.vispy.ink import InkVisual
from fmstudio.render.vispy.particles import ParticleVisual, PointVisual
from fmstudio.render.vispy.trails import TrailVisual


class LayerVisual(Protocol):
    """Draws layers of one kind in the current GL context."""

    def draw(self, layer: Any, frame: PaneFrame) -> None: ...


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
            AxesLayer: AxesVisual(),
            HandleLayer: HandleVisual(),
        }
        self._chrome = Chrome()

    def paint(self, scene: Scene, sheet: Sheet) -> None:
        """Draw into the framebuffer that is bound, whose context is current."""
        plan = sheet.plan(scene)
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
        for index, area in enumerate(plan.areas):
            self._paint_pane(scene.panes[index], area, scene, sheet)
            for words in plan.words[index] if plan.words else ():
                self._chrome.draw_words(words, scene.palette)
        self._clear_places(plan, scene, sheet)
        if plan.foot < sheet.height:
            self._paint_foot(scene, sheet, plan)
        gloo.set_state(scissor_test=False)

    def _paint_pane(self, pane: Pane, area: PaneArea, scene: Scene, sheet: Sheet) -> None:
        below = sheet.height - area.y - area.height
        gloo.set_scissor(area.x, below, area.width, area.height)
        gloo.clear(_ground(scene, 0.0 if sheet.transparent else 1.0))
        gloo.set_viewport(area.x, below, area.width, area.height)
        ratio = sheet.layer_ratio(area)
        frame = PaneFrame(area, pane.camera or scene.camera, scene.palette, ratio, sheet.transparent)
        for layer in pane.layers:
            self.visuals[type(layer)].draw(layer, frame)
        gloo.set_viewport(0, 0, sheet.width, sheet.height)
        self._chrome.begin(sheet.width, sheet.height)

    def _clear_places(self, plan: Plan, scene: Scene, sheet: Sheet) -> None:
        """Places that no pane takes are ground like any other."""
        last = plan.areas[-1]
        left = last.x + last.width + 1
        if left < sheet.width:
            gloo.set_scissor(left, sheet.height - last.y - last.height, sheet.width - left, last.height)
            gloo.clear(_ground(scene, 0.0 if sheet.transparent else 1.0))

    def _paint_foot(self, scene: Scene, sheet: Sheet, plan: Plan) -> None:
        """What all panes share: the legend, the time. In a picture without ground they stand on a plate."""
        top = plan.foot + (1 if plan.bar < sheet.height or plan.legend else 0)
        gloo.set_scissor(0, 0, sheet.width, sheet.height - top)
        gloo.clear(_ground(scene, PLATE if sheet.transparent else 1.0))
        self._chrome.begin(sheet.width, sheet.height)
        if plan.legend is not None:
            self._chrome.draw_words(plan.legend, scene.palette)
        if plan.bar < sheet.height:
            self._chrome.draw_time(scene, plan.bar, sheet.width, sheet.words)


def _ground(scene: Scene, opacity: float) -> tuple[float, ...]:
    return (*(channel * opacity for channel in rgb(scene.palette.canvas)), opacity)
