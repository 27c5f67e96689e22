"""A file at one end of the flow: the same by every door of the window."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from fmstudio.document.imports import import_target
from fmstudio.studio import panes
from fmstudio.studio.session import Session

End = Literal["source", "target"]


def import_at(session: Session, end: End, path: Path) -> str:
    """Put a file of points or a picture at one end of all panes, as one edit, and tell how it was read ('' if
    just as it is). Raises ImportProblem, one sentence."""
    other = session.store.document.source if end == "target" else session.store.document.target
    spec = import_target(path, other)
    panes.choose(session, end, spec, f"Import {path.name}")
    return f"{path.name}: {spec.remarks}." if spec.remarks else ""
