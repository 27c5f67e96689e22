"""A training loss of any length as a few hundred points. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 240
BAND_BINS = 48
BAND_LEAST = 12
"""Losses in a bin, at least: quantiles of fewer are the losses themselves, and jump from bin to bin."""
BAND = (0.1, 0.9)
"""The quantiles between which the band lies: four raw losses in five."""
_MEMORY = 18.0
"""Bins over which the smoothed curve remembers; fewer at the start, so that it does not lag in the plunge."""
LEAP = 4.0
"""How far beyond the height of nine tenths of the curve the rest is still shown."""

Curve = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LossCurve:
    """Most raw losses lie between ``low`` and ``high`` at ``band_steps``; ``smooth`` goes through running
    means."""

    band_steps: Curve
    low: Curve
    high: Curve
    steps: Curve
    smooth: Curve


def loss_curve(steps: npt.ArrayLike, losses: npt.ArrayLike) -> LossCurve:
    """Sum up a run; losses that are not finite are left out. Empty for an empty run."""
    x, y = np.asarray(steps, np.float64), np.asarray(losses, np.float64)
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if not len(y):
        return LossCurve(*(np.zeros(0) for _ in range(5)))
    starts, counts = _bins(len(y), BINS)
    means = np.add.reduceat(y, starts) / counts
    middles = np.add.reduceat(x, starts) / counts
    return LossCurve(*_band(x, y), middles, _smoothed(means))


def _bins(n: int, most: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where each bin starts, and how many numbers are in it."""
    edges = np.unique(np.linspace(0, n, min(most, n) + 1).astype(np.int64))
    return edges[:-1], np.diff(edges)


def _band(x: Curve, y: Curve) -> tuple[Curve, Curve, Curve]:
    """(steps, low, high): two quantiles of the losses of each bin, from the first step to the last."""
    starts, counts = _bins(len(y), max(1, min(BAND_BINS, len(y) // BAND_LEAST)))
    low, high = _quantiles(y, starts, counts)
    middles = np.add.reduceat(x, starts) / counts
    at = np.concatenate([x[:1], middles[1:-1], x[-1:]])
    ends = slice(None) if len(starts) > 1 else [0, 0]
    return at, low[ends], high[ends]


def _quantiles(y: Curve, starts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> list[Curve]:
    """The two of ``BAND`` of each bin, between the neighbours in order; all bins in one sort."""
    ranked = y[np.lexsort((y, np.repeat(np.arange(len(starts)), counts)))]
    found = []
    for share in BAND:
        below, part = np.divmod(share * (counts - 1), 1)
        first = starts + below.astype(np.int64)
        found.append(ranked[first] * (1 - part) + ranked[np.minimum(first + 1, starts + counts - 1)] * part)
    return found


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
    """What to show: the smooth curve but for its first plunge, most of the band, the floor and its words."""
    tail = curve.smooth[len(curve.smooth) // 25 :]
    low = min(float(tail.min()), float(np.median(curve.low)), float("inf") if floor is None else floor)
    # A likelihood may leap for a moment: the leap may leave the picture, the rest should fill it.
    most = low + LEAP * (float(np.quantile(tail, 0.9)) - low)
    high = max(min(float(tail.max()), most), float(np.median(curve.high)), low + 1e-3 * (1 + abs(low)))
    span = high - low
    return max(0.0, low - 0.3 * span) if low >= 0 else low - 0.3 * span, high + 0.12 * span
