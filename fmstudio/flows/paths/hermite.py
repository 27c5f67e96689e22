"""Monotone cubic Hermite splines: curves through handles that turn nowhere but at one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor


@final
@dataclass(frozen=True)
class Hermite:
    """A cubic Hermite spline: knots, values and slopes, evaluated in float64 from both ends of a piece.

    Both distances to the ends of a piece are differences of knots and t, so a value that vanishes at an end
    vanishes there to full relative precision.
    """

    knots: Tensor
    values: Tensor
    slopes: Tensor

    @staticmethod
    def monotone(knots: Sequence[float], values: Sequence[float]) -> Hermite:
        n = len(knots)
        step = [knots[i + 1] - knots[i] for i in range(n - 1)]
        rise = [(values[i + 1] - values[i]) / step[i] for i in range(n - 1)]
        inner = [_harmonic(step[i - 1], step[i], rise[i - 1], rise[i]) for i in range(1, n - 1)]
        first = _end_slope(step, rise) if n > 2 else rise[0]
        last = _end_slope(step[::-1], rise[::-1]) if n > 2 else rise[0]
        columns = (list(knots), list(values), [first, *inner, last])
        return Hermite(*(torch.tensor(column, dtype=torch.float64) for column in columns))

    def value(self, t: Tensor) -> Tensor:
        step, u, w, i = self._piece(t)
        y0, y1, m0, m1 = self._ends(i)
        total = y0 * w * w * (1 + 2 * u) + y1 * u * u * (1 + 2 * w) + step * u * w * (m0 * w - m1 * u)
        return total.to(t)

    def slope(self, t: Tensor) -> Tensor:
        step, u, w, i = self._piece(t)
        y0, y1, m0, m1 = self._ends(i)
        rise = 6 * u * w * (y1 - y0) / step
        return (rise + m0 * w * (w - 2 * u) + m1 * u * (u - 2 * w)).to(t)

    def _piece(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(length of the piece, relative distances from its left and to its right end, its index)."""
        t = t.double()
        knots = self.knots.to(t.device)
        i = torch.searchsorted(knots, t.detach().contiguous(), right=True).clamp(1, len(knots) - 1) - 1
        step = knots[i + 1] - knots[i]
        return step, (t - knots[i]) / step, (knots[i + 1] - t) / step, i

    def _ends(self, i: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        values, slopes = self.values.to(i.device), self.slopes.to(i.device)
        return values[i], values[i + 1], slopes[i], slopes[i + 1]


def _harmonic(h0: float, h1: float, d0: float, d1: float) -> float:
    """The slope at an inner knot: 0 at a flat piece, else a weighted harmonic mean, which keeps monotony."""
    if d0 * d1 <= 0:
        return 0.0
    w0, w1 = 2 * h1 + h0, h1 + 2 * h0
    return (w0 + w1) / (w0 / d0 + w1 / d1)


def _end_slope(step: list[float], rise: list[float]) -> float:
    """The three-point slope at an outer knot, cut so that its piece stays monotone."""
    slope = ((2 * step[0] + step[1]) * rise[0] - step[0] * rise[1]) / (step[0] + step[1])
    if slope * rise[0] <= 0:
        return 0.0
    return slope if abs(slope) <= 3 * abs(rise[0]) else 3 * rise[0]
