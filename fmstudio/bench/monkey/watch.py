"""Hears of everything that goes wrong without being asked: exceptions of slots and threads, Qt's criticals,
vispy's errors, and tracebacks that either process writes to standard error."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

Told = Callable[[str, str], None]
"""(kind, sentence)"""
_MARK = "Traceback (most recent call last)"


class Watch:
    """Between ``start`` and ``stop``, ``told`` hears of tracebacks and ``warned`` of Qt's warnings.

    Standard error is kept meanwhile (``err`` still reaches the terminal): ``read`` looks through what has
    come, the engine's own words among them.
    """

    def __init__(self, told: Told, warned: Callable[[str], None]) -> None:
        self._told, self._warned = told, warned
        self.err: TextIO = sys.stderr
        self._kept = tempfile.TemporaryFile()  # noqa: SIM115
        self._read_to = 0
        self._before: tuple[Any, ...] = ()
        self._log = _Log(self)

    def start(self) -> None:
        sys.stderr.flush()
        real = os.dup(2)
        self.err = os.fdopen(real, "w", buffering=1, closefd=True)
        os.dup2(self._kept.fileno(), 2)
        faulthandler.enable(self.err)
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_unraisable
        qInstallMessageHandler(self._on_qt_message)
        logging.getLogger("vispy").addHandler(self._log)

    def stop(self) -> None:
        self.read()
        logging.getLogger("vispy").removeHandler(self._log)
        qInstallMessageHandler(None)
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        faulthandler.disable()
        sys.stderr.flush()
        os.dup2(self.err.fileno(), 2)
        self.err.close()
        self.err = sys.stderr
        self._kept.close()

    def read(self) -> None:
        """Look through what was written to standard error since the last time."""
        sys.stderr.flush()
        size = os.fstat(self._kept.fileno()).st_size
        if size == self._read_to:
            return
        text = os.pread(self._kept.fileno(), size - self._read_to, self._read_to).decode(errors="replace")
        self._read_to = size
        for block in text.split(_MARK)[1:]:
            self._told("standard error", _MARK + block[:2000])

    def tell(self, kind: str, sentence: str) -> None:
        self._told(kind, sentence)

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self._told("exception", "".join(traceback.format_exception(kind, error, trace)))

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        lines = traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback)
        name = args.thread.name if args.thread is not None else "?"
        self._told("exception", f"in thread {name}: {''.join(lines)}")

    def _on_unraisable(self, args: Any) -> None:
        lines = traceback.format_exception(args.exc_type, args.exc_value, args.exc_traceback)
        self._told("exception", f"ignored in {args.object!r}: {''.join(lines)}")

    def _on_qt_message(self, kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg):
            self._told("Qt", text)
        elif kind is QtMsgType.QtWarningMsg:
            self._warned(text)


class _Log(logging.Handler):
    """vispy's errors."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(logging.ERROR)
        self._watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        self._watch.tell("vispy", record.getMessage())
