"""Where Tab stops, without a window system."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from fmstudio.gui.stops import entrance, make_group, neighbour, stops


@pytest.fixture
def grid(qtbot):
    """Buttons 0 to 5 in two rows of three, laid out in an order of their own; the last is off."""
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(300, 100)
    holder = QWidget(window)
    holder.resize(300, 100)
    holder.setObjectName("holder")
    box = QGridLayout(holder)
    for number in (4, 0, 5, 2, 1, 3):
        button = QPushButton(str(number))
        button.setCheckable(True)
        button.setEnabled(number != 5)
        box.addWidget(button, *divmod(number, 3))
    with qtbot.waitExposed(window):
        window.show()
    return window


def _words(stop):
    return [button.text() for button in stop]


def test_that_stops_are_in_the_order_in_which_one_reads_and_leave_out_what_is_off(grid):
    assert [_words(stop) for stop in stops(grid)] == [["0"], ["1"], ["2"], ["3"], ["4"]]


def test_that_a_group_is_one_stop_entered_where_it_is_chosen(grid):
    make_group(grid.findChild(QWidget, "holder"))
    (stop,) = stops(grid)
    assert _words(stop) == ["0", "1", "2", "3", "4"]
    assert entrance(stop) is stop[0]
    stop[3].setChecked(True)
    assert entrance(stop) is stop[3]


@pytest.mark.parametrize(
    ("start", "key", "end"),
    [
        ("0", Qt.Key.Key_Right, "1"),
        ("0", Qt.Key.Key_Left, "4"),
        ("1", Qt.Key.Key_Down, "4"),
        ("4", Qt.Key.Key_Up, "1"),
        ("4", Qt.Key.Key_Home, "0"),
        ("0", Qt.Key.Key_End, "4"),
    ],
)
def test_that_arrows_go_as_the_eye_does(grid, start, key, end):
    stop = tuple(button for (button,) in stops(grid))
    here = next(button for button in stop if button.text() == start)
    there = neighbour(stop, here, key)
    assert there is not None
    assert there.text() == end


def test_that_a_page_key_leads_nowhere_in_a_group(grid):
    stop = tuple(button for (button,) in stops(grid))
    assert neighbour(stop, stop[0], Qt.Key.Key_PageDown) is None
