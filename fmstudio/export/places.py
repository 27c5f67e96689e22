"""Where an exported file is written until it is whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fmstudio.document.atomic import clear_parts, explain_os_error, replacing_by_name
from fmstudio.document.regular import place_of
from fmstudio.document.sentences import short
from fmstudio.export.errors import ExportError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """The name of a file beside ``path``, for another program to write.

    When the block ends well it is synced to the disk and takes the place of ``path``; else it vanishes and
    the earlier file stays whole. Raises ExportError where the system refuses.
    """
    try:
        with replacing_by_name(path) as part:
            yield part
    except OSError as error:
        raise ExportError(explain_os_error(error, path)) from error


def clear(path: Path) -> None:
    """Remove what a writer of ``path`` left half-made that was ended before it could do so."""
    clear_parts(Path(os.path.realpath(path)))


def check_place(path: Path) -> None:
    """Raise ExportError at once if a file can certainly not be written at ``path``."""
    if not os.path.isdir(path.parent):
        raise ExportError(
            f"The folder {short(path.parent, 100)} is not there: make it or choose another one."
        )
    try:
        with _written_beside(place_of(path)):
            pass
    except PermissionError as error:
        if os.path.isfile(path):
            name = short(path, 100)
            raise ExportError(
                f"{name} is write-protected: choose another name or change its permissions."
            ) from error
        raise ExportError(explain_os_error(error, path)) from error
    except OSError as error:
        raise ExportError(explain_os_error(error, path)) from error


@contextmanager
def _written_beside(path: Path) -> Iterator[None]:
    """Make and remove an empty file beside ``path``: the only test of a folder that holds everywhere."""
    probe = path.with_name(f".{secrets.token_hex(8)}.part")
    os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    try:
        yield
    finally:
        probe.unlink()
