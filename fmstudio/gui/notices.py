"""A few sentences over the canvas: what went wrong and what to do. They never take the focus. GUI thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fmstudio.document.sentences import MOST_OF_ALL
from fmstudio.document.sentences import sentence as plain

SECONDS = 9
AT_ONCE = 3
"""Older ones give way to newer ones; a question stays."""
WIDTH = 620
BELOW_TITLES = 64
"""Logical pixels that the titles and switches of the upper panes take."""

Act = Callable[[], object]


class Notice(QFrame):
    """One sentence, and a button if it offers something; a question stays until it is answered."""

    ended = Signal(object)
    """itself"""

    def __init__(self, sentence: str, key: str, offer: str = "", accept: Act | None = None) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.sentence, self.key = sentence, key
        self._accept = accept
        self.refuse: Act | None = None
        words = QLabel(plain(sentence, MOST_OF_ALL))
        words.setTextFormat(Qt.TextFormat.PlainText)  # a file's name is no mark-up
        words.setWordWrap(True)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(12)
        row.addWidget(words, 1)
        if accept is not None:
            button = QPushButton(offer)
            button.clicked.connect(self._on_accepted)
            row.addWidget(button)
        self.dismiss = QPushButton("Dismiss")
        self.dismiss.setProperty("kind", "plain")
        self.dismiss.clicked.connect(self._on_dismissed)
        row.addWidget(self.dismiss)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SECONDS * 1000)
        self._timer.timeout.connect(self._on_timer_timeout)

    @property
    def is_question(self) -> bool:
        return self.refuse is not None

    def begin(self) -> None:
        """It is seen from now on, or once more."""
        if not self.is_question:
            self._timer.start()

    def _on_accepted(self) -> None:
        self._end(self._accept)

    def _on_dismissed(self) -> None:
        self._end(self.refuse)

    def _on_timer_timeout(self) -> None:
        self._end(None)

    def _end(self, what_to_do: Act | None) -> None:
        self._timer.stop()
        self.ended.emit(self)
        if what_to_do is not None:
            what_to_do()


class NoticeBar(QWidget):
    """Floats below the titles of the canvas and above its legends. A sentence that is said again is shown
    once; one of the same ``key`` as an older one replaces it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = self._over = parent
        self._troubles: frozenset[str] = frozenset()
        self.notices: list[Notice] = []
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(6)
        parent.installEventFilter(self)
        self.hide()

    def stand_over(self, canvas: QWidget) -> None:
        """Float over this part of the window."""
        self._over = canvas
        canvas.installEventFilter(self)

    @property
    def text(self) -> str:
        """The newest sentence on show, or ''."""
        return self.notices[-1].sentence if self.notices else ""

    def say(self, sentence: str, key: str = "") -> None:
        """Show this sentence for a while."""
        self._show(Notice(sentence, key))

    def offer(self, sentence: str, offer: str, accept: Act, refuse: Act | None = None) -> None:
        """Show this sentence with a button named ``offer``. With ``refuse`` it is a question, and stays until
        it is answered."""
        notice = Notice(sentence, "", offer, accept)
        notice.refuse = refuse
        self._show(notice)

    def withdraw(self, sentence: str) -> None:
        """It does not hold any more."""
        for notice in [notice for notice in self.notices if notice.sentence == sentence]:
            self._remove(notice)

    def heed(self, troubles: tuple[str, ...]) -> None:
        """What is wrong now, once a frame: the sentences of what was wrong until now go."""
        now = frozenset(troubles)
        if now == self._troubles:
            return
        gone, self._troubles = self._troubles - now, now
        for sentence in gone:
            self.withdraw(sentence)

    def _show(self, notice: Notice) -> None:
        for old in list(self.notices):
            if old.sentence == notice.sentence or (notice.key and old.key == notice.key):
                self._remove(old)
        passing = [old for old in self.notices if not old.is_question]
        for old in passing[: max(0, len(passing) - AT_ONCE + 1)]:
            self._remove(old)
        notice.ended.connect(self._on_notice_ended)
        self.notices.append(notice)
        self._box.addWidget(notice)
        self.show()
        notice.show()
        notice.begin()
        self._place()

    def _remove(self, notice: Notice) -> None:
        self.notices.remove(notice)
        self._box.removeWidget(notice)
        notice.hide()
        notice.deleteLater()
        self.setVisible(bool(self.notices))
        self._place()

    def _place(self) -> None:
        over = self._over
        corner = over.mapTo(self._window, over.rect().topLeft())
        width = min(WIDTH, over.width() - 40)
        self.setFixedWidth(width)
        self.setFixedHeight(max(1, self._box.totalHeightForWidth(width)))
        self.move(corner.x() + (over.width() - width) // 2, corner.y() + BELOW_TITLES)
        self.raise_()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move) and self.notices:
            self._place()
        return False

    def _on_notice_ended(self, notice: Notice) -> None:
        self._remove(notice)
