"""The track above the time line: there where steps are kept, moved by hand and keys, and told in words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from fmstudio.document.specs.view import FieldChoice
from fmstudio.gui.plots.loss import LossPanel
from fmstudio.gui.timeline import TimelineBar
from fmstudio.studio import commands
from fmstudio.studio.session import Session
from tests.gui.conftest import frame
from tests.gui.plots.test_loss import train
from tests.studio.test_training_steps import DOCUMENT, model


@pytest.fixture
def session(session: Session) -> Session:
    session.open(DOCUMENT, [model(60, 0, 1, 2, 5, 10, 20, 50)])
    return session


@pytest.fixture
def bar(qtbot, session, theme):
    made = TimelineBar(session, theme)
    qtbot.addWidget(made)
    made.resize(1200, 110)
    made.show()
    made.refresh()
    return made


def step_of(session: Session) -> int | None:
    return session.store.document.view.training_step


def press(bar: TimelineBar, step: int) -> None:
    slider = bar.training.slider
    at = QPoint(round(slider.x_of(step)), slider.height() // 3)
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    bar.refresh()


def test_that_it_is_there_only_where_something_learned_has_kept_steps(bar, session):
    slider = bar.training.slider
    assert slider.isVisible()
    session.store.edit(lambda d: d.showing(FieldChoice.EXACT), "exact")
    bar.refresh()
    assert not slider.isVisible()
    assert not bar.training.readout.isVisible()
    session.store.undo()
    bar.refresh()
    assert slider.isVisible()


def test_that_the_newest_is_shown_at_first_and_stands_at_the_right_end(bar):
    slider = bar.training.slider
    assert slider.value() == slider.maximum() == 7
    assert bar.training.readout.text() == "newest, 60"
    assert slider.x_of(60) == pytest.approx(slider.width() - 12)


def test_that_a_press_goes_to_the_step_there_and_undo_back(bar, session):
    press(bar, 5)
    assert step_of(session) == 5
    assert bar.training.readout.text() == "5 / 60"
    press(bar, 60)
    assert step_of(session) is None
    session.store.undo()
    assert step_of(session) == 5


def test_that_a_drag_is_one_step_of_undo_and_keeps_measures_waiting(bar, session):
    slider = bar.training.slider
    at = [QPoint(round(slider.x_of(step)), 10) for step in (60, 20, 5, 1)]
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at[0])
    for point in at[1:]:
        QTest.mouseMove(slider, point)
        bar.refresh()
    assert session.is_interacting
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at[-1])
    assert not session.is_interacting
    assert step_of(session) == 1
    assert session.store.undo_label == "Choose training step"
    session.store.undo()
    assert step_of(session) is None


def test_that_keys_go_from_step_to_step_each_an_undo_of_its_own(bar, session):
    slider = bar.training.slider
    for key, step in (
        (Qt.Key.Key_Left, 50),
        (Qt.Key.Key_Left, 20),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_End, None),
        (Qt.Key.Key_PageDown, 10),
    ):
        QTest.keyClick(slider, key)
        bar.refresh()
        assert step_of(session) == step
    session.store.undo()
    assert step_of(session) is None


def test_that_a_screen_reader_hears_the_step(bar, session):
    commands.show_training_step(session, 20)
    bar.refresh()
    assert bar.training.slider.accessibleName() == "Training step: 20 / 60"


def test_that_the_commands_of_the_window_go_the_same_way(session):
    for by, step in ((-1, 50), (-1, 20), (1, 50), (1, None), (1, None)):
        commands.move_training_step(session, by)
        assert step_of(session) == step


def test_that_a_training_is_watched_from_its_newest_step_on(session, engine):
    commands.show_training_step(session, 5)
    commands.go_on_training(session)
    assert step_of(session) is None
    assert len(engine.trained) == 1


def test_that_steps_are_compared_side_by_side_in_one_undo(session, said):
    commands.show_training_step(session, 5)
    commands.compare_training_steps(session)
    panes = session.store.document.view.panes
    assert [pane.training_step for pane in panes] == [0, 2, 20, None]
    assert [pane.title for pane in panes] == ["Step 0", "Step 2", "Step 20", "On the track"]
    session.store.undo()
    assert step_of(session) == 5
    assert not said


def test_that_a_comparison_without_steps_is_a_sentence(session, said):
    session.results.models.clear()
    commands.compare_training_steps(session)
    assert len(said) == 1
    assert len(session.store.document.view.panes) == 1


def test_that_the_loss_marks_the_step_that_is_shown(session, engine, show):
    train(session, engine)
    panel = show(LossPanel)
    frame(session, panel)
    assert not panel.mark.isVisible()
    session.results.models = {recipe: model(300, 0, 10) for recipe in session.results.models}
    commands.show_training_step(session, 10)
    panel._throttle.reset()
    frame(session, panel)
    assert panel.mark.isVisible()
    assert list(panel.mark.getData()[0]) == [10, 10]
