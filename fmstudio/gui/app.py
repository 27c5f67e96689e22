"""Start of the window: the application object, the theme, the session, the first frames. GUI thread."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from fmstudio.document.document import Document
from fmstudio.document.preferences import Preferences
from fmstudio.engine.client import Engine
from fmstudio.engine.messages import LearnedModel
from fmstudio.gui.main_window import MainWindow
from fmstudio.gui.signals import Signals
from fmstudio.gui.theme import Theme, apply_theme
from fmstudio.studio.refusals import refusal_of_scene
from fmstudio.studio.session import Session
from fmstudio.studio.shipped import lay_under

PATIENCE_SECONDS = 120
"""How long a screenshot waits for results."""


@dataclass(frozen=True)
class Opening:
    """What to open, and what to do then."""

    document: Document
    models: tuple[LearnedModel, ...]
    path: Path | None
    theme: str = ""
    size: tuple[int, int] | None = None
    screenshot: Path | None = None
    after: float = 0.0
    train: bool = False
    started: float = 0.0

    def with_options(
        self,
        theme: str,
        size: tuple[int, int] | None,
        screenshot: Path | None,
        after: float,
        train: bool,
        started: float,
    ) -> Opening:
        return replace(
            self, theme=theme, size=size, screenshot=screenshot, after=after, train=train, started=started
        )


class Start(QObject):
    """Watches the first frames: when the window is seen, when something moves; then takes the picture."""

    def __init__(self, window: MainWindow, opening: Opening) -> None:
        super().__init__(window)
        self._window, self._opening = window, opening
        self.visible_s: float | None = None
        self.motion_s: float | None = None
        self._complete_at: float | None = None
        self._is_begun = False
        """time runs, or stands as the moment of a lesson has it"""
        self._began = time.monotonic()
        self.exit_code = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._timer.start(5)

    def _age(self) -> float:
        return time.time() - self._opening.started

    def _on_timer_timeout(self) -> None:
        window = self._window
        if self._is_too_late():
            self._timer.stop()
            self._take_picture()
        elif self.visible_s is None:
            if window.canvas.canvas.draws == 0 or not window.isVisible():
                return
            self.visible_s = self._age()
            window.settle_rate()
            QTimer.singleShot(0, window.add_right_column)
        elif self.motion_s is None:
            self._look_for_motion()
        elif self._opening.screenshot is None:
            self._timer.stop()
            greet(window)
        else:
            self._wait_for_the_picture()

    def _is_too_late(self) -> bool:
        """A picture was asked for, and what it waits for does not come."""
        waited = time.monotonic() - self._began
        return self._opening.screenshot is not None and waited > PATIENCE_SECONDS + self._opening.after

    def _look_for_motion(self) -> None:
        session = self._window.session
        slot = session.results.slots.get("trajectories/0")
        moving = slot is not None and slot.job.result.ready > 1
        if moving and not self._is_begun:
            self._is_begun = True
            session.lesson.begin()
        elif moving and (session.playback.t > 0 or not session.playback.playing):
            self.motion_s = self._age()
            if self._opening.train:
                session.train()
        elif session.is_complete and not moving:
            # Nothing moves here, or what would was refused.
            self.motion_s = self._age()
            if self._opening.train:
                session.train()

    def _wait_for_the_picture(self) -> None:
        session, now = self._window.session, time.monotonic()
        training = session.results.training
        complete = session.is_complete or training.is_active
        if self._complete_at is None and complete:
            self._complete_at = now
        if self._complete_at is not None and now - self._complete_at >= self._opening.after:
            self._timer.stop()
            self._take_picture()

    def _fail(self, sentence: str) -> None:
        sys.stderr.write(f"{sentence}\n")
        self.exit_code = 1

    def _take_picture(self) -> None:
        assert self._opening.screenshot is not None
        session = self._window.session
        picture = self._window.grab()
        if not picture.save(str(self._opening.screenshot)):
            self._fail(f"The picture could not be written to {self._opening.screenshot}; check the folder.")
        elif refusal := refusal_of_scene(session.planner, session.results):
            self._fail(refusal)
        elif self._is_too_late():
            self._fail(f"After {PATIENCE_SECONDS} s not all was computed: the picture shows what was there.")
        report = {
            "window_visible_s": round(self.visible_s or 0, 3),
            "first_motion_s": round(self.motion_s or 0, 3),
            "fps": round(self._window.clock.rate, 1),
            "torch_in_window_process": "torch" in sys.modules,
        }
        training = self._window.session.results.training
        if training.steps_per_second:
            report["training_steps_per_second"] = round(training.steps_per_second, 1)
        sys.stdout.write(json.dumps(report) + "\n")
        sys.stdout.flush()
        self._window.close()


class Ending(QObject):
    """Closes the window when the system asks for it.

    Ctrl-C asks about unsaved work, as a click does. A second one, or the end of the session, waits for no
    answer: what is unsaved is offered at the next start.
    """

    def __init__(self, window: MainWindow, application: QApplication) -> None:
        super().__init__(window)
        self._window, self._application = window, application
        self._is_asking = False
        self.exit_code = 0
        self._signals = Signals(self)
        self._signals.heard.connect(self._on_signals_heard)

    def close(self) -> None:
        self._signals.close()

    def _on_signals_heard(self, number: int) -> None:
        if number == signal.SIGINT and not self._is_asking:
            self._is_asking = True
            closed = self._window.close()
            self._is_asking = False
            if not closed:
                return
        else:
            self._window.leave()
        self.exit_code = self.exit_code or 128 + number
        self._application.exit()  # out of every dialog, too


def run(engine: Engine, opening: Opening) -> int:
    """Open the window and stay until it is closed; the process's exit code."""
    application = QApplication(["fmstudio"])
    application.setApplicationName("fmstudio")
    preferences = Preferences.load()
    theme = Theme(parent=application)
    apply_theme(application, theme.palette)
    theme.choose(opening.theme or preferences.theme)
    window = make_window(engine, opening.document, opening.models, theme, preferences, opening.path)
    ending = Ending(window, application)
    window.files.asks = opening.screenshot is None
    if opening.size is not None:
        window.resize(*opening.size)
    elif preferences.window is not None and preferences.window.maximised:
        window.setWindowState(Qt.WindowState.WindowMaximized)
    window.show()
    start = Start(window, opening)
    window.start()
    if opening.screenshot is None:
        window.files.keep_unsaved()
    if opening.path is None:
        window.session.train_what_lacks()  # a built-in entry shows what it is about at once
    application.exec()
    ending.close()
    window.session.close()
    return ending.exit_code or start.exit_code


def greet(window: MainWindow) -> None:
    """The tour, if it has never been shown."""
    if not window.files.preferences.has_toured:
        window.files.prefer(has_toured=True)
        window.show_tour()


def make_window(
    engine: Engine,
    document: Document,
    models: Iterable[LearnedModel],
    theme: Theme,
    preferences: Preferences,
    path: Path | None = None,
) -> MainWindow:
    """A window on a session of its own; its notices hear of every problem."""
    said: list[str] = []
    session = Session(engine, document, said.append)
    session.open(document, models, path)
    session.tick(0.0)
    lay_under(session.results, document, session.planner.wanted)
    window = MainWindow(session, theme, preferences)
    session.notify = window.notices.say
    for sentence in said:
        window.notices.say(sentence)
    return window
