"""A formula at one end of the flow, as it is typed. GUI thread."""

from __future__ import annotations

from typing import Any

from fmstudio.document.document import Document
from fmstudio.document.formulas import FormulaError, side_of
from fmstudio.document.specs.distribution import FormulaLaw
from fmstudio.studio.asked_files import End
from fmstudio.studio.headings import kept_true
from fmstudio.studio.session import Session


def type_formula(session: Session, end: End, text: str, is_log: bool) -> bool:
    """Let every pane that has a formula at that end have this one: log p, or p, as ``is_log`` says where the
    text does not. All until ``Store.settle`` is one step to undo. Tells which of the two it is. Raises
    FormulaError, its position one in ``text``, and changes nothing."""
    stated, start = side_of(text)
    side = is_log if stated is None else stated
    try:
        session.store.edit(
            lambda d: _typed(d, end, text[start:].strip(), side), "Change formula", f"formula at {end}"
        )
    except FormulaError as error:
        blank = len(text[start:]) - len(text[start:].lstrip())
        place = None if error.position is None else error.position + start + blank
        raise FormulaError(str(error), place) from error
    return side


def _typed(document: Document, end: End, text: str, is_log: bool) -> Document:
    """In the document and in its panes. Raises FormulaError."""

    def typed(law: Any) -> Any:
        return law.typed(text, is_log) if isinstance(law, FormulaLaw) else law

    after = document.everywhere(end, typed)
    return document if after == document else kept_true(document, after.model_copy(update={"caption": ""}))
