"""New, open, save, import, gallery: dialogs and sentences around studio.opening."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QMessageBox

from fmstudio.document.document import Document
from fmstudio.document.imports import SUFFIXES, import_target
from fmstudio.document.preferences import Preferences
from fmstudio.gui.rescue import Copy
from fmstudio.studio import panes
from fmstudio.studio.opening import Opened, open_file, open_gallery, save_file
from fmstudio.studio.session import Session

if TYPE_CHECKING:
    from fmstudio.gui.main_window import MainWindow

FILTER = "fmstudio (*.fmstudio)"
IMPORT_FILTER = f"Points or pictures ({' '.join(f'*{suffix}' for suffix in sorted(SUFFIXES))})"


class FileActions:
    """Knows which file the document came from. All errors end as one sentence in the window."""

    def __init__(self, window: MainWindow, session: Session, preferences: Preferences) -> None:
        self._window, self._session = window, session
        self.preferences = preferences
        self.path: Path | None = None
        self.asks = True
        """False: never ask whether unsaved changes may go (pictures for tests and documentation)"""

    def where(self) -> Path | None:
        """The document's own file, if it has one."""
        return self.path

    def prefer(self, **changes: object) -> None:
        """Change preferences and keep them; a folder that cannot be written is told and costs nothing."""
        self.preferences = self.preferences.model_copy(update=changes)
        try:
            self.preferences.save()
        except OSError as error:
            self._window.notices.say(f"Preferences could not be kept: {error.strerror or error}.")

    def new(self) -> None:
        if self.may_leave():
            self._show((Document(), ()), None)

    def ask_and_open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, "Open", "", FILTER)
        if name:
            self.open_file(Path(name))

    def open_file(self, path: Path) -> None:
        """Open, after asking about unsaved changes."""
        try:
            opened = open_file(path)
        except ValueError as error:
            self._window.notices.say(str(error))
            return
        if self.may_leave():
            self._show(opened, path)

    def open_gallery(self, entry_id: str) -> None:
        if self.may_leave():
            self._show(open_gallery(entry_id), None)
            self._session.train_what_lacks()

    def _show(self, opened: Opened, path: Path | None) -> None:
        document, models = opened
        self.path = path
        self._session.open(document, models)
        self._is_as_on_disk()
        self._session.playback.play()

    def save(self) -> bool:
        """True if the document is on disk now."""
        if self.path is None:
            return self.save_as()
        return self._write(self.path)

    def save_as(self) -> bool:
        suggestion = f"{self._session.store.document.title}.fmstudio"
        name, _ = QFileDialog.getSaveFileName(self._window, "Save as", suggestion, FILTER)
        if not name:
            return False
        path = Path(name)
        return self._write(path if path.suffix == ".fmstudio" else path.with_name(path.name + ".fmstudio"))

    def _write(self, path: Path) -> bool:
        title = path.stem
        document = self._session.store.document.model_copy(update={"title": title})
        try:
            save_file(path, document, self._session.results)
        except ValueError as error:
            self._window.notices.say(str(error))
            return False
        self._session.store.edit(lambda d: d.model_copy(update={"title": title}), "Rename")
        self._session.store.mark_saved()
        self.path = path
        self._is_as_on_disk()
        return True

    def _is_as_on_disk(self) -> None:
        """Nothing is unsaved now, and no copy of what was says otherwise."""
        self._window.rescue.unsaved.mark_saved()
        self._window.rescue.look()

    def ask_and_import(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, "Import a target", "", IMPORT_FILTER)
        if name:
            self.import_file(Path(name))

    def import_file(self, path: Path) -> None:
        """A dropped or chosen file becomes the target, or the document if it is one."""
        if path.suffix == ".fmstudio":
            self.open_file(path)
            return
        try:
            target = import_target(path)
        except ValueError as error:
            self._window.notices.say(str(error))
            return
        panes.choose(self._session, "target", target, f"Import {path.name}")

    def rescue(self) -> None:
        """Keep unsaved work from now on, and offer what crashes left, one copy after another."""
        left = self._window.rescue.start()
        for number, copy in enumerate(left, 1):
            self._offer(copy, f" ({number} of {len(left)})" if len(left) > 1 else "")

    def _offer(self, copy: Copy, which: str = "") -> None:
        when = datetime.fromtimestamp(copy.kept_at, UTC).astimezone()
        what = "your work" if copy.path is None else f"“{copy.path.name}”"
        self._window.notices.offer(
            f"fmstudio ended before {what} was saved. A copy of {when:%d %B, %H:%M:%S} was kept{which}.",
            "Restore it",
            partial(self._restore, copy),
            partial(self._window.rescue.let_go, copy),
        )

    def _restore(self, copy: Copy) -> None:
        """Show what a crash left, as unsaved as it was."""
        rescue = self._window.rescue
        try:
            document, models, path = rescue.restore(copy)
        except ValueError as error:
            self._window.notices.say(str(error))
            return
        if self.may_leave():
            self._show((document, models), path)
            self._session.store.mark_unsaved()
            rescue.adopt(copy)
        else:
            self._offer(copy)

    def may_leave(self) -> bool:
        """True if there is nothing unsaved, or it is saved now, or the person lets it go."""
        if not self._session.store.is_dirty or not self.asks:
            return True
        answer = QMessageBox.question(
            self._window,
            "Unsaved changes",
            f"Save the changes to “{self._session.store.document.title}”?",
            QMessageBox.StandardButton.Save
            | QMessageBox.StandardButton.Discard
            | QMessageBox.StandardButton.Cancel,
        )
        if answer == QMessageBox.StandardButton.Save:
            return self.save()
        return answer == QMessageBox.StandardButton.Discard
