"""One step of a training, explained: what is drawn, asked, answered and changed. GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import final

import numpy as np
import numpy.typing as npt

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.client import Engine, Job, JobState
from fmstudio.engine.messages import LearnedModel, OneStepRequest, Row
from fmstudio.studio import learning
from fmstudio.studio.guardrails import why_not_train
from fmstudio.studio.playback import Playback
from fmstudio.studio.results import Recipe

LANE = "one-step"
Place = npt.NDArray[np.float64]
Models = Mapping[Recipe, LearnedModel]


class Stage(IntEnum):
    """What is told, in its order."""

    TIME = 0
    PAIR = 1
    WAY = 2
    TARGET = 3
    ANSWER = 4
    ERROR = 5
    UPDATE = 6


@dataclass(frozen=True, eq=False)
class Told:
    """The numbers of a step, in the plane: see OneStepRequest."""

    x_0: Place
    z: Place
    x_t: Place
    asked: Place
    before: Place
    after: Place
    t: float
    weight: float
    loss_before: float
    loss_after: float
    rate: float
    moved: int
    alpha: float
    beta: float
    way: Place
    """(n, 2)"""

    @classmethod
    def of(cls, values: Row) -> Told:
        rows = np.asarray(values, np.float64)
        x_0, z, x_t, asked, before, after = rows[:6]
        (t, weight), (first, then), (rate, moved), (alpha, beta) = rows[6:10].tolist()
        figures = (t, weight, first, then, rate, int(moved), alpha, beta)
        return cls(x_0, z, x_t, asked, before, after, *figures, rows[10:])

    def square(self, answer: Place) -> float:
        """The weighted squared error of an answer."""
        return float(self.weight * np.sum((answer - self.asked) ** 2))


@dataclass(frozen=True, eq=False)
class Seen:
    """What stands on the canvas and beside it."""

    pane: int
    request: OneStepRequest
    told: Told
    stage: Stage


def why_not(document: Document) -> str:
    """Why no such step can be shown, in one sentence; '' where one can."""
    experiment = _asked(document)[1]
    facts = experiment.training.objective.facts
    if not facts.regresses:
        return f"{facts.title} is not learned from pairs, so that there is no such step to show."
    if learning.recipe_of(experiment).training.reflow:
        return "With reflow a step is not shown: set Reflow to 0."
    return why_not_train(document)


@final
class OneStep:
    """Asks the engine for a step when it begins, and for another pair of its batch; holds where one is in the
    telling. It ends when something else is asked."""

    def __init__(self, engine: Engine, notify: Callable[[str], None]) -> None:
        self._engine, self._notify = engine, notify
        self._job: Job | None = None
        self._pane = 0
        self._of: object = None
        self.seen: Seen | None = None
        """a new object with every stage"""

    @property
    def is_on(self) -> bool:
        return self._job is not None

    def begin(self, document: Document, models: Models) -> None:
        """Or say why not."""
        if reason := why_not(document):
            self._notify(reason)
            return
        self._pane, experiment = _asked(document)
        self._of = _key(document)
        model = learning.learned(experiment, models).model
        recipe = learning.recipe_of(experiment) if model is None else learning.recipe_of_model(model)
        self._ask(OneStepRequest(*recipe, model))

    def go(self, by: int) -> None:
        """To the next stage or the one before; beyond the last one, all is told."""
        if self.seen is None:
            return
        there = self.seen.stage + by
        if there > Stage.UPDATE:
            self.end()
        else:
            self.seen = Seen(self.seen.pane, self.seen.request, self.seen.told, Stage(max(there, 0)))

    def another(self) -> None:
        """Of the same batch, from the start."""
        if self.seen is not None:
            request = self.seen.request
            self._ask(OneStepRequest(*_recipe(request), request.learned, request.pair + 1))

    def end(self) -> None:
        if self._job is not None:
            self._engine.cancel(LANE)
            self._job.release()
        self._job = self.seen = None

    def tick(self, document: Document, playback: Playback) -> None:
        """Once per frame: take the answer, and end where something else is asked now. A new pair takes time
        to its own t."""
        if self._job is None:
            return
        if _key(document) != self._of:
            self.end()
        elif self._job.state is JobState.FAILED:
            self._notify(self._job.message)
            self.end()
        elif self.seen is None and self._job.state is JobState.DONE:
            request = self._job.request
            assert isinstance(request, OneStepRequest)
            self.seen = Seen(self._pane, request, Told.of(self._job.result.values), Stage.TIME)
            playback.jump(self.seen.told.t)

    def _ask(self, request: OneStepRequest) -> None:
        self.end()
        self._job = self._engine.submit(LANE, request)


def _recipe(request: OneStepRequest) -> Recipe:
    return Recipe(request.problem, request.model, request.training)


def _asked(document: Document) -> tuple[int, Experiment]:
    """The first pane that shows something learned, or else the first as if it did."""
    for index in range(len(document.view.panes)):
        experiment = document.experiment(index)
        if learning.needs_model(experiment):
            return index, experiment
    return 0, document.showing(FieldChoice.LEARNED).experiment(0)


def _key(document: Document) -> object:
    """What the step is of."""
    pane, experiment = _asked(document)
    return pane, len(document.view.panes), learning.recipe_of(experiment), experiment.training_step
