"""Runs every check on what is seen, and tells which faults have lasted. GUI thread."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable

from fmstudio.bench.monkey.checks import CHECKS, Check
from fmstudio.bench.monkey.seen import Seen

Told = Callable[[str, str], None]
"""(check, sentence)"""


class Audit:
    """``examine`` is called as often as one likes; a fault that a check has patience with must be there at
    every examination over that time."""

    def __init__(
        self,
        told: Told,
        checks: Iterable[Check] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._told, self._clock = told, clock
        self._checks = tuple(CHECKS.values() if checks is None else checks)
        self._since: dict[tuple[str, str], float] = {}

    def examine(self, seen: Seen) -> None:
        now = self._clock()
        there: dict[tuple[str, str], float] = {}
        for check in self._checks:
            if check.settled and not seen.is_settled:
                continue
            for sentence in check.examine(seen):
                key = (check.name, kind_of(sentence))
                there[key] = self._since.get(key, now)
                if now - there[key] >= check.patience:
                    self._told(check.name, sentence)
        self._since = there

    def forget(self) -> None:
        """Something was done: what was wrong for a moment begins anew."""
        self._since = {}


def kind_of(sentence: str) -> str:
    """The sentence without its figures: the same fault at another number."""
    return re.sub(r"\d+(?:\.\d+)?", "#", sentence)
