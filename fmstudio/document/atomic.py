"""Writing a file so that the earlier one stays whole until the new one is on the disk."""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from fmstudio.document.regular import place_of
from fmstudio.document.sentences import short

OLD = 600.0
"""Seconds without a byte after which what is half-made was left by somebody who is gone."""
_PATH = 110
_QUOTA = getattr(errno, "EDQUOT", errno.ENOSPC)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``path`` when the block ends well, and vanishes when it does not.

    It lies beside ``path`` (at the end of its links) under a temporary name, is synced to the disk and then
    renamed. Raises OSError (``explain_os_error`` makes a sentence of it); the earlier file is whole then.
    """
    with replacing_by_name(path) as part, open(part, "w+b") as stream:
        yield stream


@contextmanager
def replacing_by_name(path: Path) -> Iterator[Path]:
    """As ``replacing``, for another program to write: an empty file of a temporary name."""
    place = place_of(path)
    clear_parts(place, OLD)
    part = place.with_name(f"{_begun(place)}{secrets.token_hex(4)}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield part
        with open(part, "rb+") as stream:
            os.fsync(stream.fileno())
        if place.exists():
            os.chmod(part, place.stat().st_mode & 0o777)
        os.replace(part, place)
    finally:
        with suppress(OSError):  # it has its name, or is of no use
            part.unlink()
    _sync_folder(place.parent)


def clear_parts(path: Path, older: float = 0.0) -> None:
    """Remove what writers of ``path`` left half-made that were killed, and that nobody has written to for so
    many seconds."""
    pattern = re.compile(re.escape(_begun(path)) + r"[0-9a-f]{8}\.part")
    try:
        found = [entry for entry in os.scandir(path.parent) if pattern.fullmatch(entry.name)]
    except OSError:
        return  # whoever writes there will say so
    for entry in found:
        with suppress(OSError):  # it is another one's, or gone
            if entry.is_file(follow_symlinks=False) and time.time() - entry.stat().st_mtime >= older:
                os.unlink(entry.path)


def _begun(path: Path) -> str:
    """What begins the names of parts of ``path``; with the rest no longer than a name may be."""
    return f".{os.fsencode(path.name)[:80].decode(errors='ignore')}."


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the file at ``path`` by ``data``. Raises OSError; the earlier file is whole then."""
    with replacing(path) as stream:
        stream.write(data)


def explain_os_error(error: OSError, path: Path) -> str:
    """One sentence on why ``path`` cannot be written or read, and what to do."""
    name = short(path, _PATH)
    sentences = {
        _QUOTA: f"Your disk quota is used up: {name} was not written. Choose another folder.",
        errno.ENOSPC: f"The disk is full: {name} was not written. Free some space or choose another folder.",
        errno.EACCES: f"No permission for {name}: choose another folder or change its permissions.",
        errno.EPERM: f"No permission for {name}: choose another folder or change its permissions.",
        errno.EROFS: f"{name} lies on a read-only disk: choose another folder.",
        errno.ENOENT: f"{name} is not there: check the folder and the name.",
        errno.ENOTDIR: f"{short(path.parent, _PATH)} is not a folder: check the path.",
        errno.EISDIR: f"{name} is a folder: give the name of a file.",
        errno.ENAMETOOLONG: f"The name {short(path.name, 40)} is too long: choose a shorter one.",
        errno.ELOOP: f"{name} is a link that leads in a circle: choose another place.",
    }
    reason = error.strerror or str(error)
    return sentences.get(
        error.errno or 0, f"{name} cannot be read or written ({short(reason)}): choose another place."
    )


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can open folders."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
