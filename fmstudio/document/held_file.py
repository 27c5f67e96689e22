"""A file that is locked for as long as its process lives: who finds it free knows that the process is gone.

The system frees the lock however the process ends. Unlike a process number the lock is never used again for
somebody else, and it means the same in every container that sees the file.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import final

_OPEN = (
    os.O_RDWR
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)
_MOST_BYTES = 2**16


@final
class HeldFile:
    """Made by ``take``. It may carry a few words for whoever takes it next."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, path: Path, create: bool = True) -> HeldFile | None:
        """Lock the file at ``path``; None where a living process holds it, or (not ``create``) where it is
        no regular file. Raises OSError where it cannot be made."""
        while True:
            try:
                descriptor = os.open(path, _OPEN | (os.O_CREAT if create else 0), 0o600)
            except OSError:
                if create:
                    raise
                return None
            if not stat.S_ISREG(os.fstat(descriptor).st_mode) or not _lock(descriptor):
                os.close(descriptor)
                return None
            if _is_still(path, descriptor):
                return cls(path, descriptor)
            # Its owner removed it between our opening and our locking.
            os.close(descriptor)

    def write(self, words: str) -> None:
        """Leave word for who takes it next. Raises OSError."""
        assert self._descriptor is not None
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.truncate(self._descriptor, 0)
        os.write(self._descriptor, os.fsencode(words)[:_MOST_BYTES])

    def read(self) -> str:
        """The word that was left."""
        assert self._descriptor is not None
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return os.fsdecode(os.read(self._descriptor, _MOST_BYTES))

    def release(self) -> None:
        """Let go and leave the file to the next. Safe to call twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def remove(self) -> None:
        """Remove the file and let go. Safe to call twice."""
        if self._descriptor is None:
            return
        if sys.platform == "win32":  # there, an open file cannot be removed
            self.release()
        with suppress(OSError):  # the folder was closed to us meanwhile; a free lock does no harm
            self.path.unlink(missing_ok=True)
        self.release()


def _is_still(path: Path, descriptor: int) -> bool:
    """The name still means the file that was locked."""
    if sys.platform == "win32":
        return True
    try:
        named = os.stat(path, follow_symlinks=False)
    except OSError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))


if sys.platform == "win32":
    import msvcrt

    _FAR = 2**30
    """the byte that is locked: beyond the words, which others may read"""

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
