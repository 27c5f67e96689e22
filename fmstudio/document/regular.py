"""Files that are files: pipes, devices and folders are neither read nor replaced."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

_READ = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
)
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NoFile(OSError):
    """Something lies there that is no file. Its words say what."""


def open_regular(path: Path) -> BufferedReader:
    """The file at ``path`` or at the end of its links, to be read. Raises OSError, and never waits."""
    require_regular(os.stat(path), path)  # to open a device may be to set it going
    descriptor = os.open(path, _READ)
    try:
        require_regular(os.fstat(descriptor), path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def place_of(path: Path) -> Path:
    """Where a file that is written to ``path`` lies: at the end of its links. Raises OSError where something
    lies there that is no file, or that may not be written."""
    place = Path(os.path.realpath(path))
    try:
        found = os.stat(place)
    except FileNotFoundError:
        return place
    require_regular(found, path)
    if not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return place


def require_regular(found: os.stat_result, path: Path) -> None:
    """Raises OSError."""
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    for is_kind, what in _KINDS:
        if is_kind(found.st_mode):
            raise NoFile(errno.EINVAL, f"it is {what}, no file", str(path))
