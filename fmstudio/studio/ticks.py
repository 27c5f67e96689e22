"""Round numbers beside an axis. Pure."""

from __future__ import annotations

import math

from fmstudio.studio.written import tick

Tick = tuple[float, str]
"""Where it stands, and what it says."""


def round_ticks(low: float, high: float, most: int = 3) -> list[float]:
    """At most ``most`` round numbers within [low, high]."""
    span = high - low
    if span <= 0:
        return [low]
    for exponent in range(math.floor(math.log10(span)) - 1, math.ceil(math.log10(span)) + 1):
        for lead in (1, 2, 5):
            step = lead * 10.0**exponent
            first, last = math.ceil(low / step), math.floor(high / step)
            if last - first + 1 <= most:
                return [float(f"{k * step:.14g}") for k in range(first, last + 1)]
    return [low, high]


def own_ticks(low: float, high: float, most: int, scale: float = 1.0, offset: float = 0.0) -> list[Tick]:
    """At most ``most`` round numbers of what ``offset + scale v`` is told for v within [low, high], where
    they stand between low and high."""
    told = round_ticks(offset + scale * low, offset + scale * high, most)
    return [((value - offset) / scale, tick(value)) for value in told]


def round_length(most: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is no more than ``most``, which is above 0."""
    power = 10.0 ** math.floor(math.log10(most))
    lead = next(lead for lead in (5, 2, 1) if lead * power <= most * (1 + 1e-9))
    return float(f"{lead * power:.14g}")
