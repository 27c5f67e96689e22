"""How late the event loop is: a timer that should come every few milliseconds, and when it did."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

BEAT_MS = 10


class Heartbeat(QObject):
    """Tells ``late`` (milliseconds, while what) at every beat. Time within ``pardoned`` blocks is the
    examiner's own and does not count."""

    def __init__(self, late: Callable[[float], None]) -> None:
        super().__init__()
        self._late = late
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._last = 0.0

    def start(self) -> None:
        self._last = time.perf_counter()
        self._timer.start(BEAT_MS)

    def stop(self) -> None:
        self._timer.stop()

    def pardon(self, seconds: float) -> None:
        """So long the loop was held by the examiner."""
        self._last += seconds

    def _on_timer_timeout(self) -> None:
        now = time.perf_counter()
        gap, self._last = now - self._last, now
        self._late(max(0.0, 1e3 * gap - BEAT_MS))
