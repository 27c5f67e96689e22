"""The engine's only worker: one thread that advances tasks in short slices.

The newest interactive request first, training in the gaps. Three groups compete:

- **urgent**: densities and fields whose first row (the moment that is looked at) is still missing.
  They go first.
- **filling**: all other requests. Kinds share by weight, panes take turns; measures come last.
- **training**: the rest of the time.

Filling and training are each guaranteed a share of a busy engine, so that none of them starves while a
stroke is drawn: what a group is owed grows while others are served, and past ``_PATIENCE`` seconds it goes
before urgent work.
Runs on the engine process's main thread, or wherever an InlineEngine is polled.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Protocol

from fmstudio.engine.buffers import ResultArray
from fmstudio.engine.lanes import Lane, Rank, Work
from fmstudio.engine.messages import (
    JobFailed,
    JobFinished,
    Refusal,
    Request,
    TrainingCommand,
    TrainRequest,
)
from fmstudio.engine.protocol import TRAINING_LANE, JobCancelled, JobStarted, Notice

Emit = Callable[[Notice], None]
Clock = Callable[[], float]

_log = logging.getLogger(__name__)

_PATIENCE = 0.03
_YOUNG_SECONDS = 0.05
_MOST_OWED = 0.2
_WEIGHTS = {Rank.DENSITY: 3.0, Rank.FIELD: 2.0, Rank.TRAJECTORIES: 4.0, Rank.SAMPLES: 3.0, Rank.MEASURE: 1.0}


class Group(Enum):
    URGENT = "urgent"
    FILLING = "filling"
    TRAINING = "training"


_GUARANTEED = {Group.FILLING: 0.2, Group.TRAINING: 0.3}


class TrainingRun(Protocol):
    """A training under way; it emits its own progress and snapshots."""

    job: int

    @property
    def paused(self) -> bool: ...
    @property
    def done(self) -> bool: ...
    def advance(self) -> None:
        """A few optimiser steps."""

    def obey(self, command: TrainingCommand) -> None: ...
    def fail(self, reason: Refusal, message: str) -> None: ...


class TaskRunner(Protocol):
    """How requests are carried out (tasks.py; fakes in tests)."""

    def start(self, request: Request, result: ResultArray) -> Iterator[float]:
        """A task: each ``next`` is a slice of at most some 10 ms and gives the part that is done."""

    def train(self, job: int, request: TrainRequest, emit: Emit) -> TrainingRun: ...

    def explain(self, error: Exception) -> tuple[Refusal, str] | None:
        """A refusal and its sentence, or None for an error that nobody foresaw."""


class Loop:
    """Holds all work; ``advance`` does one slice of it."""

    def __init__(self, emit: Emit, workshop: TaskRunner, clock: Clock = time.perf_counter) -> None:
        self._emit = emit
        self._workshop = workshop
        self._clock = clock
        self._lanes: dict[str, Lane] = {}
        self._training: TrainingRun | None = None
        self._owed = dict.fromkeys(_GUARANTEED, 0.0)
        self._spent = dict.fromkeys(Rank, 0.0)
        self._waiting: set[Rank] = set()
        self._slices = 0

    @property
    def idle(self) -> bool:
        return not self._lanes and (self._training is None or self._training.paused)

    def submit(self, job: int, lane: str, request: Request, result: ResultArray) -> None:
        replaced = self._lanes.setdefault(lane, Lane()).offer(Work(job, lane, request, result, self._clock()))
        if replaced is not None:
            self._cancelled(replaced)

    def train(self, job: int, request: TrainRequest) -> None:
        self.cancel(TRAINING_LANE)
        self._training = self._workshop.train(job, request, self._emit)
        self._emit(JobStarted(job))

    def command(self, command: TrainingCommand) -> None:
        if self._training is not None:
            self._training.obey(command)
            self._forget_training_if_done()

    def cancel(self, lane: str) -> None:
        if lane == TRAINING_LANE and self._training is not None:
            self._emit(JobCancelled(self._training.job))
            self._training = None
        elif lane in self._lanes:
            for work in self._lanes.pop(lane).clear():
                self._cancelled(work)

    def advance(self) -> bool:
        """One slice. False when there was nothing to do."""
        self._abandon_stale()
        choices = self._choices()
        if not choices:
            return False
        group = self._choose_group(set(choices))
        start = self._clock()
        if group is Group.TRAINING:
            self._advance_training()
        else:
            self._advance_work(self._choose_work(choices[group], group))
        self._account(group, set(choices), self._clock() - start)
        return True

    # ---- who is next --------------------------------------------------------------------------------

    def _choices(self) -> dict[Group, list[Work]]:
        """What could be served now, by group."""
        works = [lane.current for lane in self._lanes.values() if lane.current is not None]
        choices = {
            Group.URGENT: [work for work in works if work.urgent],
            Group.FILLING: [work for work in works if not work.urgent],
        }
        found = {group: of_group for group, of_group in choices.items() if of_group}
        if self._training is not None and not self._training.paused:
            found[Group.TRAINING] = []
        return found

    def _choose_group(self, runnable: set[Group]) -> Group:
        owed = [group for group in (Group.TRAINING, Group.FILLING) if group in runnable]
        if Group.URGENT in runnable:
            late = [group for group in owed if self._owed[group] > _PATIENCE]
            return max(late, key=self._owed.__getitem__, default=Group.URGENT)
        if len(owed) == 2:
            return Group.TRAINING if self._owed[Group.TRAINING] > 0 else Group.FILLING
        return owed[0]

    def _choose_work(self, works: list[Work], group: Group) -> Work:
        if group is Group.URGENT:
            return min(works, key=lambda work: (work.rank, work.served_at))
        due = self._due(works)
        ranks = {work.rank for work in due}
        self._join(ranks)
        kind = min(ranks, key=lambda rank: (self._spent[rank], rank))
        return min((work for work in due if work.rank is kind), key=lambda work: work.served_at)

    def _due(self, works: list[Work]) -> list[Work]:
        """Those that should go on now. The other moments of a picture that is just changing would be thrown
        away with the next change, and measures interrupt long: both wait while there is something else."""
        lasting = [work for work in works if work.rank is not Rank.MEASURE]
        settled = [work for work in lasting if not self._is_young(work)]
        return settled or lasting or works

    def _is_young(self, work: Work) -> bool:
        return work.rank <= Rank.FIELD and self._clock() - work.asked_at < _YOUNG_SECONDS

    def _join(self, ranks: set[Rank]) -> None:
        """A kind that was away claims no time for that: it starts level with those that waited."""
        stayed = [self._spent[rank] for rank in ranks & self._waiting]
        for rank in ranks - self._waiting:
            self._spent[rank] = max(self._spent[rank], min(stayed, default=self._spent[rank]))
        self._waiting = ranks

    def _account(self, served: Group, runnable: set[Group], seconds: float) -> None:
        for group, share in _GUARANTEED.items():
            if group not in runnable:
                self._owed[group] = 0.0
                continue
            owed = self._owed[group] + share * seconds - (seconds if group is served else 0.0)
            self._owed[group] = min(max(owed, -_MOST_OWED), _MOST_OWED)

    def _abandon_stale(self) -> None:
        now = self._clock()
        for lane in self._lanes.values():
            stale = lane.abandon_stale(now)
            if stale is not None:
                self._cancelled(stale)

    # ---- serving ------------------------------------------------------------------------------------

    def _advance_work(self, work: Work) -> None:
        self._slices += 1
        work.served_at = self._slices
        start = self._clock()
        failure: JobFailed | None = None
        ended = False
        try:
            ended = self._step(work)
        except Exception as error:  # noqa: BLE001 - every failure becomes a reply that is shown
            failure = JobFailed(work.job, *self._explain(error))
        seconds = self._clock() - start
        work.seconds += seconds
        self._spent[work.rank] += seconds / _WEIGHTS[work.rank]
        if failure is not None:
            self._ended(work, failure)
        elif ended:
            self._ended(work, JobFinished(work.job, work.seconds))

    def _step(self, work: Work) -> bool:
        """Advance the task; whether it has ended."""
        if work.task is None:
            self._emit(JobStarted(work.job))
            work.task = self._workshop.start(work.request, work.result)
        for progress in work.task:
            work.progress = progress
            if progress < 1:
                return False
        return True

    def _advance_training(self) -> None:
        assert self._training is not None
        try:
            self._training.advance()
        except Exception as error:  # noqa: BLE001 - every failure becomes a reply that is shown
            self._training.fail(*self._explain(error))
        self._forget_training_if_done()

    def _forget_training_if_done(self) -> None:
        if self._training is not None and self._training.done:
            self._training = None

    def _explain(self, error: Exception) -> tuple[Refusal, str]:
        known = self._workshop.explain(error)
        if known is not None:
            return known
        _log.error("a task failed", exc_info=error)
        return Refusal.FAILURE, f"The engine failed: {type(error).__name__}: {error}"

    def _ended(self, work: Work, notice: JobFinished | JobFailed) -> None:
        lane = self._lanes[work.lane]
        lane.finish()
        if lane.current is None:
            del self._lanes[work.lane]
        self._emit(notice)

    def _cancelled(self, work: Work) -> None:
        self._emit(JobCancelled(work.job))
