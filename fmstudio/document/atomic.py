"""Writing a file so that the earlier one stays whole until the new one is on the disk."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_QUOTA = getattr(errno, "EDQUOT", errno.ENOSPC)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of ``path`` when the block ends well, and vanishes when it does not.

    It lies beside ``path`` under a temporary name, is synced to the disk and then renamed. Raises OSError
    (``explain_os_error`` makes a sentence of it); the earlier file is whole then.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(
            os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0), 0o666), "w+b"
        ) as f:
            yield f
            f.flush()
            os.fsync(f.fileno())
        if path.exists():
            os.chmod(part, path.stat().st_mode & 0o777)
        os.replace(part, path)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
    _sync_folder(path.parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the file at ``path`` by ``data``. Raises OSError; the earlier file is whole then."""
    with replacing(path) as stream:
        stream.write(data)


def explain_os_error(error: OSError, path: Path) -> str:
    """One sentence on why ``path`` cannot be written or read, and what to do."""
    sentences = {
        _QUOTA: f"Your disk quota is used up: {path} was not written. Choose another folder.",
        errno.ENOSPC: f"The disk is full: {path} was not written. Free some space or choose another folder.",
        errno.EACCES: f"No permission for {path}: choose another folder or change its permissions.",
        errno.EPERM: f"No permission for {path}: choose another folder or change its permissions.",
        errno.EROFS: f"{path} lies on a read-only disk: choose another folder.",
        errno.ENOENT: f"{path} is not there: check the folder and the name.",
        errno.ENOTDIR: f"{path.parent} is not a folder: check the path.",
        errno.EISDIR: f"{path} is a folder: give the name of a file.",
        errno.ENAMETOOLONG: f"The name {path.name[:40]}… is too long: choose a shorter one.",
    }
    reason = error.strerror or str(error)
    return sentences.get(
        error.errno or 0, f"{path} cannot be read or written ({reason}): choose another place."
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
