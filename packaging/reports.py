"""What the bootstrap says to the person who runs it. For Python 3.6 too."""

from collections.abc import Iterable

SHOWN_LINES = 15


class BootstrapError(Exception):
    """One message for the person; it ends the program with exit code 1."""


def say(text: str) -> None:
    print("bootstrap: " + text, flush=True)


def last_lines(lines: "Iterable[str]") -> str:
    return "\n".join("  | " + line for line in list(lines)[-SHOWN_LINES:])
