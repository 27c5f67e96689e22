"""Unsaved work, kept beside the preferences while it is unsaved: what a crash leaves is offered again.

Each window has a copy of its own, in files whose names nobody had before, and holds a lock beside it for as
long as it lives. A copy whose lock is free was left by a crash. It stays until a person has answered, and one
that is restored becomes the copy of that window: there is no moment at which the work is nowhere. GUI thread.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fmstudio.document.document import Document
from fmstudio.document.held_file import HeldFile
from fmstudio.document.preferences import make_private, state_folder
from fmstudio.engine.messages import LearnedModel
from fmstudio.studio.opening import open_file, save_models
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


class Restored(NamedTuple):
    document: Document
    models: tuple[LearnedModel, ...]
    path: Path | None
    """the file that it is to be saved to; None if it never was"""


class Rescue:
    """Keeps a copy of the session's document and its models."""

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
        self._held: HeldFile | None = None
        self._offered: list[Copy] = []
        self._kept: tuple[object, ...] | None = None
        self._told = self._started = False
        self._looked = clock()

    def start(self) -> list[Copy]:
        """Keep from now on. What crashes left and nobody has answered for, the newest first."""
        self._started = True
        try:
            self._offered = sorted(_left(state_folder()), key=_age)
            self._take_place()
        except OSError as error:
            self._tell(error.strerror or str(error))
        return list(self._offered)

    def restore(self, copy: Copy) -> Restored:
        """What is in it. Raises ValueError, with one sentence, if it cannot be read."""
        return Restored(*open_file(copy.file), copy.path)

    def adopt(self, copy: Copy) -> None:
        """What was restored is in the window: from now on the copy is this window's own."""
        try:
            self._take_place()
            os.replace(copy.file, self._file)
        except OSError as error:
            self._tell(error.strerror or str(error))  # and the copy stays where it is
            return
        self._kept = ()
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
        """Keep what is unsaved, if it changed since; drop the copy of what is saved or was let go."""
        if not self._started:
            return
        if self.unsaved.is_any:
            self._keep()
        else:
            self._drop()

    def close(self, keep: bool = False) -> None:
        """The window closes. ``keep``: nobody was asked, so what is unsaved is offered at the next start."""
        if keep:
            self.look()
        else:
            self._drop()
        if self._held is not None:
            if self._kept is None:
                self._held.remove()
            self._held.release()
        for copy in self._offered:
            copy.held.release()
        self._held, self._kept, self._offered, self._started = None, None, [], False

    @property
    def _file(self) -> Path:
        assert self._held is not None
        return self._held.path.with_suffix(".fmstudio")

    def _take_place(self) -> None:
        """Raises OSError."""
        if self._held is None:
            self._held = HeldFile.take(state_folder() / f"unsaved-{secrets.token_hex(8)}.lock")

    def _keep(self) -> None:
        document, models = self._session.store.document, self.unsaved.models
        state = (document, *(model.parameters for model in models), self._path())
        if self._kept is not None and _are_same(state, self._kept):
            return
        try:
            make_private(state_folder())
            self._take_place()
            assert self._held is not None
            self._held.write(str(self._path() or ""))
            save_models(self._file, document, models)
        except OSError as error:
            self._tell(error.strerror or str(error))
        except ValueError as error:
            self._tell(str(error))
        else:
            self._kept, self._told = state, False

    def _drop(self) -> None:
        if self._kept is not None:
            _unlink(self._file)
            self._kept = None

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
