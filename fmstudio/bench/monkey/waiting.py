"""When to wait no longer: nothing will come any more, or something is asked again and again. GUI thread."""

from __future__ import annotations

import time
from collections import Counter

from fmstudio.bench.monkey.leaks import worked
from fmstudio.bench.monkey.seen import is_answered, trains
from fmstudio.engine.client import ProcessEngine
from fmstudio.gui.main_window import MainWindow

STUCK_SECONDS = 25.0
"""Without any progress for so long, nothing will come any more."""
SOME_WORK = 0.1
"""Seconds of the processor: an engine that only waits takes less in that time."""
ASKED_AGAIN = 6
"""How often a lane may ask while nobody does anything."""


class Stuck:
    """Whether nothing will come any more. An engine that has little of the processor is not stuck: it must
    have rested for so long, or have worked for so long and brought nothing."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._came, self._worked, self._moved = self._progress(), self._work(), time.monotonic()
        self._worked_before = self._worked

    def look(self) -> None:
        came, work = self._progress(), self._work()
        if came != self._came or trains(self._window.session):
            self._came, self._worked_before = came, work
        elif work < self._worked + SOME_WORK:
            return
        self._worked, self._moved = work, time.monotonic()

    @property
    def rests(self) -> float:
        """Seconds since the engine brought something, or worked."""
        return time.monotonic() - self._moved

    @property
    def is_so(self) -> bool:
        in_vain = self._worked - self._worked_before
        return self.rests > STUCK_SECONDS or in_vain > STUCK_SECONDS

    def words(self) -> str:
        session = self._window.session
        open_lanes = [
            f"{lane} ({session.results.slots[lane].job.state if lane in session.results.slots else 'no job'})"
            for lane, request in session.planner.wanted.items()
            if not is_answered(session, lane, request)
        ]
        engine = "is there" if session.device and session.engine.alive else "is not there"
        return f"nothing comes: {', '.join(open_lanes) or 'no lane is open'}; the engine {engine}"

    def _progress(self) -> tuple[object, ...]:
        session = self._window.session
        slots = session.results.slots.values()
        rows = tuple((slot.job.id, slot.job.result.ready, slot.job.state) for slot in slots)
        return (rows, session.device, session.results.training.step, self._pid())

    def _work(self) -> float:
        return worked(self._pid())

    def _pid(self) -> int | None:
        engine = self._window.session.engine
        return engine.pid if isinstance(engine, ProcessEngine) else None


class Asked:
    """How often each lane asks while nobody does anything. A probe follows the time, and what is learned the
    training: they may."""

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}
        self._times: Counter[str] = Counter()

    def count(self, window: MainWindow) -> None:
        session = window.session
        for lane, slot in session.results.slots.items():
            newest = slot.job.id
            if newest != self._newest.get(lane, newest) and not lane.startswith("probe/"):
                self._times[lane] += not session.results.is_training
            self._newest[lane] = newest

    def too_often(self) -> list[str]:
        return [lane for lane, times in self._times.items() if times > ASKED_AGAIN]
