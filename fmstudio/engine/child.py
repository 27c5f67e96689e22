"""The engine process: ``python -m fmstudio.engine.child PARENT_PID START``, started by spawned.py.

Messages come pickled on standard input, notices go pickled to standard output; whatever else prints goes to
standard error. A reader thread takes messages as they come, the main thread works. The process ends by itself
when the window's process does, and then removes the shared memory that this one left behind.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from types import TracebackType
from typing import BinaryIO

from fmstudio.engine.buffers import SharedArray, remove_blocks_of
from fmstudio.engine.loop import Emit, Loop
from fmstudio.engine.messages import EngineReady, JobFailed, Refusal, TrainingCommand
from fmstudio.engine.protocol import Cancel, Close, JobCancelled, Message, Notice, Submit, Train

Inbox = queue.SimpleQueue[Message]

_ORPHAN_SECONDS = 2.0
_NICENESS = 5


def main() -> None:
    """Serve until told to end. Never returns."""
    parent, started = int(sys.argv[1]), float(sys.argv[2])
    # Ctrl-C in a terminal reaches the whole group; the window decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _give_way()
    replies = _private_output()
    inbox: Inbox = queue.SimpleQueue()
    threading.Thread(target=_read, args=(inbox, parent), name="engine-inbox", daemon=True).start()
    sys.excepthook = _end_by_error
    _serve(inbox, replies, started)


def _give_way() -> None:
    """Where both want a core the window goes first: its frames are late at once, a training is not."""
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICENESS)


def _end_by_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say why and be gone: an ordinary end would wait for the reader, which holds standard input."""
    traceback.print_exception(kind, error, trace)
    sys.stderr.flush()
    os._exit(1)


def _private_output() -> BinaryIO:
    """Standard output for replies alone: what others print must not come between them."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "wb")


def _read(inbox: Inbox, parent: int) -> None:
    pipe = sys.stdin.buffer
    try:
        while True:
            message = pickle.load(pipe)
            if isinstance(message, Close):
                os._exit(0)
            inbox.put(message)
    except (EOFError, OSError, pickle.UnpicklingError):
        _clear_away(parent)
    os._exit(0)


def _clear_away(parent: int) -> None:
    """Remove the window's blocks if it is really gone (it may have dropped the pipe alone)."""
    end = time.monotonic() + _ORPHAN_SECONDS
    while os.name != "nt" and time.monotonic() < end:
        if os.getppid() != parent:
            remove_blocks_of(parent)
            return
        time.sleep(0.01)


def _serve(inbox: Inbox, replies: BinaryIO, started: float) -> None:
    def emit(notice: Notice) -> None:
        try:
            pickle.dump(notice, replies, pickle.HIGHEST_PROTOCOL)
            replies.flush()
        except OSError:
            # The window is gone. The reader thread clears away and ends the process.
            threading.Event().wait()

    # Here and not above: the reader thread is listening while torch loads.
    from fmstudio.engine.workshop import TorchWorkshop, describe_device, prepare_torch, torch_version

    prepare_torch()
    loop = Loop(emit, TorchWorkshop())
    emit(EngineReady(describe_device(), torch_version(), time.time() - started))
    while True:
        while not inbox.empty():
            _receive(inbox.get(), loop, emit)
        if not loop.advance():
            _receive(inbox.get(), loop, emit)


def _receive(message: Message, loop: Loop, emit: Emit) -> None:
    match message:
        case Submit(job, lane, request, buffer):
            try:
                result = SharedArray.attach(buffer)
            except FileNotFoundError:
                # Released before its turn came: nobody waits for it.
                emit(JobCancelled(job))
            except OSError as error:
                emit(JobFailed(job, Refusal.OUT_OF_MEMORY, f"The engine cannot reach the result: {error}."))
            else:
                loop.submit(job, lane, request, result)
        case Train(job, request):
            loop.train(job, request)
        case TrainingCommand():
            loop.command(message)
        case Cancel(lane):
            loop.cancel(lane)
        case Close():
            os._exit(0)


if __name__ == "__main__":
    main()
