"""Handles (t, value, ...) of curves drawn by hand: moved, added, removed as their curve allows. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fmstudio.document.specs.hermite import CLOSEST, MOST_HANDLES, through
from fmstudio.document.specs.path import ScheduleSpec, SplineSpec

Handle = tuple[float, ...]
"""(t, a value of each curve)"""
Handles = tuple[Handle, ...]
Bounds = Callable[[Handles, int, int], tuple[float, float]]
"""(handles, which handle, which curve) -> the lowest and the highest value that it may have"""

APART = 0.002
"""Values of a curve that must not stand still differ by this much."""
DECIMALS = 4
"""A pointer is no finer, and a file is easier to read."""
LIKE_TIMES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Knob:
    """One value of one handle."""

    handle: int
    curve: int


@dataclass(frozen=True)
class Shape:
    """A noise to begin with."""

    title: str
    handles: tuple[tuple[float, float], ...]


SHAPES = {
    "early": Shape("most at the start", ((0.0, 1.0), (0.35, 0.7), (0.6, 0.05), (1.0, 0.0))),
    "middle": Shape("most in the middle", ((0.0, 0.0), (0.5, 1.0), (1.0, 0.0))),
    "late": Shape("most towards the end", ((0.0, 0.0), (0.5, 0.1), (0.8, 1.0), (1.0, 0.0))),
    "twice": Shape("two gusts", ((0.0, 0.0), (0.2, 1.0), (0.45, 0.0), (0.75, 1.0), (1.0, 0.0))),
}


def free(_handles: Handles, _index: int, _curve: int) -> tuple[float, float]:
    """Any share."""
    return 0.0, 1.0


def monotone(handles: Handles, index: int, curve: int) -> tuple[float, float]:
    """Between the neighbours'; the ends stay."""
    own = handles[index][1 + curve]
    if index in (0, len(handles) - 1):
        return own, own
    low, high = sorted((handles[index - 1][1 + curve], handles[index + 1][1 + curve]))
    room = min(APART, (high - low) / 3)
    return low + room, high - room


def moved(handles: Handles, knob: Knob, t: float, value: float, bounds: Bounds) -> Handles:
    """The knob as near to (t, value) as it may be; the ends keep their times."""
    i = knob.handle
    if 0 < i < len(handles) - 1:
        t = min(max(t, handles[i - 1][0] + CLOSEST), handles[i + 1][0] - CLOSEST)
    else:
        t = handles[i][0]
    low, high = bounds(handles, i, knob.curve)
    values = list(handles[i][1:])
    values[knob.curve] = min(max(value, low), high)
    return _replaced(handles, i, (t, *values))


def added(handles: Handles, t: float) -> Handles:
    """One more on the curves, unless there are enough or another is too near."""
    times = [handle[0] for handle in handles]
    if len(handles) >= MOST_HANDLES or min(abs(t - other) for other in times) < CLOSEST:
        return handles
    at = np.asarray([t])
    values = (float(through(times, column, at)[0]) for column in list(zip(*handles, strict=True))[1:])
    return tuple(sorted((*handles, _rounded((t, *values)))))


def removed(handles: Handles, index: int) -> Handles:
    """Without that one; the ends stay."""
    return handles[:index] + handles[index + 1 :] if 0 < index < len(handles) - 1 else handles


def spline_like(path: ScheduleSpec) -> SplineSpec:
    """A path by hand that begins as another: its curves, brought to go from 0 to 1 and from 1 to 0."""
    t = np.asarray(LIKE_TIMES)
    alpha, beta = path.curves(t)
    rise = (alpha - alpha[0]) / (alpha[-1] - alpha[0]) if alpha[-1] > alpha[0] else t
    fall = (beta - beta[-1]) / (beta[0] - beta[-1])
    inner = (_rounded((float(at), float(a), float(b))) for at, a, b in zip(t, rise, fall, strict=True))
    handles = ((0.0, 0.0, 1.0), *list(inner)[1:-1], (1.0, 1.0, 0.0))
    return SplineSpec(handles=handles)


def _replaced(handles: Handles, index: int, handle: Handle) -> Handles:
    return (*handles[:index], _rounded(handle), *handles[index + 1 :])


def _rounded(handle: Handle) -> Handle:
    return tuple(round(float(number), DECIMALS) for number in handle)
