"""The members of a ``.fmstudio`` file beside its JSON: judged together before one is unpacked, and none of
them lost or passed over."""

from __future__ import annotations

import hashlib
import re
from typing import Any, final

from fmstudio.document.archive import Archive, ArchiveError
from fmstudio.document.arrays import HEAD_BYTES, FrozenArray, NpyHeader, read_header
from fmstudio.document.sentences import short

LIST = "members"
"""The field of the JSON that lists them: name -> SHA-256."""
MAX_VALUES = 2**24
"""Numbers in all arrays of a file: 64 MB in memory. A raster of the largest size has a sixteenth of them."""
_ARRAY = re.compile(r"arrays/[^/]+\.npy")
_WEIGHTS = re.compile(r"weights/[^/]+\.safetensors")


@final
class Parts:
    """Read on demand, each once."""

    def __init__(self, archive: Archive, listed: Any, document: str) -> None:
        """``listed`` is the list of members, or None in files from before there was one; ``document`` is the
        member that holds it. Raises ArchiveError."""
        self._archive = archive
        self._listed = None if listed is None else _checked_list(listed)
        self._arrays: dict[str, FrozenArray] = {}
        names = archive.sizes.keys() - {document}
        self._require_all(names)
        self.weights = sorted(name for name in names if _WEIGHTS.fullmatch(name))
        """names of the weight files"""
        self._judge(sorted(name for name in names if _ARRAY.fullmatch(name)))

    def read(self, name: str) -> bytes:
        """Raises ArchiveError if it is not there, or not what was listed."""
        data = self._archive.read(name)
        if self._listed is not None and hashlib.sha256(data).hexdigest() != self._listed.get(name):
            raise ArchiveError(f"its part {short(name)} is damaged: it is not what was saved")
        return data

    def attached(self, value: Any) -> Any:
        """JSON with its references replaced by the arrays."""
        if isinstance(value, dict):
            if set(value) == {"array"} and isinstance(value["array"], str):
                return self._array(value["array"])
            return {key: self.attached(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.attached(item) for item in value]
        return value

    def _array(self, name: str) -> FrozenArray:
        if name not in self._arrays:
            try:
                self._arrays[name] = FrozenArray.from_npy(self.read(name))
            except ArchiveError:
                raise
            except ValueError as error:
                raise _no_array(name, error) from error
        return self._arrays[name]

    def _require_all(self, names: set[str]) -> None:
        """Nothing that was saved is missing, and nothing is there that would not be saved again."""
        missing = sorted((self._listed or {}).keys() - names)
        unknown = sorted(
            name
            for name in names
            if not (_ARRAY.fullmatch(name) or _WEIGHTS.fullmatch(name))
            or (self._listed is not None and name not in self._listed)
        )
        if missing:
            beside = f", and {short(unknown[0], 40)} is none of its parts" if unknown else ""
            raise ArchiveError(f"its part {short(missing[0], 40)} is missing{beside}: it is damaged")
        if unknown:
            raise ArchiveError(f"{short(unknown[0])} is no part of a fmstudio file: it is damaged")

    def _judge(self, arrays: list[str]) -> None:
        if sum(self._header(name).count for name in arrays) > MAX_VALUES:
            raise ArchiveError(f"its arrays hold more than {MAX_VALUES:,} numbers")

    def _header(self, name: str) -> NpyHeader:
        try:
            header = read_header(self._archive.head(name, HEAD_BYTES))
        except ArchiveError:
            raise
        except ValueError as error:
            raise _no_array(name, error) from error
        if header.end != self._archive.sizes[name]:
            raise ArchiveError(f"its part {short(name, 40)} is no plain array: it is cut or damaged")
        return header


def _no_array(name: str, error: ValueError) -> ArchiveError:
    return ArchiveError(f"its part {short(name, 40)} is no plain array: {error}")


def _checked_list(listed: Any) -> dict[str, str]:
    if not isinstance(listed, dict) or not all(isinstance(digest, str) for digest in listed.values()):
        raise ArchiveError("its list of parts is damaged")
    return listed
