"""A line of words that gives way to its neighbours: what does not fit is told by its hint. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

LEAST = 40


class ElidedLabel(QLabel):
    """As wide as its words where there is room; in a row with stretch it takes what its neighbours leave."""

    def __init__(self) -> None:
        super().__init__()
        self._words, self._hint = "", ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def words(self) -> str:
        """All of them, whatever is seen."""
        return self._words

    def show_words(self, words: str, hint: str = "") -> None:
        self._words, self._hint = words, hint
        self.setAccessibleName(words)
        self.setMaximumWidth(max(self.fontMetrics().horizontalAdvance(words) + 2, LEAST))
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(LEAST, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        seen = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, self.width())
        if seen != self.text():
            self.setText(seen)
        cut = self._words if seen != self._words else ""
        self.setToolTip("\n".join(part for part in (cut, self._hint) if part))
