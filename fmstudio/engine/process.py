"""The engine in a process of its own, supervised: when it dies, another one takes over. No torch."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import final

from fmstudio.engine.blocks import sweep
from fmstudio.engine.buffers import SharedArray
from fmstudio.engine.jobs import Engine, Job, Ledger
from fmstudio.engine.messages import (
    EngineLost,
    EngineReady,
    JobFinished,
    Refusal,
    Reply,
    Request,
    TrainingCommand,
    TrainingProgress,
    TrainRequest,
)
from fmstudio.engine.protocol import Cancel, JobCancelled, Message, Notice, Submit, Train
from fmstudio.engine.spawned import Died, SpawnedProcess

MOST_DEATHS = 3
DEATH_SECONDS = 60.0


@final
class ProcessEngine(Engine):
    """Starts its process when made; torch is loaded there while the window opens.

    If the process dies, ``poll`` says so (EngineLost), starts another one and asks again for everything
    unfinished; training goes on from its last snapshot. After ``MOST_DEATHS`` deaths within
    ``DEATH_SECONDS`` without anything finished, and no training farther than it had been, unfinished jobs
    fail; the next request starts afresh.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        sweep()
        self._clock = clock
        self._ledger = Ledger(SharedArray.create)
        self._process: SpawnedProcess | None = SpawnedProcess()
        self._deaths: list[float] = []
        self._farthest: dict[int, int] = {}
        """step of each training when its engine died"""
        self._device = ""
        self._closed = False

    def submit(self, lane: str, request: Request) -> Job:
        self._check_open()
        job = self._ledger.open(lane, request)
        if job.unfinished:
            self._ledger.drop_superseded(lane)
            self._ask(job)
        return job

    def train(self, request: TrainRequest) -> Job:
        self._check_open()
        job = self._ledger.open_training(request)
        self._ask(job)
        return job

    def command(self, command: TrainingCommand) -> None:
        self._send(command)

    def cancel(self, lane: str) -> None:
        self._send(Cancel(lane))

    def poll(self) -> list[Reply]:
        replies = self._ledger.take_refused()
        for notice in self._process.take() if self._process is not None else ():
            replies += self._on_died(notice.code) if isinstance(notice, Died) else self._on_message(notice)
        return replies

    def close(self) -> None:
        self._closed = True
        self._end()
        for job in self._ledger.unfinished:
            self._ledger.apply(JobCancelled(job.id))

    @property
    def device(self) -> str:
        return self._device

    @property
    def alive(self) -> bool:
        return self._process is not None

    @property
    def busy(self) -> bool:
        return self._ledger.busy

    @property
    def pid(self) -> int | None:
        """Of the engine's process; None while there is none."""
        return None if self._process is None else self._process.pid

    def _ask(self, job: Job) -> None:
        if self._process is None:
            self._process = SpawnedProcess()
        if isinstance(job.request, TrainRequest):
            self._send(Train(job.id, self._ledger.remaining(job)))
            if self._ledger.is_paused(job):
                self._send(TrainingCommand.PAUSE)
        else:
            assert isinstance(job.result, SharedArray)
            self._send(Submit(job.id, job.lane, job.request, job.result.ref))

    def _end(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None

    def _send(self, message: Message) -> None:
        if self._process is not None:
            self._process.send(message)

    def _on_message(self, notice: Notice) -> list[Reply]:
        if isinstance(notice, EngineReady):
            self._device = notice.device
        if isinstance(notice, JobFinished) or self._is_farther(notice):
            self._deaths.clear()
        reply = self._ledger.apply(notice)
        return [] if reply is None else [reply]

    def _is_farther(self, notice: Notice) -> bool:
        """A training has made steps that no engine had made before."""
        return isinstance(notice, TrainingProgress) and notice.step > self._farthest.get(notice.job, 0)

    def _on_died(self, code: int) -> list[Reply]:
        """The process has ended: start another one, or give up."""
        self._end()
        for training, step in self._ledger.steps_taken().items():
            self._farthest[training] = max(step, self._farthest.get(training, 0))
        now = self._clock()
        self._deaths = [death for death in self._deaths if now - death < DEATH_SECONDS] + [now]
        if len(self._deaths) >= MOST_DEATHS:
            return self._give_up(code)
        unfinished = self._ledger.unfinished
        self._process = SpawnedProcess()
        for job in unfinished:
            self._ask(job)
        return [EngineLost(f"{_cause(code)} {_continuation(unfinished)}")]

    def _give_up(self, code: int) -> list[Reply]:
        self._deaths.clear()
        advice = (
            "what it was doing was given up: use fewer particles or steps, then try again."
            if self._device
            else "there is no engine: run `fmstudio doctor` to see why, then try again."
        )
        message = f"{_cause(code)} This happened {MOST_DEATHS} times in a row, so {advice}"
        reason = Refusal.OUT_OF_MEMORY if _was_killed(code) else Refusal.FAILURE
        return [EngineLost(message), *self._ledger.fail_all(reason, message)]

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("this engine was closed; make a new one")


def _was_killed(code: int) -> bool:
    return code in (-9, 137)


def _cause(code: int) -> str:
    if _was_killed(code):
        return "The engine was killed, most likely because memory ran out."
    if code < 0:
        return f"The engine crashed ({signal.Signals(-code).name})."
    return f"The engine stopped unexpectedly (exit code {code})."


def _continuation(unfinished: list[Job]) -> str:
    if any(isinstance(job.request, TrainRequest) for job in unfinished):
        return "A new one is starting; training goes on from its last snapshot."
    if unfinished:
        return "A new one is starting and computes again what was unfinished."
    return "A new one is starting; nothing was lost."
