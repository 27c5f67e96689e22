"""What the system asks of the window (Ctrl-C, the end of a session), heard by its event loop. GUI thread.

A handler of Python's own would run between any two instructions, also in the midst of a paint, and closing a
window there is a crash. Here the handler does nothing; the number of the signal comes through a socket, and
the event loop reads it when it is its turn.
"""

from __future__ import annotations

import signal
import socket
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, Qt, Signal

from fmstudio.startup import ENDING_SIGNALS


class Signals(QObject):
    """Emits ``heard`` with a signal's number; only one may be there at a time."""

    heard = Signal(int)
    _came = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_notifier_activated)
        # Queued: the answer may be a question to the person, and a second signal must be heard meanwhile.
        self._came.connect(self.heard, Qt.ConnectionType.QueuedConnection)
        self._before_fd = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._before = {
            number: signal.signal(number, _leave_it_to_the_loop)
            for number in ENDING_SIGNALS
            if signal.getsignal(number) is not signal.SIG_IGN  # as nohup asks
        }

    def close(self) -> None:
        """Everything as it was before."""
        signal.set_wakeup_fd(self._before_fd)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
        self._notifier.setEnabled(False)
        self._read.close()
        self._write.close()

    def _on_notifier_activated(self) -> None:
        for number in self._read.recv(64):
            if number in ENDING_SIGNALS:
                self._came.emit(number)


def _leave_it_to_the_loop(_number: int, _frame: FrameType | None) -> None:
    return
