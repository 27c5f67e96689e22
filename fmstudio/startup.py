"""What comes before anything heavy is imported: how the process ends when it is asked to, how many files it
may open, whether there is a display, when it started."""

from __future__ import annotations

import ctypes
import io
import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

IMPORTED_AT = time.time()
"""When the shell began, where the system does not tell when the process did."""

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
    """A sentence if no window can be opened here, or ''. Displays are tried, not believed: Qt would end the
    process where one that is named does not answer."""
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if sys.platform != "linux" or platform not in ("", "xcb", "wayland"):
        return ""
    named = {"xcb": os.environ.get("DISPLAY", ""), "wayland": os.environ.get("WAYLAND_DISPLAY", "")}
    asked = {kind: name for kind, name in named.items() if name and platform in ("", kind)}
    if any(_ANSWERS[kind](name) for kind, name in asked.items()):
        return ""
    variables = {"xcb": "DISPLAY", "wayland": "WAYLAND_DISPLAY"}
    silent = " and ".join(f"{variables[kind]}={name}" for kind, name in asked.items())
    what = (
        f"The display does not answer ({silent})." if asked else "There is no display (DISPLAY is not set)."
    )
    return (
        f"{what} Start fmstudio in a desktop session, under xvfb-run, "
        "or make a video with 'fmstudio render two-moons -o two-moons.mp4'."
    )


def _x_answers(name: str) -> bool:
    """An X server of that name lets us in."""
    xcb = _library("libxcb.so.1")
    if xcb is None:
        return True  # nothing to try it with: Qt will tell
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(name.encode(), None))
    try:
        return bool(xcb.xcb_connection_has_error(connection) == 0)
    finally:
        xcb.xcb_disconnect(connection)


def _wayland_answers(name: str) -> bool:
    """There is a compositor at that socket."""
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    path = name if name.startswith("/") else os.path.join(folder, name)
    if not path.startswith("/"):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        return trial.connect_ex(path) == 0


_ANSWERS = {"xcb": _x_answers, "wayland": _wayland_answers}


def _library(name: str) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


def speak_any_encoding() -> None:
    """What a console's encoding lacks is replaced by a question mark, instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(errors="replace")
