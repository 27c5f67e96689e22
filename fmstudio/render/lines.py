"""Polylines of what moved: fading tails, whole paths, warped grids. Pure numpy: (lines, points, 2)."""

from __future__ import annotations

import numpy as np

from fmstudio.render.scene import Array

TAIL_POINTS = 22
TAIL_SPAN = 0.24
"""How much of [0, 1] a fading tail covers."""
PATH_POINTS = 160
"""Of a longer path every so-manieth state is drawn."""


def tails(states: Array, low: int, weight: float) -> Array:
    """From (states, n, 2): the last ``TAIL_SPAN`` before the moment ``weight`` past state ``low``."""
    first = max(0.0, low + weight - TAIL_SPAN * (len(states) - 1))
    rows = np.unique(np.linspace(first, low, TAIL_POINTS - 1).round().astype(int))
    return _by_particle(np.concatenate([states[rows], now(states, low, weight)[None]]))


def paths(states: Array, low: int, weight: float) -> Array:
    """All of each path up to that moment. What is still to come is NaN, so that the array has one size."""
    stride = -(-len(states) // PATH_POINTS)
    past = states[: low + 1 : stride]
    points = np.full((-(-len(states) // stride) + 1, *states.shape[1:]), np.nan, np.float32)
    points[: len(past)] = past
    points[len(past)] = now(states, low, weight)
    return _by_particle(points)


def grid_lines(states: Array, low: int, weight: float, points: int) -> Array:
    """From (states, lines * points, 2): a grid at that moment, ``points`` points a line."""
    return np.ascontiguousarray(now(states, low, weight).reshape(-1, points, 2))


def now(states: Array, low: int, weight: float) -> Array:
    """(n, 2): the moment ``weight`` past state ``low``."""
    high = min(low + 1, len(states) - 1)
    return np.asarray((1 - weight) * states[low] + weight * states[high], np.float32)


def _by_particle(points: Array) -> Array:
    return np.ascontiguousarray(points.transpose(1, 0, 2), np.float32)
