"""Densities on a grid that are not closed forms."""

from __future__ import annotations

import torch
from torch import Tensor

TILE = 8192


def scott_bandwidth(points: Tensor) -> Tensor:
    """Scott's rule in two dimensions: n^(-1/6) times the standard deviation of each axis, (2,)."""
    return points.std(0).clamp_min(1e-6) * len(points) ** (-1 / 6)


def kde_on_grid(points: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
    """A Gaussian KDE by Scott's rule of ``points`` (n, 2) at all (x, y): (len(ys), len(xs)).

    The kernel separates, so the sum over points is a product of two thin matrices. Points that are not finite
    carry no mass. Raises ValueError for fewer than two finite points.
    """
    finite = points[torch.isfinite(points).all(1)]
    if len(finite) < 2:
        raise ValueError(f"a KDE takes at least two finite points, got {len(finite)}")
    width = scott_bandwidth(finite)
    total = torch.zeros(len(ys), len(xs), dtype=points.dtype)
    for tile in torch.split(finite, TILE):
        kx = torch.exp(-0.5 * ((xs[:, None] - tile[:, 0]) / width[0]) ** 2)
        ky = torch.exp(-0.5 * ((ys[:, None] - tile[:, 1]) / width[1]) ** 2)
        total += ky @ kx.T
    return total / (len(points) * 2 * torch.pi * width[0] * width[1])
