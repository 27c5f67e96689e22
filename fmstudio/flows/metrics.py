"""Distances between samples."""

from __future__ import annotations

import numpy as np
import ot
from torch import Tensor


def w2(x: Tensor, y: Tensor) -> float:
    """Exact W2 between two clouds of equal weight, by POT's network simplex (emd2).

    x is (n, d), y is (m, d). Raises ValueError for an empty cloud.
    """
    if len(x) == 0 or len(y) == 0:
        raise ValueError(f"w2 takes at least one point on each side, got {len(x)} and {len(y)}")
    cost = ot.dist(x.double().cpu().numpy(), y.double().cpu().numpy(), metric="sqeuclidean")
    squared = ot.emd2([], [], cost, numItermax=10_000_000)
    return float(np.sqrt(max(squared, 0.0)))
