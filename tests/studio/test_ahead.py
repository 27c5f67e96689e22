"""Neighbouring steps of a training are computed while there is nothing else to do, and not otherwise."""

from __future__ import annotations

import pytest

from fmstudio.document.document import Document
from fmstudio.engine.messages import TrajectoriesRequest
from fmstudio.studio import ahead, commands
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine
from tests.studio.test_training_steps import DOCUMENT, model


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def session(engine: FakeEngine) -> Session:
    session = Session(engine, Document(), lambda _: None)
    session.looks_ahead = True
    session.open(DOCUMENT, [model(60, 0, 10, 50)])
    return session


def settle(session: Session, engine: FakeEngine) -> None:
    """Everything that is wanted comes."""
    for _ in range(10):
        session.tick(0.0)
        for job in [job for job in engine.submitted if job.unfinished and job.lane != ahead.LANE]:
            engine.finish(job)


def looked_ahead(engine: FakeEngine) -> list[int]:
    requests = [job.request for job in engine.submitted if job.lane == ahead.LANE]
    return [r.learned.step for r in requests if isinstance(r, TrajectoriesRequest) and r.learned]


def go_on(session: Session, engine: FakeEngine, frames: int) -> None:
    for _ in range(frames):
        for job in [job for job in engine.submitted if job.unfinished]:
            engine.finish(job)
        session.tick(0.0)


def test_that_nothing_is_looked_ahead_before_all_is_there(session: Session, engine: FakeEngine) -> None:
    session.tick(0.0)
    assert not looked_ahead(engine)


def test_that_steps_come_from_the_nearest_outwards_and_each_once(
    session: Session, engine: FakeEngine
) -> None:
    settle(session, engine)
    go_on(session, engine, 40)
    assert looked_ahead(engine) == [50, 10, 0]


def test_that_a_step_that_was_computed_ahead_is_there_at_once(session: Session, engine: FakeEngine) -> None:
    settle(session, engine)
    go_on(session, engine, 40)
    asked = len(engine.submitted)
    commands.show_training_step(session, 10)
    session.tick(0.0)
    new = [job.lane for job in engine.submitted[asked:]]
    assert not {"trajectories/0", "density/0", "field/0"} & set(new)
    shown = session.stage.panes[0].resolved.trained.model
    assert shown is not None
    assert shown.step == 10


@pytest.mark.parametrize("busy", ["interacting", "no time"])
def test_that_nothing_is_looked_ahead_while_something_is_on(
    session: Session, engine: FakeEngine, busy: str
) -> None:
    session.is_interacting = busy == "interacting"
    session.looks_ahead = busy != "no time"
    settle(session, engine)
    go_on(session, engine, 10)
    assert not looked_ahead(engine)


def test_that_what_is_asked_comes_before_what_may_be(session: Session, engine: FakeEngine) -> None:
    settle(session, engine)
    session.tick(0.0)
    assert looked_ahead(engine) == [50]
    commands.set_field(session, "simulation.steps", 7, "Set steps")
    session.tick(0.0)
    assert ahead.LANE in engine.cancelled


def test_that_no_more_is_remembered_than_there_is_room_for(
    session: Session, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "MOST_BYTES", 1000)
    settle(session, engine)
    go_on(session, engine, 10)
    assert not looked_ahead(engine)
