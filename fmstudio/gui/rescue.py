"""Unsaved work, kept beside the preferences while it is unsaved: what a crash leaves is offered again.

Each window has copies of its own, in files whose names nobody had before, and holds a lock beside each for as
long as it lives. A copy whose lock is free was left by a crash. It stays until a person has answered, and one
that is restored becomes the copy of that window: there is no moment at which the work is nowhere. GUI thread.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, final

from fmstudio.document.document import Document
from fmstudio.document.held_file import HeldFile
from fmstudio.document.preferences import make_private, state_folder
from fmstudio.engine.messages import LearnedModel
from fmstudio.studio.opening import models_of, open_file, save_models
from fmstudio.studio.session import Session

SECONDS = 10.0
"""Between two copies, if anything changed."""


@dataclass(frozen=True)
class Copy:
    """What a crash left. While we offer it, no other window does."""

    file: Path
    held: HeldFile
    kept_at: float
    """seconds since 1970"""
    path: Path | None
    """of the document's own file"""


class Work(NamedTuple):
    """A document that is on no disk, or not as it is there."""

    document: Document
    models: tuple[LearnedModel, ...]
    path: Path | None
    """the file that it is to be saved to; None if it never was"""


@final
class Place:
    """Where one piece of work of this window is kept. Held from its making until ``leave``."""

    def __init__(self) -> None:
        """Raises OSError."""
        make_private(state_folder())
        held = HeldFile.take(state_folder() / f"unsaved-{secrets.token_hex(8)}.lock")
        assert held is not None
        self._held = held
        self.file = held.path.with_suffix(".fmstudio")
        self._kept: tuple[object, ...] | None = None

    def keep(self, work: Work) -> None:
        """Write it, unless it is there. Raises OSError or ValueError."""
        state = (work.document, *(model.parameters for model in work.models), work.path)
        if self._kept is not None and _are_same(state, self._kept):
            return
        make_private(state_folder())
        self._held.write(str(work.path or ""))
        save_models(self.file, work.document, work.models)
        self._kept = state

    def adopt(self, copy: Copy) -> None:
        """The copy is kept here from now on. Raises OSError."""
        os.replace(copy.file, self.file)
        self._kept = ()

    def drop(self) -> None:
        if self._kept is not None:
            _unlink(self.file)
            self._kept = None

    def leave(self) -> None:
        """What is kept stays for whoever comes next."""
        if self._kept is None:
            self._held.remove()
        self._held.release()


class Rescue:
    """Keeps copies of the session's document and its models, and of unsaved work that was left for it."""

    def __init__(
        self,
        session: Session,
        path: Callable[[], Path | None],
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Does nothing until ``start``. ``path`` tells the document's own file; ``say`` hears of each row of
        failures once."""
        self._session, self._path, self._say, self._clock = session, path, say, clock
        self.unsaved = session.unsaved
        self._places: list[Place] = []
        """what was left, in the order of the undo history, and then what is open: so nothing is written anew
        when another document is opened, or undo comes back"""
        self._offered: list[Copy] = []
        self._told = self._started = False
        self._looked = clock()

    def start(self) -> list[Copy]:
        """Keep from now on. What crashes left and nobody has answered for, the newest first."""
        self._started = True
        try:
            self._offered = sorted(_left(state_folder()), key=_age)
            self._place(0)
        except OSError as error:
            self._tell(error.strerror or str(error))
        return list(self._offered)

    def restore(self, copy: Copy) -> Work:
        """What is in it. Raises ValueError, with one sentence, if it cannot be read."""
        return Work(*open_file(copy.file), copy.path)

    def adopt(self, copy: Copy) -> None:
        """What was restored is in the window: from now on the copy is this window's own."""
        try:
            self._place(len(self.unsaved.lefts)).adopt(copy)
        except OSError as error:
            self._tell(error.strerror or str(error))  # and the copy stays where it is
            return
        self._answered(copy)

    def let_go(self, copy: Copy) -> None:
        """It is not wanted."""
        _unlink(copy.file)
        self._answered(copy)

    def tick(self) -> None:
        """Once per frame: now and then, keep what changed."""
        now = self._clock()
        if self._started and now - self._looked >= SECONDS:
            self._looked = now
            self.look()

    def look(self) -> None:
        """Keep what is unsaved, if it changed since; drop the copies of what is saved or was let go."""
        if not self._started:
            return
        works = list(self._works())
        try:
            for index, work in enumerate(works):
                self._place(index).keep(work)
        except OSError as error:
            self._tell(error.strerror or str(error))
        except ValueError as error:
            self._tell(str(error))
        else:
            self._told = False
        for place in self._places[len(works) :]:
            place.drop()

    def close(self, keep: bool = False) -> None:
        """The window closes. ``keep``: nobody was asked, so what is unsaved is offered at the next start."""
        if keep:
            self.look()
        for place in self._places:
            if not keep:
                place.drop()
            place.leave()
        for copy in self._offered:
            copy.held.release()
        self._places, self._offered, self._started = [], [], False

    def _works(self) -> Iterator[Work]:
        """All that would be lost."""
        for entry in self.unsaved.lefts:
            path = entry.left.path if entry.left is not None else None
            yield Work(entry.before, models_of(entry.before, self._session.results), path)
        if self.unsaved.is_any:
            yield Work(self._session.store.document, self.unsaved.models, self._path())

    def _place(self, index: int) -> Place:
        """Raises OSError."""
        while len(self._places) <= index:
            self._places.append(Place())
        return self._places[index]

    def _answered(self, copy: Copy) -> None:
        copy.held.remove()
        self._offered.remove(copy)

    def _tell(self, why: str) -> None:
        """Once for each row of failures; the next look tries again."""
        if not self._told:
            self._told = True
            self._say(
                f"Unsaved work cannot be kept for after a crash, so save it yourself: {why.rstrip('.')}."
            )


def _left(folder: Path) -> list[Copy]:
    """What windows that are gone left there, claimed for us. Raises OSError."""
    make_private(folder)
    found = []
    for file in folder.glob("unsaved-*.fmstudio"):
        held = HeldFile.take(file.with_suffix(".lock"))
        if held is not None and not file.is_file():  # answered in another window just now
            held.remove()
        elif held is not None:
            word = held.read()
            path = Path(word) if os.path.isabs(word) and "\n" not in word else None
            found.append(Copy(file, held, file.stat().st_mtime, path))
    for lock in folder.glob("unsaved-*.lock"):  # of windows that had nothing unsaved when they were killed
        if not lock.with_suffix(".fmstudio").exists():
            held = HeldFile.take(lock, create=False)
            if held is not None:
                held.remove()
    return found


def _are_same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """The very same objects: documents and models never change, and comparing their numbers takes long."""
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def _age(copy: Copy) -> float:
    return -copy.kept_at


def _unlink(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        # The folder was closed to us: the copy is offered once more, and can be dismissed then.
        return
