"""A training under way in the engine: advances by a few optimiser steps, publishes losses and snapshots.

The model and its optimiser live here and nowhere else; what leaves are copies. Runs on the loop's thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import final

import numpy as np
import torch

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.saved_model import Checkpoint
from fmstudio.engine.messages import (
    LearnedModel,
    Refusal,
    TrainingCheckpoint,
    TrainingCommand,
    TrainingProgress,
    TrainingSnapshot,
    TrainingState,
    TrainRequest,
)
from fmstudio.engine.protocol import Notice
from fmstudio.engine.worker import build, learning
from fmstudio.engine.worker.checkpoints import kept_steps
from fmstudio.flows.learning.flow_and_score import FlowAndScore
from fmstudio.flows.learning.networks import MLP

SLICE_SECONDS = 0.003
PROGRESS_SECONDS = 0.1
FIRST_SNAPSHOT_SECONDS = 0.25
SLOWEST_SNAPSHOT_SECONDS = 2.0
SNAPSHOT_GROWTH = 0.05
"""Snapshots come a twentieth of the time since the start apart: often while much changes."""


@final
class TrainingJob:
    """Trains one model."""

    def __init__(
        self,
        job: int,
        request: TrainRequest,
        emit: Callable[[Notice], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.job = job
        self._request = request
        self._emit = emit
        self._clock = clock
        self._first, self._steps = learning.span(request)
        self._step = self._first
        self._state = TrainingState.RUNNING
        self._model: build.Model | None = None
        self._kept: frozenset[int] = frozenset()
        self._floor: float | None = None
        self._work: Iterator[None] = self._run()
        self._pending: list[float] = []
        self._began = self._told = self._showed = clock()
        self._pace = _Pace(clock)

    @property
    def paused(self) -> bool:
        return self._state is TrainingState.PAUSED

    @property
    def done(self) -> bool:
        return self._state in (TrainingState.FINISHED, TrainingState.STOPPED, TrainingState.FAILED)

    def advance(self) -> None:
        """Work for a few milliseconds; a single long step is not interrupted."""
        end = self._clock() + SLICE_SECONDS
        for _ in self._work:
            if self._clock() >= end:
                self._publish_if_due()
                return
        self._end(TrainingState.FINISHED)

    def obey(self, command: TrainingCommand) -> None:
        if command is TrainingCommand.STOP:
            self._end(TrainingState.STOPPED)
        elif command is TrainingCommand.PAUSE and not self.paused:
            self._state = TrainingState.PAUSED
            self._show()
            self._tell()
        elif command is TrainingCommand.RESUME and self.paused:
            self._state = TrainingState.RUNNING
            self._pace.restart(self._step)
            self._tell()

    def fail(self, reason: Refusal, message: str) -> None:
        self._end(TrainingState.FAILED, message, reason)

    # ---- work ---------------------------------------------------------------------------------------

    def _run(self) -> Iterator[None]:
        """The whole training, floor included; may be left at any yield."""
        steps = self._start()
        if self._first == 0:
            self._keep_if_due()
        yield
        floor = self._floor_in_slices()
        for step in steps:
            if step is not None:
                self._step = step.step
                self._pending.append(step.loss)
                self._keep_if_due()
                next(floor, None)
            yield
        yield from floor

    def _start(self) -> learning.Steps:
        """A network is trained where it is asked for; the small models of other kinds on the processor."""
        model = learning.model_for(self._request)
        device = training_device(self._request.training.device)
        self._model = model.to(device) if isinstance(model, MLP | FlowAndScore) else model
        self._kept = kept_steps(self._request, self._model.flat.numel())
        return learning.steps_of(self._request, self._model)

    def _floor_in_slices(self) -> Iterator[None]:
        """The irreducible loss, if it is known."""
        terms = []
        for term in learning.floor_terms(self._request):
            terms.append(term)
            yield
        if terms:
            self._floor = sum(terms) / len(terms)

    # ---- what is told -------------------------------------------------------------------------------

    def _publish_if_due(self) -> None:
        now = self._clock()
        interval = min(
            max(FIRST_SNAPSHOT_SECONDS, SNAPSHOT_GROWTH * (now - self._began)), SLOWEST_SNAPSHOT_SECONDS
        )
        if now - self._showed >= interval:
            self._show()
        if now - self._told >= PROGRESS_SECONDS:
            self._tell()

    def _end(self, state: TrainingState, message: str = "", reason: Refusal | None = None) -> None:
        self._state = state
        self._show()
        self._tell(message, reason)

    def _show(self) -> None:
        """Publish the weights, if there are any that were trained."""
        self._showed = self._clock()
        if self._model is None or self._step == self._first:
            return
        request = self._request
        self._emit(
            TrainingSnapshot(
                self.job,
                LearnedModel(
                    request.model,
                    request.training.objective,
                    FrozenArray(self._model.flat.cpu().numpy()),
                    self._step,
                    request.problem,
                    request.training,
                ),
            )
        )

    def _keep_if_due(self) -> None:
        """The weights of some steps are kept for good."""
        if self._step in self._kept:
            assert self._model is not None
            weights = FrozenArray(self._model.flat.cpu().numpy())
            self._emit(TrainingCheckpoint(self.job, Checkpoint(step=self._step, parameters=weights)))

    def _tell(self, message: str = "", reason: Refusal | None = None) -> None:
        self._told = self._clock()
        losses, self._pending = np.array(self._pending, np.float32), []
        rate = self._pace.measure(self._step)
        left = (self._steps - self._step) / rate if rate > 0 else 0.0
        self._emit(
            TrainingProgress(
                job=self.job,
                state=self._state,
                step=self._step,
                steps=self._steps,
                first_step=self._step - len(losses) + 1,
                losses=losses,
                steps_per_second=rate,
                seconds_left=left,
                floor=self._floor,
                message=message,
                reason=reason,
            )
        )


class _Pace:
    """Steps a second, smoothed over about a second; pauses do not count."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._rate = 0.0
        self.restart(0)

    def restart(self, step: int) -> None:
        self._time, self._step = self._clock(), step

    def measure(self, step: int) -> float:
        now = self._clock()
        seconds = now - self._time
        if seconds > 0 and step > self._step:
            fresh = (step - self._step) / seconds
            weight = min(1.0, seconds) if self._rate else 1.0
            self._rate += weight * (fresh - self._rate)
        self._time, self._step = now, step
        return self._rate


def training_device(choice: str) -> torch.device:
    """Where to train. Raises ValueError if a GPU is asked for and there is none."""
    if choice == "cuda" and not torch.cuda.is_available():
        raise ValueError("training.device is cuda, but there is no CUDA device here; choose auto or cpu.")
    use_gpu = choice != "cpu" and torch.cuda.is_available()
    return torch.device("cuda" if use_gpu else "cpu")
