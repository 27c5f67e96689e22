"""What goes to the engine. Frozen and picklable; no torch. ``messages`` has what comes back.

A **request** is pure: it says everything its result depends on, so equal requests have equal results (the
cache of ``studio.results`` rests on that). Every request but training answers with an array of ``rows``
rows, written in order; row ``i`` of a timed request belongs to ``times[order[i]]``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.saved_model import Checkpoint, SavedCurve
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import DistributionSpec
from fmstudio.document.specs.dynamics import DynamicsSpec, FreeProcess, SimulationSpec
from fmstudio.document.specs.guidance import GuidanceSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import Coupling, ModelSpec, Objective, TrainingSpec
from fmstudio.document.specs.view import DropSpec
from fmstudio.engine.grids import Grid, outward_order


@dataclass(frozen=True)
class LearnedModel:
    """A published snapshot of a network: what it is, its flat parameters, and what it was trained on.
    ``curve`` and ``checkpoints`` come with it out of a file and go into one; they make no other model."""

    model: ModelSpec
    objective: Objective
    parameters: FrozenArray
    step: int
    problem: Problem
    training: TrainingSpec
    curve: SavedCurve | None = field(default=None, compare=False, repr=False)
    checkpoints: tuple[Checkpoint, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class Guide:
    """A pull towards one label, and the classifier that was trained for it, if it is a learned one."""

    spec: GuidanceSpec
    classifier: LearnedModel | None = None


@dataclass(frozen=True)
class TrajectoriesRequest:
    """Simulate particles. Result (steps + 1, particles, 2); ``learned`` None means the exact field.

    A learned RealNVP is no field: its particles go from layer to layer, straight in between."""

    problem: Problem
    dynamics: DynamicsSpec
    simulation: SimulationSpec
    learned: LearnedModel | None = None
    guide: Guide | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.simulation.steps + 1, self.simulation.particles, 2)


FOKKER_PLANCK_CELLS = 160
"""Along either axis of the grid on which that equation is solved; what is seen is cut from it."""


@dataclass(frozen=True)
class DensityRequest:
    """p_t on a grid for each of ``times``. Result (len(times), ny, nx), probability per unit area.

    EXACT is the closed form of (source, target, path), or of the process ``law``, at parts of its duration.
    KDE smooths the particles of ``trajectories`` or, where that is None, 20,000 exact
    samples alpha z + beta x_0. LIKELIHOOD integrates the divergence of the field (``learned`` or exact)
    backward along its flow. FOKKER_PLANCK solves the equation of the motion of ``trajectories``, at parts of
    its duration; the particles play no part.

    The others are maps: d_t p, -div(p u) and RESIDUAL, d_t p + div(p u) as a part of the largest d_t p, of
    the exact p and the field; ERROR |v - u| of the learned field and NAIVE_ERROR of the naive average, in
    units of the root mean square of u under p, both times the root of p over its largest value.
    """

    problem: Problem
    grid: Grid
    times: tuple[float, ...]
    method: DensityMethod = DensityMethod.EXACT
    trajectories: TrajectoriesRequest | None = None
    law: FreeProcess | None = None
    learned: LearnedModel | None = None
    first: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if self.method is DensityMethod.AUTO:
            raise ValueError("a request says how the density is had: 'auto' is for a pane to resolve")

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.times), self.grid.ny, self.grid.nx)

    @property
    def order(self) -> tuple[int, ...]:
        return outward_order(len(self.times), 0 if self.method.facts.marches else self.first)


@dataclass(frozen=True)
class FieldRequest:
    """u_t (or the score) on a grid for each of ``times``. Result (len(times), ny, nx, 2), NaN where the exact
    field is not known for want of mass (``closed_forms.marginals.FAINT``)."""

    problem: Problem
    grid: Grid
    times: tuple[float, ...]
    quantity: Quantity = Quantity.VELOCITY
    learned: LearnedModel | None = None
    law: FreeProcess | None = None
    guide: Guide | None = None
    first: int = field(default=0, compare=False)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.times), self.grid.ny, self.grid.nx, 2)

    @property
    def order(self) -> tuple[int, ...]:
        return outward_order(len(self.times), self.first)


PULLS = 24
"""How many target points a probe names at most."""


@dataclass(frozen=True)
class ProbeRequest:
    """Everything that plays a part in the motion at one place ``x``, the part ``t`` of the way. Result
    (1 + PULLS, 13), NaN where something is not known or plays no part.

    First p, u (2), score (2), div u, E[z given x] (2), drift (2), alpha, beta, sigma: but for p and the last
    three those of the network if there is one, score and E[z given x] only if it ``tells_score``. u, div u
    and E[z given x] belong to a motion along the velocity of a path. Then, for these, target points of the
    largest posterior weights: z (2), weight, the velocity it asks for (2)."""

    moving: TrajectoriesRequest
    x: tuple[float, float]
    t: float
    tells_score: bool = True

    @property
    def shape(self) -> tuple[int, ...]:
        return (1 + PULLS, 13)


@dataclass(frozen=True)
class DropsRequest:
    """The ways of particles through given places and times, by the motion of ``moving``, whose own particles
    play no part: ``ways`` futures and as many pasts each, by the same noise for every particle.

    Result (drops, ways, steps + 2, 2): the states at the solver's times, and at the particle's own between
    them (``drop_row`` says which that is); NaN for pasts unless it ``tells_past``."""

    moving: TrajectoriesRequest
    drops: tuple[DropSpec, ...]
    ways: int = 1
    tells_past: bool = True

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.drops), self.ways, self.moving.simulation.steps + 2, 2)


def drop_row(t: float, steps: int) -> int:
    """The number of solver states before a particle's own, which is at the part ``t`` of the way."""
    nearest = round(t * steps)
    return nearest if abs(t * steps - nearest) < 1e-6 else math.ceil(t * steps)


@dataclass(frozen=True)
class SamplesRequest:
    """Draws of a distribution. Result (1, n, 2)."""

    distribution: DistributionSpec
    n: int
    seed: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, self.n, 2)


PAIR_BATCH = 256
"""An Interpolant pairs its particles in batches of so many, as a training does."""


@dataclass(frozen=True)
class PairsRequest:
    """The first ``n`` pairs of a coupling in batches of ``batch_size``, as an Interpolant of the same seeds
    draws them. Result (2, n, 2): where they start (beta_0 x_0), and z."""

    problem: Problem
    coupling: Coupling
    batch_size: int
    n: int
    start_seed: int
    noise_seed: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (2, self.n, 2)


@dataclass(frozen=True)
class WarpRequest:
    """Where a flow takes the points of a square grid on [-half, half]^2: ``lines`` lines across and as many
    up, of ``points`` points each. Result (steps + 1, 2 lines points, 2): line by line, those across first.

    ``flow`` is a motion without noise; its own particles play no part.
    """

    flow: TrajectoriesRequest
    half: float
    lines: int = 17
    points: int = 65

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.flow.simulation.steps + 1, 2 * self.lines * self.points, 2)


@dataclass(frozen=True)
class W2Request:
    """W2 between the last states of a simulation and as many fresh target draws (at most ``n``), beside its
    sampling floor: W2 between two sets of target draws of that size; and of the ways of as many particles, by
    parts of their duration, energy and straightness. Result (1, 4): (w2, floor, energy, straightness)."""

    trajectories: TrajectoriesRequest
    n: int = 1000

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, 4)


@dataclass(frozen=True)
class FieldErrorRequest:
    """E|v_t - u_t|^2 under p_t, learned against exact, at each of ``times``. Result (len(times), 1)."""

    learned: LearnedModel
    times: tuple[float, ...]
    n: int = 1024

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.times), 1)


@dataclass(frozen=True)
class LabelsRequest:
    """The likeliest label of the place where each particle ends, by Bayes' rule. Result (1, particles)."""

    trajectories: TrajectoriesRequest

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, self.trajectories.simulation.particles)


@dataclass(frozen=True)
class LogDensityRequest:
    """log p_t where each particle is: of the path, of the density that a sampler samples, or of the process.
    Result (steps + 1, particles)."""

    trajectories: TrajectoriesRequest

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.trajectories.simulation.steps + 1, self.trajectories.simulation.particles)


@dataclass(frozen=True)
class GradientsRequest:
    """How far the gradients of the flow-matching and the conditional flow-matching loss agree on the same
    x_t of a batch (Khungurn 2024, Thm 3; Liao et al. 2024, Thm 2), in the network ``model`` after a short
    training by ``training``.

    Result (len(batches), 2): cosine, and norm of the conditional over that of the other, each the mean over
    some batches of that size.
    """

    problem: Problem
    model: ModelSpec
    training: TrainingSpec
    batches: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.batches), 2)


WAY_POINTS = 65


@dataclass(frozen=True)
class OneStepRequest:
    """The step that a training would take next from ``learned`` (None: from its start), taken on a copy and
    told of one pair of its batch, the ``pair``-th in an order that begins half-way and in which times differ
    from one to the next.

    Result (10 + WAY_POINTS, 2): x_0, z, x_t; what is asked at x_t, and what the network answers before and
    after the step (all noises if it learns the noise, else velocities); (t, weight of the pair's square);
    the loss of the batch before and after; (rate, numbers that were moved); (alpha, beta) at t; then the way
    alpha z + beta x_0 of that pair, at even times."""

    problem: Problem
    model: ModelSpec
    training: TrainingSpec
    learned: LearnedModel | None = None
    pair: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return (10 + WAY_POINTS, 2)


Request = (
    TrajectoriesRequest
    | DensityRequest
    | FieldRequest
    | SamplesRequest
    | ProbeRequest
    | DropsRequest
    | PairsRequest
    | WarpRequest
    | W2Request
    | FieldErrorRequest
    | LabelsRequest
    | LogDensityRequest
    | GradientsRequest
    | OneStepRequest
)
