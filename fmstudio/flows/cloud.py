"""The kernel sums of a point cloud: exact, in cache-sized tiles, never all pairs at once."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from fmstudio.flows.kernels import (
    About,
    Axis,
    Kernel,
    Moments,
    centred_moments,
    flat,
    grid_points,
    log_norm,
    rows_of,
    separable_density,
    sum_orders,
    underflow,
)

TILE = 1 << 16
"""Pairs in a tile: small enough for the cache, large enough to be shared between two cores."""


@final
class CloudKernel(Kernel):
    """Points (N, 2) with weights (N,) that sum to 1."""

    def __init__(self, points: Tensor, weights: Tensor) -> None:
        self.points = points
        self.weights = weights

    def moments(self, x: Tensor, alpha: Tensor, variance: Tensor, order: int) -> Moments:
        points, weights = self.points.to(x), self.weights.to(x)
        values = _weighted_powers(points, weights, order)
        rows = max(1, TILE // len(points))
        parts = [
            _tile_sums(x[part], points, values, rows_of(alpha, part), rows_of(variance, part))
            for part in (slice(i, i + rows) for i in range(0, len(x), rows))
        ]
        sums = torch.cat([p[0] for p in parts])
        log_factor = torch.cat([p[1] for p in parts]) - flat(log_norm(variance))
        zero = torch.zeros_like(x[:, 0])
        about = About(zero, zero, -x[:, 0], -x[:, 1])
        return centred_moments(sums.unbind(1), about, log_factor, flat(alpha))

    def grid_moments(self, xs: Tensor, ys: Tensor, alpha: Tensor, variance: Tensor, order: int) -> Moments:
        points, weights = self.points.to(xs), self.weights.to(xs)
        across = Axis.of(xs, points[:, 0], alpha, variance, order)
        along = Axis.of(ys, points[:, 1], alpha, variance, order)
        heavy = [power * weights for power in along.powers]
        sums = [heavy[j] @ across.powers[i].T for i, j in sum_orders(order)]
        about = About(across.about, along.about[:, None], across.offset, along.offset[:, None])
        log_factor = across.log_factor + along.log_factor[:, None] - log_norm(variance)
        moments = centred_moments(sums, about, log_factor, alpha)
        low = sums[0] < underflow(xs)
        if not bool(low.any()):
            return moments
        return moments.replaced(low, self.moments(grid_points(xs, ys)[low], alpha, variance, order))

    def grid_density(self, xs: Tensor, ys: Tensor, alpha: Tensor, variance: Tensor) -> Tensor:
        points, weights = self.points.to(xs), self.weights.to(xs)
        across = Axis.of(xs, points[:, 0], alpha, variance, 0)
        along = Axis.of(ys, points[:, 1], alpha, variance, 0)
        return separable_density(along.powers[0] * weights, along, across, variance)

    def heaviest(self, x: Tensor, alpha: Tensor, variance: Tensor, count: int) -> tuple[Tensor, Tensor]:
        points = self.points.to(x)
        logits = self.weights.to(x).log() + _logits(x[None], points, alpha, variance)[0]
        top, index = torch.softmax(logits, 0).topk(min(count, len(points)))
        return points[index], top


def _weighted_powers(points: Tensor, weights: Tensor, order: int) -> Tensor:
    """(N, m): w, w c, w c c^T: the matrix that turns a tile of kernels into sums."""
    powers = [points[:, 0] ** i * points[:, 1] ** j for i, j in sum_orders(order)]
    return torch.stack(powers, 1) * weights[:, None]


def _logits(x: Tensor, points: Tensor, alpha: Tensor, variance: Tensor) -> Tensor:
    """-|x - alpha c|^2 / (2 v), (n, N), from centred differences."""
    scale = torch.rsqrt(2 * variance)
    dx = scale * x[:, :1] - (scale * alpha) * points[:, 0]
    dy = scale * x[:, 1:] - (scale * alpha) * points[:, 1]
    return torch.addcmul(dx * -dx, dy, dy, value=-1)


def _tile_sums(
    x: Tensor, points: Tensor, values: Tensor, alpha: Tensor, variance: Tensor
) -> tuple[Tensor, Tensor]:
    """(sum_c k_c values_c (n, m), log of the factor taken out (n,)): log-sum-exp where plain sums underflow."""
    sums = _logits(x, points, alpha, variance).exp_() @ values
    log_factor = torch.zeros_like(x[:, 0])
    low = sums[:, 0] < underflow(x)
    if not bool(low.any()):
        return sums, log_factor
    rows = low.nonzero()[:, 0]
    logits = _logits(x[rows], points, rows_of(alpha, rows), rows_of(variance, rows))
    peak = torch.where(values[:, 0] > 0, logits, -torch.inf).amax(1)
    far = (logits - peak[:, None]).exp_() @ values
    return sums.index_put((rows,), far), log_factor.index_put((rows,), peak)
