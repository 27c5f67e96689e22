"""What is asked and what is drawn, side by side, at one moment: the material of every check. GUI thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.view import PaneSpec
from fmstudio.engine.client import Job, JobState
from fmstudio.engine.messages import Request, TrainingState
from fmstudio.gui.main_window import MainWindow
from fmstudio.render.scene import Layer, Pane, Scene
from fmstudio.studio.resolve import Resolved, is_waiting_for_a_stroke
from fmstudio.studio.session import Session


@dataclass(frozen=True, eq=False)
class PaneSeen:
    """One pane: the resolved pane that it stands for (for a moment after an edit, that before), the requests
    that follow, and what is drawn."""

    index: int
    spec: PaneSpec
    experiment: Experiment
    wanted: dict[str, Request]
    """by what they are for: "density", "field", "trajectories", "measure", ..."""
    drawn: Pane

    @property
    def name(self) -> str:
        return f"pane {self.index + 1} “{self.drawn.title}”"

    @property
    def is_blank(self) -> bool:
        """A drawing without a stroke yet."""
        return is_waiting_for_a_stroke(self.experiment)

    def certain(self) -> Iterator[Layer]:
        """The layers that claim to be what is asked now."""
        return (layer for layer in self.drawn.layers if not layer.is_waiting)

    def waits(self) -> bool:
        """The pane says that it waits."""
        return bool(self.drawn.waiting)


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

    def shown(self, pane: int, what: str) -> Job | None:
        """What a layer or figure of a pane is made of."""
        shown = self.session.stage.shown(pane, what)
        return None if shown is None else shown.job

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


def look(window: MainWindow) -> Seen | None:
    """Bring the window up to date by one frame, and look. None before the first scene."""
    window.frame(0.0)
    session, scene = window.session, window.canvas.canvas.scene
    document = session.store.document
    if scene is None or len(scene.panes) != len(document.view.panes):
        return None
    stands = session.stage.panes
    if len(stands) != len(scene.panes):
        return None
    panes = tuple(_pane(stands[index].resolved, pane) for index, pane in enumerate(scene.panes))
    return Seen(window, session, document, scene, panes, is_settled(session), session.results.is_training)


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
    slot = session.results.slots.get(lane)
    if slot is None:
        return False
    if slot.problem:
        return True
    return slot.request == request and slot.job.state is JobState.DONE


def _pane(stands_for: Resolved, drawn: Pane) -> PaneSeen:
    return PaneSeen(stands_for.index, stands_for.pane, stands_for.experiment, dict(stands_for.asks), drawn)
