"""What comes before anything heavy is imported: how the process ends when it is asked to, how many files it
may open, whether there is a display, when it started."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

ENDING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Ctrl-C, a request to end, a terminal that went away."""

MOST_FILES = 8192
"""As many as anything here could use; some systems refuse to raise a limit without bound."""


def end_by_signals(at_once: bool) -> None:
    """From now on Ctrl-C and its like end the process, without a traceback, by the usual code (128 + number).

    ``at_once``: as the system does it, for a start in which there is nothing to put away. Else as an exit, so
    that files half-way written vanish; a second signal does not wait for that. What was told to be ignored
    (nohup, a background job) still is.
    """
    for number in ENDING_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL if at_once else _exit)


def _exit(number: int, _frame: FrameType | None) -> NoReturn:
    end_by_signals(at_once=True)
    raise SystemExit(128 + number)


def raise_file_limit() -> None:
    """Let this process and its children open as many files as they are allowed to."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            # The system knows of another bound. Results are bounded in number: they do without.
            return


def process_start() -> float | None:
    """When this process began, as time.time() counts; None where the system does not tell (not Linux)."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return None
    return time.time() - age


def display_problem() -> str:
    """A sentence if no window can be opened here, or ''."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return ""
    if os.environ.get("QT_QPA_PLATFORM", "xcb") not in ("xcb", "wayland"):
        return ""
    return (
        "There is no display (DISPLAY is not set). Start fmstudio in a desktop session, under xvfb-run, "
        "or make a video with 'fmstudio render two-moons -o two-moons.mp4'."
    )
