"""The engine process: ``python -m fmstudio.engine.child WORD START``, started by spawned.py.

Messages come pickled on standard input, notices go pickled to standard output; whatever else prints goes to
standard error. A reader thread takes messages as they come, the main thread works. The process ends by itself
when the window's process does, and then removes the shared memory that this one (known by its word, see
blocks.py) left behind. Nothing else asks it to end: signals to the window's group do not reach it.
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
from collections.abc import Callable
from types import TracebackType
from typing import BinaryIO

from fmstudio.engine.blocks import remove_blocks_of
from fmstudio.engine.buffers import BufferRef, SharedArray
from fmstudio.engine.loop import Emit, Loop
from fmstudio.engine.messages import EngineReady, JobFailed, Refusal, TrainingCommand
from fmstudio.engine.protocol import Cancel, Close, JobCancelled, Message, Notice, Submit, Train

Inbox = queue.SimpleQueue[Message]

_ORPHAN_SECONDS = 2.0
_NICENESS = 5


def main() -> None:
    """Serve until told to end. Never returns."""
    word, started = sys.argv[1], float(sys.argv[2])
    # On Windows Ctrl-C reaches every process of a console; the window decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _give_way()
    replies = _private_output()
    inbox: Inbox = queue.SimpleQueue()
    threading.Thread(target=_read, args=(inbox, word), name="engine-inbox", daemon=True).start()
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


def _read(inbox: Inbox, word: str) -> None:
    pipe = sys.stdin.buffer
    try:
        while True:
            message = pickle.load(pipe)
            if isinstance(message, Close):
                os._exit(0)
            inbox.put(message)
    except (EOFError, OSError, pickle.UnpicklingError):
        _clear_away(word)
    os._exit(0)


def _clear_away(word: str) -> None:
    """Remove the window's blocks if it is really gone (it may have dropped the pipe alone)."""
    end = time.monotonic() + _ORPHAN_SECONDS
    while not remove_blocks_of(word) and time.monotonic() < end:
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
    from fmstudio.engine.worker.task_runner import (
        TorchTaskRunner,
        describe_device,
        prepare_torch,
        torch_version,
    )

    prepare_torch()
    workshop = TorchTaskRunner()
    loop = Loop(emit, workshop)
    emit(EngineReady(describe_device(), torch_version(), time.time() - started))
    while True:
        while not inbox.empty():
            _receive(inbox.get(), loop, emit, workshop.make_room)
        if not loop.advance():
            _receive(inbox.get(), loop, emit, workshop.make_room)


def _receive(message: Message, loop: Loop, emit: Emit, make_room: Callable[[], None]) -> None:
    match message:
        case Submit(job, lane, request, buffer):
            try:
                result = _attached(buffer, make_room)
            except FileNotFoundError:
                # Released before its turn came: nobody waits for it.
                emit(JobCancelled(job))
            except OSError as error:
                emit(JobFailed(job, Refusal.NO_ROOM, f"The engine cannot reach the result: {error}."))
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


def _attached(buffer: BufferRef, make_room: Callable[[], None]) -> SharedArray:
    """The window's block; where the system refuses, once more without what is merely remembered."""
    try:
        return SharedArray.attach(buffer)
    except FileNotFoundError:
        raise
    except OSError:
        make_room()
        return SharedArray.attach(buffer)


if __name__ == "__main__":
    main()
