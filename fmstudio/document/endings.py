"""The ending of a name that a person typed: one rule for the window's dialogs and for the shell. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def named(path: Path, endings: Sequence[str]) -> Path:
    """The path itself if it ends in one of ``endings``, or else with the first of them: a dot in a name
    ("sigma 0.5") begins no ending."""
    return path if path.suffix.lower() in endings else path.with_name(path.name + endings[0])


def asked_for(path: Path, endings: Sequence[str]) -> Path:
    """As ``named``; but letters behind a dot ("film.avi") ask for a kind of file, and stay for whoever
    refuses it. For the shell, where nobody sees the name before it is used."""
    return path if path.suffix[1:].isalpha() else named(path, endings)
