"""New, open, save, import, gallery: dialogs and sentences around studio.opening."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from fmstudio.document.document import Document
from fmstudio.document.file_state import FileState
from fmstudio.document.files import SUFFIX
from fmstudio.document.imports import SUFFIXES, VECTOR_SUFFIX
from fmstudio.document.preferences import Preferences
from fmstudio.gui.dialogs.file_name import ask_file_name
from fmstudio.gui.importer import Importer
from fmstudio.gui.notices import NoticeBar
from fmstudio.gui.rescue import Copy, Rescue
from fmstudio.studio.importing import ask
from fmstudio.studio.opening import Opened, open_file, open_gallery, save_file
from fmstudio.studio.session import Session

FILTER = f"fmstudio (*{SUFFIX})"
IMPORT_FILTER = (
    f"Points or pictures ({' '.join(f'*{suffix}' for suffix in sorted((*SUFFIXES, VECTOR_SUFFIX)))})"
)


class FileActions:
    """Knows which file the document came from. All errors end as one sentence in the window."""

    def __init__(
        self,
        over: QWidget,
        session: Session,
        preferences: Preferences,
        notices: NoticeBar,
        importer: Importer,
    ) -> None:
        """Dialogs stand over ``over``; what could not be done is told by ``notices``."""
        self._over, self._session = over, session
        self._notices, self._importer = notices, importer
        self._rescue = Rescue(session, self.where, notices.say)
        self.preferences = preferences
        self._states: dict[Path, FileState] = {}
        """of the files that were opened or saved here, as they were then"""
        self.asks = True
        """False: never ask whether unsaved changes may go (pictures for tests and documentation)"""

        opened = self.where()
        if opened is not None:
            self._know(opened, FileState.of(opened))

    @property
    def rescue(self) -> Rescue:
        """Keeps what is unsaved."""
        return self._rescue

    def where(self) -> Path | None:
        """The document's own file, if it has one."""
        return self._session.store.origin.path

    def prefer(self, **changes: object) -> None:
        """Change preferences and keep them; a folder that cannot be written is told and costs nothing."""
        self.preferences = self.preferences.model_copy(update=changes)
        try:
            self.preferences.save()
        except OSError as error:
            self._notices.say(f"Preferences could not be kept: {error.strerror or error}.")

    def new(self) -> None:
        self._show((Document(), ()), None)

    def ask_and_open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._over, "Open", "", FILTER)
        if name:
            self.open_file(Path(name))

    def open_file(self, path: Path) -> None:
        """Show a document of a file. Undo brings back what was there."""
        state = FileState.of(path)
        try:
            opened = open_file(path)
        except ValueError as error:
            self._notices.say(str(error), "file")
            return
        self._know(path, state)
        self._show(opened, path)

    def open_gallery(self, entry_id: str) -> None:
        self._show(open_gallery(entry_id), None)
        self._session.train_what_lacks()

    def _show(self, opened: Opened, path: Path | None) -> None:
        document, models = opened
        self._importer.close()  # what was asked for was asked of another document
        self._session.open(document, models, path)
        self._rescue.look()
        self._session.lesson.begin()

    def save(self) -> bool:
        """True if the document is on disk now."""
        path = self.where()
        if path is None:
            return self.save_as()
        answer = self._may_replace(path)
        if answer == QMessageBox.StandardButton.No:
            return self.save_as()
        return answer == QMessageBox.StandardButton.Yes and self._write(path)

    def _may_replace(self, path: Path) -> QMessageBox.StandardButton:
        """Yes, unless another program changed the file and the person says otherwise."""
        buttons = QMessageBox.StandardButton
        state = self._states.get(path)
        is_ours = not os.path.exists(path) if state is None else state.still_holds(path)
        if is_ours or not self.asks:
            return buttons.Yes
        return QMessageBox.question(
            self._over,
            "Changed on disk",
            f"“{path.name}” was changed by another program since it was opened or saved here. Replace it? "
            "“No” saves under another name.",
            buttons.Yes | buttons.No | buttons.Cancel,
            buttons.Cancel,
        )

    def _know(self, path: Path, state: FileState | None) -> None:
        if state is not None:
            self._states[path] = state

    def save_as(self) -> bool:
        path = ask_file_name(self._over, "Save as", self._session.store.name, "fmstudio", (SUFFIX,))
        return path is not None and self._write(path)

    def _write(self, path: Path) -> bool:
        try:
            save_file(path, self._session.store.document, self._session.results)
        except ValueError as error:
            self._notices.say(str(error), "file")
            return False
        self._session.store.mark_saved(path)
        self._session.unsaved.mark_saved(self._session.unsaved.models)
        self._know(path, FileState.of(path))
        self._rescue.look()  # no copy says otherwise
        return True

    def ask_and_import(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self._over, "Import a target", "", IMPORT_FILTER)
        if name:
            self.import_file(Path(name))

    def take_dropped(self, url: QUrl) -> None:
        """What is dropped on the canvas, if it is a file of this machine."""
        if url.isLocalFile():
            self.import_file(Path(url.toLocalFile()))
            return
        what = url.fileName() or url.toDisplayString()
        self._notices.say(f"{what} is on the web: save it first, then drop the file.", "file")

    def import_file(self, path: Path) -> None:
        """A dropped or chosen file becomes the target, or the document if it is one."""
        if path.suffix.lower() == SUFFIX:
            self.open_file(path)
            return
        ask(self._session, "target", path)

    def keep_unsaved(self) -> None:
        """Keep unsaved work from now on, and offer what crashes left, one copy after another."""
        left = self._rescue.start()
        for number, copy in enumerate(left, 1):
            self._offer(copy, f" ({number} of {len(left)})" if len(left) > 1 else "")

    def _offer(self, copy: Copy, which: str = "") -> None:
        when = datetime.fromtimestamp(copy.kept_at, UTC).astimezone()
        what = "your work" if copy.path is None else f"“{copy.path.name}”"
        self._notices.offer(
            f"fmstudio ended before {what} was saved. A copy of {when:%d %B, %H:%M:%S} was kept{which}.",
            "Restore it",
            partial(self._restore, copy),
            partial(self._rescue.let_go, copy),
        )

    def _restore(self, copy: Copy) -> None:
        """Show what a crash left, as unsaved as it was."""
        try:
            document, models, path = self._rescue.restore(copy)
        except ValueError as error:
            self._notices.say(str(error), "file")
            return
        if path is not None and (state := FileState.of(path)) and state.modified_ns <= copy.kept_at * 1e9:
            self._know(path, state)
        self._show((document, models), path)
        self._session.store.mark_unsaved()
        self._rescue.adopt(copy)

    def may_close(self) -> bool:
        """True if there is nothing unsaved, or it is saved now, or the person lets it go."""
        return not self.asks or (self._may_lose_what_was_left() and self._may_lose_what_is_open())

    def _may_lose_what_was_left(self) -> bool:
        """Undo would bring it back, until the window closes."""
        store = self._session.store
        lefts = self._session.unsaved.lefts
        if not lefts:
            return True
        entry = lefts[-1]
        what = "" if entry.left_unsaved else "The model that was trained in "
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._over,
            "Unsaved changes",
            f"{what}“{entry.before.title}” was not saved before “{entry.after.title}” was opened. "
            "Go back to it?",
            buttons.Yes | buttons.Discard | buttons.Cancel,
        )
        if answer == buttons.Yes:
            store.go_back(entry)
        return answer == buttons.Discard

    def _may_lose_what_is_open(self) -> bool:
        session = self._session
        if not session.unsaved.is_any:
            return True
        what = "the changes to" if session.store.is_dirty else "the model that was trained in"
        answer = QMessageBox.question(
            self._over,
            "Unsaved changes",
            f"Save {what} “{session.store.name}”?",
            QMessageBox.StandardButton.Save
            | QMessageBox.StandardButton.Discard
            | QMessageBox.StandardButton.Cancel,
        )
        if answer == QMessageBox.StandardButton.Save:
            return self.save()
        return answer == QMessageBox.StandardButton.Discard
