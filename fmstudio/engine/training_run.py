"""A training under way in the engine: advances by a few optimiser steps, publishes losses and snapshots.

The network and its optimiser live here and nowhere else; what leaves are copies. Runs on the loop's thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import final

import numpy as np
import torch

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.specs.training import Coupling
from fmstudio.engine import build
from fmstudio.engine.messages import (
    LearnedModel,
    Refusal,
    TrainingCommand,
    TrainingProgress,
    TrainingSnapshot,
    TrainingState,
    TrainRequest,
)
from fmstudio.engine.protocol import Notice
from fmstudio.flows.networks import MLP
from fmstudio.flows.objectives import loss_floor_terms
from fmstudio.flows.posterior import NoClosedForm
from fmstudio.flows.training import TrainingStep, train

SLICE_SECONDS = 0.003
PROGRESS_SECONDS = 0.1
FIRST_SNAPSHOT_SECONDS = 0.25
SLOWEST_SNAPSHOT_SECONDS = 2.0
SNAPSHOT_GROWTH = 0.05
"""Snapshots come a twentieth of the time since the start apart: often while much changes."""


@final
class FlowTraining:
    """Trains one velocity network."""

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
        self._first, self._steps = _span(request)
        self._step = self._first
        self._state = TrainingState.RUNNING
        self._network: MLP | None = None
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
        steps = self._steps_of_training()
        yield
        floor = self._floor_in_slices()
        for step in steps:
            self._step = step.step
            self._pending.append(step.loss)
            next(floor, None)
            yield
        yield from floor

    def _steps_of_training(self) -> Iterator[TrainingStep]:
        request, spec = self._request, self._request.training
        device = training_device(spec.device)
        self._network = _fresh_or_resumed(request, device)
        return train(
            build.distribution(request.source),
            build.distribution(request.target),
            build.schedule(request.path),
            build.COUPLINGS[spec.coupling](),
            self._network,
            objective=spec.objective.value,
            steps=self._steps,
            batch_size=spec.batch_size,
            learning_rate=spec.learning_rate,
            generator=torch.Generator().manual_seed(spec.seed + self._first),
            first_step=self._first,
        )

    def _floor_in_slices(self) -> Iterator[None]:
        """The irreducible loss, if it is known: for independent pairs of a source with a closed form."""
        request = self._request
        if request.training.coupling is not Coupling.INDEPENDENT:
            return
        try:
            marginal = build.marginal(request.source, request.target, request.path)
        except NoClosedForm:
            return
        terms = []
        for term in loss_floor_terms(
            marginal, build.schedule(request.path), request.training.objective.value
        ):
            terms.append(term)
            yield
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
        if self._network is None or self._step == self._first:
            return
        request = self._request
        self._emit(
            TrainingSnapshot(
                self.job,
                LearnedModel(
                    request.model,
                    request.training.objective,
                    FrozenArray(self._network.flat.cpu().numpy()),
                    self._step,
                    request.source,
                    request.target,
                    request.path,
                    request.training,
                ),
            )
        )

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


def _span(request: TrainRequest) -> tuple[int, int]:
    """(steps taken already, steps in all)."""
    first, steps = request.resume.step if request.resume else 0, request.training.steps
    return first, steps if first < steps else first + steps


def _fresh_or_resumed(request: TrainRequest, device: torch.device) -> MLP:
    if request.resume is None:
        generator = torch.Generator().manual_seed(request.training.seed)
        network = MLP(request.model.width, request.model.layers, generator)
    else:
        if request.resume.model != request.model:
            raise ValueError(
                f"Training cannot go on: the weights belong to {request.resume.model.layers} layers of "
                f"{request.resume.model.width}, the model now has {request.model.layers} of "
                f"{request.model.width}. Train anew, or set the model back."
            )
        parameters = build.tensor(request.resume.parameters.values)
        network = MLP.from_flat(request.model.width, request.model.layers, parameters)
    return network.to(device)
