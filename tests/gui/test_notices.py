"""Sentences that come, stand beside one another, and go when they no longer hold."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPushButton, QWidget

from fmstudio.engine.messages import EngineLost, EngineReady, JobFailed, Refusal
from fmstudio.gui.notices import AT_ONCE, BELOW_TITLES, NoticeBar
from fmstudio.studio import commands


@pytest.fixture
def bar(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    canvas = QWidget(window)
    canvas.setGeometry(200, 50, 600, 600)
    made = NoticeBar(window)
    made.stand_over(canvas)
    with qtbot.waitExposed(window):
        window.show()
    made.window_of_test = window
    return made


def _sentences(bar):
    return [notice.sentence for notice in bar.notices]


def test_that_nothing_waits_for_its_turn_and_old_ones_give_way(bar):
    for number in range(AT_ONCE + 4):
        bar.say(f"sentence {number}")
        assert bar.text == f"sentence {number}"
    assert _sentences(bar) == [f"sentence {number}" for number in range(4, AT_ONCE + 4)]
    assert all(notice.isVisible() for notice in bar.notices)


def test_that_a_sentence_said_again_is_shown_once_and_one_of_a_key_replaces_the_older(bar):
    bar.say("same")
    bar.say("other")
    bar.say("same")
    assert _sentences(bar) == ["other", "same"]
    bar.say("a.csv is empty.", "file")
    bar.say("b.csv is empty.", "file")
    assert _sentences(bar) == ["other", "same", "b.csv is empty."]


def test_that_a_question_stays_until_it_is_answered_and_lets_others_pass(bar):
    answers = []
    bar.offer("Restore?", "Restore it", lambda: answers.append("yes"), lambda: answers.append("no"))
    for number in range(10):
        bar.say(f"sentence {number}")
    assert _sentences(bar)[0] == "Restore?"
    assert not bar.notices[0]._timer.isActive()
    bar.notices[0].dismiss.click()
    assert answers == ["no"]
    bar.offer("Restore?", "Restore it", lambda: answers.append("yes"), lambda: answers.append("no"))
    next(b for b in bar.notices[-1].findChildren(QPushButton) if b.text() == "Restore it").click()
    assert answers == ["no", "yes"]
    assert "Restore?" not in _sentences(bar)


def test_that_what_is_no_trouble_any_more_goes_and_the_rest_stays(bar):
    bar.say("The engine was lost.")
    bar.say("Saved.")
    bar.heed(("The engine was lost.",))
    assert _sentences(bar) == ["The engine was lost.", "Saved."]
    bar.heed(())
    assert _sentences(bar) == ["Saved."]


def test_that_notices_stand_below_the_titles_and_within_the_canvas(bar, qtbot):
    bar.say("A sentence. " * 30)
    bar.say("Another.")
    qtbot.wait(1)
    place = bar.geometry()
    assert place.top() == 50 + BELOW_TITLES
    assert place.left() >= 200
    assert place.right() <= 800
    assert place.bottom() < 50 + 600 - 200
    assert all(notice.height() >= notice.sizeHint().height() // 2 for notice in bar.notices)


def test_that_the_session_says_what_is_wrong_for_as_long_as_it_is(session, engine, said):
    engine.say(EngineLost("The engine has ended."))
    session.tick(0.0)
    assert session.troubles == tuple(said) == ("The engine has ended.",)
    engine.say(EngineReady("cpu", "2.0", 0.1))
    session.tick(0.0)
    assert session.troubles == ()


def test_that_a_failure_is_trouble_until_something_else_is_asked(session, engine):
    session.tick(0.0)
    job = next(job for job in engine.submitted if job.lane == "trajectories/0")
    engine.say(JobFailed(job.id, Refusal.OUT_OF_MEMORY, "Out of memory."))
    session.tick(0.0)
    assert session.troubles == ("Out of memory.",)
    commands.set_field(session, "simulation.particles", 100, "Fewer")
    session.tick(0.0)
    assert session.troubles == ()
