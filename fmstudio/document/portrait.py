"""The drawing that ships with the gallery: a cat in ten strokes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.specs.distribution import DrawnSpec

_CELLS = 256
_HALF = 3.0
_RADIUS = 0.09
"""of the pen, in plane units"""

Curve = npt.NDArray[np.float64]
"""(n, 2) points along a stroke"""


def cat() -> DrawnSpec:
    """A cat's face, drawn with one pen."""
    ink = np.zeros((_CELLS, _CELLS), np.float32)
    for stroke in _strokes():
        ink = np.maximum(ink, _pen(stroke))
    return DrawnSpec(raster=FrozenArray(ink), half=_HALF, name="cat")


def _strokes() -> list[Curve]:
    strokes = [
        _arc((0.0, -0.3), (1.7, 1.45), 0, 360),
        _line((0.78, 0.98), (1.35, 2.1), (1.52, 0.35)),
        _line((-0.78, 0.98), (-1.35, 2.1), (-1.52, 0.35)),
        _arc((0.62, 0.05), (0.2, 0.3), 0, 360),
        _arc((-0.62, 0.05), (0.2, 0.3), 0, 360),
        _line((-0.16, -0.48), (0.16, -0.48), (0.0, -0.66), (-0.16, -0.48)),
        _arc((0.28, -0.72), (0.28, 0.3), 180, 340),
        _arc((-0.28, -0.72), (0.28, 0.3), 0, -160),
    ]
    for side in (-1.0, 1.0):
        for start, end in ((-0.45, -0.2), (-0.6, -0.62), (-0.75, -1.04)):
            strokes.append(_line((side * 1.0, start), (side * 2.45, end)))
    return strokes


def _arc(centre: tuple[float, float], radii: tuple[float, float], first: float, last: float) -> Curve:
    """Part of an ellipse between two angles in degrees."""
    angle = np.radians(np.linspace(first, last, 200))
    return np.stack([centre[0] + radii[0] * np.cos(angle), centre[1] + radii[1] * np.sin(angle)], axis=1)


def _line(*corners: tuple[float, float]) -> Curve:
    """A polyline, filled in closely."""
    points = np.array(corners)
    places = np.linspace(0, len(points) - 1, 80 * (len(points) - 1))
    return np.stack([np.interp(places, np.arange(len(points)), points[:, axis]) for axis in (0, 1)], axis=1)


def _pen(curve: Curve) -> npt.NDArray[np.float32]:
    """The raster of one stroke: 1 within the pen, falling to 0 over a cell or two."""
    cell = 2 * _HALF / _CELLS
    centres = (np.arange(_CELLS) + 0.5) * cell - _HALF
    squared = np.full((_CELLS, _CELLS), np.inf)
    for x, y in curve:
        np.minimum(squared, (centres[None, :] - x) ** 2 + (centres[:, None] - y) ** 2, out=squared)
    ink: npt.NDArray[np.float32] = (
        ((_RADIUS - np.sqrt(squared)) / (2 * cell) + 0.5).clip(0, 1).astype(np.float32)
    )
    return ink
