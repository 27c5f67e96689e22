"""What is asked and what is drawn, side by side, at one moment: the material of every check. GUI thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fmstudio.bench.monkey.asking import differences, essence
from fmstudio.bench.monkey.past import Earlier
from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.document.specs.view import PaneSpec
from fmstudio.engine.client import Job, JobState
from fmstudio.engine.messages import (
    DensityRequest,
    FieldRequest,
    Request,
    TrainingState,
    TrajectoriesRequest,
    W2Request,
)
from fmstudio.gui.main_window import MainWindow
from fmstudio.render.scene import Layer, Pane, Scene
from fmstudio.studio.session import Session

_KINDS: dict[type, str] = {
    TrajectoriesRequest: "trajectories",
    DensityRequest: "density",
    FieldRequest: "field",
    W2Request: "measure",
}


@dataclass(frozen=True, eq=False)
class PaneSeen:
    """One pane: what it shows as its own, the requests that follow, and what is drawn.

    A pane that waits goes on showing what it showed as a whole, words and all: then it ``is_old``, and is
    held to the document that it shows; what is ``wanted`` is what its layers say they answer.
    """

    index: int
    spec: PaneSpec
    experiment: Experiment
    wanted: dict[str, Request]
    """by what they are for: "density", "field", "trajectories", "measure", ..."""
    drawn: Pane
    is_old: bool = False
    mixed: tuple[str, ...] = ()
    """what of an old picture is of no document that it could be of"""

    @property
    def name(self) -> str:
        return f"pane {self.index + 1} “{self.drawn.title}”"

    @property
    def is_blank(self) -> bool:
        """A drawing without a stroke yet."""
        ends = (self.experiment.source, self.experiment.target)
        return any(isinstance(end, DrawnSpec) and end.is_empty for end in ends)

    def certain(self) -> Iterator[Layer]:
        """The layers that claim to be what the pane shows as its own."""
        return (layer for layer in self.drawn.layers if self.is_old or not layer.is_waiting)

    def waits(self) -> bool:
        """Something of it is marked as not what is asked now."""
        return bool(self.drawn.waiting) or any(layer.is_waiting for layer in self.drawn.layers)


@dataclass(frozen=True, eq=False)
class Seen:
    """The whole window. ``is_settled``: everything wanted is answered or refused, and nothing trains."""

    window: MainWindow
    session: Session
    document: Document
    scene: Scene
    panes: tuple[PaneSeen, ...]
    is_settled: bool
    trains: bool
    """a model is trained, so that what is asked changes from snapshot to snapshot"""

    @property
    def t(self) -> float:
        return self.scene.t

    def jobs(self) -> Iterator[Job]:
        """Every job that a lane asks for or a pane shows."""
        yield from (slot.job for slot in self.session.results.slots.values())
        yield from self.session.stage.jobs

    def owner(self, array: npt.NDArray[Any]) -> Job | None:
        """The job in whose result an array lies."""
        for job in self.jobs():
            if job.result.ready and np.may_share_memory(array, job.result.values):
                return job
        return None

    def answer(self, request: Request | None) -> Job | None:
        """The finished job of exactly this request."""
        if request is None:
            return None
        found = self.session.results.cached(request)
        if found is not None:
            return found
        done = (job for job in self.jobs() if job.state is JobState.DONE and job.request == request)
        return next(done, None)


def look(window: MainWindow, before: Iterable[Earlier] = ()) -> Seen | None:
    """Bring the window up to date by one frame, and look. None before the first scene."""
    window.frame(0.0)
    session, scene = window.session, window.canvas.canvas.scene
    document = session.store.document
    if scene is None or len(scene.panes) != len(document.view.panes):
        return None
    known = tuple(before)
    panes = tuple(_pane(document, known, session, i, drawn) for i, drawn in enumerate(scene.panes))
    return Seen(window, session, document, scene, panes, is_settled(session), session.results.is_training)


def _pane(
    document: Document, before: tuple[Earlier, ...], session: Session, index: int, drawn: Pane
) -> PaneSeen:
    """Held to what is asked now; or, if it says that it waits, to what it shows as a whole."""
    spec, experiment = document.view.panes[index], document.experiment(index)
    now = PaneSeen(index, spec, experiment, _wanted(session.planner.wanted, index), drawn)
    # The words of an old picture stand with it, also where its layers are off or are of the new one as well.
    stands = session.stage.panes.get(index)
    words_of = document if stands is None else stands.resolved.document
    is_late = words_of != document
    if not is_late and (not now.waits() or _is_explained(now, (experiment,))):
        return now
    answered, mixed = _answered(drawn), list[str]()
    for earlier in before:
        shown = earlier.document
        if index < len(shown.view.panes) and not (is_late and shown != words_of):
            own = (shown.view.panes[index], shown.experiment(index))
            old = PaneSeen(index, *own, answered, drawn, is_old=True)
            experiments = _experiments(earlier.drawn_from, index)
            if _is_explained(old, experiments):
                return old
            mixed += _unexplained(old, experiments)
    return replace(now, mixed=tuple(mixed)) if is_late else now


def _experiments(documents: Iterable[Document], index: int) -> tuple[Experiment, ...]:
    return tuple(each.experiment(index) for each in documents if index < len(each.view.panes))


def _is_explained(pane: PaneSeen, experiments: tuple[Experiment, ...]) -> bool:
    """Its title is its own, and each layer is of one of these experiments."""
    return not _unexplained(pane, experiments)


def _unexplained(pane: PaneSeen, experiments: tuple[Experiment, ...]) -> list[str]:
    """What speaks against it: a title, or layers and in what they differ from the last of the experiments."""
    title = pane.spec.title or str(pane.experiment.dynamics.title)
    found = [] if pane.drawn.title == title else [f"the title is not “{title}”"]
    for layer in pane.drawn.layers:
        told = [differences(layer.answers, each) for each in experiments] if layer.answers is not None else []
        if told and all(told):
            found.append(f"{type(layer).__name__} is of another {' and '.join(told[0])}")
    return found


def _answered(drawn: Pane) -> dict[str, Request]:
    """What a pane's layers and figures say they answer."""
    parts = (*drawn.legend, *drawn.layers)
    said = (part.answers for part in parts if part.answers is not None)
    return {_KINDS.get(type(request), type(request).__name__): request for request in said}


def is_settled(session: Session) -> bool:
    """Judged by the jobs themselves."""
    if not session.device or session.planner.planned is not session.store.document:
        return False
    if trains(session):
        return False
    return all(is_answered(session, lane, request) for lane, request in session.planner.wanted.items())


def trains(session: Session) -> bool:
    """A training is on its way, or about to be; a paused one is not."""
    results = session.results
    if results.training.state is TrainingState.PAUSED:
        return False
    return results.is_training


def is_answered(session: Session, lane: str, request: Request) -> bool:
    """With rows, or with why there are none."""
    slot = session.results.slots.get(lane)
    if slot is None:
        return False
    return bool(slot.problem) or (slot.job.state is JobState.DONE and slot.job.request == request)


def _wanted(all_lanes: dict[str, Request], index: int) -> dict[str, Request]:
    found = {}
    for lane, request in all_lanes.items():
        what, _, pane = lane.partition("/")
        if pane == str(index):
            found[what] = request
    return found


def alike(one: object, other: object, any_snapshot: bool = False) -> bool:
    """Two requests ask the same."""
    return bool(essence(one, any_snapshot) == essence(other, any_snapshot))
