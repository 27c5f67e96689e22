"""One engine process as the window's side sees it: a pipe each way, a thread at each of its ends. No torch.

The pipes are the process's standard input and output, so nothing of the window's program is imported there:
the child is ``python -m fmstudio.engine.child``, whatever program the parent is.
"""

from __future__ import annotations

import pickle
import queue
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import BinaryIO

from fmstudio import children
from fmstudio.engine import blocks
from fmstudio.engine.protocol import Close, Message, Notice

_CLOSE_SECONDS = 2.0


@dataclass(frozen=True)
class Died:
    """The process has ended; negative codes are signals."""

    code: int


class SpawnedProcess:
    """Starts at once. ``send`` and ``take`` never block; both belong to one thread (the window's)."""

    def __init__(self) -> None:
        self._outbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._inbox: queue.SimpleQueue[Notice | Died] = queue.SimpleQueue()
        child = children.python("fmstudio.engine.child", blocks.word(), repr(time.time()))
        self._process = child.start(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._threads = (
            threading.Thread(
                target=self._write, args=(self._process.stdin,), name="engine-writer", daemon=True
            ),
            threading.Thread(
                target=self._read, args=(self._process.stdout,), name="engine-reader", daemon=True
            ),
        )
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: Message) -> None:
        self._outbox.put(message)

    def take(self) -> list[Notice | Died]:
        """What came since the last call; Died is the last there is."""
        taken = []
        while not self._inbox.empty():
            taken.append(self._inbox.get())
        return taken

    def close(self) -> None:
        """Ask the process to end, end it if it does not, and wait for both threads."""
        self.send(Close())
        self._outbox.put(None)
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        for thread in self._threads:
            thread.join()

    def _write(self, pipe: BinaryIO) -> None:
        """The writer thread: pickling and a full pipe cost the window nothing."""
        try:
            with pipe:
                while (message := self._outbox.get()) is not None:
                    pickle.dump(message, pipe, pickle.HIGHEST_PROTOCOL)
                    pipe.flush()
        except OSError:
            # The process has ended: the reader says so, and why.
            return

    def _read(self, pipe: BinaryIO) -> None:
        """The reader thread: supervises the process until it ends."""
        with pipe:
            try:
                while True:
                    self._inbox.put(pickle.load(pipe))
            except (EOFError, OSError, pickle.UnpicklingError):
                # The end, perhaps in the middle of a reply.
                pass
        self._inbox.put(Died(self._process.wait()))
        self._outbox.put(None)
