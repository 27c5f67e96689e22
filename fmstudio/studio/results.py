"""What came back from the engine, and what of it is shown. GUI thread; arrays are read-only here."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.saved_model import MOST_CHECKPOINTS, Checkpoint, SavedCurve
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import ModelSpec, TrainingSpec
from fmstudio.engine.client import Job, JobState
from fmstudio.engine.messages import (
    LearnedModel,
    ProbeRequest,
    Refusal,
    Request,
    Row,
    TrainingProgress,
    TrainingState,
    TrainRequest,
)


class Recipe(NamedTuple):
    """All that the weights of a model depend on."""

    problem: Problem
    model: ModelSpec
    training: TrainingSpec


CACHE_BYTES = 400 * 2**20
CACHE_JOBS = 200
"""A large result holds a descriptor, and many systems allow a process 256."""


@dataclass(frozen=True)
class Slot:
    """One lane: the job of what it asks now. What was asked before is no business of it."""

    job: Job
    shipped: Job | None = None
    """a first row of the same that came with the program, until the job has one"""

    @property
    def best(self) -> Job:
        """What there is to be seen of it."""
        return self.job if self.shipped is None or self.job.result.ready else self.shipped

    @property
    def request(self) -> Request:
        return request_of(self.job)

    @property
    def problem(self) -> str:
        """Why there is no answer, in one sentence; '' where there is one, or may be."""
        return self.job.message if self.job.state is JobState.FAILED else ""

    @property
    def refusal(self) -> Refusal | None:
        return self.job.reason if self.job.state is JobState.FAILED else None

    @property
    def is_settled(self) -> bool:
        """It is answered or refused."""
        return self.job.state in (JobState.DONE, JobState.FAILED)

    def at(self, row: int) -> Job | None:
        """The job, once row number ``row`` (in the request's own order) is ready."""
        return self.best if is_row_ready(self.best, row) else None


def request_of(job: Job) -> Request:
    """The request of a job that has rows (a slot never holds a training)."""
    assert not isinstance(job.request, TrainRequest)
    return job.request


def nearest_row(job: Job, row: int) -> int | None:
    """The ready row nearest to ``row``; None where none is ready."""
    ready = job.result.ready
    order = getattr(job.request, "order", None)
    rows = range(ready) if order is None else order[:ready]
    return min(rows, key=lambda r: abs(r - row), default=None)


def is_row_ready(job: Job, row: int) -> bool:
    return row < job.result.shape[0] and position_of(job, row) < job.result.ready


def is_masked(job: Job) -> bool:
    """Something in the rows that are ready is not known, and is not drawn."""
    return bool(np.isnan(job.result.values[: job.result.ready]).any())


def position_of(job: Job, row: int) -> int:
    """Where row ``row`` stands in the array: requests with an order are filled in that order."""
    order = getattr(job.request, "order", None)
    return row if order is None else order.index(row)


@dataclass
class TrainingRecord:
    """The run that is on, or the last one: loss per step, floor, speed, state."""

    recipe: Recipe | None = None
    state: TrainingState | None = None
    losses: list[Row] = field(default_factory=list)
    first_step: int = 0
    step: int = 0
    steps: int = 0
    steps_per_second: float = 0.0
    seconds_left: float = 0.0
    floor: float | None = None
    message: str = ""

    @property
    def is_active(self) -> bool:
        return self.state in (TrainingState.RUNNING, TrainingState.PAUSED)

    def take(self, progress: TrainingProgress) -> None:
        if len(progress.losses):
            self._append(progress.first_step, progress.losses)
        self.state, self.step, self.steps = progress.state, progress.step, progress.steps
        self.steps_per_second, self.seconds_left = progress.steps_per_second, progress.seconds_left
        self.message = progress.message
        if progress.floor is not None:
            self.floor = progress.floor

    def _append(self, first_step: int, losses: Row) -> None:
        """After an engine's death training goes on from its last snapshot: those steps are run again."""
        if not self.losses:
            self.first_step = first_step
        earlier = self.curve()[1]
        if first_step < self.first_step + len(earlier):
            self.losses = [earlier[: max(first_step - self.first_step, 0)]]
        self.losses.append(losses)

    def curve(self) -> tuple[Row, Row]:
        """(steps, losses) of the run so far."""
        losses = np.concatenate(self.losses) if self.losses else np.zeros(0, np.float32)
        return np.arange(len(losses), dtype=np.float32) + self.first_step, losses

    def saved(self, step: int) -> SavedCurve | None:
        """The losses up to ``step``, as a file keeps them; None where there are none."""
        losses = self.curve()[1][: max(0, step - self.first_step + 1)]
        if not len(losses):
            return None
        curve = FrozenArray(np.ascontiguousarray(losses, np.float32))
        return SavedCurve(first_step=self.first_step, steps=self.steps, losses=curve, floor=self.floor)


def record_of(recipe: Recipe, step: int, curve: SavedCurve) -> TrainingRecord:
    """A run that was saved."""
    return TrainingRecord(
        recipe,
        TrainingState.FINISHED,
        [curve.losses.values],
        curve.first_step,
        step,
        curve.steps,
        floor=curve.floor,
    )


class Results:
    """All slots, an LRU cache of finished jobs, the training record and the published models."""

    def __init__(self) -> None:
        self.slots: dict[str, Slot] = {}
        self.training = TrainingRecord()
        self.records: dict[Recipe, TrainingRecord] = {}
        """the last run of each model, in which its loss can be seen again"""
        self.waiting: list[Recipe] = []
        """what is trained next"""
        self.models: dict[Recipe, LearnedModel] = {}
        """the newest last, each with the checkpoints of its training so far"""
        self._checkpoints: dict[Recipe, tuple[Checkpoint, ...]] = {}
        self._cache: OrderedDict[Request, Job] = OrderedDict()
        self._jobs: dict[int, Job] = {}
        self._failed: set[int] = set()
        self._shown: set[int] = set()

    def begin_training(self, recipe: Recipe) -> None:
        """A run is asked for."""
        self.training = TrainingRecord(recipe=recipe, steps=recipe.training.total_steps)
        self._checkpoints[recipe] = ()
        self.records[recipe] = self.training

    def publish(self, recipe: Recipe, model: LearnedModel) -> None:
        """Newer weights, or a model out of a file with the curve of its loss and its checkpoints."""
        self.models.pop(recipe, None)
        self._checkpoints[recipe] = model.checkpoints or self._checkpoints.get(recipe, ())
        self.models[recipe] = replace(model, curve=None, checkpoints=self._checkpoints[recipe])
        if model.curve is not None:
            self.records[recipe] = record_of(recipe, model.step, model.curve)

    def keep(self, recipe: Recipe, checkpoint: Checkpoint) -> None:
        """A training has come to a step whose weights are kept; of steps that are taken again, the newer."""
        earlier = (kept for kept in self._checkpoints.get(recipe, ()) if kept.step < checkpoint.step)
        self._checkpoints[recipe] = (*earlier, checkpoint)[-MOST_CHECKPOINTS:]
        if recipe in self.models:
            self.models[recipe] = replace(self.models[recipe], checkpoints=self._checkpoints[recipe])

    def with_curve(self, recipe: Recipe) -> LearnedModel:
        """The model of this recipe with the curve of its loss, for a file."""
        model, record = self.models[recipe], self.records.get(recipe)
        return replace(model, curve=record.saved(model.step) if record is not None else None)

    @property
    def is_training(self) -> bool:
        """A training is on, was asked for, or waits."""
        asked = self.training.recipe is not None and self.training.state is None
        return asked or self.training.is_active or bool(self.waiting)

    # ---- jobs ----

    def expect(self, lane: str, job: Job) -> None:
        """A job was submitted (or found in the cache) for this lane."""
        self.slots[lane] = Slot(job)
        self._jobs[job.id] = job

    def cached(self, request: Request) -> Job | None:
        """The finished job of an equal request."""
        job = self._cache.get(request)
        if job is not None:
            self._cache.move_to_end(request)
        return job

    def find(self, job_id: int) -> Job | None:
        """The job of that number, unless it was let go."""
        return self._jobs.get(job_id)

    def finish(self, job: Job) -> None:
        """All rows of this job are there. A probe moves on: it is not asked again."""
        if not isinstance(job.request, ProbeRequest):
            self._cache[request_of(job)] = job
        for lane, slot in self.slots.items():
            if slot.job.unfinished and slot.request == request_of(job):
                self.slots[lane] = Slot(job)

    def fail(self, job: Job) -> None:
        """The job was refused or failed: it is not asked again before ``forget_problems``."""
        self._failed.add(job.id)

    def forget_problems(self) -> None:
        """Ask again for what failed (after the engine came back)."""
        self.slots = {lane: slot for lane, slot in self.slots.items() if slot.job.id not in self._failed}
        self._failed.clear()

    # ---- memory ----

    def sweep(self, shown: Iterable[Job] = ()) -> None:
        """Release what neither a lane asks for, nor a pane shows, nor the cache keeps."""
        self._shown = {job.id for job in shown}
        used = {slot.job.id for slot in self.slots.values()} | self._shown
        self._evict(used)
        self._release_all_but(used | {job.id for job in self._cache.values()})

    def _release_all_but(self, kept: set[int]) -> None:
        """What is under way is still written to: it goes when it ends."""
        for job in [job for job in self._jobs.values() if job.id not in kept and not job.unfinished]:
            del self._jobs[job.id]
            self._failed.discard(job.id)
            job.release()

    def _evict(self, used: set[int]) -> None:
        """Drop the oldest finished jobs that nobody shows, beyond the cache's size."""
        total = sum(_bytes(job) for job in self._cache.values())
        for request, job in list(self._cache.items()):
            if total <= CACHE_BYTES and len(self._cache) <= CACHE_JOBS:
                return
            if job.id not in used:
                total -= _bytes(job)
                del self._cache[request]

    def make_room(self) -> bool:
        """Release every finished job that nobody shows; False if there is none."""
        before = len(self._cache)
        used = {slot.job.id for slot in self.slots.values()} | self._shown
        self._cache = OrderedDict((asked, job) for asked, job in self._cache.items() if job.id in used)
        self._release_all_but(used)
        return len(self._cache) < before

    def forget_refused_for_room(self) -> None:
        """There may be room now for what found none: it may be asked for again."""
        self.slots = {lane: slot for lane, slot in self.slots.items() if slot.refusal is not Refusal.NO_ROOM}

    def release_all(self) -> None:
        """The session ends: every array goes."""
        for job in self._jobs.values():
            job.release()
        self._jobs.clear()
        self._cache.clear()
        self.slots.clear()


def _bytes(job: Job) -> int:
    return 4 * int(np.prod(job.result.shape))
