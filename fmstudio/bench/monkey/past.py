"""What the document was: what a pane that waits may still show. GUI thread."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from fmstudio.document.document import Document
from fmstudio.studio.session import Session

MEMORY_SECONDS = 120.0
"""So long the engine of a busy machine may take to start, and what stands until then is of the beginning."""
MOST_KEPT = 300


@dataclass(frozen=True)
class Earlier:
    """One document, and those that a hand changed into it without letting go, the newest first.

    Under a drag or a stroke each layer changes as it comes: a picture that was left behind by a hand has
    the words of ``document``, and layers of any of ``drawn_from``.
    """

    document: Document
    drawn_from: tuple[Document, ...]


@dataclass
class _Kept:
    since: float
    document: Document
    under_hand: bool
    """a hand was on while this was the document"""


class Documents:
    """Keeps the documents of the last while. A hand that comes before the next frame is on from the start."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: list[_Kept] = []
        self._watch = session.store.watch(_itself, self._on_document, now=True)

    def _on_document(self, document: Document) -> None:
        self.note_hand()
        new = _Kept(time.monotonic(), document, self._session.is_interacting)
        self._kept = [new, *self._kept][:MOST_KEPT]

    def note_hand(self) -> None:
        """A hand may be on now."""
        if self._kept and self._session.is_interacting:
            self._kept[0].under_hand = True

    def recent(self) -> Iterator[Earlier]:
        """The newest first: those of the last while, and the one before these."""
        self.note_hand()
        for index, kept in enumerate(self._kept):
            yield Earlier(kept.document, tuple(self._drawn_from(index)))
            if time.monotonic() - kept.since > MEMORY_SECONDS:
                return

    def _drawn_from(self, index: int) -> Iterator[Document]:
        for kept in self._kept[index:]:
            yield kept.document
            if not kept.under_hand:
                return

    def close(self) -> None:
        self._watch.stop()


def _itself(document: Document) -> Document:
    return document
