"""A formula at one end of the flow, as it is typed. GUI thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
    with _placed(text):
        formula, side = _parted(text, is_log)
        session.store.edit(lambda d: _typed(d, end, formula, side), "Change formula", f"formula at {end}")
    return side


def check(law: FormulaLaw, text: str, is_log: bool) -> None:
    """Whether that could take its place: raises as ``type_formula``, and changes nothing."""
    with _placed(text):
        law.typed(*_parted(text, is_log))


def _parted(text: str, is_log: bool) -> tuple[str, bool]:
    """The formula alone, and which of the two it is."""
    stated, start = side_of(text)
    return text[start:].strip(), is_log if stated is None else stated


@contextmanager
def _placed(text: str) -> Iterator[None]:
    """A FormulaError tells its place in the whole of ``text``."""
    try:
        yield
    except FormulaError as error:
        _, start = side_of(text)
        blank = len(text[start:]) - len(text[start:].lstrip())
        place = None if error.position is None else error.position + start + blank
        raise FormulaError(str(error), place) from error


def _typed(document: Document, end: End, text: str, is_log: bool) -> Document:
    """In the document and in its panes. Raises FormulaError."""

    def typed(law: Any) -> Any:
        return law.typed(text, is_log) if isinstance(law, FormulaLaw) else law

    after = document.everywhere(end, typed)
    return document if after == document else kept_true(document, after.model_copy(update={"caption": ""}))
