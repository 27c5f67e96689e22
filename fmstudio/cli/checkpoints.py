"""What a training leaves on disk every few seconds, for when it is killed: a document beside that asked for.

It opens in the window like any other. The same command goes on from it; it vanishes when the training is
saved.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import final

import typer

from fmstudio.document.document import Document
from fmstudio.engine.messages import LearnedModel
from fmstudio.studio.learning import recipe_of, recipe_of_model
from fmstudio.studio.opening import open_file

SECONDS = 5.0
"""Between two: writing one takes some milliseconds."""


@final
class Checkpoint:
    """Of the training whose model goes to ``out``. ``write`` is called with the file that a model goes to."""

    def __init__(
        self,
        out: Path,
        write: Callable[[Path, LearnedModel], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = out.with_name(f"{out.stem}.checkpoint.fmstudio")
        self._write, self._clock = write, clock
        self._looked = clock()
        self._has_failed = False

    def find(self, document: Document, resume: bool | None) -> LearnedModel | None:
        """What to go on from. ``resume``: True asks for it, False drops it, None takes it where it is there.

        Raises ValueError where it lacks, or is of another training, which nobody said may be lost.
        """
        if resume is False:
            self.remove()
            return None
        if not os.path.exists(self.path):
            if resume:
                raise ValueError(f"There is no checkpoint {self.path}: leave --resume out to start anew.")
            return None
        model = self._of(document)
        typer.echo(
            f"A checkpoint of this training at step {model.step} is there: going on from it "
            "(--fresh starts anew).",
            err=True,
        )
        return model

    def keep_if_due(self, snapshot: Callable[[], LearnedModel]) -> None:
        """Now and then, write one. A failure is told once and ends nothing."""
        now = self._clock()
        if now - self._looked < SECONDS:
            return
        self._looked = now
        try:
            self._write(self.path, snapshot())
        except ValueError as error:
            if not self._has_failed:
                typer.echo(f"No checkpoint could be kept: {error}", err=True)
            self._has_failed = True

    def remove(self) -> None:
        """Nothing is to be gone on from."""
        self.path.unlink(missing_ok=True)

    def _of(self, document: Document) -> LearnedModel:
        advice = f"take --fresh to replace {self.path.name}, or another OUT."
        try:
            models = open_file(self.path)[1]
        except ValueError as error:
            raise ValueError(f"{str(error).rstrip('.')}: {advice}") from error
        for model in models:
            if recipe_of_model(model) == recipe_of(document):
                return model
        raise ValueError(f"{self.path} is a checkpoint of another training: {advice}")
