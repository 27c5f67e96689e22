"""Where an exported file is written until it is whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fmstudio.document.atomic import explain_os_error
from fmstudio.export.errors import ExportError


@contextmanager
def landing(path: Path) -> Iterator[Path]:
    """The name of a file beside ``path``, for another program to write.

    When the block ends well it is synced to the disk and takes the place of ``path``; else it vanishes and
    the earlier file stays whole. Raises ExportError where the system refuses.
    """
    part = path.with_name(f"{_begun(path)}{secrets.token_hex(4)}.part")
    try:
        yield part
        with open(part, "rb+") as stream:
            os.fsync(stream.fileno())
        if path.exists():
            os.chmod(part, path.stat().st_mode & 0o777)
        os.replace(part, path)
    except OSError as error:
        raise ExportError(explain_os_error(error, path)) from error
    finally:
        with suppress(OSError):
            part.unlink()


def clear(path: Path) -> None:
    """Remove what a writer of ``path`` left half-made that was ended before it could do so."""
    for part in path.parent.iterdir() if path.parent.is_dir() else ():
        if part.name.startswith(_begun(path)) and part.name.endswith(".part"):
            with suppress(OSError):
                part.unlink()


def _begun(path: Path) -> str:
    return f".{path.name[:80]}."


def check_place(path: Path) -> None:
    """Raise ExportError at once if a file can certainly not be written at ``path``."""
    if path.is_dir():
        raise ExportError(f"{path} is a folder: give the name of a file.")
    if not path.parent.is_dir():
        raise ExportError(f"The folder {path.parent} is not there: make it or choose another one.")
    if path.exists() and not os.access(path, os.W_OK):
        raise ExportError(f"{path} is write-protected: choose another name or change its permissions.")
    try:
        with landing_probe(path):
            pass
    except OSError as error:
        raise ExportError(explain_os_error(error, path)) from error


@contextmanager
def landing_probe(path: Path) -> Iterator[None]:
    """Make and remove an empty file beside ``path``: the only test of a folder that holds everywhere."""
    probe = path.with_name(f".{secrets.token_hex(8)}.part")
    os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    try:
        yield
    finally:
        probe.unlink()
