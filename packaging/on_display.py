#!/usr/bin/env python3
"""Run a command that opens windows: on the display that there is, or else on a virtual one of its own.

python3 packaging/on_display.py COMMAND [ARGUMENTS]
"""

import os
import subprocess
import sys

from displays import needs_virtual_display, virtual_display
from reports import BootstrapError


def run(command: "list[str]") -> int:
    """The command's exit code."""
    if not needs_virtual_display():
        return subprocess.call(command)
    with virtual_display() as display:
        environment = dict(os.environ, DISPLAY=display, QT_QPA_PLATFORM="xcb")
        environment.pop("WAYLAND_DISPLAY", None)
        return subprocess.call(command, env=environment)


def main(arguments: "list[str]") -> int:
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return run(arguments)
    except (BootstrapError, OSError) as error:
        print("on_display: " + str(error), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
