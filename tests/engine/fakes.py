"""A workshop whose tasks cost what the test says, on a clock that only they move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from fmstudio.document.specs.distribution import GaussianMixtureSpec, StandardNormalSpec, TwoMoonsSpec
from fmstudio.document.specs.dynamics import ODESpec, SimulationSpec
from fmstudio.document.specs.path import CondOTSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import ModelSpec, TrainingSpec
from fmstudio.engine.buffers import LocalArray, ResultArray
from fmstudio.engine.loop import Emit, Loop
from fmstudio.engine.messages import (
    DensityRequest,
    FieldRequest,
    Grid,
    Refusal,
    Request,
    SamplesRequest,
    TrainingCommand,
    TrainRequest,
    TrajectoriesRequest,
    W2Request,
)
from fmstudio.engine.protocol import JobCancelled, JobStarted, Notice

GRID = Grid(0.0, 0.0, 3.0, 3.0, 4, 4)
TIMES = tuple(np.linspace(0, 1, 21).tolist())


def density(first: int = 0, times: tuple[float, ...] = TIMES) -> DensityRequest:
    return DensityRequest(
        Problem(StandardNormalSpec(), TwoMoonsSpec(), CondOTSpec()), GRID, times, first=first
    )


def arrows(first: int = 0) -> FieldRequest:
    return FieldRequest(
        Problem(StandardNormalSpec(), GaussianMixtureSpec(), CondOTSpec()), GRID, TIMES, first=first
    )


def trajectories(steps: int = 60, seed: int = 7) -> TrajectoriesRequest:
    simulation = SimulationSpec(steps=steps, particles=100, start_seed=seed)
    return TrajectoriesRequest(
        Problem(StandardNormalSpec(), TwoMoonsSpec(), CondOTSpec()), ODESpec(), simulation
    )


def samples() -> SamplesRequest:
    return SamplesRequest(TwoMoonsSpec(), 10, 0)


def w2() -> W2Request:
    return W2Request(trajectories())


def training(steps: int = 1000) -> TrainRequest:
    return TrainRequest(
        Problem(StandardNormalSpec(), TwoMoonsSpec(), CondOTSpec()), ModelSpec(), TrainingSpec(steps=steps)
    )


@dataclass
class FakeClock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class FakeRun:
    """A training that never ends and counts its steps."""

    job: int
    clock: FakeClock
    log: list[str]
    cost: float
    paused: bool = False
    done: bool = False
    steps: int = 0
    failure: str = ""

    def advance(self) -> None:
        self.clock.now += self.cost
        self.steps += 1
        self.log.append("training")
        if self.failure:
            raise RuntimeError(self.failure)

    def obey(self, command: TrainingCommand) -> None:
        self.paused = command is TrainingCommand.PAUSE
        self.done = command is TrainingCommand.STOP

    def fail(self, reason: Refusal, message: str) -> None:
        self.done = True
        self.failure = f"{reason}: {message}"


@dataclass
class FakeWorkshop:
    """``row_seconds`` by request type; tasks write one row a slice."""

    clock: FakeClock
    row_seconds: dict[type, float] = field(default_factory=dict)
    errors: dict[type, Exception] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    runs: list[FakeRun] = field(default_factory=list)

    def start(self, request: Request, result: ResultArray) -> Iterator[float]:
        if type(request) in self.errors:
            raise self.errors[type(request)]
        rows = request.shape[0]
        for row in range(rows):
            self.clock.now += self.row_seconds.get(type(request), 0.001)
            self.log.append(type(request).__name__)
            result.write(row, np.full(request.shape[1:], row, np.float32))
            yield (row + 1) / rows

    def train(self, job: int, request: TrainRequest, emit: Emit) -> FakeRun:  # noqa: ARG002
        self.runs.append(FakeRun(job, self.clock, self.log, self.row_seconds.get(TrainRequest, 0.001)))
        return self.runs[-1]

    def explain(self, error: Exception) -> tuple[Refusal, str] | None:
        return (Refusal.BAD_INPUT, str(error)) if isinstance(error, ValueError) else None


class Bench:
    """A loop over a fake workshop, and all that it said."""

    def __init__(self, **row_seconds: float) -> None:
        kinds = {"density": DensityRequest, "field": FieldRequest, "trajectories": TrajectoriesRequest}
        kinds |= {"samples": SamplesRequest, "w2": W2Request, "training": TrainRequest}
        self.clock = FakeClock()
        self.workshop = FakeWorkshop(self.clock, {kinds[k]: v for k, v in row_seconds.items()})
        self.notices: list[Notice] = []
        self.loop = Loop(self.notices.append, self.workshop, self.clock)
        self.results: dict[int, LocalArray] = {}

    def submit(self, job: int, lane: str, request: Request) -> LocalArray:
        self.results[job] = LocalArray(request.shape)
        self.loop.submit(job, lane, request, self.results[job])
        return self.results[job]

    def run(self, seconds: float = 1e9) -> None:
        end = self.clock.now + seconds
        while self.clock.now < end and self.loop.advance():
            pass

    def started(self) -> list[int]:
        return [n.job for n in self.notices if isinstance(n, JobStarted)]

    def cancelled(self) -> list[int]:
        return [n.job for n in self.notices if isinstance(n, JobCancelled)]

    def of(self, kind: type) -> list[int]:
        return [n.job for n in self.notices if isinstance(n, kind)]  # type: ignore[attr-defined]
