"""What was made of results is kept, so that a canvas is handed the same array object for the same row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar, final

from fmstudio.engine.client import Job
from fmstudio.render.scene import Array
from fmstudio.studio.results import position_of

T = TypeVar("T")


@final
class Kept:
    """Values by job and key, for as long as a pane shows the job."""

    def __init__(self) -> None:
        self._of_job: dict[int, dict[Hashable, Any]] = {}

    def of(self, job: Job, key: Hashable, make: Callable[[], T]) -> T:
        """What was made of this job before, or made now."""
        kept = self._of_job.setdefault(job.id, {})
        if key not in kept:
            kept[key] = make()
        found: T = kept[key]
        return found

    def row(self, job: Job, row: int) -> Array:
        """Row number ``row`` in the request's own order."""
        return self.of(job, ("row", row), lambda: job.result.values[position_of(job, row)])

    def drop_stale(self, jobs: Iterable[Job]) -> None:
        """Let go of other jobs: a kept row keeps its whole result in memory."""
        live = {job.id for job in jobs}
        for gone in self._of_job.keys() - live:
            del self._of_job[gone]
