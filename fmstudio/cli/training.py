"""A training from the shell: the window's engine in this process, a bar on standard error."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fmstudio.cli.app import fail
from fmstudio.document.document import Document
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.inline import InlineEngine
from fmstudio.engine.messages import (
    JobFailed,
    LearnedModel,
    Refusal,
    Reply,
    TrainingCommand,
    TrainingProgress,
    TrainingSnapshot,
    TrainingState,
    TrainRequest,
)

POLL_SECONDS = 0.1
LOSSES = 100
"""The final loss is the mean over the last so many batches."""


@dataclass(frozen=True)
class Trained:
    """The last checkpoint, and what ``--json`` prints."""

    model: LearnedModel
    report: dict[str, Any]


def run_training(document: Document) -> Trained:
    """Train what the document asks for. Ctrl-C ends it early. Leaves the shell where it fails."""
    request = TrainRequest(document.source, document.target, document.path, document.model, document.training)
    run = _Run(document.training.steps)
    engine = InlineEngine(POLL_SECONDS)
    try:
        engine.train(request)
        with _bar(document.training.steps) as progress:
            _drive(engine, run, progress)
    finally:
        engine.close()
    if run.model is None:
        fail("Training was ended before its first step: nothing was written.", 1)
    return Trained(run.model, run.report(engine.device))


def _drive(engine: InlineEngine, run: _Run, progress: Progress) -> None:
    task = progress.tasks[0].id
    while not run.done:
        try:
            replies = engine.poll()
        except KeyboardInterrupt:
            engine.command(TrainingCommand.STOP)
            replies = engine.run_until_idle()
        for reply in replies:
            run.take(reply)
        progress.update(task, completed=run.step, description=run.words)


@contextmanager
def _bar(steps: int) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        progress.add_task("loss", total=steps)
        yield progress


@final
class _Run:
    """What the engine has told so far."""

    def __init__(self, steps: int) -> None:
        self.step, self.steps = 0, steps
        self.done = False
        self.model: LearnedModel | None = None
        self._began = time.perf_counter()
        self._losses: deque[float] = deque(maxlen=LOSSES)
        self._last: TrainingProgress | None = None

    @property
    def words(self) -> str:
        return f"loss {self._loss():.4f}" if self._losses else "loss"

    def take(self, reply: Reply) -> None:
        if isinstance(reply, TrainingSnapshot):
            self.model = reply.learned
        elif isinstance(reply, JobFailed):
            _give_up(reply.reason, reply.message)
        elif isinstance(reply, TrainingProgress):
            if reply.state is TrainingState.FAILED:
                _give_up(reply.reason, reply.message)
            self._last, self.step = reply, reply.step
            self._losses.extend(float(loss) for loss in reply.losses)
            self.done = reply.state in (TrainingState.FINISHED, TrainingState.STOPPED)

    def report(self, device: str) -> dict[str, Any]:
        assert self._last is not None
        seconds = time.perf_counter() - self._began
        return {
            "steps": self.step,
            "seconds": seconds,
            "steps_per_second": self.step / seconds if seconds > 0 else 0.0,
            "final_loss": self._loss(),
            "loss_floor": self._last.floor,
            "device": device.partition(" ")[0],
        }

    def _loss(self) -> float:
        return sum(self._losses) / max(1, len(self._losses))


def _give_up(reason: Refusal | None, message: str) -> NoReturn:
    bad_input = reason in (Refusal.BAD_INPUT, Refusal.NO_CLOSED_FORM)
    fail(message, 2 if bad_input else 1)


def save_trained(out: Path, document: Document, models: tuple[LearnedModel, ...], new: LearnedModel) -> None:
    """Write the document with the new model in the place of an older one of the same experiment; a document
    of one pane shows it. Raises DocumentError."""
    from fmstudio.studio.opening import save_models

    others = [m for m in models if (m.source, m.target, m.path) != (new.source, new.target, new.path)]
    panes = document.view.panes
    if len(panes) == 1:
        shown = panes[0].model_copy(update={"field": FieldChoice.LEARNED})
        view = document.view.model_copy(update={"panes": (shown,)})
        document = document.model_copy(update={"view": view})
    save_models(out, document, [*others, new])
