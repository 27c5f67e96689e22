"""The formula of a density, to be typed: log p or p, what is wrong with it, what became of it. GUI thread."""

from __future__ import annotations

import time
from dataclasses import dataclass
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
from fmstudio.studio.store import Entry

PAUSE_SECONDS = 0.4
"""A formula is read when its typing rests for so long, and not at every key: half a formula is none."""
LOG, PLAIN = "log p", "p"


@dataclass(frozen=True)
class _Draft:
    """What was typed and cannot be read, and what was in force meanwhile."""

    text: str
    is_log: bool
    error: FormulaError
    law: FormulaLaw
    opened: Entry | None
    """the document that it belongs to, by how that was opened"""


class FormulaRows(QWidget):
    """Takes no room for what has no formula. What cannot be read stays as it was typed; the last that could
    is in force meanwhile. A draft outlives the choice of another tile, until the formula is changed
    otherwise."""

    def __init__(self, session: Session, end: End) -> None:
        super().__init__()
        self._session = session
        self._end: End = end
        self._shown: tuple[str, bool] | None = None
        self._typed_at: float | None = None
        self._is_log = True
        self._law: FormulaLaw | None = None
        self._drafts: dict[type, _Draft] = {}
        """by the kind of the formula"""
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
        self._read_before_leaving(spec)
        self.setVisible(isinstance(spec, FormulaLaw))
        comes_back = type(spec) is not type(self._law)
        self._law = spec if isinstance(spec, FormulaLaw) else None
        if self._law is None:
            self._shown, self._typed_at = None, None
            return
        self.note.setText(f"{spec.remarks}." if spec.remarks else "")
        self.note.setVisible(bool(spec.remarks))
        text, is_log, _ = spec.stated
        if (text, is_log) == self._shown:
            return
        draft = self._draft_of(spec, comes_back)
        self._shown, self._typed_at = (text, is_log), None
        self._is_log = is_log if draft is None else draft.is_log
        self.field.show_text(text if draft is None else draft.text)
        self._tell(None if draft is None else draft.error)

    def _read_before_leaving(self, spec: Any) -> None:
        """What was typed a moment ago may be a draft too."""
        if self._law is None or self._typed_at is None or type(spec) is type(self._law):
            return
        try:
            formulas.check(self._law, self.field.text, self._is_log)
        except FormulaError as error:
            self._keep(error)

    def _keep(self, error: FormulaError) -> None:
        assert self._law is not None
        draft = _Draft(self.field.text, self._is_log, error, self._law, self._opened())
        self._drafts[type(self._law)] = draft

    def _draft_of(self, law: FormulaLaw, comes_back: bool) -> _Draft | None:
        """The draft that was left for another tile, where the formula is what it was or as its tile gives it;
        any other change of the formula ends it."""
        draft = self._drafts.get(type(law))
        if draft is None:
            return None
        if comes_back and law in (draft.law, type(law)()) and draft.opened is self._opened():
            return draft
        del self._drafts[type(law)]
        return None

    def _opened(self) -> Entry | None:
        return next(reversed(self._session.store.openings), None)

    def _take(self) -> None:
        """Put what is typed into the document, or say why not."""
        self._typed_at = None
        text, before = self.field.text, self._shown
        try:
            self._is_log = formulas.type_formula(self._session, self._end, text, self._is_log)
        except FormulaError as error:
            self._keep(error)
            self._tell(error)
            return
        self._drafts.pop(type(self._law), None)
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
