"""One sentence at a time over the canvas: what went wrong and what to do. It never takes the focus."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

SECONDS = 9


class NoticeBar(QFrame):
    """Floats at the foot of its parent. Repeated sentences are shown once."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._parent = parent
        self._waiting: deque[str] = deque()
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._dismiss = QPushButton("Dismiss")
        self._dismiss.setProperty("kind", "plain")
        self._dismiss.clicked.connect(self._on_dismiss_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(12)
        row.addWidget(self._label, 1)
        row.addWidget(self._dismiss)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timer_timeout)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence on show, or ''."""
        return "" if self.isHidden() else self._label.text()

    def say(self, sentence: str) -> None:
        """Show this sentence, after those that wait."""
        if sentence == self.text or sentence in self._waiting:
            return
        self._waiting.append(sentence)
        if self.isHidden():
            self._show_next()

    def _show_next(self) -> None:
        if not self._waiting:
            self._timer.stop()
            self.hide()
            return
        self._label.setText(self._waiting.popleft())
        self.show()
        self._place()
        self._timer.start(SECONDS * 1000)

    def _place(self) -> None:
        parent = self._parent
        width = min(620, parent.width() - 40)
        self.setFixedWidth(width)
        self.adjustSize()
        self.setFixedHeight(max(self.sizeHint().height(), self.heightForWidth(width)))
        self.move((parent.width() - width) // 2, parent.height() - self.height() - 64)
        self.raise_()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._place()
        return False

    def _on_dismiss_clicked(self) -> None:
        self._show_next()

    def _on_timer_timeout(self) -> None:
        self._show_next()
