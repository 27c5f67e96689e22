"""A file at one end of the flow, the same by every door of the window, and what of a picture is ink.

Files are read in a process of their own (``gui/importer.py``), so that a large one holds nothing up and a
hostile one takes nothing with it. Whoever has a file asks; what was read is placed as one edit. GUI thread.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fmstudio.document.document import Document
from fmstudio.document.sentences import short
from fmstudio.document.specs.distribution import DrawnSpec, PointsSpec
from fmstudio.studio import panes
from fmstudio.studio.asked_files import AskedFile, End
from fmstudio.studio.session import Session


def ask(session: Session, end: End, path: Path) -> None:
    """Have the file read; what was asked before for the same end is not wanted any more."""
    other = session.store.document.source if end == "target" else session.store.document.target
    session.imports = [*(asked for asked in session.imports if asked.end != end), AskedFile(end, path, other)]


def place(session: Session, end: End, path: Path, spec: PointsSpec | DrawnSpec) -> str:
    """Put what was read at one end of all panes, as one edit, and tell how it was read ('' if just as it
    is)."""
    name = short(path.name)
    panes.choose(session, end, spec, f"Import {name}")
    return f"{name}: {spec.remarks}." if spec.remarks else ""


def choose_threshold(session: Session, end: End, threshold: float, merge: bool = False) -> None:
    """From which difference on a pixel of the picture is ink; with ``merge``, a drag is one undo step."""
    merge_key = f"threshold of {end}" if merge else None
    session.store.edit(lambda d: _inked(d, end, threshold=threshold), "Change threshold", merge_key)


def invert_ink(session: Session, end: End) -> None:
    """The ground of the picture becomes its ink, or no longer is."""
    shown = panes.shown(session.store.document, end)
    was = any(spec.picture.inverted for spec in shown if _is_picture(spec))
    session.store.edit(lambda d: _inked(d, end, inverted=not was), "Invert ink")


def _is_picture(spec: object) -> bool:
    return isinstance(spec, DrawnSpec) and spec.picture is not None


def _inked(document: Document, end: End, **changes: Any) -> Document:
    """Every picture at that end, in the document and in its panes, read otherwise."""
    return document.everywhere(end, lambda law: _read(law, changes))


def _read(spec: Any, changes: dict[str, Any]) -> Any:
    return spec.read_as(**changes) if _is_picture(spec) else spec
