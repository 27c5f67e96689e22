"""The document's owner. Everything here runs on the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from fmstudio.document.document import Document
from fmstudio.document.lesson import kept_at
from fmstudio.document.naming import renamed
from fmstudio.document.specs.view import CameraSpec, PaneSpec

T = TypeVar("T")
Change = Callable[[Document], Document]
UNDO_LIMIT = 500
_NOWHERE = PaneSpec()


class Origin(NamedTuple):
    """The document's own file, and the document as it is there or in the gallery; None for nowhere."""

    path: Path | None
    document: Document | None


@dataclass(frozen=True)
class Entry:
    """One undoable step: the document before and after, named as menus show it. The opening of another
    document has origins: of what was left, and of what was opened."""

    label: str
    before: Document
    after: Document
    merge_key: str | None = None
    left: Origin | None = None
    opened: Origin | None = None

    @property
    def left_unsaved(self) -> bool:
        return self.left is not None and not is_same_work(self.before, self.left.document)


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
    stroke) or another edit comes between. Looking elsewhere is no edit, and changes no work.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self.origin = Origin(None, document)
        self._undo: list[Entry] = []
        self._redo: list[Entry] = []
        self._watches = _Watches()
        self._bound_for: Document | None = None
        """what is shown is passed on the way there"""

    @property
    def document(self) -> Document:
        return self._document

    @property
    def is_dirty(self) -> bool:
        """There is work that is on no disk."""
        return not is_same_work(self._bound_for or self._document, self.origin.document)

    @property
    def name(self) -> str:
        """By which a person knows it: that of its file, or what it shows."""
        return self.origin.path.stem if self.origin.path is not None else self._document.title

    @property
    def openings(self) -> tuple[Entry, ...]:
        """By which other documents were left, the last at the end; undo brings them back."""
        return tuple(entry for entry in self._undo if entry.left is not None)

    @property
    def undo_label(self) -> str | None:
        return self._undo[-1].label if self._undo else None

    @property
    def redo_label(self) -> str | None:
        return self._redo[-1].label if self._redo else None

    def edit(self, change: Change, label: str, merge_key: str | None = None) -> None:
        """Replace the document by ``change(document)``; an unchanged document is no edit."""
        before = self._bound_for or self._document
        after = renamed(before, change(before))
        if after == before:
            return
        last = self._undo[-1] if self._undo else None
        if merge_key is not None and last is not None and last.merge_key == merge_key:
            self._undo[-1] = Entry(label, last.before, after, merge_key)
        else:
            self._push(Entry(label, before, after, merge_key))
        self._redo = []
        self._set(after)

    def look(self, camera: CameraSpec | None) -> None:
        """Look elsewhere, or with None at all that belongs to the scene."""
        self._gaze(_seen_from(self._document, camera))

    def look_in(self, pane: int, camera: CameraSpec) -> None:
        """The same in one pane, which has a view of its own."""
        panes = list(self._document.view.panes)
        panes[pane] = panes[pane].model_copy(update={"camera": camera})
        view = self._document.view.model_copy(update={"panes": tuple(panes)})
        self._gaze(self._document.model_copy(update={"view": view}))

    def _gaze(self, seen: Document) -> None:
        bound = self._bound_for
        self._set(seen, bound and _seen_as(bound, seen))

    def visit(self, document: Document, label: str, passing: Document | None = None) -> None:
        """Show a moment of the lesson, or what is passed on the way there. It is no edit, unless work is left
        that is in no moment: then one step of undo brings that back."""
        left = self._bound_for or self._document
        if not is_same_work(left, document):
            self._push(Entry(label, left, document))
            self._redo = []
        self._set(passing or document, document if passing else None)

    def _push(self, entry: Entry) -> None:
        self._undo = [*self._undo, entry][-UNDO_LIMIT:]

    def revise(self, label: str, change: Change) -> None:
        """What comes late to the last step of that name: as if it had come with it. Later steps stand on it,
        up to the first that ``change`` leaves as it is."""
        found = [index for index, entry in enumerate(self._undo) if entry.label == label]
        if not found:
            return
        for index in range(found[-1], len(self._undo)):
            entry = self._undo[index]
            before = entry.before if index == found[-1] else self._undo[index - 1].after
            after = change(entry.after)
            self._undo[index] = replace(entry, before=before, after=after)
            if after == entry.after:
                return
        self._redo = []
        self._set(self._undo[-1].after)

    def settle(self) -> None:
        """End a drag: the next edit starts an undo entry of its own."""
        if self._undo and self._undo[-1].merge_key is not None:
            last = self._undo[-1]
            self._undo[-1] = Entry(last.label, last.before, last.after)

    def undo(self) -> str | None:
        """Take the last edit back; its label, or None when there is none."""
        if not self._undo:
            return None
        entry = self._undo.pop()
        self._redo.append(replace(entry, opened=self.origin) if entry.left else entry)
        self.origin = entry.left or self.origin
        self._set(self._as_seen_now(entry.before, entry.after))
        return entry.label

    def redo(self) -> str | None:
        if not self._redo:
            return None
        entry = self._redo.pop()
        self._push(replace(entry, merge_key=None, left=self.origin if entry.left else None))
        self.origin = entry.opened or self.origin
        self._set(self._as_seen_now(entry.after, entry.before))
        return entry.label

    def go_back(self, entry: Entry) -> None:
        """Undo until that entry is undone."""
        while entry in self._undo:
            self.undo()

    def _as_seen_now(self, there: Document, here: Document) -> Document:
        """Undo takes no look back, except where the step itself was one elsewhere."""
        is_own = _cameras(there) != _cameras(here)
        return there if is_own else _seen_as(there, self._document)

    def open(self, document: Document, path: Path | None = None) -> None:
        """Show another document, which is as on disk or in the gallery. It is undone as one step."""
        opened = Origin(path, document)
        if document != self._document:
            self._push(Entry(f"Open {document.title}", self._document, document, None, self.origin, opened))
            self._redo = []
        self.origin = opened
        self._set(document)

    def mark_saved(self, path: Path | None = None) -> None:
        """The document is in that file now (or as it is where it came from)."""
        self.origin = Origin(path or self.origin.path, self._document)

    def mark_unsaved(self) -> None:
        """The document is on disk nowhere, though it may have a file."""
        self.origin = Origin(self.origin.path, None)

    def watch(
        self, selector: Callable[[Document], T], callback: Callable[[T], None], now: bool = False
    ) -> Watch:
        """Call back with the selected value whenever it changed (and at once if ``now``)."""
        watch = Watch(self, selector, callback)
        self._watches.append(watch)
        if now:
            callback(watch.last)
        return watch

    def _set(self, document: Document, bound_for: Document | None = None) -> None:
        self._document, self._bound_for = document, bound_for
        for watch in tuple(self._watches):
            value = watch.selector(self._document)
            if value != watch.last:
                watch.last = value
                watch.callback(value)


def is_same_work(document: Document, other: Document | None) -> bool:
    """Whether they differ in nothing but in where one looks, which is also a moment of the same lesson."""
    if document is other or other is None:
        return document is other
    is_lesson = document.lesson == other.lesson and document.title == other.title
    if is_lesson and kept_at(document) is not None:
        return True
    return _seen_as(other, document) == document


def _cameras(document: Document) -> tuple[CameraSpec | None, ...]:
    """Where all panes look, and those that look elsewhere."""
    return (document.view.camera, *(pane.camera for pane in document.view.panes if pane.camera is not None))


def _seen_as(document: Document, other: Document) -> Document:
    """The document from where the other is seen, in the panes that have their own view in both."""
    seen = _seen_from(document, other.view.camera)
    panes = tuple(
        one.model_copy(update={"camera": two.camera}) if one.camera and two.camera else one
        for one, two in zip_longest(
            seen.view.panes, other.view.panes[: len(seen.view.panes)], fillvalue=_NOWHERE
        )
    )
    if panes == seen.view.panes:
        return seen
    return seen.model_copy(update={"view": seen.view.model_copy(update={"panes": panes})})


def _seen_from(document: Document, camera: CameraSpec | None) -> Document:
    if camera == document.view.camera:
        return document
    return document.model_copy(update={"view": document.view.model_copy(update={"camera": camera})})
