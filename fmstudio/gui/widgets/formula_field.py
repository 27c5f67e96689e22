"""A formula that is typed, and under it the place where it cannot be read. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QPlainTextEdit

from fmstudio.gui.theme import code_font

FONT = 12
LEAST_LINES, MOST_LINES = 2, 8
_FRAME = 12
"""Border and padding, above and below together."""


class FormulaField(QPlainTextEdit):
    """As tall as its text; Enter and leaving it say that it is done, Tab goes on to the next control."""

    typed = Signal()
    """by a person's act only"""
    done = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("formula")
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setFont(code_font(FONT))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self._is_told = False
        self.textChanged.connect(self._on_text_changed)

    @property
    def text(self) -> str:
        """As one line: a line's end is a blank."""
        return self.toPlainText().replace("\n", " ")

    def show_text(self, text: str) -> None:
        """Another formula, blanks around it apart. The cursor of who types stays as far from its end as it
        was."""
        if text == self.text.strip():
            return
        behind = len(self.text) - self.textCursor().position()
        self._is_told = True
        self.setPlainText(text)
        self._is_told = False
        if self.hasFocus():
            cursor = self.textCursor()
            cursor.setPosition(max(0, len(text) - behind))
            self.setTextCursor(cursor)

    def mark_wrong(self, is_wrong: bool) -> None:
        if bool(self.property("wrong")) is not is_wrong:
            self.setProperty("wrong", is_wrong)
            self.style().unpolish(self)
            self.style().polish(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.done.emit()
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.done.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _on_text_changed(self) -> None:
        self._fit()
        if not self._is_told:
            self.typed.emit()

    def _fit(self) -> None:
        lines = min(max(round(self.document().size().height()), LEAST_LINES), MOST_LINES)
        height = lines * self.fontMetrics().lineSpacing() + _FRAME
        if height != self.minimumHeight():
            self.setFixedHeight(height)


class Caret(QLabel):
    """What stands about one place of a text, and a caret below it; takes no room while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "danger")
        self.setFont(code_font(FONT))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(1)
        self._text, self._place = "", 0
        self.hide()

    def point(self, text: str, place: int | None) -> None:
        """None: nowhere."""
        self._text, self._place = text, place or 0
        self.setVisible(place is not None)
        self._write()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write()

    def _write(self) -> None:
        room = max(8, self.width() // max(1, self.fontMetrics().horizontalAdvance("0")) - 1)
        self.setText(pointed(self._text, self._place, room))


def pointed(text: str, place: int, room: int) -> str:
    """Two lines of at most ``room`` signs: the text about that place, a caret under it. Pure."""
    start = max(0, min(place - room * 2 // 3, len(text) + 1 - room))
    shown = list(text[start : start + room])
    if start > 0:
        shown[0] = "…"
    if start + room < len(text):
        shown[-1] = "…"
    return "".join(shown) + "\n" + " " * (place - start) + "^"
