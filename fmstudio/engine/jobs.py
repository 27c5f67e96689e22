"""The client's side of a job, and what every engine offers. No torch; used by one thread (the window's)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from typing import assert_never

import numpy as np

from fmstudio.engine.buffers import AbsentArray, LocalArray, ResultArray
from fmstudio.engine.messages import (
    EngineLost,
    EngineReady,
    JobFailed,
    JobFinished,
    Refusal,
    Reply,
    Request,
    TrainingCheckpoint,
    TrainingCommand,
    TrainingProgress,
    TrainingSnapshot,
    TrainingState,
    TrainRequest,
)
from fmstudio.engine.protocol import TRAINING_LANE, JobCancelled, JobStarted, Notice


class JobState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Superseded or cancelled; rows that are ready stay valid."""


MOST_WAITING = 2

_UNFINISHED = frozenset((JobState.PENDING, JobState.RUNNING))


@dataclass(eq=False)
class Job:
    """A request under way. Written by its engine's ``poll`` alone; the result lives as long as this handle.
    When the job has ended, ``result`` is another object with the same rows.

    A training's ``result`` has no rows: what it gives comes as TrainingSnapshot.
    """

    id: int
    lane: str
    request: Request | TrainRequest
    result: ResultArray
    state: JobState = JobState.PENDING
    reason: Refusal | None = None
    message: str = ""
    seconds: float = 0.0

    @property
    def unfinished(self) -> bool:
        return self.state in _UNFINISHED

    def release(self) -> None:
        """Give the result's memory back. Views that somebody still holds stay valid."""
        self.result.close()


class Engine(ABC):
    """Takes requests, gives jobs. All methods return at once and belong to one thread (the window's)."""

    @abstractmethod
    def submit(self, lane: str, request: Request) -> Job:
        """Ask. Within a lane one job runs and one waits: the newest replaces the one that waits, which is
        then CANCELLED. Where there is no room for the result the job is FAILED (NO_ROOM) already."""

    @abstractmethod
    def train(self, request: TrainRequest) -> Job:
        """Start training, in the lane "training"; a training under way is cancelled."""

    @abstractmethod
    def command(self, command: TrainingCommand) -> None:
        """Pause, resume or stop the training under way; without one nothing happens."""

    @abstractmethod
    def cancel(self, lane: str) -> None:
        """Forget what runs and what waits in this lane."""

    @abstractmethod
    def poll(self) -> list[Reply]:
        """What happened since the last call. Jobs already show it when this returns."""

    @abstractmethod
    def close(self) -> None:
        """End the engine. Results that are there stay readable. Safe to call twice."""

    @property
    @abstractmethod
    def device(self) -> str:
        """What it computes on; empty until it is ready."""

    @property
    @abstractmethod
    def alive(self) -> bool:
        """Neither closed nor given up."""

    @property
    @abstractmethod
    def busy(self) -> bool:
        """Some job is not finished; a paused training does not count."""


class Ledger:
    """Which jobs there are, and how notices change them."""

    def __init__(self, allocate: Callable[[tuple[int, ...]], ResultArray]) -> None:
        self._allocate = allocate
        self._ids = count(1)
        self._open: dict[int, Job] = {}
        self._snapshots: dict[int, TrainingSnapshot] = {}
        self._progress: dict[int, TrainingProgress] = {}
        self._refused: list[Reply] = []
        self._paused: set[int] = set()

    @property
    def unfinished(self) -> list[Job]:
        """In the order of asking."""
        return list(self._open.values())

    @property
    def busy(self) -> bool:
        return bool(self._refused) or any(job not in self._paused for job in self._open)

    def open(self, lane: str, request: Request) -> Job:
        """A new job; FAILED at once (and a reply kept for the next poll) where its result finds no room."""
        try:
            result = self._allocate(request.shape)
        except MemoryError as error:
            return self._refuse(lane, request, str(error) or "Not enough memory for this result.")
        return self._enter(Job(next(self._ids), lane, request, result))

    def drop_superseded(self, lane: str) -> None:
        """Let go of what waits in ``lane`` behind newer ones: its blocks would pile up while an engine starts
        or is at a long step. The newest but one may have begun already, and its rows are worth seeing."""
        waiting = [job for job in self._open.values() if job.lane == lane and job.state is JobState.PENDING]
        for job in waiting[:-MOST_WAITING]:
            self._close(job.id, JobState.CANCELLED)
            job.release()

    def open_training(self, request: TrainRequest) -> Job:
        return self._enter(Job(next(self._ids), TRAINING_LANE, request, LocalArray((0,))))

    def is_paused(self, job: Job) -> bool:
        return job.id in self._paused

    def remaining(self, job: Job) -> TrainRequest:
        """The training that is left of ``job``: from its last snapshot on."""
        assert isinstance(job.request, TrainRequest)
        snapshot = self._snapshots.get(job.id)
        return job.request if snapshot is None else replace(job.request, resume=snapshot.learned)

    def take_refused(self) -> list[Reply]:
        refused, self._refused = self._refused, []
        return refused

    def fail_all(self, reason: Refusal, message: str) -> list[Reply]:
        """Every unfinished job fails; the replies that say so."""
        failed = [self._failure(job, reason, message) for job in self.unfinished]
        for notice in failed:
            self.apply(notice)
        return failed

    def _failure(self, job: Job, reason: Refusal, message: str) -> Reply:
        """A training fails by its own kind of news: who follows it hears of nothing else."""
        if not isinstance(job.request, TrainRequest):
            return JobFailed(job.id, reason, message)
        last = self._progress.get(job.id)
        step, steps = (last.step, last.steps) if last else (0, job.request.training.total_steps)
        return TrainingProgress(
            job=job.id,
            state=TrainingState.FAILED,
            step=step,
            steps=steps,
            first_step=step + 1,
            losses=np.zeros(0, np.float32),
            steps_per_second=0.0,
            seconds_left=0.0,
            message=message,
            reason=reason,
        )

    def steps_taken(self) -> dict[int, int]:
        """How far each training under way has come."""
        return {job: progress.step for job, progress in self._progress.items()}

    def apply(self, notice: Notice) -> Reply | None:
        """Bring the job up to date; what of it is for the caller of ``poll``."""
        match notice:
            case JobStarted(job):
                self._set(job, JobState.RUNNING)
                return None
            case JobCancelled(job):
                self._close(job, JobState.CANCELLED)
                return None
            case JobFinished(job, seconds):
                self._close(job, JobState.DONE, seconds=seconds)
            case JobFailed(job, reason, message):
                self._close(job, JobState.FAILED, reason, message)
            case TrainingProgress():
                self._follow(notice)
            case TrainingSnapshot(job):
                if job in self._open:
                    self._snapshots[job] = notice
            case EngineReady() | EngineLost() | TrainingCheckpoint():
                pass
            case _:
                assert_never(notice)
        return notice

    def _follow(self, progress: TrainingProgress) -> None:
        self._paused.discard(progress.job)
        if progress.job in self._open:
            self._progress[progress.job] = progress
        match progress.state:
            case TrainingState.RUNNING:
                self._set(progress.job, JobState.RUNNING)
            case TrainingState.PAUSED:
                self._paused.add(progress.job)
            case TrainingState.FINISHED | TrainingState.STOPPED:
                self._close(progress.job, JobState.DONE)
            case TrainingState.FAILED:
                self._close(progress.job, JobState.FAILED, progress.reason, progress.message)

    def _enter(self, job: Job) -> Job:
        self._open[job.id] = job
        return job

    def _refuse(self, lane: str, request: Request, message: str) -> Job:
        absent = AbsentArray(request.shape)
        job = Job(next(self._ids), lane, request, absent, JobState.FAILED, Refusal.NO_ROOM, message)
        self._refused.append(JobFailed(job.id, Refusal.NO_ROOM, message))
        return job

    def _set(self, job: int, state: JobState) -> None:
        if job in self._open:
            self._open[job].state = state

    def _close(
        self,
        job: int,
        state: JobState,
        reason: Refusal | None = None,
        message: str = "",
        seconds: float = 0.0,
    ) -> None:
        handle = self._open.pop(job, None)
        self._snapshots.pop(job, None)
        self._progress.pop(job, None)
        self._paused.discard(job)
        if handle is not None:
            handle.result = handle.result.settled()
            handle.state, handle.reason, handle.message, handle.seconds = state, reason, message, seconds
