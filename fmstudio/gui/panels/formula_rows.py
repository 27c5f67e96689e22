"""The formula of a density, to be typed: log p or p, what is wrong with it, what became of it. GUI thread."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.document.formulas import FormulaError
from fmstudio.document.specs.distribution import FormulaLaw
from fmstudio.gui.bind import watch
from fmstudio.gui.widgets.formula_field import Caret, FormulaField
from fmstudio.gui.widgets.segmented import Choice, Segmented
from fmstudio.studio import formulas, panes
from fmstudio.studio.asked_files import End
from fmstudio.studio.session import Session

PAUSE_SECONDS = 0.4
"""A formula is read when its typing rests for so long, and not at every key: half a formula is none."""
LOG, PLAIN = "log p", "p"


class FormulaRows(QWidget):
    """Takes no room for what has no formula. What cannot be read stays as it was typed; the last that could
    is in force meanwhile."""

    def __init__(self, session: Session, end: End) -> None:
        super().__init__()
        self._session = session
        self._end: End = end
        self._shown: tuple[str, bool] | None = None
        self._typed_at: float | None = None
        self._is_log = True
        self.side = Segmented(
            f"What the formula of the {end} is",
            (
                Choice(LOG, LOG, "The formula is log p(x, y), up to a number added"),
                Choice(PLAIN, PLAIN, "The formula is p(x, y), up to a factor"),
            ),
        )
        self.field = FormulaField(f"Formula of the {end}")
        self.field.setToolTip(
            "Of x, y, r and theta, by + - * / ^, exp, log, sqrt, abs, sin, cos, min, max, …"
        )
        self.caret = Caret()
        self.problem = _words("danger")
        self.note = _words("small")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        for widget in (self.side, self.field, self.caret, self.problem, self.note):
            box.addWidget(widget)
        self.side.chosen.connect(self._on_side_chosen)
        self.field.typed.connect(self._on_field_typed)
        self.field.done.connect(self._on_field_done)
        watch(self, session.store, self._first, self._on_spec_changed)

    def tick(self) -> None:
        """One frame has passed: what has rested is read."""
        if self._typed_at is not None and time.monotonic() - self._typed_at > PAUSE_SECONDS:
            self._take()

    def _first(self, document: Document) -> Any:
        return panes.shown(document, self._end)[0]

    def _on_spec_changed(self, spec: Any) -> None:
        self.setVisible(isinstance(spec, FormulaLaw))
        if not isinstance(spec, FormulaLaw):
            self._shown, self._typed_at = None, None
            return
        self.note.setText(f"{spec.remarks}." if spec.remarks else "")
        self.note.setVisible(bool(spec.remarks))
        text, is_log, _ = spec.stated
        if (text, is_log) != self._shown:
            self._shown, self._typed_at, self._is_log = (text, is_log), None, is_log
            self.field.show_text(text)
            self._tell(None)

    def _take(self) -> None:
        """Put what is typed into the document, or say why not."""
        self._typed_at = None
        text, before = self.field.text, self._shown
        try:
            self._is_log = formulas.type_formula(self._session, self._end, text, self._is_log)
        except FormulaError as error:
            self._tell(error)
            return
        if self._shown == before:
            self._tell(None)

    def _tell(self, error: FormulaError | None) -> None:
        words = str(error or "")
        self.field.mark_wrong(error is not None)
        self.field.setAccessibleDescription(words)
        self.caret.point(self.field.text, error.position if error is not None else None)
        self.problem.setText(words)
        self.problem.setVisible(error is not None)
        self.side.show_choices(LOG if self._is_log else PLAIN)

    def _on_side_chosen(self, side: str) -> None:
        self._is_log = side == LOG
        self._session.store.settle()
        self._take()
        self._session.store.settle()

    def _on_field_typed(self) -> None:
        self._typed_at = time.monotonic()

    def _on_field_done(self) -> None:
        if self._typed_at is not None:
            self._take()
        self._session.store.settle()


def _words(role: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    label.hide()
    return label
