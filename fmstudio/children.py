"""How programs are started from here: every child of fmstudio is a ``Child``.

No code of the working folder runs in it, and on Windows it opens no console. Standard library only.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import fmstudio

_CREATE_NO_WINDOW = 0x08000000


@dataclass(frozen=True)
class Child:
    """A command and the environment that it runs in."""

    command: tuple[str, ...]
    environment: dict[str, str]

    def start(
        self,
        stdin: int | IO[Any] | None = None,
        stdout: int | IO[Any] | None = None,
        stderr: int | IO[Any] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start it, in a process group of its own: Ctrl-C and whatever else is sent to our group does not
        reach it, since its parent decides when it ends. Raises OSError.

        The group is new but not the session: the system shares a core among sessions first, and an engine
        that gives way to the window must be weighed against it.
        """
        own_group: dict[str, Any] = (
            {"creationflags": _CREATE_NO_WINDOW} if sys.platform == "win32" else {"process_group": 0}
        )
        return subprocess.Popen(
            self.command, stdin=stdin, stdout=stdout, stderr=stderr, env=self.environment, **own_group
        )


def python(module: str, *arguments: str) -> Child:
    """A module of this very fmstudio (it need not be installed), in a Python of its own."""
    return Child((sys.executable, "-P", "-m", module, *arguments), _environment())


def program(*command: str) -> Child:
    """Another program."""
    return Child(command, _environment())


def _environment() -> dict[str, str]:
    """This one's, with this fmstudio first on Python's path and nothing there that means the working folder
    (as an empty or a relative entry does)."""
    root = str(Path(fmstudio.__file__).parent.parent)
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = dict.fromkeys([root, *(entry for entry in others if os.path.isabs(entry))])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONSAFEPATH": "1"}
