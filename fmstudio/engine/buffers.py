"""Shared float32 arrays with a ``ready`` count of finished rows.

The window's process creates, reads and removes; the engine attaches and is the sole writer. A row is
written first and counted afterwards, so a reader that looks at ``[:ready]`` never sees half a row.

A shared array is a mapped file, in ``/dev/shm`` where there is one (memory, never a disk). Its name goes away
when it is closed, collected, or when the process that made it ends; should that process be killed, the
engine removes what it left behind, and should both be killed, the next start does (``sweep``): see blocks.py.
The memory itself goes with the last view of it: closing is safe while a picture is still being drawn from the
rows. A mapping costs each side a descriptor, of which a process has few: ``settled`` gives it back.
"""

from __future__ import annotations

import errno
import mmap
import os
import secrets
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fmstudio.engine import blocks

SMALL_BYTES = 4 * 2**20
"""A finished result of so much is copied out of its mapping: that takes about a millisecond."""

_HEADER = 64
"""Bytes before the rows: int64 ``ready``, then padding to a cache line."""


@dataclass(frozen=True)
class BufferRef:
    """What the engine needs to attach."""

    name: str
    shape: tuple[int, ...]


class ResultArray(Protocol):
    """Rows of float32, ``ready`` of which are final."""

    shape: tuple[int, ...]

    @property
    def ready(self) -> int: ...

    @property
    def values(self) -> npt.NDArray[np.float32]: ...

    def write(self, row: int, values: npt.NDArray[np.float32]) -> None:
        """Fill row number ``row`` and count it. Rows come in order."""

    def settled(self) -> ResultArray:
        """The same rows, once no more will come, held as cheaply as can be. This one is not used any more."""

    def close(self) -> None: ...


class LocalArray:
    """A result in this process's own memory (InlineEngine)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._values = np.zeros(shape, np.float32)
        self._ready = 0

    @property
    def ready(self) -> int:
        return self._ready

    @property
    def values(self) -> npt.NDArray[np.float32]:
        return self._values

    def write(self, row: int, values: npt.NDArray[np.float32]) -> None:
        self._values[row] = values
        self._ready = max(self._ready, row + 1)

    @classmethod
    def copied(cls, other: ResultArray) -> LocalArray:
        """The finished rows of another array."""
        copy = cls(other.shape)
        copy._ready = other.ready
        copy._values[: copy._ready] = other.values[: copy._ready]
        return copy

    def settled(self) -> LocalArray:
        return self

    def close(self) -> None:
        """Nothing to release."""


class AbsentArray:
    """A result that found no room: of the shape that was asked for, and no row is ever ready."""

    ready = 0

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    @property
    def values(self) -> npt.NDArray[np.float32]:
        return np.zeros((0, *self.shape[1:]), np.float32)

    def write(self, row: int, values: npt.NDArray[np.float32]) -> None:
        raise ValueError(f"row {row} of shape {values.shape} finds no room in a result that was refused")

    def settled(self) -> AbsentArray:
        return self

    def close(self) -> None:
        """Nothing to release."""


class SharedArray:
    """A result in shared memory. ``create`` owns the block and removes it on ``close``; ``attach`` borrows.

    A block may be filled twice (by an engine and, after its death, by the next one): equal requests have
    equal rows, so ``ready`` only ever grows.
    """

    def __init__(self, path: Path, mapping: mmap.mmap, shape: tuple[int, ...], owner: bool) -> None:
        self.shape = shape
        self._path = path
        self._ready: npt.NDArray[np.int64] | None = np.ndarray((1,), np.int64, mapping)
        self._values: npt.NDArray[np.float32] | None = np.ndarray(shape, np.float32, mapping, _HEADER)
        self._remove = weakref.finalize(self, _remove_own, path, os.getpid()) if owner else None

    @classmethod
    def create(cls, shape: tuple[int, ...]) -> SharedArray:
        """Allocate. Raises MemoryError when there is no room for it."""
        size = _HEADER + 4 * int(np.prod(shape))
        refusal: OSError | ValueError | None = None
        for directory in blocks.directories():
            try:
                path = directory / f"{blocks.prefix(directory)}{secrets.token_hex(6)}"
                return cls(path, _new_mapping(path, size), shape, owner=True)
            except (OSError, ValueError) as error:
                refusal = error
        raise MemoryError(_explain(refusal, size)) from refusal

    @classmethod
    def attach(cls, ref: BufferRef) -> SharedArray:
        """Borrow somebody else's. Raises FileNotFoundError when it was closed meanwhile."""
        path = Path(ref.name)
        with path.open("r+b") as file:
            return cls(path, mmap.mmap(file.fileno(), 0), ref.shape, owner=False)

    @property
    def nbytes(self) -> int:
        """Of the rows."""
        return 4 * int(np.prod(self.shape))

    @property
    def ref(self) -> BufferRef:
        return BufferRef(str(self._path), self.shape)

    @property
    def ready(self) -> int:
        return 0 if self._ready is None else int(self._ready[0])

    @property
    def values(self) -> npt.NDArray[np.float32]:
        if self._values is None:
            raise ValueError("this result was closed")
        return self._values

    def write(self, row: int, values: npt.NDArray[np.float32]) -> None:
        self.values[row] = values
        assert self._ready is not None
        self._ready[0] = max(int(self._ready[0]), row + 1)

    def settled(self) -> ResultArray:
        if self._values is None or self.nbytes > SMALL_BYTES:
            return self
        copy = LocalArray.copied(self)
        self.close()
        return copy

    def close(self) -> None:
        """Let go of the memory (and, for the owner, remove the block). Safe to call twice."""
        self._values = None
        self._ready = None
        if self._remove is not None:
            self._remove()


def _new_mapping(path: Path, size: int) -> mmap.mmap:
    file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            # Without room, truncation would succeed and the first write end the process (SIGBUS).
            os.posix_fallocate(file, 0, size)
        else:
            os.ftruncate(file, size)
        return mmap.mmap(file, size)
    except (OSError, ValueError):
        blocks.remove(path)
        raise
    finally:
        os.close(file)


def _explain(refusal: OSError | ValueError | None, size: int) -> str:
    number = refusal.errno if isinstance(refusal, OSError) else None
    if number in (errno.EMFILE, errno.ENFILE):
        return "Too many files are open for one more result: close other programs, or start fmstudio anew."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        where = " or ".join(str(directory) for directory in blocks.directories())
        return f"No result can be kept in {where} ({refusal}): name a folder that can be written in TMPDIR."
    amount = f"{size / 2**20:.0f} MB" if size >= 2**20 else f"{size / 1024:.0f} kB"
    return f"There is no room for a result of {amount}; use fewer particles or steps."


def _remove_own(path: Path, maker: int) -> None:
    if os.getpid() == maker:
        blocks.remove(path)
