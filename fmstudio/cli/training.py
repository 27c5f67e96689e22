"""A training from the shell: the engine's own steps, a bar on standard error, Ctrl-C for an early end.

Nothing that was learned is lost: it is saved before anything else is computed, and a checkpoint every few
seconds outlives a kill.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, final

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fmstudio.cli.app import fail
from fmstudio.cli.checkpoints import Checkpoint
from fmstudio.document import saved_model
from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.saved_model import SavedCurve
from fmstudio.document.specs.distribution import units_of
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import LearnedModel, Refusal, TrainRequest
from fmstudio.engine.worker import build, learning
from fmstudio.engine.worker.checkpoints import kept_steps
from fmstudio.engine.worker.task_runner import TorchTaskRunner, prepare_torch
from fmstudio.engine.worker.training_job import training_device
from fmstudio.flows.learning.flow_and_score import FlowAndScore
from fmstudio.flows.learning.networks import MLP
from fmstudio.startup import ENDING_SIGNALS
from fmstudio.studio import written
from fmstudio.studio.learning import recipe_of_model
from fmstudio.studio.opening import save_models

NEWS_SECONDS = 0.1
LOSSES = 100
"""The final loss is the mean over the last so many batches."""


@dataclass(frozen=True)
class Trained:
    """What ``--json`` prints, and by which signal the process was asked to end."""

    report: dict[str, Any]
    asked_to_end: int | None


def train_and_save(
    out: Path, document: Document, models: tuple[LearnedModel, ...], resume: bool | None
) -> Trained:
    """Train what the document asks for and write it to ``out``.

    Ctrl-C, or a request to end, ends the training after the step under way; another one cannot keep the file
    from being written, only the floor from being computed.
    Raises ValueError for what does not go together; leaves the shell with code 1 where training fails.
    """
    prepare_torch()

    def write(path: Path, new: LearnedModel) -> None:
        save_trained(path, document, models, new)

    checkpoint = Checkpoint(out, write)
    training = document.training
    asked = TrainRequest(document.problem, document.model, training)
    request = replace(asked, resume=checkpoint.find(document, resume))
    device = training_device(training.device)
    fresh = learning.model_for(request)
    model = fresh.to(device) if isinstance(fresh, MLP | FlowAndScore) else fresh
    with _interruptions() as heard:
        try:
            run = _steps(request, model, checkpoint, heard)
        except Exception as error:
            _explain(error, checkpoint)
            raise
        if run.step == 0:
            fail("Training was ended before its first step: nothing was written.", 1)
        write(out, _trained(request, model, run))
        checkpoint.remove()
        floor = _floor(request, heard)
        if floor is not None:
            write(out, _trained(request, model, run, floor))
    told, units = training.objective.facts.unit, units_of(document.target, document.source)
    report = {
        "steps": run.step,
        "seconds": run.seconds,
        "steps_per_second": (run.step - run.first) / max(run.seconds, 1e-9),
        "final_loss": told.in_units(run.loss, units),
        "loss_floor": None if floor is None else told.in_units(floor, units),
        "device": device.type if isinstance(fresh, MLP | FlowAndScore) else "cpu",
    }
    return Trained(report, next((number for number in heard if number != signal.SIGINT), None))


def _floor(request: TrainRequest, heard: list[int]) -> float | None:
    """The irreducible loss; None where it is not known, or a signal comes while it is computed."""
    before, terms = len(heard), []
    for term in learning.floor_terms(request):
        if len(heard) > before:
            return None
        terms.append(term)
    return sum(terms) / len(terms) if terms else None


def _explain(error: Exception, checkpoint: Checkpoint) -> None:
    """Leaves the shell with the engine's sentence for a failure that it knows."""
    known = TorchTaskRunner().explain(error)
    if known is not None and known[0] in (Refusal.FAILURE, Refusal.OUT_OF_MEMORY):
        if known[0] is Refusal.FAILURE:
            checkpoint.remove()  # going on from it would fail again
        fail(known[1], 1)


@final
class _Run:
    """How far the training is."""

    def __init__(self, resume: LearnedModel | None) -> None:
        curve = resume.curve if resume else None
        self.first = self.step = resume.step if resume else 0
        self.seconds = 0.0
        self.losses: list[float] = curve.losses.values.tolist() if curve else []
        self.checkpoints = [*resume.checkpoints] if resume else []

    @property
    def loss(self) -> float:
        last = self.losses[-LOSSES:]
        return sum(last) / max(1, len(last))

    def curve(self, steps: int, floor: float | None) -> SavedCurve:
        """What a file keeps of the losses."""
        losses = FrozenArray(np.array(self.losses, np.float32))
        first = self.step - len(self.losses) + 1
        return SavedCurve(first_step=first, steps=steps, losses=losses, floor=floor)

    def take(self, step: int, loss: float) -> None:
        self.step = step
        self.losses.append(loss)

    def keep(self, model: build.Model) -> None:
        """The weights as they are now, for good."""
        self.checkpoints.append(saved_model.Checkpoint(step=self.step, parameters=_weights(model)))


def _steps(request: TrainRequest, model: build.Model, checkpoint: Checkpoint, heard: list[int]) -> _Run:
    """The steps that are left, or those until a signal is heard. ``seconds``: the wall time of this loop."""
    total, run = request.training.total_steps, _Run(request.resume)
    kept = kept_steps(request, model.flat.numel())
    units, facts = request.problem.units, request.training.objective.facts

    def words() -> str:
        return f"loss {written.loss(facts.unit.in_units(run.loss, units), facts.in_nats)}"

    with _bar(total) as progress:
        task, told = progress.tasks[0].id, 0.0
        started = time.perf_counter()
        steps = learning.steps_of(request, model) if run.first < total else ()
        if run.first == 0 and 0 in kept:
            run.keep(model)
        for step in steps:
            if step is not None:
                run.take(step.step, step.loss)
                if step.step in kept:
                    run.keep(model)
                checkpoint.keep_if_due(lambda: _trained(request, model, run))
            now = time.perf_counter()
            if now - told > NEWS_SECONDS:
                told = now
                progress.update(task, completed=run.step, description=words())
            if heard:
                break
        run.seconds = time.perf_counter() - started
        progress.update(task, completed=run.step, description=words())
    return run


@contextmanager
def _bar(steps: int) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        progress.add_task("loss", total=steps)
        yield progress


@contextmanager
def _interruptions() -> Iterator[list[int]]:
    """A list of the signals that came: empty until somebody presses Ctrl-C, or asks the process to end."""
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    wanted = [number for number in ENDING_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, hear) for number in wanted}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _trained(
    request: TrainRequest, model: build.Model, run: _Run, floor: float | None = None
) -> LearnedModel:
    """What a file keeps: the weights as they are now, and the losses so far."""
    curve = run.curve(request.training.total_steps, floor)
    return replace(_snapshot(request, model, run.step), curve=curve, checkpoints=tuple(run.checkpoints))


def _snapshot(request: TrainRequest, model: build.Model, step: int) -> LearnedModel:
    return LearnedModel(
        request.model,
        request.training.objective,
        _weights(model),
        step,
        request.problem,
        request.training,
    )


def _weights(model: build.Model) -> FrozenArray:
    return FrozenArray(model.flat.detach().to("cpu", torch.float32).numpy())


def save_trained(out: Path, document: Document, models: tuple[LearnedModel, ...], new: LearnedModel) -> None:
    """Write the document with the new model in the place of an older one of the same recipe; a document of
    one pane shows it. Raises DocumentError."""
    others = [model for model in models if recipe_of_model(model) != recipe_of_model(new)]
    panes = document.view.panes
    if len(panes) == 1:
        shown = panes[0].model_copy(update={"field": FieldChoice.LEARNED})
        view = document.view.model_copy(update={"panes": (shown,)})
        document = document.model_copy(update={"view": view})
    save_models(out, document, [*others, new])
