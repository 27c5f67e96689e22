"""Shared float32 arrays with a ``ready`` count of finished rows.

The window's process creates, reads and removes; the engine attaches and is the sole writer. A row is
written first and counted afterwards, so a reader that looks at ``[:ready]`` never sees half a row.

A shared array is a mapped file, in ``/dev/shm`` where there is one (memory, never a disk). Its name goes away
when it is closed, collected, or when the process that made it ends; should that process be killed, the
engine removes what it left behind, and should both be killed, the next start does (``sweep``). The memory
itself goes with the last view of it: closing is safe while a picture is still being drawn from the rows.
"""

from __future__ import annotations

import mmap
import os
import secrets
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

_HEADER = 64
"""Bytes before the rows: int64 ``ready``, then padding to a cache line."""

_PREFIX = "fmstudio"


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
        for directory in _directories():
            path = directory / f"{_PREFIX}-{os.getpid()}-{secrets.token_hex(6)}"
            try:
                return cls(path, _new_mapping(path, size), shape, owner=True)
            except (OSError, ValueError) as error:
                path.unlink(missing_ok=True)
                refusal = error
        raise MemoryError(
            f"There is no room for a result of {size / 2**20:.0f} MB; use fewer particles or steps."
        ) from refusal

    @classmethod
    def attach(cls, ref: BufferRef) -> SharedArray:
        """Borrow somebody else's. Raises FileNotFoundError when it was closed meanwhile."""
        path = Path(ref.name)
        with path.open("r+b") as file:
            return cls(path, mmap.mmap(file.fileno(), 0), ref.shape, owner=False)

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

    def close(self) -> None:
        """Let go of the memory (and, for the owner, remove the block). Safe to call twice."""
        self._values = None
        self._ready = None
        if self._remove is not None:
            self._remove()


def sweep() -> None:
    """Remove blocks whose makers are gone (both window and engine were killed)."""
    for path in _blocks():
        owner = int(path.name.split("-")[1])
        if owner != os.getpid() and not _alive(owner):
            _remove(path)


def remove_blocks_of(pid: int) -> None:
    """Remove what the process ``pid`` left behind. Called by its engine, once that process has ended."""
    for path in _blocks():
        if path.name.startswith(f"{_PREFIX}-{pid}-"):
            _remove(path)


def _directories() -> tuple[Path, ...]:
    memory = Path("/dev/shm")
    disk = Path(tempfile.gettempdir())
    return (memory, disk) if os.access(memory, os.W_OK) else (disk,)


def _blocks() -> Iterator[Path]:
    for directory in _directories():
        yield from directory.glob(f"{_PREFIX}-[0-9]*-????????????")


def _new_mapping(path: Path, size: int) -> mmap.mmap:
    file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            # Without room, truncation would succeed and the first write end the process (SIGBUS).
            os.posix_fallocate(file, 0, size)
        else:
            os.ftruncate(file, size)
        return mmap.mmap(file, size)
    finally:
        os.close(file)


def _remove_own(path: Path, maker: int) -> None:
    if os.getpid() == maker:
        _remove(path)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        # Windows keeps a mapped file; the next sweep finds it.
        return


def _alive(pid: int) -> bool:
    if os.name == "nt":
        # There, removing a block that is in use fails, and signal 0 would not be a mere question.
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
