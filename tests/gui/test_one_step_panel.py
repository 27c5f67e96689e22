"""The sentences of a training step over the canvas: by its buttons, by Escape, and told to screen readers."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from fmstudio.document.specs.training import Objective
from fmstudio.gui.panels.field import FieldPanel
from fmstudio.studio import commands
from fmstudio.studio.one_step import LANE, Stage
from tests.gui.windows import silent_window


@pytest.fixture
def window(qtbot):
    with silent_window(qtbot) as made:
        commands.explain_step(made.session)
        engine = made.session.engine
        (job,) = engine.in_lane(LANE)
        rng = np.random.default_rng(0)
        for number, row in enumerate(rng.random(job.result.shape, np.float32)):
            job.result.write(number, row)
        engine.finish(job)
        made.frame(0.0)
        made.frame(0.0)
        yield made


def test_that_it_stands_over_the_canvas_with_next_at_hand(window):
    panel = window.one_step
    assert panel.isVisible()
    assert panel.next.hasFocus()
    canvas = window.canvas.geometry().translated(window.canvas.parentWidget().pos())
    assert canvas.contains(panel.geometry())
    assert not panel.back.isEnabled()
    assert "A batch has" in panel.words.accessibleName()


def test_that_next_leads_to_the_end_and_back_goes_back(window):
    panel, step = window.one_step, window.session.one_step
    for stage in list(Stage)[1:]:
        panel.next.click()
        window.frame(0.0)
        assert step.seen.stage is stage
        assert panel.title.text().endswith(f"{stage + 1} of 7 · {panel.title.text().rpartition('· ')[2]}")
    panel.back.click()
    window.frame(0.0)
    assert step.seen.stage is Stage.ERROR
    panel.next.click()
    window.frame(0.0)
    assert panel.next.text() == "Done"
    panel.next.click()
    window.frame(0.0)
    assert not panel.isVisible()


@pytest.mark.parametrize("on_canvas", [False, True])
def test_that_escape_closes_it_wherever_the_focus_is(window, on_canvas):
    if on_canvas:
        window.canvas.native.setFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    window.frame(0.0)
    assert not window.session.one_step.is_on
    assert not window.one_step.isVisible()


def test_that_another_theme_recolours_the_words(window, qtbot):
    window.one_step.next.click()
    window.frame(0.0)
    before = window.one_step.words.text()
    window.theme.change("light")
    qtbot.waitUntil(lambda: window.one_step.words.text() != before, timeout=20_000)


def test_that_the_button_says_why_there_is_no_such_step(session, show):
    panel = show(FieldPanel)
    panel.tick()
    button = panel.training.explain
    assert button.isEnabled()
    commands.set_field(session, "training.objective", Objective.REALNVP, "Choose")
    panel.tick()
    assert not button.isEnabled()
    assert "not learned from pairs" in button.accessibleDescription()
