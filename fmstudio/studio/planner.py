"""From the document to requests: what the panes need, less what is there. GUI thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import BUILT_INS
from fmstudio.engine.client import Engine, Job, JobState
from fmstudio.engine.messages import (
    LearnedModel,
    Refusal,
    Request,
    SamplesRequest,
)
from fmstudio.studio import learning
from fmstudio.studio.ahead import LANE as AHEAD_LANE
from fmstudio.studio.ahead import Ahead
from fmstudio.studio.answers import is_slow
from fmstudio.studio.resolve import Known, Look, Resolved, is_waiting_for_a_stroke, resolve
from fmstudio.studio.results import Recipe, Results

THUMBNAIL_POINTS = 500
GRADIENTS_LANE = "gradients"
WHEN_CALM = ("measure", "error")
"""Figures that take long: while a drag or stroke is on they would only be thrown away."""


class Planner:
    """Compares needs with results once per frame and submits what is missing."""

    def __init__(self, engine: Engine, results: Results) -> None:
        self._engine = engine
        self._results = results
        self.panes: tuple[Resolved, ...] = ()
        """what holds in each pane of the document that was ``planned``"""
        self.wanted: dict[str, Request] = {}
        self.planned: Document | None = None
        """the document that ``wanted`` is for"""
        self._models: dict[Recipe, LearnedModel] = {}
        self._ahead = Ahead(results)

    def tick(self, document: Document, look: Look, calm: bool = True, spare: bool = False) -> None:
        """Ask for what is missing. Measures wait until the document is ``calm`` (no drag or stroke on). With
        time to ``spare``, what may be asked next is computed once all is there."""
        if document is not self.planned:
            self._results.forget_refused_for_room()
        self._take_models()
        indices = range(len(document.view.panes))
        self.panes = tuple(resolve(document, index, self._known, look) for index in indices)
        wanted = dict(self._needs(document, calm))
        for lane in list(self._results.slots):
            if lane not in wanted and lane != AHEAD_LANE:
                self._forget(lane)
        for lane, request in wanted.items():
            self._want(lane, request)
        self.wanted, self.planned = wanted, document
        self._look_ahead(document, look, spare)

    def pane(self, document: Document, index: int) -> Resolved:
        """What holds in a pane, also of a document that is not planned yet."""
        if document is self.planned:
            return self.panes[index]
        return resolve(document, index, self._known, Look())

    @property
    def _known(self) -> Known:
        return Known(self._models)

    @property
    def is_complete(self) -> bool:
        """Every wanted result is there or was refused."""
        slots = self._results.slots
        return all(lane in slots and slots[lane].is_settled for lane in self.wanted)

    def _take_models(self) -> None:
        """What was trained since. The next snapshot of a model waits until the one before was answered: or
        else, where they come fast, none would ever be seen."""
        models = self._results.models
        lanes = [f"{kind}/{pane.index}" for pane in self.panes for kind in pane.asks]
        slots = [slot for lane in lanes if (slot := self._results.slots.get(lane)) is not None]
        if all(slot.is_settled or is_slow(slot.request) for slot in slots):
            self._models = dict(models)
        else:
            self._models = {recipe: self._models.get(recipe, models[recipe]) for recipe in models}

    def _needs(self, document: Document, calm: bool) -> Iterator[tuple[str, Request]]:
        for pane in self.panes:
            for kind, request in pane.asks.items():
                if kind not in WHEN_CALM or (calm and (kind != "measure" or self._has_moved(pane))):
                    yield f"{kind}/{pane.index}", request
        if document.view.gradients and not is_waiting_for_a_stroke(document.experiment(0)):
            yield GRADIENTS_LANE, learning.gradients_request(document.experiment(0))
        yield from _thumbnails()

    def _look_ahead(self, document: Document, look: Look, spare: bool) -> None:
        """Ask for what may be asked next, one after another."""
        request = self._ahead.next(document, self._known, look) if spare and self.is_complete else None
        if request is not None:
            self._want(AHEAD_LANE, request)
        elif AHEAD_LANE in self._results.slots:
            self._forget(AHEAD_LANE)

    def _has_moved(self, pane: Resolved) -> bool:
        """The simulation that a measure is of is there: it would be computed twice."""
        slot = self._results.slots.get(f"trajectories/{pane.index}")
        done = slot is not None and slot.job.state is JobState.DONE
        return slot is not None and done and slot.request == pane.asks["trajectories"]

    # ---- asking ----

    def _want(self, lane: str, request: Request) -> None:
        slot = self._results.slots.get(lane)
        if slot is not None and slot.request == request and slot.job.state is not JobState.CANCELLED:
            return
        job = self._results.cached(request) or self._in_flight(request)
        self._results.expect(lane, job or self._submit(lane, request))

    def _submit(self, lane: str, request: Request) -> Job:
        """Ask; where the result finds no room, once more without those that are only remembered."""
        job = self._engine.submit(lane, request)
        if job.reason is Refusal.NO_ROOM and self._results.make_room():
            job = self._engine.submit(lane, request)
        return job

    def _in_flight(self, request: Request) -> Job | None:
        jobs = (slot.job for slot in self._results.slots.values() if slot.request == request)
        return next((job for job in jobs if job.unfinished), None)

    def _forget(self, lane: str) -> None:
        """The lane is not wanted; its job goes on where another lane waits for it."""
        slots = self._results.slots
        del slots[lane]
        if not any(slot.job.lane == lane for slot in slots.values()):
            self._engine.cancel(lane)


def thumbnail_lane(kind: str) -> str:
    """Both ends show the same samples."""
    return f"thumbnail/{kind}"


def thumbnail_lanes() -> tuple[str, ...]:
    """The lanes of all tiles."""
    return tuple(lane for lane, _ in _thumbnails())


def _thumbnails() -> Iterator[tuple[str, Request]]:
    for spec in BUILT_INS:
        law: Any = spec()
        yield thumbnail_lane(law.kind), SamplesRequest(law, THUMBNAIL_POINTS, seed=0)
