"""What a gallery entry is, and the table in which the gallery's chapters enter theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fmstudio.document.document import Document
from fmstudio.document.references import Citations
from fmstudio.document.specs.view import LayersSpec, PaneSpec, ViewSpec
from fmstudio.resources import asset


@dataclass(frozen=True)
class Entry:
    """A built-in document and the works that it shows a part of."""

    id: str
    title: str
    sources: Citations
    """where it comes from"""
    equations: str
    """what is shown, in the notation of the window"""
    changes: Callable[[], dict[str, Any]]
    group: str

    @property
    def caption(self) -> str:
        """What you see, why, what to try: plain text, a paragraph each."""
        return asset(f"gallery/{self.id}.txt").read_text(encoding="utf-8").strip()

    def make(self) -> Document:
        return Document(**{"title": self.title, "caption": self.caption, **self.changes()})


EXPERIMENTS, LESSONS = "Experiments", "Lessons"
GROUPS = (LESSONS, EXPERIMENTS)
ENTRIES: list[Entry] = []


def entry(
    entry_id: str, title: str, sources: Citations, equations: str, group: str = EXPERIMENTS
) -> Callable[[Callable[[], dict[str, Any]]], Callable[[], dict[str, Any]]]:
    def register(changes: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        ENTRIES.append(Entry(entry_id, title, sources, equations, changes, group))
        return changes

    return register


QUIET = LayersSpec(field=False)
"""For comparisons: small panes read better without arrows."""


def panes(*shown: PaneSpec, **changes: Any) -> ViewSpec:
    """Small panes have small particles."""
    return ViewSpec(panes=shown, particle_size=5.0 if len(shown) < 4 else 4.0, **changes)
