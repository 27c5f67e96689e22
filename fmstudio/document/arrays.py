"""Arrays inside frozen specs: immutable, hashable by content, written to files as ``.npy``."""

from __future__ import annotations

import base64
import hashlib
import io
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema


def read_npy(data: bytes) -> npt.NDArray[Any]:
    """The numbers in the bytes of an ``.npy`` file. Raises ValueError for pickled, broken or lying ones.

    The header is checked against the bytes that are there before anything is allocated, since it may
    claim any shape.
    """
    stream = io.BytesIO(data)
    shape, order, dtype = _read_header(stream)
    if dtype.kind not in "fiub":
        raise ValueError(f"it holds {dtype.name} values where real numbers are needed")
    body = data[stream.tell() :]
    count = math.prod(shape)
    if count < 0 or count * dtype.itemsize != len(body):
        raise ValueError(f"its header says shape {shape}, but {len(body)} bytes follow: it is cut or damaged")
    return np.frombuffer(body, dtype).reshape(shape, order="F" if order else "C")


def _read_header(stream: io.BytesIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    raise ValueError(f"it has version {version[0]}.{version[1]} of the .npy format; 1.0 and 2.0 can be read")


class FrozenArray:
    """A read-only float32 array that compares and hashes by shape and content.

    ``FrozenArray(values)`` copies. JSON form: ``{"npy": "<base64 of an .npy file>"}``; the document's
    file writer (files.py) moves the bytes into members of their own.
    """

    __slots__ = ("_values", "digest")

    def __init__(self, values: npt.ArrayLike) -> None:
        with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite, which specs refuse
            array = np.array(values, dtype=np.float32, order="C", copy=True)
        array.setflags(write=False)
        self._values = array
        self.digest = hashlib.sha256(repr(array.shape).encode() + array.tobytes()).hexdigest()

    @property
    def values(self) -> npt.NDArray[np.float32]:
        return self._values

    @property
    def shape(self) -> tuple[int, ...]:
        return self._values.shape

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrozenArray) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"FrozenArray(shape={self.shape}, digest={self.digest[:8]})"

    def __reduce__(self) -> tuple[type[FrozenArray], tuple[npt.NDArray[np.float32]]]:
        return (FrozenArray, (self._values,))

    def to_npy(self) -> bytes:
        """The bytes of an ``.npy`` file (never pickled)."""
        out = io.BytesIO()
        np.save(out, self._values, allow_pickle=False)
        return out.getvalue()

    @classmethod
    def from_npy(cls, data: bytes) -> FrozenArray:
        """Read the bytes of an ``.npy`` file. Raises ValueError for pickled or broken ones."""
        return cls(read_npy(data))

    @classmethod
    def _validate(cls, value: Any) -> FrozenArray:
        if isinstance(value, FrozenArray):
            return value
        if isinstance(value, dict) and set(value) == {"npy"}:
            return cls.from_npy(base64.b64decode(value["npy"], validate=True))
        if isinstance(value, list | tuple | np.ndarray):
            return cls(value)
        raise ValueError(f"expected an array, got {type(value).__name__}")

    @staticmethod
    def _serialise(value: FrozenArray) -> dict[str, str]:
        return {"npy": base64.b64encode(value.to_npy()).decode("ascii")}

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: Any, _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(cls._serialise, when_used="json"),
        )
