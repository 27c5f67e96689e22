"""Other people's files: read whole, bounded, and every fault of one a sentence."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fmstudio.document.atomic import explain_os_error
from fmstudio.document.regular import open_regular
from fmstudio.document.sentences import Told, short

MAX_BYTES = 64 * 2**20
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What libraries raise of files that are not what they say they are."""


class ImportProblem(Told):
    """A file that cannot become a distribution: one sentence saying why and what to do."""


@contextmanager
def border(path: Path, wanted: str) -> Iterator[None]:
    """Whatever is wrong with the file at ``path`` becomes an ImportProblem here, and only here: behind it,
    readers raise what they like. ``wanted`` says what it was read as, and what else to give."""
    try:
        yield
    except ImportProblem:
        raise
    except MemoryError as error:
        raise ImportProblem(
            f"There is not enough memory for {short(path.name)}: make it smaller and try again."
        ) from error
    except _DAMAGE as error:
        raise ImportProblem(f"{short(path.name)} is no {wanted}.") from error


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The whole file. Raises ImportProblem if it cannot be read or is larger than ``limit``."""
    try:
        with open_regular(path) as stream:
            size = os.fstat(stream.fileno()).st_size
            data = stream.read(size) if size <= limit else b""
    except OSError as error:
        raise ImportProblem(explain_os_error(error, path)) from error
    if size > limit:
        raise ImportProblem(f"{short(path.name)} is larger than {limit // 2**20} MB: give a smaller one.")
    if not data:
        raise ImportProblem(f"{short(path.name)} is empty: it needs at least two points, or a picture.")
    return data
