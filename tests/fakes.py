"""An engine that does as it is told, for tests of what stands around it."""

from __future__ import annotations

import numpy as np

from fmstudio.engine.buffers import LocalArray
from fmstudio.engine.jobs import Engine, Job, JobState, Ledger
from fmstudio.engine.messages import (
    JobFailed,
    JobFinished,
    Refusal,
    Reply,
    Request,
    TrainingCommand,
    TrainRequest,
)
from fmstudio.studio.session import Session


class FakeEngine(Engine):
    """Keeps what was asked; ``finish`` and ``refuse`` answer; ``poll`` hands the replies out."""

    def __init__(self) -> None:
        self._ledger = Ledger(self._allocate)
        self.room = 10**9
        """how many more results find room"""
        self._replies: list[Reply] = []
        self.submitted: list[Job] = []
        self.cancelled: list[str] = []
        self.trained: list[TrainRequest] = []
        self.commands: list[TrainingCommand] = []
        self.closed = False

    def submit(self, lane: str, request: Request) -> Job:
        job = self._ledger.open(lane, request)
        self.submitted.append(job)
        return job

    def train(self, request: TrainRequest) -> Job:
        self.trained.append(request)
        return self._ledger.open_training(request)

    def command(self, command: TrainingCommand) -> None:
        self.commands.append(command)

    def cancel(self, lane: str) -> None:
        self.cancelled.append(lane)

    def poll(self) -> list[Reply]:
        refused = self._ledger.take_refused()
        replies, self._replies = self._replies, []
        said = [self._ledger.apply(notice) for notice in replies]
        return refused + [reply for reply in said if reply is not None]

    def close(self) -> None:
        self.closed = True

    @property
    def device(self) -> str:
        return "cpu"

    @property
    def alive(self) -> bool:
        return not self.closed

    @property
    def busy(self) -> bool:
        return self._ledger.busy

    def _allocate(self, shape: tuple[int, ...]) -> LocalArray:
        if self.room == 0:
            raise MemoryError("There is no room.")
        self.room -= 1
        return LocalArray(shape)

    # ---- for the test ----

    def say(self, reply: Reply) -> None:
        self._replies.append(reply)

    def in_lane(self, lane: str) -> list[Job]:
        return [job for job in self.submitted if job.lane == lane]

    def fill(self, job: Job, rows: int | None = None, seed: int = 0) -> None:
        """Write rows of noise, as far as ``rows``."""
        rng = np.random.default_rng(seed)
        last = job.result.shape[0] if rows is None else rows
        for row in range(job.result.ready, last):
            job.result.write(row, rng.random(job.result.shape[1:], np.float32))

    def finish(self, job: Job) -> None:
        self.fill(job)
        self.say(JobFinished(job.id, 0.01))

    def finish_all(self) -> None:
        for job in self.submitted:
            if job.state in (JobState.PENDING, JobState.RUNNING):
                self.finish(job)

    def refuse(self, job: Job, message: str, reason: Refusal = Refusal.BAD_INPUT) -> None:
        self.say(JobFailed(job.id, reason, message))


def settle(session: Session, engine: FakeEngine) -> None:
    """All that is wanted comes, and what that makes wanted too."""
    for _ in range(4):
        session.tick(0.0)
        engine.finish_all()
    session.tick(0.0)
