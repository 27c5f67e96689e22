"""The walk itself: act, wait until all is settled, compare, and so on until the time is up. GUI thread."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from random import Random

from PySide6.QtWidgets import QApplication, QDialog, QMessageBox

from fmstudio.bench.monkey.acts import World
from fmstudio.bench.monkey.acts.registry import ACTS, Act, chosen
from fmstudio.bench.monkey.answers import Answerer, is_busy
from fmstudio.bench.monkey.audit import Audit, kind_of
from fmstudio.bench.monkey.files import make_files
from fmstudio.bench.monkey.hand import Hand
from fmstudio.bench.monkey.leaks import Names, census, growing, left_behind
from fmstudio.bench.monkey.past import Documents
from fmstudio.bench.monkey.report import Finding, Report, Stall
from fmstudio.bench.monkey.seen import is_settled, look, trains
from fmstudio.bench.monkey.stalls import Heartbeat
from fmstudio.bench.monkey.waiting import Asked, Stuck
from fmstudio.bench.monkey.watch import Watch
from fmstudio.document.document import Document
from fmstudio.document.preferences import Preferences
from fmstudio.engine.client import ProcessEngine
from fmstudio.gui.app import make_window
from fmstudio.gui.main_window import MainWindow
from fmstudio.gui.theme import Theme, apply_theme

TRAIL = 10
LOOK_MS = 60
"""Between two looks while something is on its way."""
PATIENCE = (0.5, 2.0, 6.0)
"""Seconds after which a slow computation is left to itself and the next act begins: one of these."""
TRAINING_PATIENCE = 0.8
RESTS = 4.0
"""An engine that has done nothing for so long may be stuck: that is waited for."""


class Walk:
    """One seed's walk. ``run`` opens the window, walks, closes it and reports."""

    def __init__(
        self, seed: int, seconds: float, most_acts: int | None = None, verbose: bool = False
    ) -> None:
        self._seconds, self._most, self._verbose = seconds, most_acts, verbose
        self.report = Report(seed)
        self._trail: deque[str] = deque(maxlen=TRAIL)
        self._doing = "open the window"
        self._number = 0
        self._began = time.monotonic()
        self._watch = Watch(self._on_traceback, self._on_qt_warning)
        self._audit = Audit(self._on_fault)
        self._heart = Heartbeat(self._on_beat)
        self._documents: Documents | None = None

    def run(self) -> Report:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fmstudio-monkey-")))
            stack.callback(_set_home, os.environ.get("FMSTUDIO_HOME"))
            _set_home(str(folder / "home"))
            application = QApplication.instance() or QApplication(["fmstudio"])
            assert isinstance(application, QApplication)
            self._watch.start()
            stack.callback(self._watch.stop)
            before = Names.now()
            self._window_of_its_own(application, folder)
            for sentence in left_behind(before):
                self._on_leak(sentence)
            self._watch.read()
        self.report.seconds = time.monotonic() - self._began
        return self.report

    def _window_of_its_own(self, application: QApplication, folder: Path) -> None:
        """Open, walk, close."""
        theme = Theme(parent=None)
        apply_theme(application, theme.palette)
        world = World(folder, make_files(_made(folder / "files")))
        engine = ProcessEngine()
        window = make_window(engine, Document(), (), theme, Preferences.load())
        answers = Answerer(folder, world.files, Random(f"{self.report.seed}/answers"))
        answers.start()
        self._documents = documents = Documents(window.session)
        try:
            window.show()
            window.add_right_column()
            window.start()
            window.files.keep_unsaved()
            self._walk(window, world)
        finally:
            self._heart.stop()
            documents.close()
            window.files.asks = False
            window.close()
            window.session.close()
            answers.stop()
            window.deleteLater()
            theme.deleteLater()
            answers.deleteLater()

    # ---- acting ----

    def _walk(self, window: MainWindow, world: World) -> None:
        first = Hand(window, Random(f"{self.report.seed}/first"))
        self._settle(first, 30.0)
        self._heart.start()
        self.report.stalls.clear()
        window.session.playback.play()
        self._began = time.monotonic()
        quarter = 0
        while self._is_on() and window.isVisible():
            luck = Random(f"{self.report.seed}/{self._number}")
            hand = Hand(window, luck)
            for _ in range(luck.choice((1, 1, 1, 2, 3))):
                self._take(hand, world)
                hand.wait(luck.choice((0, 10, 40, 120)))
                self._examine(hand)
            self._settle(hand, luck.choice(PATIENCE))
            if self._age() >= quarter * self._seconds / 4:
                quarter += 1
                self._count(window)
        self._count(window)
        for sentence in growing(self.report.quarters):
            self._on_leak(sentence)

    def _is_on(self) -> bool:
        return self._age() < self._seconds and (self._most is None or self._number < self._most)

    def _age(self) -> float:
        return time.monotonic() - self._began

    def _take(self, hand: Hand, world: World) -> None:
        """One act; an open question or dialog comes first."""
        self._wait_for_answers(hand)
        luck = Random(f"{self.report.seed}/act {self._number}")
        self._number += 1
        modal = QApplication.activeModalWidget()
        act = ACTS["dialog"] if isinstance(modal, QDialog) else chosen(luck)
        self._doing = f"{self._number} {act.name}"
        self._audit.forget()
        done = act.do(Hand(hand.window, luck), world)
        self._note(act, done)

    def _note(self, act: Act, done: str | None) -> None:
        self._watch.read()
        if done is None:
            return
        self.report.acts[act.name] += 1
        self._trail.append(f"{self._number} {done}")
        self._doing = self._trail[-1]
        if self._verbose:
            print(f"{self._age():6.1f} s  {self._doing}", file=self._watch.err, flush=True)

    def _wait_for_answers(self, hand: Hand) -> None:
        deadline = time.monotonic() + 5
        while is_busy() and time.monotonic() < deadline:
            hand.wait(30)
        modal = QApplication.activeModalWidget()
        if isinstance(modal, QMessageBox):
            self._on_fault("questions can be answered", f"“{modal.text()}” stays open")

    # ---- waiting and looking ----

    def _settle(self, hand: Hand, patience: float) -> None:
        """Wait, with an eye on everything, until nothing is on its way; then look once more."""
        session, started = hand.window.session, time.monotonic()
        stuck, asked = Stuck(hand.window), Asked()
        while not is_settled(session):
            now = time.monotonic()
            if now - started > (TRAINING_PATIENCE if trains(session) else patience) and stuck.rests < RESTS:
                break
            stuck.look()
            if stuck.is_so:
                self._on_fault("everything settles", stuck.words())
                break
            hand.wait(LOOK_MS)
            self._examine(hand)
            asked.count(hand.window)
        else:
            self.report.settled += 1
        for lane in asked.too_often():
            self._on_fault("nothing is asked again and again", f"{lane} is asked anew all the time")
        hand.wait(LOOK_MS)
        self._examine(hand)

    def _examine(self, hand: Hand) -> None:
        """Compare; the time that takes is not the window's."""
        began = time.perf_counter()
        seen = look(hand.window, self._documents.recent() if self._documents else ())
        looked = time.perf_counter()
        if seen is not None:
            self._audit.examine(seen)
            self.report.audits += 1
        self._watch.read()
        self._heart.pardon(time.perf_counter() - looked)
        self._on_beat(1e3 * (looked - began))

    def _count(self, window: MainWindow) -> None:
        engine = window.session.engine
        pid = engine.pid if isinstance(engine, ProcessEngine) else None
        self.report.quarters.append(census(self._age(), pid))

    # ---- what is heard ----

    def _found(self, kind: str, sentence: str) -> Finding:
        if self._verbose:
            print(f"        {kind}: {sentence}", file=self._watch.err, flush=True)
        return Finding(kind, sentence, self._age(), (*self._trail, f"now: {self._doing}"))

    def _on_traceback(self, kind: str, sentence: str) -> None:
        self.report.tracebacks.append(self._found(kind, sentence))

    def _on_fault(self, check: str, sentence: str) -> None:
        """Each kind once, with the trail of its first time."""
        for known in self.report.faults:
            if known.kind == check and kind_of(known.sentence) == kind_of(sentence):
                self.report.repeats[known.kind + known.sentence] += 1
                return
        self.report.faults.append(self._found(check, sentence))

    def _on_leak(self, sentence: str) -> None:
        self.report.leaks.append(self._found("leak", sentence))

    def _on_qt_warning(self, text: str) -> None:
        self.report.messages[text] += 1

    def _on_beat(self, late: float) -> None:
        self.report.stalls.append(Stall(late, self._doing))


def _set_home(home: str | None) -> None:
    """Preferences and rescues go there."""
    if home is None:
        os.environ.pop("FMSTUDIO_HOME", None)
    else:
        os.environ["FMSTUDIO_HOME"] = home


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def run(seed: int, seconds: float, verbose: bool = False) -> Report:
    """Walk; torch stays out of this process, as in every window's."""
    walk = Walk(seed, seconds, verbose=verbose)
    report = walk.run()
    if "torch" in sys.modules:
        report.faults.append(Finding("torch stays with the engine", "torch was imported", seconds, ()))
    return report
