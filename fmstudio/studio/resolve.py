"""What holds in a pane now: one frozen value that planner, pictures, words and menus read. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.colouring import ParticleColour
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import DrawnSpec, StandardNormalSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.view import CameraSpec, FieldChoice, PaneSpec
from fmstudio.engine.messages import (
    DensityRequest,
    FieldErrorRequest,
    FieldRequest,
    Grid,
    LabelsRequest,
    LearnedModel,
    LogDensityRequest,
    Request,
    SamplesRequest,
    TrajectoriesRequest,
    W2Request,
)
from fmstudio.studio import learning, motions
from fmstudio.studio.choices import FRAMES, Available, chosen_arrows, chosen_density
from fmstudio.studio.dropping import drops_request
from fmstudio.studio.fit import camera_of
from fmstudio.studio.learning import Learned
from fmstudio.studio.probing import probe_request
from fmstudio.studio.results import Recipe
from fmstudio.studio.tools import Place

Sight = tuple[float, float]
"""How far a pane lets one see along x and y, in units of the camera's ``half``."""
TIMES = tuple(i / (FRAMES - 1) for i in range(FRAMES))
DENSITY_ROWS = 160
ARROW_ROWS = 21
DATA_POINTS = 2000
ERROR_TIMES = tuple(i / 20 for i in range(21))


@dataclass(frozen=True)
class Figure:
    """A number or a curve on show: the request that it answers (None: it has not come), and its words."""

    request: Request | None
    text: str


@dataclass(frozen=True)
class Known:
    """What the engine has told so far: trained models."""

    models: Mapping[Recipe, LearnedModel] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """When, in what shape and where it is looked at."""

    t: float = 0.0
    sight: Sight = (1.4, 1.1)
    probe: Place | None = None
    awaits_ink: bool = False
    """what a drawing begins with is on its way"""


@dataclass(frozen=True, eq=False)
class Resolved:
    """One pane of a document: what it computes, with which model, and all that it asks of the engine."""

    document: Document
    index: int
    experiment: Experiment
    trained: Learned
    available: Available
    asks: Mapping[str, Request] = field(default_factory=dict)
    """by layer or figure: 'density', 'field', 'trajectories', 'measure' ..."""
    awaits_ink: bool = False
    """it is an empty drawing, but not for long"""

    @property
    def pane(self) -> PaneSpec:
        return self.document.view.panes[self.index]

    @property
    def is_waiting_for_a_stroke(self) -> bool:
        return is_waiting_for_a_stroke(self.experiment)

    @property
    def has_motion(self) -> bool:
        """Particles move, or will as soon as they are computed."""
        return "trajectories" in self.asks


def resolve(document: Document, index: int, known: Known, look: Look) -> Resolved:
    """What holds in pane number ``index``."""
    experiment = document.experiment(index)
    trained = learning.learned(experiment, known.models)
    moving = trajectories_request(experiment, trained) if trained.is_complete else None
    available = Available(moving, trained.model)
    plain = Resolved(document, index, experiment, trained, available)
    if plain.is_waiting_for_a_stroke:
        return replace(plain, awaits_ink=look.awaits_ink)
    return replace(plain, asks=dict(_asks(plain, look)))


def wanted_in(wanted: Mapping[str, Request], pane: int) -> dict[str, Request]:
    """What one pane asks for, by layer: 'density', 'trajectories', 'measure' ..., of all that a planner
    wants."""
    parts = ((lane.partition("/"), request) for lane, request in wanted.items())
    return {kind: request for (kind, _, index), request in parts if index == str(pane)}


# ---- what belongs to what ----------------------------------------------------------------------------


def followed(experiment: Experiment) -> Problem:
    """What a closed form belongs to; that of p_data alone needs no more than the simplest source."""
    source = StandardNormalSpec() if experiment.dynamics.is_steady else experiment.source
    return Problem(source, experiment.target, experiment.path, experiment.coupling)


def is_waiting_for_a_stroke(experiment: Experiment) -> bool:
    """An empty drawing is no distribution yet."""
    return any(isinstance(d, DrawnSpec) and d.is_empty for d in (experiment.source, experiment.target))


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


# ---- what is asked -----------------------------------------------------------------------------------


def _asks(pane: Resolved, look: Look) -> Iterator[tuple[str, Request]]:
    on, experiment, available = pane.pane.layers, pane.experiment, pane.available
    if on.density or on.contours:
        auto = _density(pane, look)
        yield "density", chosen_density(auto, pane.pane.density, experiment, available, look.t)
    if on.field and available.moving is not None and motions.has_arrows(experiment):
        yield "field", chosen_arrows(_field(pane, look), pane.pane.arrows, experiment, available)
    yield from _moving(pane)
    if on.couplings and experiment.dynamics.follows_path:
        yield "pairs", motions.pairs_request(pane.document, experiment)
    if on.data and experiment.dynamics.follows_target:
        yield "data", SamplesRequest(experiment.target, DATA_POINTS, seed=1)
    learned = pane.trained.model
    compared = learning.needs_model(experiment) and learning.learns_the_exact_field(experiment.training)
    if compared and learned is not None:
        yield "error", FieldErrorRequest(learned, ERROR_TIMES)
    drops = drops_request(experiment, available, pane.document.view.drops)
    if drops is not None:
        yield "drops", drops
    if look.probe is not None:
        place, t = (look.probe.x, look.probe.y), pane.pane.at(look.t)
        asked = probe_request(experiment, available, place, t)
        if asked is not None:
            yield "probe", asked


def _moving(pane: Resolved) -> Iterator[tuple[str, Request]]:
    """The particles, and what is made of them."""
    moving, experiment = pane.available.moving, pane.experiment
    if moving is None:
        return
    yield "trajectories", moving
    if moving.guide is None and experiment.dynamics.ends_at_target:
        yield "measure", W2Request(moving)
    warped = motions.grid_request(moving) if pane.pane.layers.grid else None
    if warped is not None:
        yield "grid", warped
    reference = motions.reference_request(moving) if pane.pane.layers.reference else None
    if reference is not None:
        yield "reference", reference
    colour = pane.document.view.particle_colour
    asked = colour_request(moving, colour)
    if asked is not None and _has_colour(experiment, colour):
        yield colour.facts.asks, asked


def colour_request(moving: object, colour: ParticleColour) -> LabelsRequest | LogDensityRequest | None:
    """What the engine is asked for these colours of particles that move so; None for nothing."""
    if not isinstance(moving, TrajectoriesRequest):
        return None
    if colour is ParticleColour.LABEL:
        return LabelsRequest(moving)
    return LogDensityRequest(moving) if colour is ParticleColour.LOG_DENSITY else None


def _has_colour(experiment: Experiment, colour: ParticleColour) -> bool:
    dynamics = experiment.dynamics
    return dynamics.follows_target if colour is ParticleColour.LABEL else not motions.is_coupled(dynamics)


def trajectories_request(experiment: Experiment, trained: Learned) -> TrajectoriesRequest:
    """The simulation of one pane."""
    use = trained.model if experiment.field is FieldChoice.LEARNED else None
    return TrajectoriesRequest(
        experiment.problem,
        experiment.dynamics,
        experiment.simulation,
        use,
        trained.guide,
    )


def _density(pane: Resolved, look: Look) -> DensityRequest:
    """What stands behind the particles if nothing else is chosen."""
    experiment, moving = pane.experiment, pane.available.moving
    dynamics = experiment.dynamics
    grid = rectangle(pane.pane.camera or camera_of(pane.document), look.sight, DENSITY_ROWS)
    if dynamics.is_process:
        law = motions.law_of(dynamics)
        return DensityRequest(
            followed(experiment), grid, TIMES, law=law, first=frame_of(pane.pane.at(look.t))
        )
    own = moving is not None and (moving.learned is not None or moving.guide is not None)
    particles = moving if own or motions.is_coupled(dynamics) else None
    still = dynamics.is_steady and particles is None
    return DensityRequest(
        followed(experiment),
        grid=grid,
        times=(1.0,) if still else TIMES,
        method=DensityMethod.KDE if particles is not None else DensityMethod.EXACT,
        trajectories=particles,
        first=0 if still else frame_of(pane.pane.at(look.t)),
    )


def _field(pane: Resolved, look: Look) -> FieldRequest:
    experiment, trained = pane.experiment, pane.trained
    still = experiment.dynamics.is_steady
    return FieldRequest(
        followed(experiment),
        grid=rectangle(pane.pane.camera or camera_of(pane.document), look.sight, ARROW_ROWS),
        times=(1.0,) if still else TIMES,
        quantity=motions.quantity_of(experiment.dynamics),
        learned=trained.model if experiment.field is FieldChoice.LEARNED else None,
        law=motions.law_of(experiment.dynamics),
        guide=trained.guide,
        first=0 if still else frame_of(pane.pane.at(look.t)),
    )
