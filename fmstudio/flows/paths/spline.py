"""A schedule of one's own: monotone cubic splines through handles (t, alpha, beta)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.paths.schedules import Schedule, Time, as_time

Handle = tuple[float, float, float]
"""(t, alpha, beta)"""

STRAIGHT: tuple[Handle, ...] = ((0.0, 0.0, 1.0), (0.5, 0.5, 0.5), (1.0, 1.0, 0.0))


@final
@dataclass(frozen=True)
class Spline(Schedule):
    """alpha and beta as monotone cubic Hermite splines (slopes by harmonic means: Fritsch and Butland).

    The handles run from (0, 0, 1) to (1, 1, beta_1) with t rising, alpha not falling and beta not rising. The
    splines and their derivatives are continuous and stay between neighbouring handles.
    """

    handles: tuple[Handle, ...] = STRAIGHT
    _alpha: _Hermite = field(init=False, repr=False, compare=False)
    _beta: _Hermite = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self.handles)
        t, alpha, beta = (list(column) for column in zip(*self.handles, strict=True))
        object.__setattr__(self, "_alpha", _Hermite.monotone(t, alpha))
        object.__setattr__(self, "_beta", _Hermite.monotone(t, beta))

    def alpha(self, t: Time) -> Tensor:
        return self._alpha.value(as_time(t))

    def beta(self, t: Time) -> Tensor:
        return self._beta.value(as_time(t))

    def dalpha(self, t: Time) -> Tensor:
        return self._alpha.slope(as_time(t))

    def dbeta(self, t: Time) -> Tensor:
        return self._beta.slope(as_time(t))


def _check(handles: tuple[Handle, ...]) -> None:
    if len(handles) < 2:
        raise ValueError(f"handles must be at least two (t, alpha, beta), got {len(handles)}")
    if tuple(handles[0]) != (0.0, 0.0, 1.0):
        raise ValueError(f"handles must start at (0, 0, 1), pure source, got {tuple(handles[0])}")
    if tuple(handles[-1][:2]) != (1.0, 1.0) or not 0 <= handles[-1][2] < 1:
        raise ValueError(f"handles must end at (1, 1, beta) with beta in [0, 1), got {tuple(handles[-1])}")
    for before, after in pairwise(handles):
        rises = after[0] > before[0] and after[1] >= before[1] and after[2] <= before[2]
        if not rises or before[1:] == after[1:]:
            raise ValueError(
                f"handles must have t rising, alpha not falling, beta not rising, got {before} before {after}"
            )


@final
@dataclass(frozen=True)
class _Hermite:
    """A cubic Hermite spline: knots, values and slopes, evaluated in float64 from both ends of a piece.

    Both distances to the ends of a piece are differences of knots and t, so a value that vanishes at an end
    vanishes there to full relative precision.
    """

    knots: Tensor
    values: Tensor
    slopes: Tensor

    @staticmethod
    def monotone(knots: list[float], values: list[float]) -> _Hermite:
        n = len(knots)
        step = [knots[i + 1] - knots[i] for i in range(n - 1)]
        rise = [(values[i + 1] - values[i]) / step[i] for i in range(n - 1)]
        inner = [_harmonic(step[i - 1], step[i], rise[i - 1], rise[i]) for i in range(1, n - 1)]
        first = _end_slope(step, rise) if n > 2 else rise[0]
        last = _end_slope(step[::-1], rise[::-1]) if n > 2 else rise[0]
        columns = (knots, values, [first, *inner, last])
        return _Hermite(*(torch.tensor(column, dtype=torch.float64) for column in columns))

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
