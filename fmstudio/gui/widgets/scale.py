"""Where a number stands on a slider, and how it is written and read. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fmstudio.gui.widgets.typed_number import read_number

LOG_POSITIONS = 240
MOST_POSITIONS = 1000


@dataclass(frozen=True)
class Scale:
    """A slider from ``low`` to ``high``; typed values may go to the wider ``least`` .. ``most``, if given."""

    low: float
    high: float
    step: float = 0.01
    log: bool = False
    integer: bool = False
    least: float | None = None
    most: float | None = None
    grouped: bool = True
    """thousands are set off by a comma; not in names, as seeds are"""

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
            return f"{round(value):,}" if self.grouped else str(round(value))
        if self.log:
            return f"{value:.3g}"
        decimals = max(0, -math.floor(math.log10(self.step) + 1e-9))
        text = f"{value:.{decimals}f}"
        return text if abs(float(text) - value) < 1e-9 else f"{value:.4g}"

    def read(self, text: str, decimal: str = ".") -> float:
        """What a person typed whose country's decimal sign is ``decimal``. Raises Unreadable."""
        return read_number(text, decimal, whole=self.integer)

    @property
    def bounds(self) -> tuple[float, float]:
        """Within which a number may be typed."""
        return (
            self.low if self.least is None else self.least,
            self.high if self.most is None else self.most,
        )

    def bounded(self, number: float) -> float:
        """The nearest number that may be typed."""
        least, most = self.bounds
        inside = min(most, max(least, number))
        return round(inside) if self.integer else inside

    def span(self) -> str:
        """'0.00 to 5.00': what may be typed."""
        least, most = self.bounds
        return f"{self.words(least)} to {self.words(most)}"


def _two_digits(value: float) -> float:
    """The unit to which a number is rounded to keep two digits."""
    return float(10.0 ** (math.floor(math.log10(value) + 1e-9) - 1))
