"""What has to be known before anything heavy is imported: is there a display, when did the process start."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


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
