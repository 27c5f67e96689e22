"""Arrays inside frozen specs: immutable, hashable by content, written to files as ``.npy``."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import re
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from fmstudio.document.sentences import short

HEAD_BYTES = 12 + 2**10
"""Within which the values of an array of numbers begin: its header is hardly longer than 100 bytes."""
_MAGIC = b"\x93NUMPY"
_VALUE = r"""('[^']*'|"[^"]*"|True|False|\([\dL,\s]*\))"""
_ITEM = rf"""\s*(['"])(descr|fortran_order|shape)\%d\s*:\s*{_VALUE}\s*,?\s*"""
_FIELDS = re.compile(r"\{" + "".join(_ITEM % group for group in (1, 4, 7)) + r"\}\s*")
_NUMBERS = re.compile(r"[<>|=]?[fiub]\d\d?|\?")
_MOST_DIGITS = 15


@dataclass(frozen=True)
class NpyHeader:
    """What an ``.npy`` file says of itself."""

    dtype: np.dtype[Any]
    is_fortran: bool
    shape: tuple[int, ...]
    begin: int
    """the byte at which the values begin"""

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    @property
    def end(self) -> int:
        return self.begin + self.count * self.dtype.itemsize


def read_header(data: bytes) -> NpyHeader:
    """What the first bytes of an ``.npy`` file say. Raises ValueError, a clause.

    It is read as what numpy writes for plain numbers, and not as the piece of Python that it is as well.
    """
    if not data.startswith(_MAGIC) or len(data) < 12:
        raise ValueError("it is no .npy file")
    version = (data[6], data[7])
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"it has version {version[0]}.{version[1]} of the .npy format; up to 3.0 is read")
    start, layout = (10, "<H") if version == (1, 0) else (12, "<I")
    (length,) = struct.unpack_from(layout, data, 8)
    if length > HEAD_BYTES - 12:
        raise ValueError(f"its header is {length:,} bytes long, which no array of numbers needs")
    fields = _FIELDS.fullmatch(data[start : start + length].decode("latin-1"))
    said = {} if fields is None else {fields[k]: fields[k + 1].strip("'\"") for k in (2, 5, 8)}
    if len(said) < 3:
        raise ValueError("its header is damaged, or not that of an array of numbers")
    return NpyHeader(
        _dtype(said["descr"]), said["fortran_order"] == "True", _shape(said["shape"]), start + length
    )


def _dtype(descr: str) -> np.dtype[Any]:
    if not _NUMBERS.fullmatch(descr):
        raise ValueError(f"it holds values of type '{short(descr, 20)}' where real numbers are needed")
    try:
        return np.dtype(descr)
    except TypeError as error:
        raise ValueError(f"it holds values of type '{descr}', which numpy does not know") from error


def _shape(written: str) -> tuple[int, ...]:
    sides = [side.strip().rstrip("L") for side in written.strip("()").split(",") if side.strip()]
    if len(sides) > 8 or any(not side.isdecimal() or len(side) > _MOST_DIGITS for side in sides):
        raise ValueError("its header says a shape that no array has")
    return tuple(int(side) for side in sides)


def read_npy(data: bytes) -> npt.NDArray[Any]:
    """The numbers in the bytes of an ``.npy`` file. Raises ValueError for pickled, broken or lying ones.

    The header is checked against the bytes that are there before anything is allocated, since it may
    claim any shape.
    """
    header = read_header(data[:HEAD_BYTES])
    if header.end != len(data):
        raise ValueError(
            f"its header says shape {short(header.shape, 40)}, but {len(data) - header.begin:,} bytes "
            "follow: it is cut or damaged"
        )
    values = np.frombuffer(data, header.dtype, header.count, header.begin)
    return values.reshape(header.shape, order="F" if header.is_fortran else "C")


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
        digest = hashlib.sha256(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).data)
        self.digest = digest.hexdigest()

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
        if isinstance(value, dict) and set(value) == {"npy"} and isinstance(value["npy"], str):
            return cls.from_npy(base64.b64decode(value["npy"], validate=True))
        if isinstance(value, list | tuple | np.ndarray):
            try:
                return cls(value)
            except (TypeError, OverflowError) as error:  # objects, and whole numbers without bound
                raise ValueError("expected an array of numbers") from error
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
