"""A training loss of any length as a few hundred points. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 240
_MEMORY = 18.0
"""Bins over which the smoothed curve remembers; fewer at the start, so that it does not lag in the plunge."""

Curve = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LossCurve:
    """``raw`` goes through the least and greatest loss of each bin, ``smooth`` through running means."""

    raw_steps: Curve
    raw: Curve
    steps: Curve
    smooth: Curve


def loss_curve(steps: npt.ArrayLike, losses: npt.ArrayLike) -> LossCurve:
    """Sum up a run; losses that are not finite are left out. Empty for an empty run."""
    x, y = np.asarray(steps, np.float64), np.asarray(losses, np.float64)
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if not len(y):
        return LossCurve(*(np.zeros(0) for _ in range(4)))
    edges = np.unique(np.linspace(0, len(y), min(BINS, len(y)) + 1).astype(int))
    starts, counts = edges[:-1], np.diff(edges)
    means = np.add.reduceat(y, starts) / counts
    middles = np.add.reduceat(x, starts) / counts
    raw = np.stack([np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)], 1).ravel()
    return LossCurve(np.repeat(middles, 2), raw, middles, _smoothed(means))


def _smoothed(means: Curve) -> Curve:
    """Exponential running mean, without the bias of its start."""
    out = np.empty_like(means)
    total = weight = 0.0
    for i, mean in enumerate(means):
        keep = 1 - 1 / min(_MEMORY, 2 + i / 3)
        total, weight = keep * total + mean, keep * weight + 1
        out[i] = total / weight
    return out


def vertical_range(curve: LossCurve, floor: float | None) -> tuple[float, float]:
    """What to show: the smooth curve but for its first plunge, the floor, and room for the floor's words."""
    tail = curve.smooth[len(curve.smooth) // 25 :]
    low = float(tail.min()) if floor is None else min(floor, float(tail.min()))
    high = max(float(tail.max()), low + 1e-3 * (1 + abs(low)))
    span = high - low
    return max(0.0, low - 0.3 * span) if low >= 0 else low - 0.3 * span, high + 0.12 * span
