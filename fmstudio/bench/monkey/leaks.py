"""What the program holds: threads, processes, widgets, shared memory, descriptors, memory. Linux tells all of
it; elsewhere what is not known is 0."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from fmstudio.engine import blocks

GRACE_SECONDS = 4.0
"""How long something may take to go after the window is closed."""
MANY_DESCRIPTORS = 64
"""Growth below that may be a cache that fills."""


@dataclass(frozen=True)
class Census:
    """How much there is of everything at one moment."""

    seconds: float
    threads: int
    processes: int
    widgets: int
    blocks: int
    """of shared memory"""
    descriptors: int
    engine_descriptors: int
    megabytes: int
    engine_megabytes: int

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "seconds": round(self.seconds, 1)}

    def words(self) -> str:
        return (
            f"{self.seconds:.0f} s: {self.threads} threads, {self.processes} processes, "
            f"{self.widgets} top-level widgets, {self.blocks} shared blocks, "
            f"{self.descriptors} + {self.engine_descriptors} descriptors, "
            f"{self.megabytes} + {self.engine_megabytes} MB"
        )


def census(seconds: float, engine: int | None) -> Census:
    """Count now; ``engine`` is the engine's process id, if there is one."""
    return Census(
        seconds,
        len(threading.enumerate()),
        len(_children()),
        len(_widgets()),
        len(blocks.mine()),
        _descriptors("self"),
        _descriptors(engine),
        _megabytes("self"),
        _megabytes(engine),
    )


@dataclass(frozen=True)
class Names:
    """What there is, by name: what is new at the end is a leak."""

    threads: frozenset[str]
    processes: frozenset[str]
    widgets: frozenset[str]

    @classmethod
    def now(cls) -> Names:
        threads = (thread.name for thread in threading.enumerate())
        return cls(frozenset(threads), frozenset(_children()), frozenset(_widgets()))

    def beyond(self, before: Names) -> list[str]:
        """A sentence for each thing that was not there before."""
        parts = (
            ("thread", self.threads - before.threads),
            ("process", self.processes - before.processes),
            ("top-level widget", self.widgets - before.widgets),
        )
        return [f"{what} left behind: {name}" for what, names in parts for name in sorted(names)]


def left_behind(before: Names) -> list[str]:
    """What is there beyond ``before`` and does not go away by itself."""
    deadline = time.monotonic() + GRACE_SECONDS
    while True:
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        left = [*Names.now().beyond(before), *_blocks()]
        if not left or time.monotonic() > deadline:
            return left
        QCoreApplication.processEvents()
        time.sleep(0.05)


def growing(marks: list[Census]) -> Iterator[str]:
    """Descriptors that rose from mark to mark, and by many."""
    for name, whose in (("descriptors", "the window's process"), ("engine_descriptors", "the engine")):
        counts = [getattr(mark, name) for mark in marks if getattr(mark, name)]
        rises = all(later > earlier for earlier, later in pairwise(counts))
        if len(counts) >= 4 and rises and counts[-1] - counts[1] > MANY_DESCRIPTORS:
            yield f"open descriptors of {whose} rise without end: {', '.join(map(str, counts))}"


def _children() -> list[str]:
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        try:
            pids = task.read_text().split()
        except OSError:  # the thread has ended
            continue
        found += [f"{pid} {command}" for pid in pids if (command := _command(pid)) is not None]
    return found


def _command(pid: str) -> str | None:
    """The command line; None for a process that is gone or belongs to Python itself."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    command = b" ".join(words).decode(errors="replace").strip()
    return None if "multiprocessing.resource_tracker" in command else command[:120] or "(not waited for)"


def _widgets() -> list[str]:
    tops = (widget for widget in QApplication.topLevelWidgets() if widget.parent() is None)
    return [f"{type(widget).__name__} {widget.objectName() or widget.windowTitle()!r}" for widget in tops]


def _blocks() -> list[str]:
    return [f"block of shared memory left behind: {path}" for path in blocks.mine()]


def _descriptors(process: int | str | None) -> int:
    try:
        return len(os.listdir(f"/proc/{process}/fd"))
    except OSError:
        return 0


def worked(process: int | None) -> float:
    """The seconds of processor time that a process has had."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(process: int | str | None) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(lines[0].split()[1]) // 1024 if lines else 0
