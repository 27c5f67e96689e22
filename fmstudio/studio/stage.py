"""What stands in each pane while something else is asked: pictures that belong together. GUI thread.

A pane changes as a whole. After a choice it goes on showing what it showed, words and all, until the first
rows of everything that comes quickly are there; then layers, title and legend change in one frame. If that
takes longer than a moment, what belongs to the old choice is dimmed. What is refused or fails takes the old
picture with it. Only under a drag or a stroke each layer changes as it comes, so that pictures follow the
hand; one that was old when the hand came stays whole until the hand's own are there.

One comparison is behind all this: is the request that a picture answers the one that is asked now?
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fmstudio.document.document import Document
from fmstudio.document.specs.view import CameraSpec
from fmstudio.engine.client import Job, JobState
from fmstudio.engine.messages import Request
from fmstudio.studio.answers import has_come_to, is_slow, lineage, question
from fmstudio.studio.fit import camera_of
from fmstudio.studio.resolve import Resolved
from fmstudio.studio.results import Results, Slot, request_of

GRACE_SECONDS = 0.2
"""Answers within a tenth of a second replace what stands without any sign of waiting; from a few frames
nobody reads a wrong thing."""
FOLLOWING = ("probe", "drops", "measure", "error")
"""They are asked when the pointer moves or clicks, or when what they are of is there: each follows on its
own."""
POINTED = ("probe", "drops")
"""They are of a place that was pointed at."""
LATE = (*FOLLOWING, "labels", "log-density")
"""What no pane waits for."""
MOST_OFFERS = 6


@dataclass(frozen=True)
class Shown:
    """The job that a layer or figure is made of."""

    job: Job
    is_waiting: bool = False
    """something else is asked now, or another moment than it has come to"""
    is_dimmed: bool = False
    """and has been for longer than a moment"""

    @property
    def request(self) -> Request:
        return request_of(self.job)


@dataclass(frozen=True)
class Standing:
    """What a pane shows: the resolved pane that its words are of, and the jobs of its layers."""

    resolved: Resolved
    shown: Mapping[str, Shown] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """what has been asked for longer than a moment and has not come"""
    problems: Mapping[str, str] = field(default_factory=dict)
    """why a layer cannot be, in one sentence"""

    @property
    def is_settled(self) -> bool:
        """All that is shown answers what is asked now."""
        return not self.missing and not any(shown.is_waiting for shown in self.shown.values())

    @property
    def signature(self) -> tuple[object, ...]:
        """Changes whenever something that can be seen does."""
        shown = tuple(
            (kind, s.job.id, s.job.result.ready, s.job.state, s.is_waiting, s.is_dimmed)
            for kind, s in self.shown.items()
        )
        return (id(self.resolved.document), shown, self.missing, tuple(self.problems.items()))


class Stage:
    """Decides once per frame what each pane shows; ``tick`` after the planner's."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.panes: dict[int, Standing] = {}
        self.gaze: CameraSpec | None = None
        """where one looks while the view moves by itself"""
        self._now = 0.0
        self._fine: dict[int, float] = {}
        """by job: when it was first asked, or last there while it was asked"""
        self._offers: dict[str, list[Job]] = {}
        """by lane, newest first: what is asked, and what was asked before it and may come sooner"""
        self._behind: set[int] = set()
        """panes that show as a whole what was asked before"""

    def tick(self, panes: Sequence[Resolved], t: float, seconds: float, live: bool) -> None:
        """``seconds`` have passed; ``live``: a drag or stroke is on."""
        self._now += seconds
        old, self.panes = self.panes, {}
        for pane in panes:
            at = pane.pane.at(t)
            slots = self._slots(pane)
            self._note(pane, slots, at, live)
            self.panes[pane.index] = self._stand(old.get(pane.index), pane, slots, at, live)
        self._behind = {pane.index for pane in panes if self._is_behind(pane)}
        lanes = {f"{kind}/{pane.index}" for pane in panes for kind in pane.asks}
        self._offers = {lane: jobs for lane, jobs in self._offers.items() if lane in lanes}
        kept = {job.id for job in self.jobs}
        self._fine = {job: moment for job, moment in self._fine.items() if job in kept}

    def clear(self) -> None:
        """Another document is opened: nothing of the one before stays."""
        self.panes, self._offers, self.gaze = {}, {}, None

    def let_go(self) -> None:
        """The engine died: what waits may wait for longer than an old picture should stand."""
        self.panes = {index: pane for index, pane in self.panes.items() if pane.is_settled}

    @property
    def jobs(self) -> Iterator[Job]:
        """All whose rows must be kept."""
        for pane in self.panes.values():
            yield from (shown.job for shown in pane.shown.values())
        for offers in self._offers.values():
            yield from offers

    def shown(self, pane: int, kind: str) -> Shown | None:
        """What a layer or figure of a pane is made of, if there is anything to show."""
        standing = self.panes.get(pane)
        return None if standing is None else standing.shown.get(kind)

    def camera(self, document: Document) -> CameraSpec:
        """On the way to a moment, its place there; where somebody looked; or else what
        fits the pictures that stand: the view changes with them."""
        standing = (pane.resolved.document for pane in self.panes.values())
        older = (one for one in standing if one is not document)
        return self.gaze or document.view.camera or camera_of(next(older, document))

    def camera_in(self, document: Document, pane: int) -> CameraSpec:
        """Where one looks in one pane."""
        return document.view.panes[pane].camera or self.camera(document)

    def signature(self) -> tuple[object, ...]:
        return (self.gaze, *(pane.signature for pane in self.panes.values()))

    # ---- what there is ----

    def _slots(self, pane: Resolved) -> dict[str, Slot]:
        """The lanes of what the pane asks now."""
        found = {kind: self.results.slots.get(f"{kind}/{pane.index}") for kind in pane.asks}
        return {kind: slot for kind, slot in found.items() if slot is not None}

    def _note(self, pane: Resolved, slots: Mapping[str, Slot], t: float, live: bool) -> None:
        """Keep books: since when something is waited for, and what may come sooner."""
        for kind, slot in slots.items():
            if slot.job.id not in self._fine or has_come_to(slot.job, t):
                self._fine[slot.job.id] = self._now
            lane = f"{kind}/{pane.index}"
            older = [job for job in self._offers.get(lane, []) if job is not slot.job]
            hopeful = () if slot.job.state is JobState.DONE else self._hopeful(older, pane.asks[kind], live)
            self._offers[lane] = [slot.job, *hopeful]

    def _hopeful(self, offers: Sequence[Job], asked: Request, live: bool) -> Iterator[Job]:
        """Those that may still be shown: none that is older than a whole answer."""
        for job in offers[: MOST_OFFERS - 1]:
            dead = not job.result.ready and job.state in (JobState.CANCELLED, JobState.FAILED)
            if not dead and (live or lineage(request_of(job)) == lineage(asked)):
                yield job
            if job.state is JobState.DONE:
                return

    # ---- what is shown ----

    def _stand(
        self, old: Standing | None, new: Resolved, slots: Mapping[str, Slot], t: float, live: bool
    ) -> Standing:
        problems = {kind: slot.problem for kind, slot in slots.items() if slot.problem}
        now = {kind: slot.best for kind, slot in slots.items() if not slot.problem}
        resolved = new
        if old is None or not _is_seen(old) or _must_go(new, problems) or _is_ready(new, now, t):
            jobs = now
        elif not new.awaits_ink and (_goes_on(old, new) or (live and new.index not in self._behind)):
            jobs = self._newest_of_all(old, new, now, t, live)
        elif live and _is_ready(new, found := self._newest_of_all(None, new, now, t, live), t):
            jobs = found
        else:
            resolved, problems = old.resolved, {}
            jobs = {kind: shown.job for kind, shown in old.shown.items()}
        jobs = {kind: job for kind, job in jobs.items() if kind not in FOLLOWING}
        for kind in FOLLOWING:
            job = self._follower(old, new, kind, t)
            if job is not None and (kind not in POINTED or resolved is new):  # none over an old picture
                jobs[kind] = job
        shown = {kind: self._judged(job, new.asks.get(kind), t) for kind, job in jobs.items()}
        # What is dimmed has a reason at once: all that has not come, however short a time ago it was asked.
        soon = any(one.is_dimmed for one in shown.values())
        missing = tuple(kind for kind, job in now.items() if self._lacks(kind, job, shown, new, t, soon))
        return Standing(resolved, shown, missing, problems)

    def _is_behind(self, new: Resolved) -> bool:
        return self.panes[new.index].resolved.document is not new.document

    def _candidates(self, old: Standing | None, new: Resolved, kind: str) -> Iterator[Job]:
        yield from self._offers.get(f"{kind}/{new.index}", [])
        if old is not None and kind in old.shown:
            yield old.shown[kind].job

    def _newest_of_all(
        self, old: Standing | None, new: Resolved, now: Mapping[str, Job], t: float, live: bool
    ) -> dict[str, Job]:
        """Of each kind the newest picture, or the job that is to bring one."""
        return {kind: self._newest(old, new, kind, t, live) or job for kind, job in now.items()}

    def _newest(self, old: Standing | None, new: Resolved, kind: str, t: float, live: bool) -> Job | None:
        """The newest picture of what is asked, or under the hand of what was asked just before."""
        asked = question(new.asks[kind])
        for job in self._candidates(old, new, kind):
            if has_come_to(job, t) and (live or question(request_of(job)) == asked):
                return job
        return None

    def _follower(self, old: Standing | None, new: Resolved, kind: str, t: float) -> Job | None:
        """The newest answer about the same thing: at another place, or of an earlier snapshot."""
        if kind not in new.asks:
            return None
        asked = lineage(new.asks[kind])
        for job in self._candidates(old, new, kind):
            if has_come_to(job, t) and lineage(request_of(job)) == asked:
                return job
        return None

    def _judged(self, job: Job, asked: Request | None, t: float) -> Shown:
        """Whether that is what is asked; and if not, whether it should be seen that it is not."""
        request, here = request_of(job), has_come_to(job, t) or not job.result.ready
        if asked is not None and question(request) == question(asked) and here:
            return Shown(job)
        is_refreshed = asked is not None and lineage(request) == lineage(asked) and here
        late = self._now - self._fine.get(job.id, self._now) > GRACE_SECONDS
        return Shown(job, True, late and not is_refreshed)

    def _lacks(
        self, kind: str, job: Job, shown: Mapping[str, Shown], new: Resolved, t: float, soon: bool
    ) -> bool:
        """It should have been there by now (``soon``: at once), and nothing like it is shown meanwhile."""
        if kind in LATE or is_slow(job.request) or has_come_to(job, t):
            return False
        if not soon and self._now - self._fine.get(job.id, self._now) <= GRACE_SECONDS:
            return False
        there = shown.get(kind)
        stands = there is not None and has_come_to(there.job, t)
        return not (there and stands and lineage(there.request) == lineage(new.asks[kind]))


def _is_seen(old: Standing) -> bool:
    """Some picture of it stands: words without one are not kept."""
    return any(shown.job.result.ready for shown in old.shown.values())


def _must_go(new: Resolved, problems: Mapping[str, str]) -> bool:
    """What is asked cannot be: nothing old may stand under the sentence that says why."""
    is_empty = new.is_waiting_for_a_stroke and not new.awaits_ink
    cannot = not new.trained.is_complete or is_empty
    return cannot or any(kind not in LATE for kind in problems)


def _is_ready(new: Resolved, now: Mapping[str, Job], t: float) -> bool:
    """All that comes quickly has come to t."""
    if new.awaits_ink:
        return False
    awaited = (kind for kind in new.asks if kind not in LATE)
    return all(kind in now and (is_slow(now[kind].request) or has_come_to(now[kind], t)) for kind in awaited)


def _goes_on(old: Standing, new: Resolved) -> bool:
    """Nothing that stands contradicts what is asked: it is of the same, or not asked any more."""
    layers = {kind: shown for kind, shown in old.shown.items() if kind not in LATE and kind in new.asks}
    return all(question(shown.request) == question(new.asks[kind]) for kind, shown in layers.items())
