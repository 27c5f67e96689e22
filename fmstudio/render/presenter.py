"""From (document, results, t) to a scene. Pure but for small caches; computes no mathematics of its own."""

from __future__ import annotations

from collections.abc import Iterator

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.render import words
from fmstudio.render.backdrop import Backdrop
from fmstudio.render.kept import Kept
from fmstudio.render.moving import MovingLayers
from fmstudio.render.palette import Palette
from fmstudio.render.probe_layers import probe_layers
from fmstudio.render.scene import Camera, InkLayer, Layer, Pane, Scene
from fmstudio.studio.clocks import clock
from fmstudio.studio.fit import camera_of
from fmstudio.studio.planner import is_waiting_for_a_stroke
from fmstudio.studio.probing import probe_lane
from fmstudio.studio.results import Results

INK_OPACITY = 0.38


class Presenter:
    """Makes scenes. Keeps one array object per drawn row, so that the canvas uploads each only once."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._kept = Kept()
        self._backdrop = Backdrop(self._kept)
        self._moving = MovingLayers(results, self._kept)

    def scene(self, document: Document, t: float, palette: Palette, drawing: bool = False) -> Scene:
        """What the studio shows at time t; while ``drawing`` the ink is seen at every t."""
        self._kept.forget_the_gone(self._results)
        view = camera_of(document)
        panes = tuple(
            self._pane(document, index, t, palette, drawing) for index in range(len(document.view.panes))
        )
        camera = Camera(view.x, view.y, view.half)
        return Scene(panes, camera, palette, t, clock=clock(document))

    def _pane(self, document: Document, index: int, t: float, palette: Palette, drawing: bool) -> Pane:
        experiment = document.experiment(index)
        spec = document.view.panes[index]
        title, subtitle = words.title(spec.title, experiment), words.subtitle(experiment, spec)
        if is_waiting_for_a_stroke(experiment):
            return Pane(title, subtitle, (), notice="Draw here: press and move the mouse")
        layers = tuple(self._layers(document, index, min(t, spec.until), palette))
        if drawing and isinstance(experiment.target, DrawnSpec):
            layers = (*layers, _ink(experiment.target, palette))
        legend = tuple(words.legend(document, self._results, index))
        return Pane(title, subtitle, layers, legend, words.notice(experiment, self._results, index))

    def _layers(self, document: Document, index: int, t: float, palette: Palette) -> Iterator[Layer]:
        on = document.view.panes[index].layers
        slots = self._results.slots
        if on.density:
            yield from self._backdrop.density(slots.get(f"density/{index}"), t)
        if on.field:
            yield from self._backdrop.arrows(slots.get(f"field/{index}"), t, palette)
        if on.data:
            yield from self._backdrop.data(slots.get(f"data/{index}"), palette)
        if on.couplings:
            yield from self._moving.couplings(slots.get(f"pairs/{index}"))
        if on.grid:
            yield from self._moving.grid(slots.get(f"grid/{index}"), t, palette)
        moving = slots.get(f"trajectories/{index}")
        by = document.view.particle_colour
        if on.paths:
            yield from self._moving.trails(moving, t, by, whole=True)
        if on.trajectories:
            yield from self._moving.trails(moving, t, by, whole=False)
        if on.particles:
            yield from self._moving.particles(moving, document, t, palette)
        yield from probe_layers(slots.get(probe_lane(index)), palette)


def _ink(target: DrawnSpec, palette: Palette) -> InkLayer:
    return InkLayer(target.raster.values, target.half, palette.target, INK_OPACITY)
