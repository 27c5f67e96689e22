"""How soon the window is there and something moves: the real program, started afresh."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from fmstudio.bench.row import Row, at_least, within
from fmstudio.startup import display_problem

RUNS = 3


def open_and_close(*options: str) -> dict[str, Any]:
    """The report of ``fmstudio --screenshot`` with further options. Raises ValueError without a display."""
    problem = display_problem()
    if problem:
        raise ValueError(f"The window cannot be measured. {problem}")
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "window.png"
        command = [sys.executable, "-m", "fmstudio", "--screenshot", str(picture), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def measure() -> list[Row]:
    reports = [open_and_close("--after", "3") for _ in range(RUNS)]
    visible = statistics.median(report["window_visible_s"] for report in reports)
    motion = statistics.median(report["first_motion_s"] for report in reports)
    rate = statistics.median(report["fps"] for report in reports)
    return [
        within("window visible", visible, "s", 1.0),
        within("first motion, cold engine", motion, "s", 3.5),
        at_least("opening scene", rate, 30, "asked", "frames/s", 0.97),
    ]
