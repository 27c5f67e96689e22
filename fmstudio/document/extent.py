"""Where a distribution lies, without sampling it: a box that holds its mass. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

TAIL = 3.0
"""Standard deviations of a normal that are shown: all but 3 in 1000 of its mass along an axis."""


@dataclass(frozen=True)
class Interval:
    """Along one axis: within ``half`` of ``middle``, blurred by a normal of standard deviation ``blur``."""

    middle: float
    half: float
    blur: float = 0.0

    @property
    def low(self) -> float:
        return self.middle - self.half - TAIL * self.blur

    @property
    def high(self) -> float:
        return self.middle + self.half + TAIL * self.blur

    def scaled(self, factor: float) -> Interval:
        """Of ``factor`` times the variable."""
        return Interval(factor * self.middle, abs(factor) * self.half, abs(factor) * self.blur)

    def plus(self, other: Interval) -> Interval:
        """Of the sum of two independent variables: edges add up, normals by their variances."""
        blur = math.hypot(self.blur, other.blur)
        return Interval(self.middle + other.middle, self.half + other.half, blur)

    def joined(self, other: Interval) -> Interval:
        """The smallest that shows both, blurred as the sharper of them."""
        blur = min(self.blur, other.blur)
        low, high = min(self.low, other.low) + TAIL * blur, max(self.high, other.high) - TAIL * blur
        return Interval((low + high) / 2, (high - low) / 2, blur)


@dataclass(frozen=True)
class Extent:
    """An interval along each axis of the plane."""

    x: Interval
    y: Interval

    @classmethod
    def square(cls, half: float, blur: float = 0.0, x: float = 0.0, y: float = 0.0) -> Extent:
        """About (x, y), ``half`` to each side before the blur."""
        return cls(Interval(x, half, blur), Interval(y, half, blur))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) of what is shown of it."""
        return self.x.low, self.y.low, self.x.high, self.y.high

    def scaled(self, factor: float) -> Extent:
        return Extent(self.x.scaled(factor), self.y.scaled(factor))

    def plus(self, other: Extent) -> Extent:
        """Of the sum of two independent variables."""
        return Extent(self.x.plus(other.x), self.y.plus(other.y))

    def joined(self, other: Extent) -> Extent:
        return Extent(self.x.joined(other.x), self.y.joined(other.y))


def union(extents: Iterable[Extent]) -> Extent:
    """The smallest that shows all of them (at least one)."""
    first, *others = extents
    for other in others:
        first = first.joined(other)
    return first
