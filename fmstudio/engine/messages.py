"""What comes back from the engine, and, for those who speak with it, all requests too. Frozen and picklable;
no torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fmstudio.document.saved_model import Checkpoint
from fmstudio.engine.grids import Grid, Row, outward_order
from fmstudio.engine.requests import (
    PAIR_BATCH,
    DensityRequest,
    DropsRequest,
    FieldErrorRequest,
    FieldRequest,
    GradientsRequest,
    Guide,
    LabelsRequest,
    LearnedModel,
    LogDensityRequest,
    OneStepRequest,
    PairsRequest,
    ProbeRequest,
    Request,
    SamplesRequest,
    TrajectoriesRequest,
    W2Request,
    WarpRequest,
)
from fmstudio.engine.training import TrainingCommand, TrainRequest

__all__ = [
    "PAIR_BATCH",
    "DensityRequest",
    "DropsRequest",
    "EngineLost",
    "EngineReady",
    "FieldErrorRequest",
    "FieldRequest",
    "GradientsRequest",
    "Grid",
    "Guide",
    "JobFailed",
    "JobFinished",
    "LabelsRequest",
    "LearnedModel",
    "LogDensityRequest",
    "OneStepRequest",
    "PairsRequest",
    "ProbeRequest",
    "Refusal",
    "Reply",
    "Request",
    "Row",
    "SamplesRequest",
    "TrainRequest",
    "TrainingCheckpoint",
    "TrainingCommand",
    "TrainingProgress",
    "TrainingSnapshot",
    "TrainingState",
    "TrajectoriesRequest",
    "W2Request",
    "WarpRequest",
    "outward_order",
]


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

    BAD_INPUT = "bad-input"
    TOO_COARSE = "too-coarse"
    """More solver steps would do."""
    OUT_OF_MEMORY = "out-of-memory"
    NO_ROOM = "no-room"
    """Its result found no place: nothing was computed."""
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
    replace the old. ``floor`` is the irreducible loss (None where it is not known). If training failed,
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
class TrainingCheckpoint:
    """Weights that are kept beyond the training's end. After the engine died some may come again."""

    job: int
    checkpoint: Checkpoint


@dataclass(frozen=True)
class EngineLost:
    """The engine died. The message says why and what happens next.

    Normally a new engine is starting and the client has asked again for everything unfinished, so there is
    nothing to do but to show the message; after repeated deaths it gives up, and unfinished jobs fail.
    """

    message: str


Reply = (
    EngineReady
    | JobFinished
    | JobFailed
    | TrainingProgress
    | TrainingSnapshot
    | TrainingCheckpoint
    | EngineLost
)
