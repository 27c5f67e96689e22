"""The tour: a few hints, one at a time, each beside the control that it speaks of. GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from fmstudio.gui.stops import make_group

MOST_HINTS = 5
WIDTH = 300
GAP = 10


@dataclass(frozen=True)
class Hint:
    """Words, and what they speak of."""

    beside: QWidget
    words: str


def hints(target: QWidget, motion: QWidget, time: QWidget, bar: QWidget) -> tuple[Hint, ...]:
    """What a newcomer is told, in the order in which the window is used."""
    return (
        Hint(target, "Pick a target, or draw one with D: the particles go there at once."),
        Hint(motion, "Choose how they move: along the flow, or with noise by an SDE."),
        Hint(time, "Drag the time to stand at any moment. After the tour, Space plays and pauses."),
        Hint(bar, "Ctrl+K finds every command. F1 explains what lies under the mouse."),
    )


@final
class Tour(QFrame):
    """Floats over the window. Next has the focus; Skip and Escape end it."""

    def __init__(self, window: QWidget, rest: QWidget) -> None:
        """``rest`` has the focus afterwards."""
        super().__init__(window)
        self._window, self._rest = window, rest
        self._hints: tuple[Hint, ...] = ()
        self._at = 0
        self.setObjectName("notice")
        self.setAccessibleName("Tour")
        self.count, self.words = QLabel(), QLabel()
        self.count.setProperty("role", "secondary")
        self.words.setWordWrap(True)
        self.skip, self.next = QPushButton("Skip"), QPushButton("Next")
        self.skip.setProperty("kind", "plain")
        self.skip.setToolTip("Esc")
        self.next.setMinimumWidth(64)
        self._lay_out()
        self.skip.clicked.connect(self.end)
        self.next.clicked.connect(self._on_next_clicked)
        escape_key = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)  # wherever the focus is
        escape_key.activated.connect(self.end)
        escape_key.activatedAmbiguously.connect(self.end)
        window.installEventFilter(self)
        self.hide()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.count)
        buttons.addStretch(1)
        buttons.addWidget(self.skip)
        buttons.addWidget(self.next)
        make_group(self)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(16, 12, 12, 10)
        self._box.setSpacing(8)
        self._box.addWidget(self.words)
        self._box.addLayout(buttons)

    def begin(self, hints: tuple[Hint, ...]) -> None:
        """From the first hint on; those of what is not in sight are left out."""
        self._hints = tuple(hint for hint in hints if hint.beside.isVisible())[:MOST_HINTS]
        self._at = 0
        if self._hints:
            self._tell()
            self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def end(self) -> None:
        self.hide()
        self._rest.setFocus()

    def _tell(self) -> None:
        count = f"{self._at + 1} of {len(self._hints)}"
        words = self._hints[self._at].words
        self.count.setText(count)
        self.words.setText(words)
        self.next.setAccessibleName(f"{words} Hint {count}. {'Done' if self._is_last else 'Next'}")
        self.next.setText("Done" if self._is_last else "Next")
        self.show()
        self._place()

    @property
    def beside(self) -> QWidget:
        """What the present hint speaks of."""
        return self._hints[self._at].beside

    @property
    def _is_last(self) -> bool:
        return self._at == len(self._hints) - 1

    def _place(self) -> None:
        """At the right of the control where there is room, or else above, or else below it."""
        control = self.beside
        above = control.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea):
                above.ensureWidgetVisible(control)
            above = above.parentWidget()
        of = QRect(control.mapTo(self._window, QPoint()), control.size())
        height = self._box.totalHeightForWidth(WIDTH)
        self.resize(WIDTH, height)
        if of.right() + 2 * GAP + WIDTH <= self._window.width():
            corner = QPoint(of.right() + GAP, of.top())
        elif of.top() - GAP - height >= 0:
            corner = QPoint(of.left() + GAP, of.top() - GAP - height)
        else:
            corner = QPoint(of.left() + GAP, of.bottom() + GAP)
        room = self._window.size() - self.size()
        self.move(max(0, min(corner.x(), room.width())), max(0, min(corner.y(), room.height())))
        self.raise_()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _on_next_clicked(self) -> None:
        if self._is_last:
            self.end()
            return
        self._at += 1
        self._tell()
