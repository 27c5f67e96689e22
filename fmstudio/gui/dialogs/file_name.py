"""The name of a file to write: it gets its ending, and what is there is not replaced unasked. GUI thread."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from fmstudio.document.endings import named

_NAME_BYTES = 200
"""Of a title that is proposed as a name: with an ending, no longer than systems take."""


def ask_file_name(parent: QWidget, title: str, name: str, kinds: str, endings: Sequence[str]) -> Path | None:
    """None if the person thinks better of it."""
    patterns = " ".join(f"*{ending}" for ending in endings)
    proposed = (
        name.replace("/", "-").encode(errors="replace")[:_NAME_BYTES].decode(errors="ignore") + endings[0]
    )
    typed, _ = QFileDialog.getSaveFileName(parent, title, proposed, f"{kinds} ({patterns})")
    if not typed:
        return None
    path = named(Path(typed), endings)
    if path.name == Path(typed).name or not os.path.exists(path):
        return path  # the dialog has asked about the name that was typed
    buttons = QMessageBox.StandardButton
    words = f"{path.name} is there already. Replace it?"
    return path if QMessageBox.question(parent, title, words) == buttons.Yes else None
