"""Streaks that drift along a field: where they are follows from t alone, so that films drift alike. Pure."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fmstudio.engine.messages import Grid
from fmstudio.render.scene import Array

APART = 0.62
"""Cells of the field's grid from one streak to the next, on average."""
MOST = 480
"""Of so many a frame is made in two milliseconds."""
LIVES = 9
"""How often each streak begins anew while t goes from 0 to 1."""
WAY = 22
"""Points along which a streak drifts in a life,"""
SHOWN = 8
"""and of these so many are seen at once."""
LENGTH = 4.0
"""The whole way, in lengths of an arrow there."""

Floats = npt.NDArray[np.floating]


def streaks(arrows: Array, grid: Grid, t: float) -> tuple[Array, Floats]:
    """From arrows (ny, nx, 2) in plane units: lines (n, SHOWN, 2) with their heads last, and the strength of
    each in [0, 1]. NaN where the field is not known."""
    starts, phases = _seeds(grid)
    life = (LIVES * t + phases) % 1.0
    way = _ways(arrows, grid, starts)
    places = life[:, None] * (WAY - SHOWN) + np.arange(SHOWN)
    low = np.minimum(places.astype(int), WAY - 2)
    weight = (places - low)[..., None]
    rows = np.arange(len(way))[:, None]
    lines = (1 - weight) * way[rows, low] + weight * way[rows, low + 1]
    return np.ascontiguousarray(lines, np.float32), np.sin(np.pi * life)


@lru_cache(maxsize=8)
def _seeds(grid: Grid) -> tuple[Floats, Floats]:
    """Evenly spread by powers of the plastic number, with the part of its life at t = 0."""
    n = min(int(grid.nx * grid.ny / APART**2 / 2), MOST)
    k = np.arange(1, n + 1)
    spread = np.stack([k * 0.7548776662466927 % 1, k * 0.5698402909980532 % 1], -1)
    corner = np.array([grid.cx - grid.half_x, grid.cy - grid.half_y])
    return corner + spread * 2 * np.array([grid.half_x, grid.half_y]), k * 0.6180339887498949 % 1


def _ways(arrows: Array, grid: Grid, starts: Floats) -> Floats:
    """(n, WAY, 2): along the field as it is now, by short steps, both ways from the middle."""
    field = np.ascontiguousarray(arrows, np.float32).reshape(-1, 2) * np.float32(LENGTH / WAY)
    way = np.empty((len(starts), WAY, 2), np.float32)
    middle = WAY // 2
    way[:, middle] = starts
    for side in (1, -1):
        for row in range(middle + side, WAY if side > 0 else -1, side):
            before = way[:, row - side]
            way[:, row] = before + side * _at(field, grid, before)
    return way


def _at(field: Array, grid: Grid, x: Array) -> Array:
    """Between the points of the grid, whose rows ``field`` has one after another; at its border as there."""
    cells = np.array([grid.nx - 1, grid.ny - 1], np.float32)
    half = np.array([grid.half_x, grid.half_y], np.float32)
    corner = np.array([grid.cx, grid.cy], np.float32) - half
    place = np.clip((x - corner) * (cells / (2 * half)), 0, cells - np.float32(1e-3))
    unknown = np.isnan(place[:, 0])
    place[unknown] = 0
    low = place.astype(np.int32)
    right, up = (part[:, None] for part in (place - low).T)
    at = low[:, 1] * grid.nx + low[:, 0]
    below = field[at] * (1 - right) + field[at + 1] * right
    above = field[at + grid.nx] * (1 - right) + field[at + grid.nx + 1] * right
    found = np.asarray(below * (1 - up) + above * up, np.float32)
    found[unknown] = np.nan
    return found
