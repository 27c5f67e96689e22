"""Export of a video: the choices, then progress, time left and Cancel.

The work is done by ``fmstudio render`` in a process of its own, on the same planner, presenter and renderer:
the window keeps its frame rate, and a broken export cannot take anything with it.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QProcess, QProcessEnvironment, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from fmstudio import children
from fmstudio.document.endings import named
from fmstudio.export.film import Along
from fmstudio.export.formats import FORMATS, frame_rate
from fmstudio.export.places import clear
from fmstudio.gui.dialogs.file_name import ask_file_name
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.number_field import NumberField, Word
from fmstudio.gui.widgets.progress_line import ProgressLine
from fmstudio.gui.widgets.scale import Scale
from fmstudio.studio.clocks import clock
from fmstudio.studio.opening import save_file
from fmstudio.studio.session import Session
from fmstudio.studio.training_steps import track

SIZES = (
    ("720p · 1280 × 720", (1280, 720)),
    ("1080p · 1920 × 1080", (1920, 1080)),
    ("Square · 1080 × 1080", (1080, 1080)),
    ("Vertical · 1080 × 1920", (1080, 1920)),
    ("4K · 3840 × 2160", (3840, 2160)),
)

PATIENCE_MS = 5000
"""How long a video's process may take to end."""


class ExportDialog(QDialog):
    """Not modal: the studio can be used while a video is made (of what was there when Export was pressed)."""

    saved = Signal(object)
    """the path of a video that is whole"""

    def __init__(self, parent: QWidget, session: Session, theme: Theme) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self._process: QProcess | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._started = 0.0
        self._at = 1.0
        """the moment of a film along the training"""
        self._errors = ""
        self._cancelled = False
        self.path: Path | None = None
        self.setWindowTitle("Export video")
        self.setMinimumWidth(420)
        self.size_box = QComboBox()
        self.size_box.setAccessibleName("Size")
        self.along_box = QComboBox()
        self.along_box.setAccessibleName("Along")
        self.fps = NumberField("Frames per second", Scale(1, 120, integer=True))
        self.seconds = NumberField("Length in seconds", Scale(0.1, 600, step=0.1))
        self.progress, self.words = ProgressLine("Export", "target", theme), QLabel()
        self.start_button, self.cancel_button = QPushButton("Export…"), QPushButton("Close")
        self._build()

    def _build(self) -> None:
        for title, size in SIZES:
            self.size_box.addItem(title, size)
        self._offer_axes()
        self.fps.show_value(30)
        self.seconds.show_value(self._session.store.document.view.seconds + 1)
        self.progress.hide()
        self.words.setWordWrap(True)
        self.words.setMinimumHeight(36)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._tell_axis()
        self.words.setProperty("role", "secondary")
        form = QFormLayout()
        form.setSpacing(10)
        form.addRow("Size", self.size_box)
        form.addRow("Along", self.along_box)
        form.setRowVisible(self.along_box, self.along_box.count() > 1)
        form.addRow("Frames per second", self.fps)
        form.addRow("Length in seconds", self.seconds)
        form.addRow(Word(self.fps, self.seconds))
        self.start_button.setProperty("kind", "primary")
        self.start_button.setDefault(True)
        self.start_button.clicked.connect(self._on_start_clicked)
        self.along_box.currentIndexChanged.connect(self._on_along_changed)
        self.cancel_button.clicked.connect(self._on_cancel_clicked)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.start_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(14)
        column.addLayout(form)
        column.addWidget(self.progress)
        column.addWidget(self.words)
        column.addLayout(buttons)

    def _offer_axes(self) -> None:
        """Along t, or along the training where steps of one are kept."""
        document = self._session.store.document
        self.along_box.addItem("t", Along.TIME)
        if track(document, self._session.results.models) is not None:
            self._at = self._session.playback.t
            moment = clock(document).words(self._at)
            self.along_box.addItem(f"the training, at {moment}", Along.TRAINING)

    def _tell_axis(self) -> None:
        along_training = self.along_box.currentData() == Along.TRAINING
        steps = "From each step that was kept to the next, with nothing between. " if along_training else ""
        self.words.setText(f"{steps}All panes, with titles, legend and time bar, in the theme that is shown.")

    def _on_along_changed(self, _index: int) -> None:
        if not self.is_running:
            self._tell_axis()

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def _on_start_clicked(self) -> None:
        path = ask_file_name(self, "Export video", self._session.store.name, "Video", tuple(FORMATS))
        if path is not None:
            self.export_to(path)

    def export_to(self, path: Path) -> None:
        """Start making the video at ``path``."""
        self.path = named(path, tuple(FORMATS))
        self._folder = tempfile.TemporaryDirectory(prefix="fmstudio-export-")
        document = Path(self._folder.name) / "export.fmstudio"
        try:
            save_file(document, self._session.store.document, self._session.results)
        except ValueError as error:
            self._end(str(error), failed=True)
            return
        width, height = self.size_box.currentData()
        arguments = ["render", str(document), "-o", str(self.path), "--size", f"{width}x{height}"]
        arguments += ["--fps", f"{self.fps.value():g}", "--seconds", f"{self.seconds.value():g}"]
        arguments += ["--along", self.along_box.currentData(), "--at", f"{self._at:g}"]
        arguments += ["--theme", self._theme.palette.name, "--json-progress"]
        self._run(arguments)

    def _run(self, arguments: list[str]) -> None:
        child = children.python("fmstudio", *arguments)
        self._errors, self._cancelled = "", False
        self._started = time.monotonic()
        process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in child.environment.items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._on_process_output)
        process.readyReadStandardError.connect(self._on_process_error_output)
        process.finished.connect(self._on_process_finished)
        process.errorOccurred.connect(self._on_process_failed)
        self._process = process
        self.progress.show_share(0.0)
        self.progress.show()
        self.words.setText("Preparing…")
        self.start_button.setEnabled(False)
        self.cancel_button.setText("Cancel")
        process.start(child.command[0], list(child.command[1:]))

    def _on_process_output(self) -> None:
        assert self._process is not None
        for line in bytes(self._process.readAllStandardOutput().data()).decode(errors="replace").splitlines():
            if line.startswith("{"):
                self._show_progress(json.loads(line))

    def _show_progress(self, news: dict[str, float]) -> None:
        if "frames" not in news:
            return
        done, frames = int(news["frame"]), int(news["frames"])
        self.progress.show_share(done / max(frames, 1))
        seconds = float(news["seconds"])
        left = seconds / max(done, 1) * (frames - done)
        self.words.setText(f"Frame {done} of {frames} · about {left:.0f} s left")

    def _on_process_error_output(self) -> None:
        assert self._process is not None
        self._errors += bytes(self._process.readAllStandardError().data()).decode(errors="replace")

    def _on_process_failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end(
                "The export could not start: fmstudio's own program was not found. Reinstall fmstudio.", True
            )

    def _on_process_finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        assert self.path is not None
        if self._cancelled:
            clear(self.path)
            self._end("Cancelled. Nothing was written.")
        elif code == 0:
            self.saved.emit(self.path)
            slower = frame_rate(self.path, self.fps.value())[1]
            self._end(f"Saved {self.path.name} in {time.monotonic() - self._started:.0f} s. {slower}".strip())
        else:
            clear(self.path)
            lines = [line.strip() for line in self._errors.splitlines() if line.strip()]
            self._end(
                lines[-1] if lines else f"The export ended with exit code {code}. Try again.", failed=True
            )

    def _end(self, words: str, failed: bool = False) -> None:
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        self.progress.hide()
        self.words.setText(words)
        self.words.setProperty("role", "danger" if failed else "secondary")
        self.words.style().unpolish(self.words)
        self.words.style().polish(self.words)
        self.start_button.setEnabled(True)
        self.cancel_button.setText("Close")

    def _on_cancel_clicked(self) -> None:
        if self._process is None:
            self.close()
            return
        self._cancelled = True
        self._process.terminate()

    def may_end(self) -> bool:
        """True if nothing is being made, or the person lets it go."""
        if self._process is None:
            return True
        buttons = QMessageBox.StandardButton
        words = "The video is not finished. End it? Nothing of it is kept."
        answer = QMessageBox.question(self, "Export video", words, buttons.Yes | buttons.No, buttons.No)
        return answer == buttons.Yes

    def end(self) -> None:
        """End what is being made, kindly if that works; nothing half-made stays."""
        process = self._process
        if process is None:
            return
        self._cancelled = True
        process.terminate()
        if not process.waitForFinished(PATIENCE_MS):
            process.kill()
            process.waitForFinished(PATIENCE_MS)

    def reject(self) -> None:
        """Escape, and the window's own close button."""
        if self.may_end():
            self.end()
            super().reject()
