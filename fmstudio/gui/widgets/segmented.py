"""One choice of a few, side by side. GUI thread."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from fmstudio.gui.widgets.keys import MOVE, PRESS, claims


@dataclass(frozen=True)
class Choice:
    """``meaning`` is a palette role ('exact', 'learned') whose colour the words take."""

    id: str
    title: str
    hint: str = ""
    meaning: str = ""


class SegmentButton(QPushButton):
    """One of the choices. Space takes it; the arrow keys go to its neighbours."""

    moved = Signal(int)

    def __init__(self, choice: Choice) -> None:
        super().__init__(choice.title)
        self.choice = choice
        self.setCheckable(True)
        self.setProperty("kind", "segment")
        self.setProperty("meaning", choice.meaning)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(choice.title)
        self.setToolTip(choice.hint or choice.title)

    def event(self, event: QEvent) -> bool:
        return claims(event, MOVE | PRESS) or super().event(event)

    def nextCheckState(self) -> None:
        """What is checked is what the document says, not what was pressed."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if by:
            self.moved.emit(by)
        else:
            super().keyPressEvent(event)


class Segmented(QFrame):
    """``chosen`` is emitted by a person's act only; what is checked is what ``show_choices`` was told."""

    chosen = Signal(str)

    def __init__(self, name: str, choices: tuple[Choice, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("segmented")
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        self.buttons: dict[str, SegmentButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 1, 1, 1)
        row.setSpacing(0)
        for choice in choices:
            button = SegmentButton(choice)
            button.moved.connect(self._on_button_moved)
            self._group.addButton(button)
            self.buttons[choice.id] = button
            row.addWidget(button)
        self._group.buttonClicked.connect(self._on_group_button_clicked)

    def show_choices(self, *choice_ids: str) -> None:
        """Check these buttons: one, or several where panes differ."""
        for name, button in self.buttons.items():
            button.setChecked(name in choice_ids)

    def _on_group_button_clicked(self, button: SegmentButton) -> None:
        self.chosen.emit(button.choice.id)

    def _on_button_moved(self, by: int) -> None:
        buttons = list(self.buttons.values())
        here = next((i for i, button in enumerate(buttons) if button.hasFocus()), 0)
        there = buttons[(here + by) % len(buttons)]
        there.setFocus(Qt.FocusReason.TabFocusReason)
        there.click()
