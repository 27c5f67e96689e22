"""``fmstudio`` and ``python -m fmstudio``. Without a command's name in front, the window is meant."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the shell; never returns."""
    from fmstudio.startup import end_by_signals, speak_any_encoding

    speak_any_encoding()
    end_by_signals(at_once=True)
    from fmstudio.cli import COMMANDS, app

    arguments = sys.argv[1:]
    if not arguments or (arguments[0] not in COMMANDS and arguments[0] not in ("--help", "--version")):
        arguments = ["open", *arguments]
    end_by_signals(at_once=arguments[0] == "open")
    try:
        app(arguments, prog_name="fmstudio")
    finally:
        # Python puts itself away after this, and an exception there is a traceback.
        end_by_signals(at_once=True)


if __name__ == "__main__":
    main()
