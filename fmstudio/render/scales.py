"""What is bright and what is long: the scales of pictures and arrows. Pure."""

from __future__ import annotations

import numpy as np

from fmstudio.document.specs.density import Meaning
from fmstudio.render.scene import Array

ARROW_LENGTH = 0.62
"""A typical arrow, in cells of its grid."""
TOP_QUANTILE = 0.995
PEAK_PART = 0.2
"""A spot of a few cells has its peak for a measure, or else all of it would be of one colour."""
SPEED_QUANTILE = 0.7
FLUX_QUANTILE = 0.97
"""A flux is nothing wherever the density is nothing: most of a pane."""


def grid_points(xs: Array, ys: Array) -> Array:
    gx, gy = np.meshgrid(xs, ys)
    return np.stack([gx, gy], -1).reshape(-1, 2).astype(np.float32)


def typical_speed(vectors: Array, flux: bool) -> float:
    """A robust scale of the lengths of those vectors that are known."""
    quantile = FLUX_QUANTILE if flux else SPEED_QUANTILE
    lengths = np.hypot(vectors[..., 0], vectors[..., 1])
    known = lengths[np.isfinite(lengths)]
    return max(float(np.quantile(known, quantile)), 1e-9) if len(known) else 1e-9


def top_of(image: Array, meaning: Meaning) -> float:
    """What is shown as the brightest colour."""
    if meaning is Meaning.SIGNED:
        return float(np.abs(image).max())
    top = float(np.quantile(image[::2, ::2], TOP_QUANTILE))
    return max(top, PEAK_PART * float(image.max())) if meaning is Meaning.DENSITY else top


def arrow_lengths(vectors: Array, typical: float, cell: float) -> Array:
    """Lengths saturate softly at about a cell, so that long vectors don't overlap; directions are kept."""
    speed = np.hypot(vectors[:, 0], vectors[:, 1])
    ratio = speed / typical
    length = cell * ARROW_LENGTH * 1.3 * ratio / (0.3 + ratio)
    return np.asarray(vectors / np.maximum(speed, 1e-12)[:, None] * length[:, None], np.float32)
