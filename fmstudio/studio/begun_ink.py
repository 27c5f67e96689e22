"""The ink with which a drawing begins: samples of the law that was there, once the engine has drawn them. GUI
thread."""

from __future__ import annotations

from fmstudio.document.specs.distribution import DistributionSpec, DrawnSpec
from fmstudio.engine.client import Engine, Job, JobState
from fmstudio.engine.messages import SamplesRequest
from fmstudio.studio import drawing
from fmstudio.studio.asked_files import End
from fmstudio.studio.store import Store

START_DRAWING = "Start a drawing"
_LANE = "ink"


class BegunInk:
    """One drawing at a time; ink that has not come by the first stroke is not wanted."""

    def __init__(self, engine: Engine, store: Store) -> None:
        self._engine, self._store = engine, store
        self._awaited: tuple[End, Job] | None = None
        self.latest: DrawnSpec | None = None
        """with which the last drawing began, once it is there"""

    @property
    def is_awaited(self) -> bool:
        return self._awaited is not None

    def fetch(self, end: End, law: DistributionSpec) -> None:
        """A drawing was begun at that end: what the law there was goes beneath it."""
        self.forget()
        self.latest = None
        self._awaited = end, self._engine.submit(_LANE, SamplesRequest(law, drawing.INK_POINTS, seed=3))

    def take(self) -> None:
        """Lay it beneath the drawing, if it is there."""
        if self._awaited is None or self._awaited[1].state in (JobState.PENDING, JobState.RUNNING):
            return
        end, job = self._awaited
        law = getattr(self._store.document, end)
        if job.state is JobState.DONE and isinstance(law, DrawnSpec):
            ink = drawing.begun(job.result.values[0], law.half)
            self.latest = ink
            self._store.revise(START_DRAWING, lambda d: drawing.with_ink(d, end, ink))
        self.forget()

    def forget(self) -> None:
        if self._awaited is not None:
            self._engine.cancel(_LANE)
            self._awaited[1].release()
            self._awaited = None
