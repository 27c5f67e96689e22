"""The second time axis: which steps of a training can be seen, which is, and panes that compare. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from fmstudio.document.document import Document
from fmstudio.document.specs.view import FieldChoice, PaneSpec
from fmstudio.engine.messages import LearnedModel
from fmstudio.studio import learning
from fmstudio.studio.results import Recipe

MOST_COMPARED = 4


@final
@dataclass(frozen=True)
class Track:
    """The steps whose weights are kept, and the newest at the end. ``chosen`` is the number, among them, of
    what is shown; ``total`` is how far the training is to go."""

    steps: tuple[int, ...]
    total: int
    chosen: int

    @property
    def is_newest(self) -> bool:
        return self.chosen == len(self.steps) - 1

    @property
    def step(self) -> int:
        return self.steps[self.chosen]

    def value(self, index: int) -> int | None:
        """What a document says of the step of that number: None for the newest, which goes on."""
        return None if index >= len(self.steps) - 1 else self.steps[max(index, 0)]

    def place(self, step: int) -> float:
        """Where a step lies between the start, 0, and the end, 1: by the logarithm, for the early ones
        change most."""
        return min(1.0, math.log1p(step) / math.log1p(max(self.total, self.steps[-1], 1)))

    def nearest(self, place: float) -> int:
        """The number of the step nearest to a place."""
        return min(range(len(self.steps)), key=lambda index: abs(self.place(self.steps[index]) - place))


def track(document: Document, models: Mapping[Recipe, LearnedModel]) -> Track | None:
    """Of the models of all panes that follow the view's training step; None where none of them has kept
    anything on its way."""
    found = [model for model in _followers(document, models) if model.checkpoints]
    if not found:
        return None
    newest = max(model.step for model in found)
    kept = {kept.step for model in found for kept in model.checkpoints}
    steps = (*sorted(step for step in kept if step < newest), newest)
    chosen = document.view.training_step
    passed = len(steps) if chosen is None else sum(step <= chosen for step in steps)
    return Track(steps, max(model.training.total_steps for model in found), max(0, passed - 1))


def _followers(document: Document, models: Mapping[Recipe, LearnedModel]) -> list[LearnedModel]:
    found = []
    for index, pane in enumerate(document.view.panes):
        if pane.field is FieldChoice.LEARNED and pane.training_step is None:
            experiment = document.experiment(index)
            model = learning.model_for(experiment, models) if learning.needs_model(experiment) else None
            found += [] if model is None else [model]
    return found


def at_step(document: Document, step: int | None) -> Document:
    """The document with that training step in view."""
    view = document.view.model_copy(update={"training_step": step})
    return document.model_copy(update={"view": view})


def compared(first: PaneSpec, there: Track) -> tuple[PaneSpec, ...]:
    """A pane for each of a few steps, spread over the track; the last has none of its own."""
    count = min(MOST_COMPARED, len(there.steps))
    spread = [round(k * (len(there.steps) - 1) / max(count - 1, 1)) for k in range(count)]
    own = (there.value(index) for index in spread)
    return tuple(
        first.model_copy(
            update={"training_step": step, "title": "On the track" if step is None else f"Step {step:,}"}
        )
        for step in own
    )
