"""The tour: shown once by itself, again when asked; each hint lies beside its control, inside the window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from fmstudio.document.preferences import Preferences
from fmstudio.gui.app import greet
from fmstudio.gui.main_window import MainWindow
from fmstudio.gui.tour import MOST_HINTS
from tests.gui.windows import silent_window


@pytest.fixture
def window(qtbot, monkeypatch, tmp_path) -> Iterator[MainWindow]:
    monkeypatch.setenv("FMSTUDIO_HOME", str(tmp_path))
    with silent_window(qtbot) as window:
        yield window


def test_that_the_tour_comes_by_itself_once_and_then_only_when_asked(window: MainWindow) -> None:
    assert not window.tour.isVisible()
    greet(window)
    assert window.tour.isVisible()
    assert Preferences.load().has_toured
    window.tour.skip.click()
    greet(window)
    assert not window.tour.isVisible()
    window.actions_by_id["tour"].trigger()
    assert window.tour.isVisible()


def test_that_next_goes_through_at_most_five_hints_beside_other_things(window: MainWindow) -> None:
    window.show_tour()
    told = []
    while window.tour.isVisible():
        told.append(window.tour.words.text())
        assert window.rect().contains(window.tour.geometry())
        assert not window.tour.geometry().intersects(where(window, window.tour.beside))
        QTest.keyClick(window.tour.next, Qt.Key.Key_Space)
    assert 1 < len(set(told)) == len(told) <= MOST_HINTS


def test_that_escape_skips_and_gives_the_keys_back(window: MainWindow) -> None:
    window.show_tour()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert not window.tour.isVisible()
    assert QApplication.focusWidget() is window.canvas.native


def test_that_what_is_out_of_sight_has_no_hint(window: MainWindow) -> None:
    window.toggle_columns()
    window.frame(0.0)
    window.show_tour()
    assert window.tour.beside is window.timeline.line


def test_that_what_a_hint_speaks_of_is_scrolled_into_sight(window: MainWindow) -> None:
    window.resize(1100, 700)
    window.frame(0.0)
    QApplication.processEvents()
    motion, area = window.left.panels[-1], window.left.viewport()
    assert not area.rect().contains(motion.mapTo(area, QPoint()))
    window.show_tour()
    window.tour.next.click()
    assert window.tour.beside is motion
    assert area.rect().contains(motion.mapTo(area, QPoint()))


def where(window: MainWindow, control: QWidget) -> QRect:
    return QRect(control.mapTo(window, QPoint()), control.size())
