"""Words that change many times a second. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy


class TickingLabel(QLabel):
    """A line that is painted where it stands: new words of a QLabel have the window laid out
    anew, and neighbours move. What does not fit is told by its hint."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def text(self) -> str:
        """All the words, whatever is seen."""
        return self._words

    def setText(self, words: str) -> None:
        if words != self._words:
            self._words = words
            self.setAccessibleName(words)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        seen = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, self.width())
        cut = self._words if seen != self._words else ""
        if cut != self.toolTip():
            self.setToolTip(cut)
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), self.alignment(), seen)
