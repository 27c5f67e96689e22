"""From the document to requests: what the panes need, less what is there. GUI thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.distribution import SOURCES, TARGETS, DrawnSpec, StandardNormalSpec, built_in
from fmstudio.document.specs.view import CameraSpec, FieldChoice, PaneSpec, ParticleColour
from fmstudio.engine.client import Engine, Job, JobState
from fmstudio.engine.messages import (
    DensityMethod,
    DensityRequest,
    FieldErrorRequest,
    FieldRequest,
    Grid,
    LabelsRequest,
    Refusal,
    Request,
    SamplesRequest,
    TrajectoriesRequest,
    W2Request,
)
from fmstudio.studio import learning, motions
from fmstudio.studio.choices import FRAMES, Means, chosen_arrows, chosen_density
from fmstudio.studio.fit import camera_of
from fmstudio.studio.probing import probe_lane, probe_request
from fmstudio.studio.results import ModelKey, Results
from fmstudio.studio.tools import Place

Sight = tuple[float, float]
"""How far a pane lets one see along x and y, in units of the camera's ``half``."""
TIMES = tuple(i / (FRAMES - 1) for i in range(FRAMES))
DENSITY_ROWS = 160
ARROW_ROWS = 21
THUMBNAIL_POINTS = 500
DATA_POINTS = 2000
GRADIENTS_LANE = "gradients"
_MEASURES = ("measure/", "error/")
ERROR_TIMES = tuple(i / 20 for i in range(21))


def model_key(experiment: Experiment) -> ModelKey:
    """What a closed form belongs to; that of p_data alone needs no more than the simplest source."""
    source = StandardNormalSpec() if experiment.dynamics.is_steady else experiment.source
    return (source, experiment.target, experiment.path)


def frame_of(t: float) -> int:
    """The kept moment nearest to t."""
    return round(t * (FRAMES - 1))


def rectangle(camera: CameraSpec, sight: Sight, rows: int) -> Grid:
    """The visible rectangle, a little larger, with about square cells, ``rows`` of them along the camera's
    square. ``sight`` is taken up to the next quarter so that a resize by a few pixels changes nothing."""
    wide, high = (max(1.0, -(-far * 4 // 1) / 4) for far in sight)
    half, most = camera.half * 1.02, 2 * rows
    return Grid(
        camera.x, camera.y, half * wide, half * high, min(int(rows * wide), most), min(int(rows * high), most)
    )


class Planner:
    """Compares needs with results once per frame and submits what is missing."""

    def __init__(self, engine: Engine, results: Results) -> None:
        self._engine = engine
        self._results = results
        self.wanted: dict[str, Request] = {}
        self.probe: Place | None = None
        """where the pointer asks; every pane answers"""
        self.planned: Document | None = None
        """the document that ``wanted`` is for"""

    def tick(self, document: Document, t: float, sight: Sight, calm: bool = True) -> None:
        """Ask for what is missing. Measures wait until the document is ``calm`` (no drag or stroke on)."""
        if document is not self.planned:
            self._results.forget_refused_for_room()
        wanted = dict(self._needs(document, t, sight, calm))
        for lane in list(self._results.slots):
            if lane not in wanted and not _keeps(lane, document, wanted):
                self._forget(lane)
        for lane, request in wanted.items():
            self._want(lane, request)
        self.wanted, self.planned = wanted, document

    @property
    def is_complete(self) -> bool:
        """Every wanted result is there or was refused."""
        return all(self._results.slot(lane).is_settled for lane in self.wanted)

    def forget_measures(self) -> None:
        """Another document is opened: the figures on show are not its own."""
        for lane in [lane for lane in self._results.slots if lane.startswith(_MEASURES)]:
            self._forget(lane)

    def _forget(self, lane: str) -> None:
        self._engine.cancel(lane)
        self._results.clear(lane)

    def forget_problems(self) -> None:
        """Ask again for what failed (after the engine came back)."""
        for slot in self._results.slots.values():
            slot.problem, slot.refusal = "", None
            slot.jobs = [job for job in slot.jobs if job.state is not JobState.FAILED]

    def _want(self, lane: str, request: Request) -> None:
        slot = self._results.slot(lane)
        if slot.request == request:
            return
        if slot.problem and self.wanted.get(lane) == request:
            return
        job = self._results.cached(request) or self._in_flight(request)
        self._results.expect(lane, job or self._submit(lane, request))

    def _submit(self, lane: str, request: Request) -> Job:
        """Ask; where the result finds no room, once more without those that are only remembered."""
        job = self._engine.submit(lane, request)
        if job.reason is Refusal.NO_ROOM and self._results.make_room():
            job = self._engine.submit(lane, request)
        return job

    def _in_flight(self, request: Request) -> Job | None:
        for slot in self._results.slots.values():
            if slot.request == request and slot.jobs[0].state in (JobState.PENDING, JobState.RUNNING):
                return slot.jobs[0]
        return None

    def _needs(self, document: Document, t: float, sight: Sight, calm: bool) -> Iterator[tuple[str, Request]]:
        for index, pane in enumerate(document.view.panes):
            yield from self._pane_needs(document, index, pane, t, sight, calm)
        if document.view.gradients and not is_waiting_for_a_stroke(document.experiment(0)):
            yield GRADIENTS_LANE, learning.gradients_request(document.experiment(0))
        yield from _thumbnails()

    def _pane_needs(
        self, document: Document, index: int, pane: PaneSpec, t: float, sight: Sight, calm: bool
    ) -> Iterator[tuple[str, Request]]:
        experiment = document.experiment(index)
        if is_waiting_for_a_stroke(experiment):
            return
        trained = learning.learned(experiment, self._results.models)
        learned, has_motion = trained.model, trained.is_complete
        moving = trajectories_request(experiment, trained)
        means = self.means(experiment)
        if pane.layers.density:
            auto = self._density(document, experiment, means.moving, t, sight)
            yield f"density/{index}", chosen_density(auto, pane.density, experiment, means, t)
        has_arrows = self._has_field(experiment) and motions.has_arrows(experiment)
        if pane.layers.field and has_motion and has_arrows:
            field = _field(document, experiment, trained, t, sight)
            yield f"field/{index}", chosen_arrows(field, pane.arrows, experiment, means)
        if has_motion and (self._has_field(experiment) or not motions.follows_closed_form(experiment)):
            yield f"trajectories/{index}", moving
            simulated = self._results.slots.get(f"trajectories/{index}")
            settled = simulated is not None and simulated.is_settled and simulated.request == moving
            if calm and settled and trained.guide is None and experiment.dynamics.ends_at_target:
                yield f"measure/{index}", W2Request(moving)
            warped = motions.grid_request(moving) if pane.layers.grid else None
            if warped is not None:
                yield f"grid/{index}", warped
        if pane.layers.couplings and experiment.dynamics.follows_path:
            yield f"pairs/{index}", motions.pairs_request(document, experiment)
        if pane.layers.data and experiment.dynamics.follows_target:
            yield f"data/{index}", SamplesRequest(experiment.target, DATA_POINTS, seed=1)
        compared = learning.needs_model(experiment) and learning.learns_the_exact_field(experiment.training)
        if compared and learned is not None and calm and self._has_field(experiment):
            yield f"error/{index}", FieldErrorRequest(learned, ERROR_TIMES)
        yield from self._probe_needs(index, experiment, means, min(t, pane.until))
        by_label = document.view.particle_colour is ParticleColour.LABEL
        if by_label and has_motion and experiment.dynamics.follows_target:
            yield f"labels/{index}", LabelsRequest(moving)

    def _probe_needs(
        self, index: int, experiment: Experiment, means: Means, t: float
    ) -> Iterator[tuple[str, Request]]:
        if self.probe is None:
            return
        asked = probe_request(experiment, means, (self.probe.x, self.probe.y), t)
        if asked is not None:
            yield probe_lane(index), asked

    def means(self, experiment: Experiment) -> Means:
        """What there is to compute an experiment's densities with."""
        key = model_key(experiment)
        trained = learning.learned(experiment, self._results.models)
        moving = trajectories_request(experiment, trained) if trained.is_complete else None
        return Means(moving, trained.model, key not in self._results.no_closed_form)

    def _has_field(self, experiment: Experiment) -> bool:
        """False once the engine has said that there is no closed form."""
        return (
            experiment.field is FieldChoice.LEARNED
            or experiment.dynamics.is_process
            or model_key(experiment) not in self._results.no_closed_form
        )

    def _density(
        self,
        document: Document,
        experiment: Experiment,
        moving: TrajectoriesRequest | None,
        t: float,
        sight: Sight,
    ) -> DensityRequest:
        dynamics = experiment.dynamics
        if dynamics.is_process:
            return _density_of_process(document, experiment, t, sight)
        langevin = dynamics.is_steady
        kde = model_key(experiment) in self._results.no_closed_form
        own = moving is not None and (moving.learned is not None or moving.guide is not None)
        particles = moving if own or motions.is_coupled(dynamics) else None
        return DensityRequest(
            *model_key(experiment),
            grid=rectangle(camera_of(document), sight, DENSITY_ROWS),
            times=(1.0,) if langevin and particles is None else TIMES,
            method=DensityMethod.KDE if kde or particles is not None else DensityMethod.EXACT,
            trajectories=particles,
            first=0 if langevin and particles is None else frame_of(t),
        )

    def note_refusal(self, job: Job) -> None:
        """Remember that an exact quantity has no closed form, so that it is not asked for again."""
        request = job.request
        if not isinstance(request, TrajectoriesRequest | DensityRequest | FieldRequest):
            return
        if job.reason is Refusal.NO_CLOSED_FORM and getattr(request, "learned", None) is None:
            self._results.no_closed_form[request.source, request.target, request.path] = job.message


def trajectories_request(experiment: Experiment, trained: learning.Learned) -> TrajectoriesRequest:
    """The simulation of one pane."""
    use = trained.model if experiment.field is FieldChoice.LEARNED else None
    return TrajectoriesRequest(
        experiment.source,
        experiment.target,
        experiment.path,
        experiment.dynamics,
        experiment.simulation,
        use,
        trained.guide,
    )


def is_waiting_for_a_stroke(experiment: Experiment) -> bool:
    """An empty drawing is no distribution yet."""
    return any(isinstance(d, DrawnSpec) and d.is_empty for d in (experiment.source, experiment.target))


def _density_of_process(document: Document, experiment: Experiment, t: float, sight: Sight) -> DensityRequest:
    return DensityRequest(
        *model_key(experiment),
        grid=rectangle(camera_of(document), sight, DENSITY_ROWS),
        times=TIMES,
        law=motions.law_of(experiment.dynamics),
        first=frame_of(t),
    )


def _field(
    document: Document, experiment: Experiment, trained: learning.Learned, t: float, sight: Sight
) -> FieldRequest:
    langevin = experiment.dynamics.is_steady
    return FieldRequest(
        *model_key(experiment),
        grid=rectangle(camera_of(document), sight, ARROW_ROWS),
        times=(1.0,) if langevin else TIMES,
        quantity=motions.quantity_of(experiment.dynamics),
        learned=trained.model if experiment.field is FieldChoice.LEARNED else None,
        law=motions.law_of(experiment.dynamics),
        guide=trained.guide,
        first=0 if langevin else frame_of(t),
    )


def thumbnail_lane(end: str, kind: str) -> str:
    return f"thumbnail/{end}/{kind}"


def thumbnail_lanes() -> tuple[str, ...]:
    """The lanes of all tiles."""
    return tuple(lane for lane, _ in _thumbnails())


def _thumbnails() -> Iterator[tuple[str, Request]]:
    for end, kinds in (("source", SOURCES), ("target", TARGETS)):
        for spec in kinds:
            kind = spec.model_fields["kind"].default
            yield thumbnail_lane(end, kind), SamplesRequest(built_in(kind), THUMBNAIL_POINTS, seed=0)


def _keeps(lane: str, document: Document, wanted: Mapping[str, Request]) -> bool:
    """A measure stays on show while a new one is due: as long as there is a motion that it can be of."""
    _, _, index = lane.partition("/")
    if not lane.startswith(_MEASURES) or f"trajectories/{index}" not in wanted:
        return False
    return document.experiment(int(index)).dynamics.ends_at_target
