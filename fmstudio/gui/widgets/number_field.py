"""A number that is typed: read as one's country writes it, and never changed without a word. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from fmstudio.gui.widgets.scale import Scale
from fmstudio.gui.widgets.typed_number import Unreadable


class NumberField(QLineEdit):
    """Shows what it is told. What cannot be read goes back to what was there, what is out of bounds goes to
    the nearest bound; ``told`` says so in a sentence, and is empty again once the field is left as it is."""

    chosen = Signal(object)
    """another number, by a person's act only"""
    told = Signal(str)

    def __init__(self, name: str, scale: Scale, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scale = scale
        self._name = name
        self._value: float = scale.low
        self.setAccessibleName(name)
        self.editingFinished.connect(self._on_editing_finished)
        self.textEdited.connect(self._on_text_edited)

    def value(self) -> float:
        """What is shown."""
        return self._value

    def show_value(self, value: float) -> None:
        if value != self._value:
            self.tell("")
        self._value = value
        words = self.scale.words(value)
        if words != self.text():
            self.setText(words)
            self.setCursorPosition(0)

    def _on_editing_finished(self) -> None:
        if self.text().strip() == self.scale.words(self._value):
            return
        before = self._value
        try:
            value, word = self._taken()
        except Unreadable as problem:
            value, word = before, f"{problem} {self._name} stays {self.scale.words(before)}."
        if self.scale.words(value) != self.scale.words(before):
            self.chosen.emit(value)
        self.show_value(self._value)
        self.tell(word)

    def _taken(self) -> tuple[float, str]:
        """What is typed within its bounds, and a word where that is another number. Raises Unreadable."""
        typed = self.scale.read(self.text(), QLocale.system().decimalPoint())
        value = self.scale.bounded(typed)
        if value == typed:
            return value, ""
        return value, f"{self._name}: {self.scale.span()}. {self.scale.words(value)} is taken."

    def tell(self, word: str) -> None:
        """Say ``word`` near the field; a screen reader finds it in the description."""
        self.setAccessibleDescription(word)
        self.told.emit(word)

    def _on_text_edited(self, _text: str) -> None:
        self.tell("")


class Word(QLabel):
    """A sentence below a field; takes no room while there is none."""

    def __init__(self, *fields: NumberField) -> None:
        super().__init__()
        self.setProperty("role", "danger")
        self.setWordWrap(True)
        self.hide()
        for field in fields:
            field.told.connect(self._on_told)

    def _on_told(self, word: str) -> None:
        self.setText(word)
        self.setVisible(bool(word))
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """A dialog grows by what must be, and not by what a line that is broken would like."""
        self.setMinimumHeight(max(self.heightForWidth(self.width()), 0))
