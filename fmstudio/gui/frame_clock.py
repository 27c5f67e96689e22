"""The one clock of the window: drains the engine, moves time, draws. GUI thread."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

FULL_RATE_MS = 16
SOFTWARE_RATE_MS = 33
"""Without a GPU, 30 frames/s leave the processor to the engine."""


class FrameClock(QObject):
    """Calls ``frame(seconds since the last)`` at a steady rate and measures the rate reached."""

    def __init__(self, frame: Callable[[float], None], parent: QObject) -> None:
        super().__init__(parent)
        self._frame = frame
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._last = 0.0
        self._moments: deque[float] = deque(maxlen=120)

    def start(self, interval_ms: int = FULL_RATE_MS) -> None:
        self._last = time.perf_counter()
        self._timer.start(interval_ms)

    def stop(self) -> None:
        self._timer.stop()

    def set_interval(self, interval_ms: int) -> None:
        self._timer.setInterval(interval_ms)

    @property
    def rate(self) -> float:
        """Frames per second over the last two seconds; 0 before two frames were drawn."""
        now = time.perf_counter()
        recent = [moment for moment in self._moments if now - moment < 2.0]
        if len(recent) < 2:
            return 0.0
        return (len(recent) - 1) / (recent[-1] - recent[0])

    def _on_timer_timeout(self) -> None:
        now = time.perf_counter()
        seconds, self._last = now - self._last, now
        self._moments.append(now)
        self._frame(min(seconds, 0.25))
