"""What came back from the engine, and what of it is shown. GUI thread; arrays are read-only here."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.saved_model import SavedCurve
from fmstudio.document.specs.distribution import DistributionSpec
from fmstudio.document.specs.path import PathSpec
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

ModelKey = tuple[DistributionSpec, DistributionSpec, PathSpec]
"""What a closed form belongs to."""


class Recipe(NamedTuple):
    """All that the weights of a model depend on."""

    source: DistributionSpec
    target: DistributionSpec
    path: PathSpec
    model: ModelSpec
    training: TrainingSpec


CACHE_BYTES = 400 * 2**20
CACHE_JOBS = 200
"""A large result holds a descriptor, and many systems allow a process 256."""
SLOT_JOBS = 6
AGE_IN_ROWS = 3


@dataclass
class Slot:
    """One lane's jobs, newest first: those on their way and the last that finished; or why there is none.

    An abandoned job stays for as long as it holds the newest picture of some moment.
    """

    jobs: list[Job] = field(default_factory=list)
    problem: str = ""
    refusal: Refusal | None = None

    def at(self, row: int) -> Job | None:
        """The newest result whose row number ``row`` (in the request's own order) is ready."""
        for job in self.jobs:
            if is_row_ready(job, row):
                return job
        return None

    def nearest(self, row: int) -> tuple[Job, int] | None:
        """As ``at``, or else a ready row near to ``row``; a newer result may be AGE_IN_ROWS rows farther."""
        job = self.at(row)
        if job is not None:
            return job, row
        found = [
            (abs(r - row) + AGE_IN_ROWS * age, age, r)
            for age, job in enumerate(self.jobs)
            for r in range(job.result.shape[0])
            if is_row_ready(job, r)
        ]
        if not found:
            return None
        _, age, nearest = min(found)
        return self.jobs[age], nearest

    @property
    def request(self) -> Request | None:
        return request_of(self.jobs[0]) if self.jobs else None

    @property
    def is_settled(self) -> bool:
        """Nothing is on its way: the newest request is answered or refused."""
        return bool(self.problem) or (bool(self.jobs) and self.jobs[0].state is JobState.DONE)


def request_of(job: Job) -> Request:
    """The request of a job that has rows (a slot never holds a training)."""
    assert not isinstance(job.request, TrainRequest)
    return job.request


def is_row_ready(job: Job, row: int) -> bool:
    return row < job.result.shape[0] and position_of(job, row) < job.result.ready


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
        """the newest last"""
        self.no_closed_form: dict[ModelKey, str] = {}
        self._cache: OrderedDict[Request, Job] = OrderedDict()

    def begin_training(self, recipe: Recipe) -> None:
        """A run is asked for."""
        self.training = TrainingRecord(recipe=recipe, steps=recipe.training.total_steps)
        self.records[recipe] = self.training

    def publish(self, recipe: Recipe, model: LearnedModel) -> None:
        """Newer weights, or a model out of a file with the curve of its loss."""
        self.models.pop(recipe, None)
        self.models[recipe] = replace(model, curve=None)
        if model.curve is not None:
            self.records[recipe] = record_of(recipe, model.step, model.curve)

    def with_curve(self, recipe: Recipe) -> LearnedModel:
        """The model of this recipe with the curve of its loss, for a file."""
        model, record = self.models[recipe], self.records.get(recipe)
        return replace(model, curve=record.saved(model.step) if record is not None else None)

    @property
    def is_training(self) -> bool:
        """A training is on, was asked for, or waits."""
        asked = self.training.recipe is not None and self.training.state is None
        return asked or self.training.is_active or bool(self.waiting)

    def slot(self, lane: str) -> Slot:
        return self.slots.setdefault(lane, Slot())

    def cached(self, request: Request) -> Job | None:
        job = self._cache.get(request)
        if job is not None:
            self._cache.move_to_end(request)
        return job

    def expect(self, lane: str, job: Job) -> None:
        """A job was submitted (or found in the cache) for this lane."""
        slot = self.slot(lane)
        slot.problem, slot.refusal = "", None
        slot.jobs = [job, *(j for j in slot.jobs if j is not job)]
        self._trim(slot)

    def clear(self, lane: str) -> None:
        """The lane is not wanted any more."""
        slot = self.slots.pop(lane, None)
        if slot is not None:
            self._drop(slot.jobs)

    def finish(self, job: Job) -> None:
        """All rows of this job are there. A probe moves on: it is not asked again."""
        if not isinstance(job.request, ProbeRequest):
            self._cache[request_of(job)] = job
        for slot in self.slots.values():
            self._trim(slot)
        self.evict()

    def fail(self, job: Job) -> None:
        """The job was refused or failed: what was shown stays, the sentence is kept beside it."""
        for slot in self.slots.values():
            if slot.jobs and slot.jobs[0] is job:
                slot.problem, slot.refusal = job.message, job.reason
            slot.jobs = [j for j in slot.jobs if j is not job]

    def _trim(self, slot: Slot) -> None:
        """Keep jobs down to the newest finished one; of the unfinished, those that have or will have rows."""
        kept: list[Job] = []
        for index, job in enumerate(slot.jobs):
            dead = job.state in (JobState.CANCELLED, JobState.FAILED) and job.result.ready == 0
            if not dead or index == 0:
                kept.append(job)
            if job.state is JobState.DONE or len(kept) == SLOT_JOBS:
                break
        dropped = [job for job in slot.jobs if job not in kept]
        slot.jobs = kept
        self._drop(dropped)

    def _drop(self, jobs: list[Job]) -> None:
        """Release jobs that neither the cache nor another slot holds."""
        held = {id(job) for slot in self.slots.values() for job in slot.jobs}
        held |= {id(job) for job in self._cache.values()}
        for job in jobs:
            if id(job) not in held:
                job.release()

    def signature(self) -> tuple[object, ...]:
        """Changes whenever something that can be seen has come in."""
        rows = tuple(
            (lane, *((job.id, job.result.ready) for job in slot.jobs)) for lane, slot in self.slots.items()
        )
        problems = tuple(slot.problem for slot in self.slots.values() if slot.problem)
        return (rows, problems, len(self.no_closed_form), self.training.state)

    def find(self, job_id: int) -> Job | None:
        """The job of that number, unless it was dropped."""
        for slot in self.slots.values():
            for job in slot.jobs:
                if job.id == job_id:
                    return job
        return None

    def evict(self) -> None:
        """Release the oldest finished jobs that nobody shows, beyond the cache's size."""
        used = {id(job) for slot in self.slots.values() for job in slot.jobs}
        total = sum(int(np.prod(job.result.shape)) * 4 for job in self._cache.values())
        for request, job in list(self._cache.items()):
            if total <= CACHE_BYTES and len(self._cache) <= CACHE_JOBS:
                return
            if id(job) not in used:
                total -= int(np.prod(job.result.shape)) * 4
                del self._cache[request]
                job.release()

    def make_room(self) -> bool:
        """Release every finished job that nobody shows; False if there is none."""
        shown = {id(job) for slot in self.slots.values() for job in slot.jobs}
        spare = [(request, job) for request, job in self._cache.items() if id(job) not in shown]
        for request, job in spare:
            del self._cache[request]
            job.release()
        return bool(spare)

    def forget_refused_for_room(self) -> None:
        """There may be room now for what found none: it may be asked for again."""
        for slot in self.slots.values():
            if slot.refusal is Refusal.NO_ROOM:
                slot.problem, slot.refusal = "", None

    def release_all(self) -> None:
        """The session ends: every array goes."""
        for job in self._cache.values():
            job.release()
        self._cache.clear()
