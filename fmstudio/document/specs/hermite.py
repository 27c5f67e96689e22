"""A curve through handles: monotone cubic Hermite pieces, for pictures (their law is in ``flows.paths``)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Curve = npt.NDArray[np.float64]

CLOSEST = 0.01
"""Times of two handles are at least so far apart."""
MOST_HANDLES = 12


def through(knots: Sequence[float], values: Sequence[float], t: Curve) -> Curve:
    """The curve through (knot, value) at the times ``t`` within the knots; it turns nowhere but at a handle
    (slopes by harmonic means: Fritsch & Butland 1984)."""
    x, y = np.asarray(knots, np.float64), np.asarray(values, np.float64)
    step = np.diff(x)
    rise = np.diff(y) / step
    slopes = np.concatenate([[_end(step, rise)], _inner(step, rise), [_end(step[::-1], rise[::-1])]])
    i = np.clip(np.searchsorted(x, t, side="right"), 1, len(x) - 1) - 1
    h = step[i]
    u, w = (t - x[i]) / h, (x[i + 1] - t) / h
    ends = y[i] * w * w * (1 + 2 * u) + y[i + 1] * u * u * (1 + 2 * w)
    return np.asarray(ends + h * u * w * (slopes[i] * w - slopes[i + 1] * u))


def require_times(times: Sequence[float]) -> None:
    """Raises ValueError unless they run from 0 to 1, ``CLOSEST`` apart, and are not too many."""
    if not 2 <= len(times) <= MOST_HANDLES:
        raise ValueError(f"a curve has 2 to {MOST_HANDLES} handles, got {len(times)}")
    if times[0] != 0 or times[-1] != 1:
        raise ValueError(f"handles run from t = 0 to t = 1, got {times[0]:g} to {times[-1]:g}")
    # Rounding of a typed .01 is forgiven.
    close = next((b for a, b in pairwise(times) if b - a < CLOSEST - 1e-9), None)
    if close is not None:
        raise ValueError(
            f"handles are at least {CLOSEST:g} of time apart and in order, got one at t = {close:g}"
        )


def _inner(step: Curve, rise: Curve) -> Curve:
    before, after = rise[:-1], rise[1:]
    first, second = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    same = before * after > 0
    safe = np.where(same, before, 1.0), np.where(same, after, 1.0)
    return np.where(same, (first + second) / (first / safe[0] + second / safe[1]), 0.0)


def _end(step: Curve, rise: Curve) -> float:
    """The three-point slope at the first knot, cut so that its piece turns nowhere."""
    if len(rise) == 1:
        return float(rise[0])
    slope = ((2 * step[0] + step[1]) * rise[0] - step[0] * rise[1]) / (step[0] + step[1])
    return float(np.clip(slope, *sorted((0.0, 3 * rise[0]))))
