"""What goes to the engine and what comes back. Frozen and picklable; no torch.

A **request** is pure: it says everything its result depends on, so equal requests have equal results (the
cache of ``studio.results`` rests on that). Every request but training answers with an array of ``rows``
rows, written in order; row ``i`` of a timed request belongs to ``times[order[i]]``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.specs.distribution import DistributionSpec
from fmstudio.document.specs.dynamics import DynamicsSpec, SimulationSpec
from fmstudio.document.specs.path import PathSpec
from fmstudio.document.specs.training import ModelSpec, Objective, TrainingSpec

Row = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Grid:
    """``nx`` by ``ny`` points on the closed rectangle centre +- half; rows of an image go up in y."""

    cx: float
    cy: float
    half_x: float
    half_y: float
    nx: int
    ny: int

    @property
    def xs(self) -> Row:
        return np.linspace(self.cx - self.half_x, self.cx + self.half_x, self.nx, dtype=np.float32)

    @property
    def ys(self) -> Row:
        return np.linspace(self.cy - self.half_y, self.cy + self.half_y, self.ny, dtype=np.float32)


@dataclass(frozen=True)
class LearnedModel:
    """A published snapshot of a network: what it is, its flat parameters, and what it was trained on."""

    model: ModelSpec
    objective: Objective
    parameters: FrozenArray
    step: int
    source: DistributionSpec
    target: DistributionSpec
    path: PathSpec
    training: TrainingSpec


@dataclass(frozen=True)
class TrajectoriesRequest:
    """Simulate particles. Result (steps + 1, particles, 2); ``learned`` None means the exact field."""

    source: DistributionSpec
    target: DistributionSpec
    path: PathSpec
    dynamics: DynamicsSpec
    simulation: SimulationSpec
    learned: LearnedModel | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.simulation.steps + 1, self.simulation.particles, 2)


class DensityMethod(StrEnum):
    """How a density was obtained; the legend says it."""

    EXACT = "exact"
    KDE = "kde"


@dataclass(frozen=True)
class DensityRequest:
    """p_t on a grid for each of ``times``. Result (len(times), ny, nx), probability per unit area.

    EXACT is the closed form of (source, target, path). KDE smooths the particles of ``trajectories`` (by
    Scott's rule) or, where that is None, 20,000 exact samples alpha z + beta x_0 of the path.
    """

    source: DistributionSpec
    target: DistributionSpec
    path: PathSpec
    grid: Grid
    times: tuple[float, ...]
    method: DensityMethod = DensityMethod.EXACT
    trajectories: TrajectoriesRequest | None = None
    first: int = field(default=0, compare=False)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.times), self.grid.ny, self.grid.nx)

    @property
    def order(self) -> tuple[int, ...]:
        return outward_order(len(self.times), self.first)


class Quantity(StrEnum):
    """What the arrows show."""

    VELOCITY = "velocity"
    SCORE = "score"


@dataclass(frozen=True)
class FieldRequest:
    """u_t (or the score) on a grid for each of ``times``. Result (len(times), ny, nx, 2)."""

    source: DistributionSpec
    target: DistributionSpec
    path: PathSpec
    grid: Grid
    times: tuple[float, ...]
    quantity: Quantity = Quantity.VELOCITY
    learned: LearnedModel | None = None
    first: int = field(default=0, compare=False)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.times), self.grid.ny, self.grid.nx, 2)

    @property
    def order(self) -> tuple[int, ...]:
        return outward_order(len(self.times), self.first)


@dataclass(frozen=True)
class SamplesRequest:
    """Draws of a distribution. Result (1, n, 2)."""

    distribution: DistributionSpec
    n: int
    seed: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, self.n, 2)


@dataclass(frozen=True)
class W2Request:
    """W2 between the last states of a simulation and as many fresh target draws (at most ``n``), beside its
    sampling floor: W2 between two sets of target draws of that size. Result (1, 2): (w2, floor)."""

    trajectories: TrajectoriesRequest
    n: int = 1000

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, 2)


@dataclass(frozen=True)
class FieldErrorRequest:
    """E|v_t - u_t|^2 under p_t, learned against exact, at each of ``times``. Result (len(times), 1)."""

    learned: LearnedModel
    times: tuple[float, ...]
    n: int = 1024

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.times), 1)


Request = TrajectoriesRequest | DensityRequest | FieldRequest | SamplesRequest | W2Request | FieldErrorRequest


@dataclass(frozen=True)
class TrainRequest:
    """Train a network for ``training.steps`` steps.

    ``resume`` continues from its parameters (the optimiser's moments start afresh): the steps that remain of
    that run or, if it was complete, as many again.
    """

    source: DistributionSpec
    target: DistributionSpec
    path: PathSpec
    model: ModelSpec
    training: TrainingSpec
    resume: LearnedModel | None = None


class TrainingCommand(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


# ---- replies -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EngineReady:
    """The engine has loaded torch and takes requests."""

    device: str
    torch_version: str
    seconds: float


@dataclass(frozen=True)
class JobFinished:
    """All rows are there. ``seconds`` is engine time spent on the job."""

    job: int
    seconds: float


class Refusal(StrEnum):
    """Why a job failed, for the window's guardrails."""

    NO_CLOSED_FORM = "no-closed-form"
    BAD_INPUT = "bad-input"
    OUT_OF_MEMORY = "out-of-memory"
    FAILURE = "failure"


@dataclass(frozen=True)
class JobFailed:
    """One clear sentence: what is wrong and what to do."""

    job: int
    reason: Refusal
    message: str


class TrainingState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class TrainingProgress:
    """Loss rows since the last progress: ``losses[i]`` belongs to step ``first_step + i``.

    Steps are counted over the whole run: a resumed training goes on from ``resume.step``. After the engine
    died, steps since the last snapshot are taken again, so ``first_step`` may fall back: the new losses
    replace the old. ``floor`` is the irreducible loss (None where no closed form exists). If training failed,
    ``message`` is a sentence and ``reason`` its kind; no JobFailed follows.
    """

    job: int
    state: TrainingState
    step: int
    steps: int
    first_step: int
    losses: Row
    steps_per_second: float
    seconds_left: float
    floor: float | None = None
    message: str = ""
    reason: Refusal | None = None


@dataclass(frozen=True)
class TrainingSnapshot:
    """Weights as they were at ``learned.step``."""

    job: int
    learned: LearnedModel


@dataclass(frozen=True)
class EngineLost:
    """The engine died. The message says why and what happens next.

    Normally a new engine is starting and the client has asked again for everything unfinished, so there is
    nothing to do but to show the message; after repeated deaths it gives up, and unfinished jobs fail.
    """

    message: str


Reply = EngineReady | JobFinished | JobFailed | TrainingProgress | TrainingSnapshot | EngineLost


def outward_order(n: int, first: int) -> tuple[int, ...]:
    """0 .. n-1 by distance from ``first``: the moment that is looked at comes first."""
    return tuple(sorted(range(n), key=lambda i: (abs(i - first), i)))
