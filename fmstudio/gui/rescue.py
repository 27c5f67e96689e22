"""Unsaved work, kept beside the preferences while it is unsaved: what a crash leaves is offered again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QLockFile

from fmstudio.document.document import Document
from fmstudio.document.preferences import state_folder
from fmstudio.studio.opening import Opened, open_file, save_file
from fmstudio.studio.session import Session

SECONDS = 10.0
"""Between two copies, if anything changed."""
PLACES = 32
"""Windows that can be open at once, each with a place of its own."""


class Rescue:
    """Keeps a copy of the session's document and its models in a place that no other window holds."""

    def __init__(
        self, session: Session, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Does nothing until ``start``. ``say`` hears once if nothing can be kept."""
        self._session, self._say, self._clock = session, say, clock
        self._lock: QLockFile | None = None
        self._file = self._left = Path()
        self._kept: Document | None = None
        self._looked = clock()

    def start(self) -> float | None:
        """Take a place. The time (seconds since 1970) of what a crash left there, or None."""
        try:
            self._take_place(state_folder())
            if self._lock is None:
                return None
            if self._file.exists():
                self._file.replace(self._left)
            return self._left.stat().st_mtime if self._left.exists() else None
        except OSError as error:
            self._give_up(error.strerror or str(error))
            return None

    def _take_place(self, folder: Path) -> None:
        """One that no window holds, best one in which something was left. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        for k in sorted(range(PLACES), key=lambda k: not any(path.exists() for path in _files(folder, k))):
            lock = QLockFile(str(folder / f"unsaved-{k}.lock"))
            lock.setStaleLockTime(0)
            if lock.tryLock(0):
                self._lock = lock
                self._file, self._left = _files(folder, k)
                return
            if lock.error() is not QLockFile.LockError.LockFailedError:
                raise PermissionError(f"{folder} cannot be written")

    def restore(self) -> Opened:
        """What was left. Raises ValueError, with one sentence, if it cannot be read."""
        return open_file(self._left)

    def let_go(self) -> None:
        """What was left is not wanted, or is in the window now."""
        self._left.unlink(missing_ok=True)

    def tick(self) -> None:
        """Now and then: keep what changed, drop what was saved."""
        now = self._clock()
        if self._lock is None or now - self._looked < SECONDS:
            return
        self._looked = now
        store = self._session.store
        if not store.is_dirty:
            self._drop()
        elif store.document is not self._kept:
            self._keep(store.document)

    def close(self) -> None:
        """The window closes as it should: nothing needs keeping."""
        if self._lock is not None:
            self._drop()
            self._lock.unlock()
            self._lock = None

    def _keep(self, document: Document) -> None:
        try:
            save_file(self._file, document, self._session.results)
        except ValueError as error:
            self._give_up(str(error))
        self._kept = document

    def _drop(self) -> None:
        if self._kept is not None:
            self._file.unlink(missing_ok=True)
            self._kept = None

    def _give_up(self, why: str) -> None:
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None
        self._say(f"Unsaved work cannot be kept for after a crash, so save it yourself: {why.rstrip('.')}.")


def _files(folder: Path, k: int) -> tuple[Path, Path]:
    """The copy of what is open in place k, and what a crash left there."""
    return folder / f"unsaved-{k}.fmstudio", folder / f"left-{k}.fmstudio"
