"""Shared float32 arrays with a ``ready`` count of finished rows.

The window's process creates, reads and unlinks; the engine attaches and is the sole writer. A row is
written first and counted afterwards, so a reader that looks at ``[:ready]`` never sees half a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing import shared_memory
from typing import Protocol

import numpy as np
import numpy.typing as npt

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
        self._ready = row + 1

    def close(self) -> None:
        """Nothing to release."""


class SharedArray:
    """A result in shared memory. ``create`` owns the block and unlinks it on ``close``; ``attach`` borrows."""

    def __init__(self, block: shared_memory.SharedMemory, shape: tuple[int, ...], owner: bool) -> None:
        self.shape = shape
        self._block = block
        self._owner = owner
        self._ready: npt.NDArray[np.int64] | None = np.ndarray((1,), np.int64, block.buf)
        self._values: npt.NDArray[np.float32] | None = np.ndarray(shape, np.float32, block.buf, _HEADER)

    @classmethod
    def create(cls, shape: tuple[int, ...]) -> SharedArray:
        """Allocate. Raises MemoryError when shared memory has no room for it."""
        size = _HEADER + 4 * int(np.prod(shape))
        try:
            block = shared_memory.SharedMemory(create=True, size=size)
        except OSError as error:
            raise MemoryError(
                f"No room for a result of {size / 2**20:.0f} MB in shared memory; use fewer particles or steps."
            ) from error
        return cls(block, shape, owner=True)

    @classmethod
    def attach(cls, ref: BufferRef) -> SharedArray:
        return cls(shared_memory.SharedMemory(name=ref.name), ref.shape, owner=False)

    @property
    def ref(self) -> BufferRef:
        return BufferRef(self._block.name, self.shape)

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
        self._ready[0] = row + 1

    def close(self) -> None:
        """Let go of the memory (and, for the owner, remove the block). Safe to call twice."""
        if self._values is None:
            return
        self._values = None
        self._ready = None
        if self._owner:
            self._block.unlink()
        try:
            self._block.close()
        except BufferError:
            # A drawing still holds a view of the rows; the mapping goes when that view does.
            self._block._mmap = None  # type: ignore[attr-defined]
            self._block._buf = None  # type: ignore[attr-defined]
