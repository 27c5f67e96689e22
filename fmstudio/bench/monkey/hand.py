"""What a hand does: presses, drags, turns and types, through Qt's own events. GUI thread."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import TypeVar

from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QScrollArea, QWidget

from fmstudio.gui.main_window import MainWindow

T = TypeVar("T", bound=QWidget)
NO_KEYS = Qt.KeyboardModifier.NoModifier


def name_of(widget: QWidget) -> str:
    """What kind of widget it is, and what a reader of the screen would call it."""
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return f"{type(widget).__name__} “{widget.accessibleName() or text or widget.objectName()}”"


class Hand:
    """One act's hand: its choices come from ``luck`` alone, so that a seed repeats them."""

    def __init__(self, window: MainWindow, luck: Random) -> None:
        self.window, self.luck = window, luck

    def wait(self, milliseconds: int) -> None:
        """Let the window live for so long."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def pick(self, kind: type[T], within: QWidget | None = None) -> T | None:
        """Any visible, enabled widget of this kind."""
        place = within or self.window
        found = [widget for widget in place.findChildren(kind) if widget.isVisible() and widget.isEnabled()]
        return self.one_of(found)

    def one_of(self, found: Iterable[T]) -> T | None:
        """One by its name: whatever else is there, and in whatever order, it is this one if it is there."""
        salt, seen = self.luck.random(), Counter[str]()
        drawn: dict[int, T] = {}
        for widget in found:
            name = name_of(widget)
            drawn[zlib.crc32(f"{salt} {name} {seen[name]}".encode())] = widget
            seen[name] += 1
        return drawn[min(drawn)] if drawn else None

    def reach(self, widget: QWidget) -> None:
        """Scroll the column so that the widget is seen."""
        parent = widget.parentWidget()
        while parent is not None and not isinstance(parent, QScrollArea):
            parent = parent.parentWidget()
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        self.reach(widget)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, NO_KEYS, at or widget.rect().center())

    def keys(self, widget: QWidget, *keys: Qt.Key) -> None:
        for key in keys:
            QTest.keyClick(widget, key)

    def write(self, widget: QWidget, text: str) -> None:
        for sign in text:
            if sign.isascii():
                QTest.keyClicks(widget, sign)
            else:  # QTest ends the process over a sign beyond Latin-1
                for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                    QApplication.sendEvent(widget, QKeyEvent(kind, Qt.Key.Key_unknown, NO_KEYS, sign))

    def fill(self, field: QLineEdit, text: str) -> None:
        """Type this in the place of what is there, and press Enter."""
        self.click(field)
        field.selectAll()
        self.keys(field, Qt.Key.Key_Delete)
        self.write(field, text)
        self.keys(field, Qt.Key.Key_Return)

    def drag(self, widget: QWidget, points: Iterable[QPoint], pause: int = 8) -> None:
        """Press at the first point, over the others, let go at the last."""
        first, *others = points
        QTest.mousePress(widget, Qt.MouseButton.LeftButton, NO_KEYS, first)
        last = first
        for last in others:
            self._move(widget, last, Qt.MouseButton.LeftButton)
            self.wait(pause)
        QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, NO_KEYS, last)

    def hover(self, widget: QWidget, points: Iterable[QPoint], pause: int = 8) -> None:
        for point in points:
            self._move(widget, point, Qt.MouseButton.NoButton)
            self.wait(pause)

    def _move(self, widget: QWidget, at: QPoint, buttons: Qt.MouseButton) -> None:
        place = QPointF(widget.mapToGlobal(at))
        event = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(at), place, Qt.MouseButton.NoButton, buttons, NO_KEYS
        )
        QApplication.sendEvent(widget, event)

    def turn(self, widget: QWidget, at: QPoint, notches: int) -> None:
        """The wheel."""
        place = QPointF(widget.mapToGlobal(at))
        event = QWheelEvent(
            QPointF(at),
            place,
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            NO_KEYS,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)

    def somewhere(self, widget: QWidget, margin: int = 4) -> QPoint:
        """A place on the widget."""
        return QPoint(
            self.luck.randint(margin, max(margin, widget.width() - margin)),
            self.luck.randint(margin, max(margin, widget.height() - margin)),
        )
