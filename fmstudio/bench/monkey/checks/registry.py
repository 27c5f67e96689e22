"""The table of checks; a check enters it by its decorator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fmstudio.bench.monkey.seen import Seen

Examine = Callable[[Seen], Iterator[str]]


@dataclass(frozen=True)
class Check:
    """``patience``: so many seconds a fault must last. Plots are drawn a few times a second, on purpose.
    ``settled``: it can be judged only where nothing is on its way."""

    name: str
    examine: Examine
    patience: float = 0.0
    settled: bool = False


CHECKS: dict[str, Check] = {}


def check(name: str, patience: float = 0.0, settled: bool = False) -> Callable[[Examine], Examine]:
    """Enter a check into the table."""

    def enter(examine: Examine) -> Examine:
        CHECKS[name] = Check(name, examine, patience, settled)
        return examine

    return enter
