"""Going through the moments of a lesson: what moves, what is work, and who goes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from fmstudio.document.document import MOST_MOMENTS, Document
from fmstudio.document.editing import with_field
from fmstudio.document.lesson import kept_at
from fmstudio.document.specs.distribution import PinwheelSpec
from fmstudio.document.specs.dynamics import SDESpec
from fmstudio.document.specs.training import ModelSpec, TrainingSpec
from fmstudio.document.specs.view import CameraSpec, FieldChoice, Region
from fmstudio.engine.inline import InlineEngine
from fmstudio.studio import commands, learning, moments
from fmstudio.studio.lesson import SECONDS
from fmstudio.studio.opening import open_file, save_file
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine


def _say(_sentence: str) -> None:
    return


@pytest.fixture
def session() -> Session:
    """A lesson of three moments: σ = 0.5 at t = 0.2, σ = 1.5 at t = 0.8, another target that plays."""
    session = Session(FakeEngine(), Document(dynamics=SDESpec(sigma=0.5)), _say)
    session.playback.jump(0.2)
    moments.add(session)
    commands.set_field(session, "dynamics.sigma", 1.5, "Sigma")
    session.store.look(CameraSpec(x=1.0, y=0.0, half=1.0))
    session.playback.jump(0.8)
    moments.add(session)
    commands.set_field(session, "target", PinwheelSpec(), "Target")
    session.playback.jump(0.3)
    session.playback.play()
    moments.add(session)
    session.store.mark_saved()
    session.lesson.go(0)
    session.lesson.arrive()
    return session


def _sigma(session: Session) -> float:
    dynamics = session.store.document.dynamics
    assert isinstance(dynamics, SDESpec)
    return dynamics.sigma


def _walk(session: Session, seconds: float) -> None:
    for _ in range(20):
        session.tick(seconds / 20)


def test_that_a_moment_keeps_document_time_and_whether_it_plays(session: Session):
    first, second, third = session.lesson.moments
    assert [moment.t for moment in (first, second)] == [0.2, 0.8]
    assert (first.plays, second.plays, third.plays) == (False, False, True)
    assert third.t == 0.0  # from the start: where it happened to be is nothing to keep
    assert second.document.view.camera == CameraSpec(x=1.0, y=0.0, half=1.0)
    assert isinstance(third.document.target, PinwheelSpec)
    assert not any(moment.document.lesson for moment in session.lesson.moments)


def test_that_time_camera_and_numbers_move_and_the_moment_holds_in_the_end(session: Session):
    session.lesson.step(1)
    seen = []
    for _ in range(24):
        session.tick(SECONDS / 20)
        camera = session.stage.camera(session.store.document)
        seen.append((session.playback.t, _sigma(session), -camera.half))
    for values in zip(*seen, strict=True):
        assert list(values) == sorted(values)
        assert len(set(values)) > 10
    assert session.lesson.at == 1
    assert session.playback.t == 0.8
    assert _sigma(session) == 1.5
    assert not session.lesson.is_changed
    assert session.stage.camera(session.store.document).half == 1.0


def test_that_what_differs_by_more_than_numbers_changes_at_once_and_time_still_moves(session: Session):
    session.lesson.go(1)
    session.lesson.arrive()
    session.lesson.step(1)
    assert session.store.document.target == PinwheelSpec()
    session.tick(SECONDS / 2)
    assert 0.0 < session.playback.t < 0.8
    _walk(session, SECONDS)
    assert session.playback.playing


def test_that_with_less_motion_a_moment_is_there_at_once(session: Session):
    session.lesson.is_sudden = True
    session.lesson.step(1)
    assert (session.playback.t, _sigma(session)) == (0.8, 1.5)
    assert not session.lesson.is_moving


def test_that_going_through_a_lesson_is_no_work_and_no_undo_step(session: Session):
    label = session.store.undo_label
    for by in (1, 1, -1, -1, 1):
        session.lesson.step(by)
        session.tick(SECONDS / 3)
        assert not session.store.is_dirty
        _walk(session, SECONDS)
        assert not session.store.is_dirty
    assert session.store.undo_label == label


def test_that_what_was_changed_in_a_moment_comes_back_by_one_undo(session: Session):
    commands.set_field(session, "dynamics.sigma", 0.9, "Sigma")
    assert session.lesson.is_changed
    for _ in range(2):
        session.lesson.step(1)
        _walk(session, 2 * SECONDS)
    assert session.store.undo_label == "Go to moment 2"
    session.store.undo()
    assert _sigma(session) == 0.9
    assert session.store.undo_label == "Sigma"


def test_that_a_hand_on_the_time_line_goes_first(session: Session):
    session.lesson.step(1)
    session.tick(SECONDS / 3)
    session.playback.begin_scrub()
    session.playback.seek(0.55)
    _walk(session, SECONDS)
    assert session.playback.t == 0.55
    assert _sigma(session) == 1.5  # the moment is there all the same
    assert not session.lesson.is_moving


def test_that_a_hand_on_the_view_keeps_it_and_numbers_arrive(session: Session):
    session.lesson.step(1)
    session.tick(SECONDS / 3)
    commands.move_camera(session, 2.0, 2.0, 4.0)
    _walk(session, 2 * SECONDS)
    assert session.store.document.view.camera == CameraSpec(x=2.0, y=2.0, half=4.0)
    assert (_sigma(session), session.playback.t) == (1.5, 0.8)
    assert session.store.undo_label == "Add moment"
    assert not session.store.is_dirty


def test_that_an_edit_on_the_way_is_one_of_the_moment(session: Session):
    session.lesson.step(1)
    session.tick(SECONDS / 3)
    commands.set_field(session, "simulation.steps", 30, "Steps")
    _walk(session, SECONDS)
    assert (_sigma(session), session.store.document.simulation.steps) == (1.5, 30)
    session.store.undo()
    assert kept_at(session.store.document) == 1


def test_that_another_document_on_the_way_is_not_overwritten(session: Session):
    session.lesson.step(1)
    session.tick(SECONDS / 3)
    session.open(Document(target=PinwheelSpec()))
    session.lesson.begin()
    _walk(session, SECONDS)
    assert session.store.document == Document(target=PinwheelSpec())
    assert session.lesson.at is None
    assert session.playback.playing


def test_that_past_either_end_nothing_happens(session: Session):
    session.lesson.step(-1)
    assert (session.lesson.at, session.lesson.is_moving) == (0, False)
    session.lesson.go(2)
    session.lesson.arrive()
    session.lesson.step(1)
    assert (session.lesson.at, session.lesson.is_moving) == (2, False)


def test_that_moments_are_moved_replaced_named_and_removed_each_by_one_undo(session: Session):
    start = session.lesson.moments
    moments.move(session, 1)
    assert session.lesson.moments == (start[1], start[0], start[2])
    assert session.lesson.at == 1
    commands.set_field(session, "dynamics.sigma", 3.0, "Sigma")
    moments.caption(session, "  Much\n noise ")
    moments.replace(session)
    changed = session.lesson.moments[1]
    assert changed.caption == "Much noise"
    assert changed.document.dynamics == SDESpec(sigma=3.0)
    moments.remove(session)
    assert session.lesson.moments == (start[1], start[2])
    for _ in range(5):
        session.store.undo()
    assert session.lesson.moments == start


def test_that_a_moment_is_added_after_the_one_that_is_shown(session: Session):
    session.playback.jump(0.4)
    moments.add(session)
    assert session.lesson.at == 1
    assert [moment.t for moment in session.lesson.moments] == [0.2, 0.4, 0.8, 0.0]


def test_that_no_more_moments_are_taken_than_a_file_opens(session: Session):
    said: list[str] = []
    session.notify = said.append
    for _ in range(MOST_MOMENTS):
        moments.add(session)
    assert len(session.lesson.moments) == MOST_MOMENTS
    assert len(said) == 3


def test_that_hidden_parts_belong_to_the_moment(session: Session):
    moments.hide(session, Region.PLOTS, True)
    moments.hide(session, Region.SOURCE, True)
    assert session.store.document.view.hidden == (Region.SOURCE, Region.PLOTS)
    moments.replace(session)
    session.lesson.go(1)
    session.lesson.arrive()
    assert session.store.document.view.hidden == ()
    session.lesson.go(0)
    session.lesson.arrive()
    assert session.store.document.view.hidden == (Region.SOURCE, Region.PLOTS)
    moments.show_all(session)
    assert session.lesson.is_changed


def test_that_undo_that_leads_to_another_moment_says_so(session: Session):
    moments.hide(session, Region.PLOTS, True)
    session.lesson.go(1)
    session.lesson.arrive()
    session.store.undo()
    session.store.undo()
    session.tick(0.0)
    assert session.lesson.at == 0


def test_that_a_lesson_keeps_its_name(session: Session):
    title = session.store.document.title
    commands.set_field(session, "target", PinwheelSpec(), "Target")
    assert session.store.document.title == title
    renamed = with_field(session.store.document, "title", "Mine")
    assert renamed.title == "Mine"


def test_that_the_model_of_a_moment_survives_the_file_though_another_moment_is_shown(tmp_path: Path) -> None:
    session = Session(InlineEngine(), Document(), _say)
    training = TrainingSpec(steps=4)
    session.open(Document(model=ModelSpec(width=8, layers=1), training=training).showing(FieldChoice.LEARNED))
    session.train()
    while session.results.is_training:
        session.listen()
    moments.add(session)
    (trained,) = session.results.models.values()
    commands.set_field(session, "target", PinwheelSpec(), "Target")
    session.store.edit(lambda d: d.showing(FieldChoice.EXACT), "Exact")
    moments.add(session)
    save_file(tmp_path / "lesson.fmstudio", session.store.document, session.results)
    document, (again,) = open_file(tmp_path / "lesson.fmstudio")
    assert again.parameters == trained.parameters
    session.open(document, [again])
    session.lesson.go(0)
    session.lesson.arrive()
    assert not learning.missing(session.store.document, session.results.models)
    session.close()
