"""A training from the shell: the engine's own steps, a bar on standard error, Ctrl-C for an early end."""

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
from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.saved_model import SavedCurve
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine import build, learning
from fmstudio.engine.messages import LearnedModel, Refusal, TrainRequest
from fmstudio.engine.training_run import training_device
from fmstudio.engine.workshop import TorchWorkshop, prepare_torch
from fmstudio.flows.networks import MLP
from fmstudio.studio.learning import recipe_of_model
from fmstudio.studio.opening import save_models

NEWS_SECONDS = 0.1
LOSSES = 100
"""The final loss is the mean over the last so many batches."""


@dataclass(frozen=True)
class Trained:
    """The last checkpoint, and what ``--json`` prints."""

    model: LearnedModel
    report: dict[str, Any]


def run_training(document: Document) -> Trained:
    """Train what the document asks for. Ctrl-C ends it after the step under way.

    Raises ValueError for what does not go together; leaves the shell with code 1 where training fails.
    """
    prepare_torch()
    training = document.training
    request = TrainRequest(document.source, document.target, document.path, document.model, training)
    device = training_device(training.device)
    fresh = learning.model_for(request)
    model = fresh.to(device) if isinstance(fresh, MLP) else fresh
    try:
        run = _steps(request, model)
        floors = list(learning.floor_terms(request))
    except Exception as error:
        _explain(error)
        raise
    if run.step == 0:
        fail("Training was ended before its first step: nothing was written.", 1)
    floor = sum(floors) / len(floors) if floors else None
    report = {
        "steps": run.step,
        "seconds": run.seconds,
        "steps_per_second": run.step / max(run.seconds, 1e-9),
        "final_loss": run.loss,
        "loss_floor": floor,
        "device": device.type if isinstance(fresh, MLP) else "cpu",
    }
    curve = run.curve(request.training.total_steps, floor)
    return Trained(replace(_snapshot(request, model, run.step), curve=curve), report)


def _explain(error: Exception) -> None:
    """Leaves the shell with the engine's sentence for a failure that it knows."""
    known = TorchWorkshop().explain(error)
    if known is not None and known[0] in (Refusal.FAILURE, Refusal.OUT_OF_MEMORY):
        fail(known[1], 1)


@final
class _Run:
    """How far the training is."""

    def __init__(self) -> None:
        self.step = 0
        self.seconds = 0.0
        self.losses: list[float] = []

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


def _steps(request: TrainRequest, model: build.Model) -> _Run:
    """All steps, or those until Ctrl-C. ``seconds`` is the wall time of this loop."""
    run, total = _Run(), request.training.total_steps
    with _bar(total) as progress, _interruptions() as interrupted:
        task, told = progress.tasks[0].id, 0.0
        started = time.perf_counter()
        for step in learning.steps_of(request, model):
            if step is not None:
                run.take(step.step, step.loss)
            now = time.perf_counter()
            if now - told > NEWS_SECONDS:
                told = now
                progress.update(task, completed=run.step, description=f"loss {run.loss:.4f}")
            if interrupted:
                break
        run.seconds = time.perf_counter() - started
        progress.update(task, completed=run.step, description=f"loss {run.loss:.4f}")
    return run


@contextmanager
def _bar(steps: int) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        progress.add_task("loss", total=steps)
        yield progress


@contextmanager
def _interruptions() -> Iterator[list[int]]:
    """A list that is empty until somebody presses Ctrl-C (or asks the process to end)."""
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _snapshot(request: TrainRequest, model: build.Model, step: int) -> LearnedModel:
    parameters = FrozenArray(model.flat.detach().to("cpu", torch.float32).numpy())
    return LearnedModel(
        request.model,
        request.training.objective,
        parameters,
        step,
        request.source,
        request.target,
        request.path,
        request.training,
    )


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
