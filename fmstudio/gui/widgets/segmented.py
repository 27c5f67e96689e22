"""One choice of a few, side by side. GUI thread."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from fmstudio.gui.stops import make_group


@dataclass(frozen=True)
class Choice:
    """``meaning`` is a palette role ('exact', 'learned') whose colour the words take."""

    id: str
    title: str
    hint: str = ""
    meaning: str = ""


class SegmentButton(QPushButton):
    """One of the choices."""

    picked = Signal(str)
    """its id"""

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice.title)
        self.choice = choice
        self.setCheckable(True)
        self.setProperty("kind", "segment")
        self.setProperty("meaning", choice.meaning)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(choice.title)
        self.setToolTip(choice.hint or choice.title)
        self.clicked.connect(self._on_clicked)

    def nextCheckState(self) -> None:
        """What is checked is what the document says, not what was pressed."""

    def _on_clicked(self) -> None:
        self.picked.emit(self.choice.id)


class Segmented(QFrame):
    """``chosen`` is emitted by a person's act only; what is checked is what ``show_choices`` was told."""

    chosen = Signal(str)

    def __init__(self, name: str, choices: tuple[Choice, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("segmented")
        self.setAccessibleName(name)
        make_group(self)
        self.buttons: dict[str, SegmentButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 1, 1, 1)
        row.setSpacing(0)
        for choice in choices:
            button = SegmentButton(choice)
            button.picked.connect(self._on_button_picked)
            self.buttons[choice.id] = button
            row.addWidget(button)

    def show_choices(self, *choice_ids: str) -> None:
        """Check these buttons: one, or several where panes differ."""
        for name, button in self.buttons.items():
            button.setChecked(name in choice_ids)

    def _on_button_picked(self, choice: str) -> None:
        self.chosen.emit(choice)
