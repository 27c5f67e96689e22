"""Brush strokes on a raster. Pure numpy; a stroke's cost is its own bounding box, not the raster's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.document.specs.units import Vector
from fmstudio.studio.asked_files import End

Raster = npt.NDArray[np.float32]
INK_POINTS = 50_000
SOFTEN_CELLS = 2
"""So many samples, softened so far, leave some 5 % of noise in the ink of two moons."""


@dataclass(frozen=True)
class Brush:
    """A round brush: ``radius`` in plane units, ``softness`` in [0, 1] (0 is a hard edge), or an eraser."""

    radius: float = 0.15
    softness: float = 0.6
    erase: bool = False


def stamp(raster: Raster, half: float, start: Vector, end: Vector, brush: Brush) -> Raster:
    """The raster with the segment start-end painted on it (a new array; the old one is not touched).

    Paint does not pile up: each cell takes the larger of what it has and what the brush gives.
    """
    cells = raster.shape[0]
    cell = 2 * half / cells
    box = [_range(axis, start, end, brush.radius, half, cell, cells) for axis in (0, 1)]
    (x0, x1), (y0, y1) = box
    out = raster.copy()
    if x0 >= x1 or y0 >= y1:
        return out
    xs = (np.arange(x0, x1, dtype=np.float32) + 0.5) * cell - half
    ys = (np.arange(y0, y1, dtype=np.float32) + 0.5) * cell - half
    ink = _ink(_distance(xs, ys, start, end), brush)
    part = out[y0:y1, x0:x1]
    out[y0:y1, x0:x1] = part * (1 - ink) if brush.erase else np.maximum(part, ink)
    return out


def stroke(target: DrawnSpec, start: Vector, end: Vector, brush: Brush) -> DrawnSpec:
    """The drawing with one more segment; it is no picture of a file any more."""
    raster = stamp(target.raster.values, target.half, start, end, brush)
    return target.model_copy(update={"raster": FrozenArray(raster), "picture": None, "note": ""})


def begun(points: npt.NDArray[np.float32], half: float) -> DrawnSpec:
    """Samples (n, 2) of a distribution as ink: how many fell in each cell, softened; the densest is full."""
    empty = DrawnSpec(half=half)
    cells = empty.raster.values.shape[0]
    sides = [[-half, half], [-half, half]]
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], bins=cells, range=sides)
    ink = _softened(_softened(counts).T).T
    full = float(np.quantile(ink[ink > 0], 0.99)) if ink.any() else 1.0
    return empty.model_copy(update={"raster": FrozenArray(np.clip(ink / full, 0, 1).astype(np.float32))})


def with_ink(document: Document, end: End, ink: DrawnSpec) -> Document:
    """Its drawing at that end with that ink beneath what was painted; no drawing is left as it is."""
    law = getattr(document, end)
    if not isinstance(law, DrawnSpec) or law.raster.values.shape != ink.raster.values.shape:
        return document
    raster = FrozenArray(np.maximum(law.raster.values, ink.raster.values))
    return document.model_copy(update={end: law.model_copy(update={"raster": raster})})


def _softened(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Along the first axis, by a Gaussian of SOFTEN_CELLS."""
    reach = 3 * SOFTEN_CELLS
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SOFTEN_CELLS) ** 2)
    padded = np.pad(rows, ((reach, reach), (0, 0)))
    shifted = (weight * padded[i : i + len(rows)] for i, weight in enumerate(weights))
    return np.asarray(np.sum(list(shifted), axis=0) / weights.sum())


def cleared(target: DrawnSpec) -> DrawnSpec:
    return DrawnSpec(half=target.half, name=target.name)


def _range(
    axis: int, start: Vector, end: Vector, radius: float, half: float, cell: float, cells: int
) -> tuple[int, int]:
    low = min(start[axis], end[axis]) - radius
    high = max(start[axis], end[axis]) + radius
    return (
        max(0, int(np.floor((low + half) / cell))),
        min(cells, int(np.ceil((high + half) / cell)) + 1),
    )


def _distance(xs: Raster, ys: Raster, start: Vector, end: Vector) -> Raster:
    """Distance of each cell centre to the segment, (len(ys), len(xs))."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length2 = dx * dx + dy * dy
    px, py = xs[None, :] - start[0], ys[:, None] - start[1]
    along = np.clip((px * dx + py * dy) / length2, 0, 1) if length2 > 0 else np.zeros((1, 1))
    return np.asarray(np.hypot(px - along * dx, py - along * dy), np.float32)


def _ink(distance: Raster, brush: Brush) -> Raster:
    """1 within the hard core, a raised cosine down to 0 at the radius."""
    core = brush.radius * (1 - brush.softness)
    edge = max(brush.radius - core, 1e-6)
    ramp = np.clip((brush.radius - distance) / edge, 0, 1)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * ramp), np.float32)
