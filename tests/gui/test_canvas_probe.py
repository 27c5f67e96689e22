"""Probing on the canvas of a real window, by mouse and keys."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QTextDocumentFragment
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from fmstudio.gui.main_window import MainWindow
from fmstudio.gui.plots.equation import EquationPanel
from fmstudio.studio.tools import Mode
from tests.gui.windows import silent_window

CTRL = Qt.KeyboardModifier.ControlModifier
pytestmark = [pytest.mark.display, pytest.mark.timeout(1200)]
LEFT, PLAIN, SHIFT = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture
def window(qtbot) -> Iterator[MainWindow]:
    with silent_window(qtbot) as window:
        window.top_bar.probe.click()
        window.canvas.native.setFocus()
        window.frame(0.0)
        yield window


def drops(window):
    return window.session.store.document.view.drops


def click(window, x, y, keys=PLAIN):
    QTest.mouseClick(window.canvas.native, LEFT, keys, window.canvas.pixel_of(x, y))
    window.frame(0.0)


def move(window, x, y):
    place = window.canvas.pixel_of(x, y)
    kind, none = QEvent.Type.MouseMove, Qt.MouseButton.NoButton
    event = QMouseEvent(kind, QPointF(place), QPointF(place), none, none, PLAIN)
    window.canvas.eventFilter(window.canvas.native, event)


def test_that_a_click_drops_a_particle_and_shift_one_more(window):
    window.session.playback.seek(0.3)
    click(window, 0.5, 0.25)
    (first,) = drops(window)
    assert (first.x, first.y, first.t) == pytest.approx((0.5, 0.25, 0.3), abs=0.02)
    click(window, -1.0, 0.0, SHIFT)
    assert len(drops(window)) == 2
    click(window, 0.0, 1.0)
    assert len(drops(window)) == 1
    assert window.session.store.undo_label == "Drop a particle"
    assert "drops/0" in window.session.planner.wanted


def test_that_a_drag_pans_and_drops_nothing_and_neither_does_a_click_that_looks(window):
    native, place = window.canvas.native, window.canvas.pixel_of(0.5, 0.25)
    QTest.mousePress(native, LEFT, PLAIN, place)
    QTest.mouseMove(native, place + QPoint(60, 10))
    QTest.mouseRelease(native, LEFT, PLAIN, place + QPoint(60, 10))
    assert drops(window) == ()
    assert window.session.store.document.view.camera is not None
    window.session.tools.choose_mode(Mode.LOOK)
    click(window, 0.5, 0.25)
    assert drops(window) == ()


def test_that_escape_clears_them_and_undo_brings_them_back(window):
    click(window, 0.5, 0.25)
    QTest.keyClick(window.canvas.native, Qt.Key.Key_Escape)
    assert drops(window) == ()
    window.top_bar.undo.click()
    assert len(drops(window)) == 1


def test_that_keys_move_the_probe_and_drop_and_arrows_alone_are_steps_of_time(window):
    native = window.canvas.native
    QTest.keyClick(native, Qt.Key.Key_Right, CTRL)
    QTest.keyClick(native, Qt.Key.Key_Right, CTRL)
    QTest.keyClick(native, Qt.Key.Key_Up, CTRL)
    here = window.session.probed
    assert here is not None
    camera = window.session.stage.camera(window.session.store.document)
    assert (here.x - camera.x) == pytest.approx(2 * (here.y - camera.y)) != 0
    QTest.keyClick(native, Qt.Key.Key_Return)
    assert [(drop.x, drop.y) for drop in drops(window)] == [(here.x, here.y)]
    QTest.keyClick(native, Qt.Key.Key_Left, CTRL)
    QTest.keyClick(native, Qt.Key.Key_Return, SHIFT)
    assert len(drops(window)) == 2
    t = window.session.playback.t
    QTest.keyClick(native, Qt.Key.Key_Right)
    assert window.session.playback.t > t
    assert len(drops(window)) == 2


def answer(window) -> None:
    """The newest probe, with two data points that pull."""
    job = window.session.engine.in_lane("probe/0")[-1]
    rows = np.full(job.result.shape, np.nan, np.float32)
    rows[0] = (0.1, 3.0, 4.0, 1.0, 1.0, 0.0, 1.0, 1.0, 3.0, 4.0, 0.3, 0.7, np.nan)
    rows[1:3, :5] = [(1.0, 1.0, 0.75, 0, 0), (-1.0, 0.5, 0.25, 0, 0)]
    for number, row in enumerate(rows):
        job.result.write(number, row)
    window.session.engine.finish(job)
    window.frame(0.0)
    window.frame(0.0)


def test_that_a_data_point_under_the_pointer_tells_its_pull(window):
    for job in list(window.session.engine.submitted):
        window.session.engine.finish(job)
    click(window, 0.5, 0.25)
    answer(window)
    move(window, -1.0, 0.5)
    assert window.session.tools.pointed.z == pytest.approx((-1.0, 0.5))
    assert "P(z | x) = 25.0 %" in QToolTip.text()
    move(window, -1.0, 1.5)
    assert window.session.tools.pointed.z is None


def test_that_the_canvas_says_what_a_click_does(window):
    hint = window.canvas.hint
    assert hint.isVisible()
    assert "Click drops a particle" in hint.text()
    click(window, 0.5, 0.25)
    assert "Escape clears" in hint.text()
    window.top_bar.look.click()
    window.frame(0.0)
    assert not hint.isVisible()


def test_that_the_equation_takes_the_numbers_of_the_place_and_gives_them_back(window):
    panel = window.findChild(EquationPanel)
    for job in list(window.session.engine.submitted):
        window.session.engine.finish(job)
    click(window, 0.5, 0.25)
    answer(window)
    text = QTextDocumentFragment.fromHtml(panel.numbers.text()).toPlainText()
    text = text.replace(chr(0xA0), " ")
    assert "xt = 0.300 z + 0.700 x0" in text
    assert "dXt = (3.00, 4.00) dt" in text
    QTest.keyClick(window.canvas.native, Qt.Key.Key_Escape)
    QApplication.sendEvent(window.canvas.native, QEvent(QEvent.Type.Leave))
    window.frame(0.0)
    assert panel.numbers.isHidden()
