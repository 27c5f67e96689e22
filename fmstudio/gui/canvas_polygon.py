"""A polygon on the canvas: clicked corner by corner, closed by Enter, a double click or its first corner. GUI
thread."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

from fmstudio.render.vispy.canvas import StudioCanvas
from fmstudio.studio.polygons import PolygonTool
from fmstudio.studio.session import Session

REACH = 11.0
"""Logical pixels around the first corner within which a click closes."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_KEYS = (*_ENTER, Qt.Key.Key_Escape, Qt.Key.Key_Backspace, Qt.Key.Key_Delete)


class CanvasPolygon:
    """Each method takes positions in logical pixels, and is True for what was used."""

    def __init__(self, session: Session, canvas: StudioCanvas) -> None:
        self._session, self._canvas = session, canvas
        self._tool = PolygonTool(session)

    def press(self, at: QPointF) -> bool:
        place = self._canvas.to_plane(at.x(), at.y())
        if not self._session.tools.draws_polygons or place is None:
            return False
        pane = self._canvas.pane_at(at.x(), at.y()) or 0
        self._tool.click(place, self._canvas.plane_length(REACH, pane))
        return True

    def move(self, at: QPointF) -> bool:
        place = self._canvas.to_plane(at.x(), at.y())
        if not self._tool.is_open or place is None:
            return False
        self._tool.hover(place)
        return True

    def double_click(self) -> bool:
        """Its first press was a corner already."""
        if self._tool.is_open:
            self._tool.close()
        return self._session.tools.draws_polygons

    def offered(self, event: QKeyEvent) -> bool:
        """A key of an open polygon is no shortcut of the window."""
        wanted = Qt.Key(event.key()) in _KEYS and self._tool.is_open
        if wanted:
            event.accept()
        return wanted

    def key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key not in _KEYS or not self._tool.is_open:
            return False
        if key in _ENTER:
            self._tool.close()
        elif key == Qt.Key.Key_Escape:
            self._tool.drop()
        else:
            self._tool.back()
        return True
