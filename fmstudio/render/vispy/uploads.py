"""What has been handed to the GPU, by the array object it was made from."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Upload = TypeVar("Upload")
AnyArray = npt.NDArray[Any]


class Uploads(Generic[Upload]):
    """Keeps the upload of each array object while that array lives, the least recently drawn going first.

    Arrays in a scene never change, so an array that was seen needs no transfer. Only weak references to the
    arrays are kept: an array over shared memory can go when its owner wants it to. One per GL context.
    """

    def __init__(self, make: Callable[[AnyArray], Upload], limit: int) -> None:
        """``limit`` is in bytes of the arrays."""
        self._make = make
        self._limit = limit
        self._held = 0
        self._entries: OrderedDict[int, tuple[weakref.ref[AnyArray], Upload, int]] = OrderedDict()
        self.made = 0
        """how many uploads there have been"""

    def of(self, array: AnyArray) -> Upload:
        """The upload of ``array``, made now if need be."""
        entry = self._entries.get(id(array))
        if entry is not None and entry[0]() is array:
            self._entries.move_to_end(id(array))
            return entry[1]
        self._forget(id(array))
        self._trim(array.nbytes)
        upload = self._make(array)
        self.made += 1
        self._entries[id(array)] = (weakref.ref(array), upload, array.nbytes)
        self._held += array.nbytes
        return upload

    def _trim(self, coming: int) -> None:
        for key in [key for key, entry in self._entries.items() if entry[0]() is None]:
            self._forget(key)
        while self._entries and self._held + coming > self._limit:
            self._forget(next(iter(self._entries)))

    def _forget(self, key: int) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._held -= entry[2]


def as_float(array: AnyArray) -> npt.NDArray[np.float32]:
    """Contiguous float32, as buffers and textures want it."""
    return np.ascontiguousarray(array, dtype=np.float32)
