"""Answers what would hold the monkey up: questions, menus, and file dialogs (which belong to the desktop, so
that a file of the walk's own folder is chosen in their place). GUI thread."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QMenu, QMessageBox, QPushButton, QWidget

INTERVAL_MS = 60


class Answerer(QObject):
    """Between ``start`` and ``stop`` nothing waits for a person."""

    def __init__(self, folder: Path, files: list[Path], luck: Random) -> None:
        super().__init__()
        self._folder, self._files, self._luck = folder, files, luck
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._dialogs: tuple[Any, Any] = (QFileDialog.getOpenFileName, QFileDialog.getSaveFileName)

    def start(self) -> None:
        setattr(QFileDialog, "getOpenFileName", self._open)  # noqa: B010
        setattr(QFileDialog, "getSaveFileName", self._save)  # noqa: B010
        self._timer.start(INTERVAL_MS)

    def stop(self) -> None:
        self._timer.stop()
        setattr(QFileDialog, "getOpenFileName", self._dialogs[0])  # noqa: B010
        setattr(QFileDialog, "getSaveFileName", self._dialogs[1])  # noqa: B010

    def _open(self, *_args: Any) -> tuple[str, str]:
        """A file that is there, now and then none."""
        there = [*self._files, *sorted(self._folder.glob("saved-*.fmstudio"))]
        return (str(self._luck.choice(there)) if self._luck.random() < 0.85 else "", "")

    def _save(self, _parent: Any, _title: str, name: str, *_args: Any) -> tuple[str, str]:
        if self._luck.random() < 0.15:
            return "", ""
        suffix = Path(name).suffix
        return str(self._folder / f"saved-{self._luck.randrange(4)}{suffix}"), ""

    def _on_timer_timeout(self) -> None:
        popup = QApplication.activePopupWidget()
        modal = QApplication.activeModalWidget()
        if isinstance(popup, QMenu):
            self._take_entry(popup)
        elif popup is not None and not isinstance(popup.parent(), QComboBox):
            popup.close()
        elif isinstance(modal, QMessageBox):
            buttons = [b for b in modal.findChildren(QPushButton) if b.isVisible() and b.isEnabled()]
            QTest.mouseClick(self._luck.choice(buttons), Qt.MouseButton.LeftButton)

    def _take_entry(self, menu: QMenu) -> None:
        """Any entry, or none; a submenu is opened and answered the next time."""
        entries = [a for a in menu.actions() if a.isEnabled() and a.isVisible() and not a.isSeparator()]
        entries = [a for a in entries if a.text() not in ("Quit", "Full screen")]
        if not entries or self._luck.random() < 0.15:
            QTest.keyClick(menu, Qt.Key.Key_Escape)
            return
        entry = self._luck.choice(entries)
        menu.setActiveAction(entry)
        QTest.keyClick(menu, Qt.Key.Key_Right if entry.menu() is not None else Qt.Key.Key_Return)


def is_busy() -> bool:
    """A question or a menu is open, that is answered soon."""
    popup: QWidget | None = QApplication.activePopupWidget()
    return popup is not None or isinstance(QApplication.activeModalWidget(), QMessageBox)
