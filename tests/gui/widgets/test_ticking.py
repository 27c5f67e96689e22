"""Words that change many times a second move nothing."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from fmstudio.gui.widgets.ticking import TickingLabel


class _Layouts(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.asked += event.type() is QEvent.Type.LayoutRequest
        return False


def _row(qtbot, label: QLabel) -> tuple[QWidget, _Layouts]:
    place, layouts = QWidget(), _Layouts()
    row = QHBoxLayout(place)
    row.addWidget(label)
    qtbot.addWidget(place)
    place.resize(120, 30)
    place.show()
    qtbot.waitExposed(place)
    qtbot.wait(20)
    place.installEventFilter(layouts)
    return place, layouts


def test_that_new_words_ask_for_no_layout_and_are_seen(qtbot):
    label = TickingLabel()
    label.setText("step 1")
    place, layouts = _row(qtbot, label)
    before = place.grab().toImage()
    label.setText("step 2")
    qtbot.wait(20)
    assert layouts.asked == 0
    assert place.grab().toImage() != before
    assert label.accessibleName() == label.text() == "step 2"


def test_that_what_does_not_fit_is_told_by_the_hint_and_keeps_the_width(qtbot):
    label = TickingLabel()
    place, _layouts = _row(qtbot, label)
    label.setText("999,999 of 1,000,000 steps, an hour left")
    place.grab()
    assert label.toolTip() == label.text()
    assert place.width() == 120
    assert label.width() <= 120
    label.setText("1 of 2")
    place.grab()
    assert label.toolTip() == ""
