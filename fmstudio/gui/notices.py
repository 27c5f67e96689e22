"""One sentence at a time over the canvas: what went wrong and what to do. It never takes the focus."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

SECONDS = 9


@dataclass(frozen=True)
class _Notice:
    """A sentence; with an offer it stays until it is answered."""

    sentence: str
    offer: str = ""
    accept: Callable[[], object] | None = None
    refuse: Callable[[], object] | None = None


class NoticeBar(QFrame):
    """Floats at the foot of its parent. Repeated sentences are shown once."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._parent = parent
        self._waiting: deque[_Notice] = deque()
        self._now = _Notice("")
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._dismiss = QPushButton("Dismiss")
        self._dismiss.setProperty("kind", "plain")
        self._dismiss.clicked.connect(self._on_dismiss_clicked)
        self._accept = QPushButton()
        self._accept.clicked.connect(self._on_accept_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(12)
        row.addWidget(self._label, 1)
        row.addWidget(self._accept)
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
        self._add(_Notice(sentence))

    def offer(
        self,
        sentence: str,
        offer: str,
        accept: Callable[[], object],
        refuse: Callable[[], object] | None = None,
    ) -> None:
        """Show this sentence with a button named ``offer``, until that or Dismiss is pressed."""
        self._add(_Notice(sentence, offer, accept, refuse))

    def _add(self, notice: _Notice) -> None:
        if notice.sentence in (self.text, *(other.sentence for other in self._waiting)):
            return
        self._waiting.append(notice)
        if self.isHidden():
            self._show_next()

    def _show_next(self) -> None:
        self._timer.stop()
        if not self._waiting:
            self.hide()
            return
        self._now = self._waiting.popleft()
        self._label.setText(self._now.sentence)
        self._accept.setText(self._now.offer)
        self._accept.setVisible(bool(self._now.offer))
        self.show()
        self._place()
        if not self._now.offer:
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

    def _on_accept_clicked(self) -> None:
        self._answer(self._now.accept)

    def _on_dismiss_clicked(self) -> None:
        self._answer(self._now.refuse)

    def _answer(self, what_to_do: Callable[[], object] | None) -> None:
        self._show_next()
        if what_to_do is not None:
            what_to_do()

    def _on_timer_timeout(self) -> None:
        self._show_next()
