"""Files that a person gave, and that are yet to be read. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fmstudio.document.specs.spec import Spec

End = Literal["source", "target"]


@dataclass(frozen=True)
class AskedFile:
    """A file that is to stand at one end; ``other`` stands at the other, and points are read in its units."""

    end: End
    path: Path
    other: Spec
