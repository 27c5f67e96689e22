"""Reads files for the window in processes of their own, one for each end; looked after once per frame. GUI
thread."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from typing import IO, Any, final

from pydantic import ValidationError

from fmstudio import children
from fmstudio.document.sentences import short
from fmstudio.gui.file_reader import DISTRIBUTION
from fmstudio.gui.notices import NoticeBar
from fmstudio.studio.asked_files import AskedFile, End
from fmstudio.studio.importing import place
from fmstudio.studio.session import Session

PATIENCE = 0.4
"""Seconds after which it is worth a word that a file is being read."""


@final
class Reading:
    """One file that is being read."""

    def __init__(self, asked: AskedFile) -> None:
        """Raises OSError."""
        self.asked = asked
        self.started = time.monotonic()
        self.is_told = False
        self.is_wanted = True
        self.answer: dict[str, Any] = {}
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - until it is closed
        with tempfile.TemporaryFile() as question:
            other = asked.other.model_dump(mode="json")
            question.write(json.dumps({"path": str(asked.path), "other": other}).encode())
            question.seek(0)
            self._process = children.python("fmstudio.gui.file_reader").start(
                question, self._said, subprocess.DEVNULL
            )

    @property
    def words(self) -> str:
        return f"Reading {short(self.asked.path.name)}…"

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def cancel(self) -> None:
        """It is not wanted any more."""
        self.is_wanted = False
        self._process.kill()

    def go_on(self) -> None:
        """Nobody needs to be told that it is under way."""

    def close(self) -> None:
        """End it, if it has not ended; what it said is known then (nothing, if it was killed or broke)."""
        self._process.kill()
        self._process.wait()
        with self._said:
            self._said.seek(0)
            try:
                self.answer = dict(json.load(self._said))
            except (ValueError, TypeError):
                self.answer = {}


@final
class Importer:
    """Starts what the session asks for, shows that it is under way, and places what was read."""

    def __init__(self, session: Session, notices: NoticeBar) -> None:
        self._session, self._notices = session, notices
        self._readings: dict[End, Reading] = {}

    @property
    def is_busy(self) -> bool:
        return bool(self._readings or self._session.imports)

    def tick(self) -> None:
        """Once per frame."""
        asked, self._session.imports = self._session.imports, []
        for one in asked:
            self._start(one)
        for end, reading in list(self._readings.items()):
            if not reading.is_running:
                self._end(end)
                self._take(reading)
            elif not reading.is_told and time.monotonic() - reading.started > PATIENCE:
                reading.is_told = True
                self._notices.offer(reading.words, "Cancel", reading.cancel, reading.go_on)

    def close(self) -> None:
        """Nothing is read any more, and nothing is placed."""
        self._session.imports = []
        for end in list(self._readings):
            self._end(end)

    def _start(self, asked: AskedFile) -> None:
        self._end(asked.end)
        try:
            self._readings[asked.end] = Reading(asked)
        except OSError as error:
            self._notices.say(f"{short(asked.path.name)} cannot be read: {error.strerror or error}.", "file")

    def _end(self, end: End) -> None:
        reading = self._readings.pop(end, None)
        if reading is not None:
            reading.close()
            self._notices.withdraw(reading.words)

    def _take(self, reading: Reading) -> None:
        """Place what was read, or say why there is nothing."""
        if not reading.is_wanted:
            return
        asked, told = reading.asked, str(reading.answer.get("problem", ""))
        if "spec" in reading.answer:
            try:
                spec = DISTRIBUTION.validate_python(reading.answer["spec"])
            except ValidationError:
                told = f"{short(asked.path.name)} was not read as a distribution: save it as CSV or PNG."
            else:
                told = place(self._session, asked.end, asked.path, spec)
        elif not told:
            told = (
                f"{short(asked.path.name)} ended its reader, which needs too much for it: give a smaller one."
            )
        if told:
            self._notices.say(told, "file")
