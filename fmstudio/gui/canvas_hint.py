"""One line over the canvas while it is probed: what a click does. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode

APART = 4
"""Logical pixels below the titles of the panes."""
NOTHING_YET = "Click drops a particle here, with its past and its future"
SOME = "Shift+click adds one · Escape clears · point at a dot to see its pull"


class CanvasHint(QLabel):
    """Stands in the middle at the top; the mouse goes through it."""

    def __init__(self, session: Session, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._session, self._canvas = session, canvas
        self.setObjectName("canvasHint")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def refresh(self, titles: float) -> None:
        """Once per frame; nothing where there is no room for it. ``titles`` is their height in logical
        pixels."""
        words = self._words()
        if words != self.text():
            self.setText(words)
            self.adjustSize()
        room = self._canvas.width() - self.width()
        fits = bool(words) and room >= 16
        self.move(room // 2, round(titles) + APART)
        if fits is self.isHidden():
            self.setVisible(fits)
            self.raise_()

    def _words(self) -> str:
        if self._session.tools.mode is not Mode.PROBE:
            return ""
        return SOME if self._session.store.document.view.drops else NOTHING_YET
