"""Reading a zip that nobody vouches for: every member is judged before one is unpacked, and only bytes really
read are counted."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from fmstudio.document.regular import open_regular
from fmstudio.document.sentences import short

MAX_TOTAL = 256 * 2**20
MAX_MEMBERS = 1000
_MAX_DIRECTORY = 2**20
"""Bytes of the list of members, of which Python makes many more."""
_END = b"PK\x05\x06"
_END_BYTES = 22
_IS_ENCRYPTED = 1
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ArchiveError(ValueError):
    """What is wrong with the archive: a clause, without the file's name."""


class Archive:
    """The members of a zip, read on demand. Any thread; not shared between threads."""

    def __init__(self, path: Path) -> None:
        """Raises ArchiveError for what is no sound zip, OSError for what cannot be read."""
        self._file = open_regular(path)
        try:
            _require_small(self._file)
            self._zip = zipfile.ZipFile(self._file)
            self.sizes = self._checked_sizes()
        except ArchiveError:
            self._file.close()
            raise
        except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
            self._file.close()
            raise ArchiveError(_NO_ZIP) from error
        self._left = MAX_TOTAL

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._zip.close()
        self._file.close()

    def read(self, name: str, limit: int = MAX_TOTAL) -> bytes:
        """The bytes of a member. Raises ArchiveError if it is missing, damaged or larger than ``limit``."""
        limit = min(limit, self._left)
        if self.sizes.get(name, 0) > limit:
            raise ArchiveError(f"its part {short(name)} is larger than {limit / 2**20:.0f} MB")
        data = self._unpacked(name, limit + 1)
        if len(data) > limit:
            raise ArchiveError(f"its part {short(name)} unpacks to more than fmstudio reads (a zip bomb?)")
        self._left -= len(data)
        return data

    def head(self, name: str, count: int) -> bytes:
        """The first bytes of a member; the others are not unpacked. Raises ArchiveError."""
        return self._unpacked(name, count)

    def _unpacked(self, name: str, count: int) -> bytes:
        if name not in self.sizes:
            raise ArchiveError(f"its part {short(name)} is missing")
        try:
            with self._zip.open(name) as stream:
                return stream.read(count)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            ValueError,
            struct.error,
        ) as error:
            raise ArchiveError(f"its part {short(name)} is damaged") from error

    def _checked_sizes(self) -> dict[str, int]:
        """What each member says that it unpacks to."""
        members = self._zip.infolist()
        if len(members) > MAX_MEMBERS:
            raise ArchiveError(f"it has {len(members)} parts, more than the {MAX_MEMBERS} that are allowed")
        for member in members:
            _check(member)
        sizes = {member.filename: member.file_size for member in members if not member.is_dir()}
        if len({member.filename for member in members}) < len(members):
            raise ArchiveError("two of its parts have the same name")
        if sum(sizes.values()) > MAX_TOTAL:
            raise ArchiveError(f"it unpacks to more than {MAX_TOTAL // 2**20} MB (a zip bomb?)")
        return sizes


_NO_ZIP = "it is not a fmstudio file, or it was cut short (it is no whole zip)"


def _require_small(file: BinaryIO) -> None:
    """Raises ArchiveError for a file, or a list of members, that is larger than ours are."""
    size = os.fstat(file.fileno()).st_size
    if size > MAX_TOTAL:
        raise ArchiveError(f"it is larger than {MAX_TOTAL // 2**20} MB")
    file.seek(max(0, size - _END_BYTES - 2**16))
    tail = file.read()
    end = tail[tail.rfind(_END) :] if _END in tail else b""
    if len(end) < _END_BYTES:
        raise ArchiveError(_NO_ZIP)
    (listed,) = struct.unpack_from("<I", end, 12)
    if listed > _MAX_DIRECTORY:
        raise ArchiveError(f"its list of parts is larger than {_MAX_DIRECTORY // 2**20} MB")


def _check(member: zipfile.ZipInfo) -> None:
    """Raises ArchiveError for what fmstudio neither writes nor reads."""
    name = member.filename
    if not _is_inside(name):
        raise ArchiveError(f"its part '{short(name)}' points outside the file")
    if member.flag_bits & _IS_ENCRYPTED:
        raise ArchiveError("it is encrypted: pack it without a password")
    if member.compress_type not in _PACKINGS:
        raise ArchiveError(f"its part {short(name)} is packed in a way that fmstudio does not read")


def _is_inside(name: str) -> bool:
    """A plain relative path, on every system."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return bool(parts) and not name.startswith(("/", "\\")) and ".." not in parts and ":" not in parts[0]
