"""From what stands at time t to a scene. Pure but for small caches; computes no mathematics of its own."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.engine.client import Job
from fmstudio.render import words
from fmstudio.render.backdrop import Backdrop
from fmstudio.render.drop_layers import drop_layers, drop_marks
from fmstudio.render.handle_layers import handle_layers
from fmstudio.render.kept import Kept
from fmstudio.render.moving import MovingLayers
from fmstudio.render.one_step_layers import QUIET, one_step_layers
from fmstudio.render.palette import Palette
from fmstudio.render.probe_layers import probe_layers
from fmstudio.render.scene import AxesLayer, Camera, DensityLayer, InkLayer, Layer, Pane, Scene
from fmstudio.studio.clocks import clock
from fmstudio.studio.mixtures import Handles
from fmstudio.studio.one_step import Seen
from fmstudio.studio.resolve import Known, Look, resolve
from fmstudio.studio.stage import Shown, Stage, Standing
from fmstudio.studio.tools import Pointed

INK_OPACITY = 0.38
NO_HANDLES = Handles()
NOTHING = Pointed()
DRAW_HERE = "Draw here: press and move the mouse"
DIMMED = 0.3
"""Opacity of what waits to be replaced: plainly not the present answer, and still to be made out."""
IN_THE_BACKGROUND = 0.4
"""Opacity of the crowd while some particles were dropped: their ways are to be followed."""
FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What a layer that has a mistake in it, or met an array that is not as it should be, may raise."""
log = logging.getLogger(__name__)


class Presenter:
    """Makes scenes. Keeps one array object per drawn row, so that the canvas uploads each only once.

    ``on_fault``, if there is one, is told once of each layer that cannot be drawn, and the others are;
    without it such a fault is raised: a film should rather fail than lack something.
    """

    def __init__(self, stage: Stage, on_fault: Callable[[str], None] | None = None) -> None:
        self._stage = stage
        self._on_fault = on_fault
        self._told: set[str] = set()
        self._kept = Kept()
        self._pointed = NOTHING
        self._backdrop = Backdrop(self._kept)
        self._moving = MovingLayers(stage.results, self._kept)

    def scene(
        self,
        document: Document,
        t: float,
        palette: Palette,
        inks: Collection[str] = (),
        handles: Handles = NO_HANDLES,
        pointed: Pointed = NOTHING,
        step: Seen | None = None,
    ) -> Scene:
        """What the studio shows at time t; the ink of these ends ("source", "target") is seen at every t, and
        so are handles, and ``step``, the training step that is told. Of the probe's answer something may be
        ``pointed`` at."""
        self._pointed = pointed
        self._kept.drop_stale(self._stage.jobs)
        view = self._stage.camera(document)
        panes = tuple(
            _explained(self._pane(document, index, t, palette, inks, handles), index, palette, step)
            for index in range(len(document.view.panes))
        )
        camera = Camera(view.x, view.y, view.half)
        return Scene(panes, camera, palette, t, clock=clock(document))

    def _pane(
        self,
        document: Document,
        index: int,
        t: float,
        palette: Palette,
        inks: Collection[str],
        handles: Handles,
    ) -> Pane:
        standing = self._stage.panes.get(index) or Standing(resolve(document, index, Known(), Look()))
        resolved, results = standing.resolved, self._stage.results
        title, subtitle = words.title(resolved), words.subtitle(resolved)
        if resolved.is_waiting_for_a_stroke:
            begun = tuple(handle_layers(document, index, handles, palette))
            return Pane(title, subtitle, begun, notice="" if begun else DRAW_HERE)
        faults: list[str] = []
        layers = tuple(self._layers(standing, document, resolved.pane.at(t), palette, faults))
        layers = _with_axes(layers, document, index)
        layers = (*layers, *drop_marks(document.view.drops, palette))
        layers = (*layers, *_inks(document.experiment(index), inks, palette))
        layers = (*layers, *handle_layers(document, index, handles, palette))
        is_old = any(shown.is_waiting for shown in standing.shown.values())
        said = (*(() if is_old else resolved.asks.values()), *(layer.answers for layer in layers))
        entries = words.legend(standing, document, results, palette)
        legend = tuple(entry for entry in entries if entry.answers in (None, *said))
        notice = words.notice(standing, results) or " ".join(faults)
        own = document.view.panes[index].camera
        camera = None if own is None else Camera(own.x, own.y, own.half)
        return Pane(title, subtitle, layers, legend, notice, words.waiting(standing), camera)

    def _layers(
        self, standing: Standing, document: Document, t: float, palette: Palette, faults: list[str]
    ) -> Iterator[Layer]:
        for kind, what, make in self._makers(standing, document, t, palette):
            shown = standing.shown.get(kind)
            if shown is None:
                continue
            crowd = IN_THE_BACKGROUND if kind == "trajectories" and document.view.drops else 1.0
            try:
                yield from _answering(shown, tuple(make(shown.job)), crowd)
            except FAULTS as error:
                if self._on_fault is None:
                    raise
                faults.append(self._tell(self._on_fault, what, error))

    def _tell(self, on_fault: Callable[[str], None], what: str, error: Exception) -> str:
        """The sentence for the pane; once, for a notice too, and for the log with all that is known."""
        cause = f"{type(error).__name__}: {error}"
        sentence = f"{what} cannot be drawn ({cause}). Choose something else, or switch it off."
        if sentence not in self._told:
            self._told.add(sentence)
            log.error(sentence, exc_info=error)
            on_fault(sentence)
        return sentence

    def _makers(
        self, standing: Standing, document: Document, t: float, palette: Palette
    ) -> Iterator[tuple[str, str, Callable[[Job], Iterable[Layer]]]]:
        """From back to front: of what a layer is made, what it is called, and how it is made."""
        on, by = standing.resolved.pane.layers, document.view.particle_colour
        moving, backdrop = self._moving, self._backdrop
        if on.density or on.contours:
            yield "density", "The density", lambda job: backdrop.density(job, t, on.density, on.contours)
        if on.field:
            drifts = standing.resolved.pane.streaks
            yield "field", "The field", lambda job: backdrop.field(job, t, palette, drifts)
        if on.data:
            yield "data", "The data", lambda job: backdrop.data(job, palette)
        if on.couplings:
            yield "pairs", "The coupling", lambda job: moving.couplings(job, palette)
        steps = standing.resolved.experiment.simulation.steps
        at = _at_state(t, steps) if document.view.only_states else t
        if on.grid:
            yield "grid", "The grid", lambda job: moving.grid(job, at, palette)
        if on.reference:
            yield "reference", "The reference", lambda job: moving.reference(job, at, palette)
        if on.paths:
            yield "trajectories", "The paths", lambda job: moving.trails(job, at, by, palette, whole=True)
        if on.trajectories:
            yield "trajectories", "The trails", lambda job: moving.trails(job, at, by, palette, whole=False)
        if on.particles:
            yield "trajectories", "The particles", lambda job: moving.particles(job, document, at, palette)
        dropped = document.view.drops
        yield "drops", "What was dropped", lambda job: drop_layers(self._kept, job, dropped, at, palette)
        yield "probe", "The probe", lambda job: probe_layers(job, palette, self._pointed)


def _explained(pane: Pane, index: int, palette: Palette, step: Seen | None) -> Pane:
    """With the training step that is told in it, before which all else steps back."""
    if step is None or step.pane != index:
        return pane
    told = (replace(layer, answers=step.request) for layer in one_step_layers(step, palette))
    behind = (replace(layer, opacity=QUIET * layer.opacity) for layer in pane.layers)
    return replace(pane, layers=(*behind, *told))


def _answering(shown: Shown, layers: Iterable[Layer], strength: float) -> Iterator[Layer]:
    """The layers, with what they answer, and faint where that is not what is asked."""
    strength *= DIMMED if shown.is_dimmed else 1.0
    for layer in layers:
        yield replace(
            layer, answers=shown.request, is_waiting=shown.is_waiting, opacity=strength * layer.opacity
        )


def _at_state(t: float, steps: int) -> float:
    """The time of the last state up to t."""
    return math.floor(t * steps + 1e-6) / steps


def _with_axes(layers: tuple[Layer, ...], document: Document, index: int) -> tuple[Layer, ...]:
    """Upon what fills the pane, and behind all else."""
    if not document.view.panes[index].layers.axes:
        return layers
    ground = sum(isinstance(layer, DensityLayer) for layer in layers)
    axes = AxesLayer(document.experiment(index).problem.units)
    return (*layers[:ground], axes, *layers[ground:])


def _inks(experiment: Experiment, ends: Collection[str], palette: Palette) -> Iterator[InkLayer]:
    """Of the ends that are drawings, each in its colour."""
    for end, spec, colour in (
        ("source", experiment.source, palette.source),
        ("target", experiment.target, palette.target),
    ):
        if end in ends and isinstance(spec, DrawnSpec):
            yield InkLayer(spec.raster.values, spec.half, colour, INK_OPACITY)
