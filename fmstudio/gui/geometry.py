"""Where the window opens: as it was left, and always whole on a screen that is there. GUI thread."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from fmstudio.document.preferences import WindowGeometry

WISHED = QSize(1440, 900)
FRAME = QMargins(6, 38, 6, 6)
"""What a window manager may put around a window; it is known only after the window is seen."""


def opening_place(left: WindowGeometry | None, screens: Sequence[QRect]) -> QRect:
    """The window's rectangle without its frame. ``screens`` are the areas that windows may take, the first
    screen first; ``left`` is where the window was when it was last closed."""
    rooms = [screen.marginsRemoved(FRAME) for screen in screens]
    if left is None:
        room = rooms[0]
        size = WISHED.boundedTo(room.size())
        spare = room.size() - size
        return QRect(room.topLeft() + QPoint(spare.width() // 2, spare.height() // 2), size)
    there = QRect(left.x, left.y, left.width, left.height)
    room = max(rooms, key=lambda room: _shared(room, there))
    size = there.size().boundedTo(room.size())
    x = min(max(there.x(), room.left()), room.left() + room.width() - size.width())
    y = min(max(there.y(), room.top()), room.top() + room.height() - size.height())
    return QRect(QPoint(x, y), size)


def screen_areas() -> list[QRect]:
    """What the system's bars leave of each screen, in logical pixels, the first screen first."""
    first = QGuiApplication.primaryScreen()
    screens = sorted(QGuiApplication.screens(), key=lambda screen: screen is not first)
    return [screen.availableGeometry() for screen in screens]


def as_left(window: QWidget) -> WindowGeometry:
    """Where the window is, or would be were it neither maximised nor full-screen."""
    state = window.windowState()
    spread = bool(state & (Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen))
    place = window.normalGeometry() if spread else window.geometry()
    return WindowGeometry(
        x=place.x(),
        y=place.y(),
        width=max(place.width(), 1),
        height=max(place.height(), 1),
        maximised=bool(state & Qt.WindowState.WindowMaximized),
    )


def _shared(a: QRect, b: QRect) -> int:
    common = a.intersected(b)
    return max(common.width(), 0) * max(common.height(), 0)
