"""Guardrails: what cannot work as asked, in a sentence, with the button that mends it. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from fmstudio.studio.guardrails import Guardrail, Remedy


class LinkButton(QPushButton):
    """A remedy that reads as a link."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.setProperty("kind", "link")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(title)
        self.setToolTip(title)


class Note(QFrame):
    """One guardrail."""

    remedy_chosen = Signal(object)

    def __init__(self, note: Guardrail) -> None:
        super().__init__()
        self.setObjectName("guardrail")
        self.guardrail = note
        self.words = QLabel(note.text)
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 8, 7)
        box.setSpacing(3)
        box.addWidget(self.words)
        self.button: QPushButton | None = None
        if note.remedy is not Remedy.NONE:
            self.button = LinkButton(note.button)
            self.button.clicked.connect(self._on_button_clicked)
            box.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)

    def _on_button_clicked(self) -> None:
        self.remedy_chosen.emit(self.guardrail)


class Notes(QWidget):
    """The guardrails of one section; takes no room when there are none."""

    remedy_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Guardrail, ...] = ()
        self.notes: list[Note] = []
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(6)
        self.hide()

    def show_notes(self, notes: tuple[Guardrail, ...]) -> None:
        if notes == self._shown:
            return
        self._shown = notes
        for old in self.notes:
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.notes = [Note(note) for note in notes]
        for note in self.notes:
            note.remedy_chosen.connect(self._on_note_remedy_chosen)
            self._box.addWidget(note)
            note.show()  # now: a layout would show it an event later
        self.setVisible(bool(notes))

    def _on_note_remedy_chosen(self, remedy: object) -> None:
        self.remedy_chosen.emit(remedy)
