"""What a law is: a sentence of the mathematics, and a number that must stay below a limit.

The limit comes from theory (an exact identity up to rounding, an order of convergence, a standard error) or
is a sampling floor measured beside it - never what the code happened to give.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

STANDARD_ERRORS = 4.0
"""A mean of draws may be off by so many standard errors: one run in 16,000 would by chance."""


@dataclass(frozen=True)
class Measured:
    """The law holds if ``value`` is at most ``limit``."""

    value: float
    limit: float


@dataclass(frozen=True)
class Law:
    """``id`` is the gallery entry it belongs to; ``origin`` says where the limit comes from."""

    id: str
    sentence: str
    origin: str
    measure: Callable[[], Measured]


LAWS: list[Law] = []


def law(entry: str, sentence: str, origin: str) -> Callable[[Callable[[], Measured]], Callable[[], Measured]]:
    """Registers a measurement as a law of the gallery entry ``entry``."""

    def register(measure: Callable[[], Measured]) -> Callable[[], Measured]:
        LAWS.append(Law(entry, sentence, origin, measure))
        return measure

    return register


def seeded(seed: int) -> torch.Generator:
    """A generator of its own for each law."""
    return torch.Generator().manual_seed(seed)


def worst(*gaps: torch.Tensor) -> float:
    """The largest absolute entry of all."""
    return max(float(gap.abs().max()) for gap in gaps)
