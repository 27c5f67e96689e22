"""What travels between a client and its engine around requests and replies. Frozen, picklable; no torch."""

from __future__ import annotations

from dataclasses import dataclass

from fmstudio.engine.buffers import BufferRef
from fmstudio.engine.messages import Reply, Request, TrainingCommand, TrainRequest

TRAINING_LANE = "training"


@dataclass(frozen=True)
class Submit:
    job: int
    lane: str
    request: Request
    buffer: BufferRef


@dataclass(frozen=True)
class Train:
    job: int
    request: TrainRequest


@dataclass(frozen=True)
class Cancel:
    """Forget whatever runs or waits in ``lane``."""

    lane: str


@dataclass(frozen=True)
class Close:
    """End the process (a pipe that ends without it means that the window's process is gone)."""


Message = Submit | Train | TrainingCommand | Cancel | Close


@dataclass(frozen=True)
class JobStarted:
    job: int


@dataclass(frozen=True)
class JobCancelled:
    """Replaced by a newer one or cancelled; the rows that are ready stay valid."""

    job: int


Notice = Reply | JobStarted | JobCancelled
"""What an engine emits. JobStarted and JobCancelled do not leave the client: ``Job.state`` shows them."""
