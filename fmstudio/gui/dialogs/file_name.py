"""The name of a file to write: it gets its ending, and what is there is not replaced unasked. GUI thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from fmstudio.document.endings import named


def ask_file_name(parent: QWidget, title: str, name: str, kinds: str, endings: Sequence[str]) -> Path | None:
    """None if the person thinks better of it."""
    patterns = " ".join(f"*{ending}" for ending in endings)
    typed, _ = QFileDialog.getSaveFileName(parent, title, f"{name}{endings[0]}", f"{kinds} ({patterns})")
    if not typed:
        return None
    path = named(Path(typed), endings)
    if path.name == Path(typed).name or not path.exists():
        return path  # the dialog has asked about the name that was typed
    buttons = QMessageBox.StandardButton
    words = f"{path.name} is there already. Replace it?"
    return path if QMessageBox.question(parent, title, words) == buttons.Yes else None
