"""Commands as a terminal starts them, and what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

NO_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
PATIENCE_SECONDS = 280.0
LONGEST = 200
"""characters of a sentence about a file"""


def _environment(**variables: str) -> dict[str, str]:
    """Ours, with no display but what is given."""
    kept = {name: value for name, value in os.environ.items() if name not in NO_VARIABLES}
    return {**kept, **variables}


def shell(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """A command as a terminal starts it, with no display but what is given."""
    return subprocess.run(
        [sys.executable, "-m", "fmstudio", *arguments],
        cwd=cwd,
        env=_environment(**variables),
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def sentence_of(done: subprocess.CompletedProcess[bytes]) -> str:
    """The only line that was said."""
    lines = done.stderr.decode().strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def is_a_sentence(text: str) -> bool:
    """One line that a terminal and a notice can show."""
    return 0 < len(text) <= LONGEST and text.isprintable() and text.endswith(".")


class Cost(NamedTuple):
    """How a command ended, and what it took."""

    code: int
    said: str
    megabytes: float
    """the most that it held at once"""


_MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[2:], capture_output=True, timeout=float(sys.argv[1]))
sys.stdout.buffer.write(done.stdout + done.stderr)
sys.stderr.write(f"{done.returncode} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}")
"""


def cost_of(*arguments: str, cwd: Path, **variables: str) -> Cost:
    """Runs a command beneath a small process, since a child counts what its parent holds as its own. One that
    does not end is killed, and raises."""
    command = [sys.executable, "-m", "fmstudio", *arguments]
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, str(PATIENCE_SECONDS), *command],
        cwd=cwd,
        env=_environment(**variables),
        capture_output=True,
        check=True,
    )
    code, kilobytes = done.stderr.split()
    return Cost(int(code), done.stdout.decode(errors="replace").strip(), int(kilobytes) / 1024)
