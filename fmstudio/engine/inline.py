"""The engine inside this process (shell, export, tests). torch is imported when one is made, not before."""

from __future__ import annotations

import time
from typing import final

from fmstudio.engine.buffers import LocalArray
from fmstudio.engine.jobs import Engine, Job, Ledger
from fmstudio.engine.loop import Loop
from fmstudio.engine.messages import EngineReady, Reply, Request, TrainingCommand, TrainRequest
from fmstudio.engine.protocol import Notice


@final
class InlineEngine(Engine):
    """Works while it is polled. The same requests give the same bits as with a ProcessEngine."""

    def __init__(self, budget: float = 0.008) -> None:
        """``budget``: seconds of work per ``poll``; a slice that is under way is finished."""
        start = time.perf_counter()
        from fmstudio.engine.worker.task_runner import (
            TorchTaskRunner,
            describe_device,
            prepare_torch,
            torch_version,
        )

        prepare_torch()
        self._device = describe_device()
        self._budget = budget
        self._ledger = Ledger(LocalArray)
        ready = EngineReady(self._device, torch_version(), time.perf_counter() - start)
        self._replies: list[Reply] = [ready]
        self._loop = Loop(self._receive, TorchTaskRunner())
        self._closed = False

    def submit(self, lane: str, request: Request) -> Job:
        self._check_open()
        job = self._ledger.open(lane, request)
        if job.unfinished:
            self._loop.submit(job.id, lane, request, job.result)
        return job

    def train(self, request: TrainRequest) -> Job:
        self._check_open()
        job = self._ledger.open_training(request)
        self._loop.train(job.id, request)
        return job

    def command(self, command: TrainingCommand) -> None:
        self._loop.command(command)

    def cancel(self, lane: str) -> None:
        self._loop.cancel(lane)

    def poll(self) -> list[Reply]:
        end = time.perf_counter() + self._budget
        while self._loop.advance() and time.perf_counter() < end:
            pass
        return self._take()

    def run_until_idle(self) -> list[Reply]:
        """Work until nothing is left to do (but for a paused training). All replies since the last poll."""
        while self._loop.advance():
            pass
        return self._take()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            for job in self._ledger.unfinished:
                self._loop.cancel(job.lane)

    @property
    def device(self) -> str:
        return self._device

    @property
    def alive(self) -> bool:
        return not self._closed

    @property
    def busy(self) -> bool:
        return self._ledger.busy

    def _receive(self, notice: Notice) -> None:
        reply = self._ledger.apply(notice)
        if reply is not None:
            self._replies.append(reply)

    def _take(self) -> list[Reply]:
        replies, self._replies = self._replies + self._ledger.take_refused(), []
        return replies

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("this engine was closed; make a new one")
