"""The table of acts; an act enters it by its decorator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from fmstudio.bench.monkey.hand import Hand


@dataclass(frozen=True)
class World:
    """What acts may use beside the window: a folder of their own, and files in it."""

    folder: Path
    files: list[Path]


Do = Callable[[Hand, World], str | None]
"""Says what was done, or None where it cannot be done now."""


@dataclass(frozen=True)
class Act:
    name: str
    do: Do
    weight: float


ACTS: dict[str, Act] = {}


def act(name: str, weight: float) -> Callable[[Do], Do]:
    """Enter an act into the table."""

    def enter(do: Do) -> Do:
        ACTS[name] = Act(name, do, weight)
        return do

    return enter


def chosen(luck: Random) -> Act:
    """Any act, by its weight."""
    acts = list(ACTS.values())
    return luck.choices(acts, [each.weight for each in acts])[0]
