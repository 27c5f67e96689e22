"""Polygons and words on the canvas of a real window."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.gui.main_window import MainWindow
from fmstudio.render.scene import HandleLayer
from fmstudio.studio.drawing import Pen
from tests.gui.windows import silent_window

pytestmark = [pytest.mark.display, pytest.mark.timeout(600)]
LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CORNERS = ((-1.0, -1.0), (1.0, -1.0), (0.0, 1.2))


@pytest.fixture
def window(qtbot) -> Iterator[MainWindow]:
    with silent_window(qtbot, Document(source=DrawnSpec(half=2.0), target=DrawnSpec(half=2.0))) as window:
        yield window


@pytest.fixture(params=["source", "target"])
def end(request) -> str:
    return request.param


@pytest.fixture
def brush(window, end):
    panel = next(panel for panel in window.left.panels if panel.objectName() == end)
    window.frame(0.0)
    return panel.brush


def click(window, place) -> None:
    window.frame(0.0)
    QTest.mouseClick(window.canvas.native, LEFT, PLAIN, window.canvas.pixel_of(*place))


def ink(window, end):
    return getattr(window.session.store.document, end).raster.values


def take(brush, pen) -> None:
    button = brush.shapes.buttons[pen]
    QTest.mouseClick(button, LEFT, PLAIN, button.rect().center())


@pytest.mark.parametrize("how", ["first corner", "Enter", "double click"])
def test_that_clicked_corners_are_an_outline_until_they_are_closed_and_filled(window, brush, end, how):
    take(brush, Pen.POLYGON)
    native = window.canvas.native
    for corner in CORNERS:
        click(window, corner)
        assert not ink(window, end).any()
    window.frame(0.0)
    assert any(isinstance(layer, HandleLayer) for layer in window.canvas.canvas.scene.panes[0].layers)
    if how == "first corner":
        click(window, CORNERS[0])
    elif how == "Enter":
        QTest.keyClick(native, Qt.Key.Key_Return)
    else:
        QTest.mouseDClick(native, LEFT, PLAIN, window.canvas.pixel_of(*CORNERS[-1]))
    assert ink(window, end)[120, 128] == 1
    other = "target" if end == "source" else "source"
    assert not ink(window, other).any()
    window.frame(0.0)
    assert not any(isinstance(layer, HandleLayer) for layer in window.canvas.canvas.scene.panes[0].layers)
    assert window.session.store.undo() == "Polygon stroke"
    assert not ink(window, end).any()


def test_that_escape_drops_and_backspace_takes_a_corner_back(window, brush, end):
    take(brush, Pen.POLYGON)
    native = window.canvas.native
    for corner in CORNERS:
        click(window, corner)
    QTest.keyClick(native, Qt.Key.Key_Backspace)
    assert len(window.session.tools.outline) == 2
    QTest.keyClick(native, Qt.Key.Key_Escape)
    assert window.session.tools.outline == ()
    assert not ink(window, end).any()
    assert window.session.store.undo_label is None


def test_that_typed_words_are_placed_by_a_click_and_undone_in_one_step(window, brush, end):
    take(brush, Pen.TEXT)
    assert brush.words.isVisible()
    click(window, (0.0, 0.0))
    assert not ink(window, end).any()
    brush.words.setFocus()
    QTest.keyClicks(brush.words, "Flow v 1")
    assert window.session.tools.brush.words == "Flow v 1"
    click(window, (0.4, -0.3))
    rows, columns = np.nonzero(ink(window, end) > 0.5)
    assert ((columns.min() + columns.max()) / 2 - 127.5) * 4 / 256 == pytest.approx(0.4, abs=0.1)
    assert (rows.mean() - 127.5) * 4 / 256 == pytest.approx(-0.3, abs=0.15)
    assert np.ptp(columns) > 2 * np.ptp(rows)
    assert window.session.store.undo() == "Text stroke"
    assert not ink(window, end).any()


def test_that_words_follow_the_pointer_until_it_is_let_go(window, brush, end):
    take(brush, Pen.TEXT)
    QTest.keyClicks(brush.words, "ab")
    native, at = window.canvas.native, window.canvas.pixel_of(0.0, 0.0)
    QTest.mousePress(native, LEFT, PLAIN, at)
    QTest.mouseMove(native, at + QPoint(60, 0))
    QTest.mouseRelease(native, LEFT, PLAIN, at + QPoint(60, 0))
    once = ink(window, end).sum()
    window.session.store.undo()
    click(window, (0.0, 0.0))
    assert ink(window, end).sum() == pytest.approx(once, rel=0.15)
