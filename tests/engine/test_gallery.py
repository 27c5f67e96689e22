"""Every entry of the gallery is carried out: what its panes ask for is answered, in every pane."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from fmstudio.document.document import Document
from fmstudio.document.gallery import ENTRIES, LESSONS
from fmstudio.document.lesson import documents_of
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import StandardNormalSpec
from fmstudio.engine.client import InlineEngine, JobState
from fmstudio.engine.messages import (
    DensityRequest,
    FieldRequest,
    Grid,
    Request,
    TrajectoriesRequest,
    WarpRequest,
)
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

SMALL = Grid(0.0, 0.0, 3.0, 3.0, 24, 24)
FEW = 100


@pytest.fixture(scope="module")
def engine() -> Iterator[InlineEngine]:
    engine = InlineEngine()
    yield engine
    engine.close()


def asked(document: Document) -> dict[str, Request]:
    session = Session(FakeEngine(), document, lambda _sentence: None)
    session.tick(0.0)
    return {lane: r for lane, r in session.planner.wanted.items() if not lane.startswith("thumbnail/")}


SHOWN = [
    pytest.param(document, id=f"{entry.id}-{number}")
    for entry in ENTRIES
    for number, document in enumerate(documents_of(entry.make()))
    if number or entry.group != LESSONS  # a lesson shows its first moment
]


def lighter(request: Request) -> Request:
    """The same with few particles, a coarse grid and the two ends of the time."""
    if isinstance(request, TrajectoriesRequest):
        simulation = request.simulation.model_copy(update={"particles": FEW})
        return replace(request, simulation=simulation)
    if isinstance(request, WarpRequest):
        return replace(request, lines=3, points=5)
    if isinstance(request, DensityRequest):
        moving = None if request.trajectories is None else lighter(request.trajectories)
        marches = request.method is DensityMethod.FOKKER_PLANCK
        times = request.times[:2] if marches else ends(request.times)
        return replace(request, grid=SMALL, times=times, trajectories=moving)  # type: ignore[arg-type]
    if isinstance(request, FieldRequest):
        return replace(request, grid=SMALL, times=ends(request.times))
    return request


def ends(times: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(dict.fromkeys((times[0], times[-1])))


def may_lack_arrows(request: Request) -> bool:
    """Its closed form tells nothing where there is no mass."""
    if not isinstance(request, FieldRequest):
        return False
    problem = request.problem
    return not (problem.source == StandardNormalSpec() and problem.coupling.is_plain)


@pytest.mark.parametrize("document", SHOWN)
def test_that_what_an_entry_asks_for_is_answered(engine: InlineEngine, document: Document) -> None:
    requests = dict.fromkeys(lighter(request) for request in asked(document).values())
    assert requests
    for request in requests:
        job = engine.submit("lane", request)
        engine.run_until_idle()
        assert job.state is JobState.DONE, f"{type(request).__name__}: {job.message}"
        known = np.isfinite(job.result.values)
        assert known.any() if may_lack_arrows(request) else known.all(), request
