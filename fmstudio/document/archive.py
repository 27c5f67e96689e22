"""Reading a zip that nobody vouches for: every member is checked, and only bytes really read are counted."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath

MAX_MEMBER = 64 * 2**20
MAX_TOTAL = 256 * 2**20
MAX_MEMBERS = 1000


class ArchiveError(ValueError):
    """What is wrong with the archive: a clause, without the file's name."""


class Archive:
    """The members of a zip, read on demand. Any thread; not shared between threads."""

    def __init__(self, path: Path) -> None:
        """Raises ArchiveError for what is no sound zip, OSError for what cannot be read."""
        if path.stat().st_size > MAX_TOTAL:
            raise ArchiveError(f"it is larger than {MAX_TOTAL // 2**20} MB")
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ArchiveError(
                "it is not a fmstudio file, or it was cut short (it is no whole zip)"
            ) from error
        try:
            self.names = self._checked_names()
        except ArchiveError:
            self.close()
            raise
        self._left = MAX_TOTAL

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._zip.close()

    def read(self, name: str) -> bytes:
        """The bytes of a member. Raises ArchiveError if it is missing, damaged or too large."""
        if name not in self.names:
            raise ArchiveError(f"its part {name[:80]} is missing")
        limit = min(MAX_MEMBER, self._left)
        try:
            with self._zip.open(name) as stream:
                data = stream.read(limit + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            ValueError,
        ) as error:
            raise ArchiveError(f"its part {name[:80]} is damaged") from error
        if len(data) > limit:
            raise ArchiveError(f"its part {name[:80]} unpacks to more than fmstudio reads (a zip bomb?)")
        self._left -= len(data)
        return data

    def _checked_names(self) -> frozenset[str]:
        members = self._zip.infolist()
        if len(members) > MAX_MEMBERS:
            raise ArchiveError(f"it has {len(members)} parts, more than the {MAX_MEMBERS} that are allowed")
        names = [member.filename for member in members]
        for name in names:
            if not _is_inside(name):
                raise ArchiveError(f"its part {name[:80]!r} points outside the file")
        if len(set(names)) < len(names):
            raise ArchiveError("two of its parts have the same name")
        if sum(member.file_size for member in members) > MAX_TOTAL:
            raise ArchiveError(f"it unpacks to more than {MAX_TOTAL // 2**20} MB (a zip bomb?)")
        return frozenset(names)


def _is_inside(name: str) -> bool:
    """A plain relative path, on every system."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return bool(parts) and not name.startswith(("/", "\\")) and ".." not in parts and ":" not in parts[0]
