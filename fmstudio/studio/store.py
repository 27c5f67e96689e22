"""The document's owner. Everything here runs on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fmstudio.document.document import Document

T = TypeVar("T")
Change = Callable[[Document], Document]
UNDO_LIMIT = 500


@dataclass(frozen=True)
class Entry:
    """One undoable step: the document before and after, named as menus show it."""

    label: str
    before: Document
    after: Document
    merge_key: str | None


class Watch:
    """A subscription; ``stop`` ends it."""

    def __init__(
        self, store: Store, selector: Callable[[Document], Any], callback: Callable[[Any], None]
    ) -> None:
        self._store = store
        self.selector = selector
        self.callback = callback
        self.last = selector(store.document)

    def stop(self) -> None:
        self._store._watches.discard_watch(self)


class _Watches(list[Watch]):
    def discard_watch(self, watch: Watch) -> None:
        if watch in self:
            self.remove(watch)


class Store:
    """Holds the one current document; ``edit`` is the only way to change it.

    Edits that share a ``merge_key`` become one undo entry until ``settle`` is called (the end of a drag or a
    stroke) or another edit comes between.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._saved: Document | None = document
        self._undo: list[Entry] = []
        self._redo: list[Entry] = []
        self._watches = _Watches()

    @property
    def document(self) -> Document:
        return self._document

    @property
    def is_dirty(self) -> bool:
        return self._document != self._saved

    @property
    def undo_label(self) -> str | None:
        return self._undo[-1].label if self._undo else None

    @property
    def redo_label(self) -> str | None:
        return self._redo[-1].label if self._redo else None

    def edit(self, change: Change, label: str, merge_key: str | None = None) -> None:
        """Replace the document by ``change(document)``; an unchanged document is no edit."""
        before, after = self._document, change(self._document)
        if after == before:
            return
        last = self._undo[-1] if self._undo else None
        if merge_key is not None and last is not None and last.merge_key == merge_key:
            self._undo[-1] = Entry(label, last.before, after, merge_key)
        else:
            self._undo = [*self._undo, Entry(label, before, after, merge_key)][-UNDO_LIMIT:]
        self._redo = []
        self._set(after)

    def settle(self) -> None:
        """End a drag: the next edit starts an undo entry of its own."""
        if self._undo and self._undo[-1].merge_key is not None:
            last = self._undo[-1]
            self._undo[-1] = Entry(last.label, last.before, last.after, None)

    def undo(self) -> str | None:
        """Take the last edit back; its label, or None when there is none."""
        if not self._undo:
            return None
        entry = self._undo.pop()
        self._redo.append(entry)
        self._set(entry.before)
        return entry.label

    def redo(self) -> str | None:
        if not self._redo:
            return None
        entry = self._redo.pop()
        self._undo.append(Entry(entry.label, entry.before, entry.after, None))
        self._set(entry.after)
        return entry.label

    def open(self, document: Document) -> None:
        """Start afresh with a document that is as on disk."""
        self._undo, self._redo, self._saved = [], [], document
        self._set(document)

    def mark_saved(self) -> None:
        self._saved = self._document

    def mark_unsaved(self) -> None:
        """The document is on disk nowhere."""
        self._saved = None

    def watch(
        self, selector: Callable[[Document], T], callback: Callable[[T], None], now: bool = False
    ) -> Watch:
        """Call back with the selected value whenever it changed (and at once if ``now``)."""
        watch = Watch(self, selector, callback)
        self._watches.append(watch)
        if now:
            callback(watch.last)
        return watch

    def _set(self, document: Document) -> None:
        self._document = document
        for watch in tuple(self._watches):
            value = watch.selector(self._document)
            if value != watch.last:
                watch.last = value
                watch.callback(value)
