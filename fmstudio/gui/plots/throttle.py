"""How often a plot is drawn anew. GUI thread."""

from __future__ import annotations

import time

SECONDS = 0.25
"""About four times a second: where the processor draws, a plot costs the canvas its frames."""


class Throttle:
    """True at most once every ``seconds``, and only for something new."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._last = -1e9
        self._seen: object = None

    def reset(self) -> None:
        """Whatever comes next is due at once."""
        self._last, self._seen = -1e9, None

    def is_due(self, look: object) -> bool:
        """``look`` is what the plot depends on; a change that comes too soon is due on a later frame."""
        if look == self._seen:
            return False
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last, self._seen = now, look
        return True
