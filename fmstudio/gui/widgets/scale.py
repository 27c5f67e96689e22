"""Where a number stands on a slider, and how it is written and read. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

LOG_POSITIONS = 240
MOST_POSITIONS = 1000


@dataclass(frozen=True)
class Scale:
    """A slider from ``low`` to ``high``; typed values may go to the wider ``least`` .. ``most``."""

    low: float
    high: float
    step: float = 0.01
    log: bool = False
    integer: bool = False
    least: float = -math.inf
    most: float = math.inf

    @property
    def positions(self) -> int:
        """The slider's last position (the first is 0): one a step, if these are not too many."""
        if self.log:
            return LOG_POSITIONS
        return max(1, min(MOST_POSITIONS, round((self.high - self.low) / self.step)))

    def position(self, value: float) -> int:
        """Where ``value`` stands, at the nearest end if it is beyond one."""
        inside = min(self.high, max(self.low, value))
        if self.log:
            along = math.log(inside / self.low) / math.log(self.high / self.low)
        else:
            along = (inside - self.low) / (self.high - self.low)
        return round(along * self.positions)

    def value(self, position: int) -> float:
        """The number at a position: a round one."""
        along = position / self.positions
        if self.log:
            return self._rounded(self.low * (self.high / self.low) ** along)
        return self._rounded(self.low + along * (self.high - self.low))

    def _rounded(self, value: float) -> float:
        unit = _two_digits(value) if self.log else self.step
        number = min(self.high, max(self.low, round(value / unit) * unit))
        return round(number) if self.integer else float(f"{number:.10g}")

    def words(self, value: float) -> str:
        """The number as a person reads it."""
        if self.integer:
            return f"{round(value):,}"
        if self.log:
            return f"{value:.3g}"
        decimals = max(0, -math.floor(math.log10(self.step) + 1e-9))
        text = f"{value:.{decimals}f}"
        return text if abs(float(text) - value) < 1e-9 else f"{value:.4g}"

    def read(self, text: str) -> float:
        """What a person typed, taken into the bounds. Raises ValueError for what is no number."""
        number = float(text.strip().replace(",", "").replace("\u2212", "-").replace(" ", ""))
        if not math.isfinite(number):
            raise ValueError(f"{text} is not a finite number")
        number = min(self.most, max(self.least, number))
        return round(number) if self.integer else number


def _two_digits(value: float) -> float:
    """The unit to which a number is rounded to keep two digits."""
    return float(10.0 ** (math.floor(math.log10(value) + 1e-9) - 1))
