"""One step of a training, explained: for each stage a sentence over the canvas. GUI thread."""

from __future__ import annotations

from html import escape
from typing import final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fmstudio.gui.contrast import readable
from fmstudio.gui.stops import make_group
from fmstudio.gui.theme import Theme
from fmstudio.render.palette import Palette
from fmstudio.studio.one_step import Seen, Stage
from fmstudio.studio.one_step_words import sentence, title
from fmstudio.studio.session import Session

WIDTH = 600
ABOVE_LEGEND = 96
"""Logical pixels that the legends of the lower panes take."""


@final
class OneStepPanel(QFrame):
    """Floats over the canvas while a step is told. Next has the focus; Escape ends the telling."""

    def __init__(self, session: Session, theme: Theme, canvas: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._theme, self._canvas = session, theme, canvas
        self._parent, self._box = parent, QVBoxLayout(self)
        self._shown: Seen | None = None
        self.setObjectName("notice")
        self.setAccessibleName("One step, explained")
        self.title, self.words = QLabel(), QLabel()
        self.title.setProperty("role", "secondary")
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setWordWrap(True)
        self.back = self._button("Back", self._on_back_clicked)
        self.next = self._button("Next", self._on_next_clicked)
        self.another = self._button("Another pair", self._on_another_clicked)
        self.close_button = self._button("Close", self._on_close_clicked)
        self.next.setMinimumWidth(64)
        self.close_button.setToolTip("Esc")
        self._lay_out()
        escape_key = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)  # wherever the focus is
        escape_key.activated.connect(self._on_close_clicked)
        canvas.installEventFilter(self)
        theme.changed.connect(self._on_theme_changed)
        self.hide()

    def _button(self, name: str, slot: object) -> QPushButton:
        button = QPushButton(name)
        button.clicked.connect(slot)
        return button

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self.another, self.close_button):
            button.setProperty("kind", "plain")
            buttons.addWidget(button)
        buttons.addStretch(1)
        for button in (self.back, self.next):
            buttons.addWidget(button)
        make_group(self)
        self._box.setContentsMargins(16, 10, 12, 10)
        self._box.setSpacing(6)
        self._box.addWidget(self.title)
        self._box.addWidget(self.words)
        self._box.addStretch(1)
        self._box.addLayout(buttons)

    def refresh(self) -> None:
        """Once per frame: tell what is seen now."""
        seen = self._session.one_step.seen
        if seen is self._shown:
            return
        began = self._shown is None
        self._shown = seen
        if seen is None:
            self.hide()
            return
        self._tell(seen)
        self.show()
        self._place()
        if began:
            self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell(self, seen: Seen) -> None:
        self.title.setText(title(seen))
        self.words.setText(_html(seen, self._theme.palette))
        self.words.setAccessibleName("".join(words for words, _ in sentence(seen)))
        self.back.setEnabled(seen.stage > Stage.TIME)
        self.next.setText("Next" if seen.stage < Stage.UPDATE else "Done")

    def _place(self) -> None:
        """In the middle of the canvas's foot, as high as the longest sentence."""
        over = self._canvas
        corner = over.mapTo(self._parent, over.rect().topLeft())
        width = min(WIDTH, over.width() - 24)
        self.resize(width, max(128, self._box.heightForWidth(width)))
        below = over.height() - self.height() - ABOVE_LEGEND
        self.move(corner.x() + (over.width() - width) // 2, corner.y() + max(below, 0))
        self.raise_()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move) and self._shown is not None:
            self._place()
        return False

    def _on_back_clicked(self) -> None:
        self._session.one_step.go(-1)

    def _on_next_clicked(self) -> None:
        self._session.one_step.go(1)

    def _on_another_clicked(self) -> None:
        self._session.one_step.another()

    def _on_close_clicked(self) -> None:
        self._session.one_step.end()

    def _on_theme_changed(self, _palette: Palette) -> None:
        if self._shown is not None:
            self._tell(self._shown)


def _html(seen: Seen, palette: Palette) -> str:
    """The sentence, what it names in its colour."""
    parts = []
    for words, role in sentence(seen):
        text = escape(words).replace("x_t", "<i>x</i><sub>t</sub>")
        if role:
            colour = readable(getattr(palette, role), palette.raised)
            unbroken = text.replace(" ", "&nbsp;")
            text = f'<span style="color:{colour}; font-weight:600">{unbroken}</span>'
        parts.append(text)
    return "".join(parts)
