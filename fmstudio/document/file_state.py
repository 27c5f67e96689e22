"""What a file was when it was last read or written here, so that another program's change is noticed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from fmstudio.document.regular import open_regular


@dataclass(frozen=True)
class FileState:
    size: int
    modified_ns: int
    digest: str

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """None where there is no file, or none that can be read."""
        try:
            with open_regular(path) as stream:
                found = os.fstat(stream.fileno())
                return cls(
                    found.st_size, found.st_mtime_ns, hashlib.file_digest(stream, "sha256").hexdigest()
                )
        except OSError:
            return None

    def still_holds(self, path: Path) -> bool:
        """It holds what it held, or is gone: nothing of another program's is lost where it is written now."""
        try:
            found = os.stat(path)
        except OSError:
            return True
        if (found.st_size, found.st_mtime_ns) == (self.size, self.modified_ns):
            return True
        now = FileState.of(path)
        return now is not None and now.digest == self.digest
