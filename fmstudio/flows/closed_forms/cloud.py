"""The kernel sums of a point cloud: exact, in cache-sized tiles, never all pairs at once."""

from __future__ import annotations

from functools import cached_property
from typing import Any, final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.kernels import (
    About,
    Axis,
    Kernel,
    Moments,
    centred_moments,
    flat,
    grid_points,
    joined,
    log_floor,
    log_norm,
    rows_of,
    separable_density,
    sum_orders,
    underflow,
)

TILE = 1 << 16
"""Pairs in a tile: small enough for the cache, large enough to be shared between two cores."""

ALL = 1024
NEAREST = 64


@final
class CloudKernel(Kernel):
    """Points (N, 2) with weights (N,) that sum to 1.

    Far from all points plain sums underflow. There a log-sum-exp takes over: over all points, or in clouds of
    more than ``ALL`` over the ``NEAREST`` ones (the others weigh next to nothing where the kernel is narrow).
    """

    def __init__(self, points: Tensor, weights: Tensor) -> None:
        self.points = points
        self.weights = weights

    def moments(self, x: Tensor, alpha: Tensor, variance: Tensor, order: int) -> Moments:
        points, weights = self.points.to(x), self.weights.to(x)
        values = weighted_powers(points, weights, order)
        rows = max(1, TILE // len(points))
        tiles = [slice(i, i + rows) for i in range(0, len(x), rows)]
        sums = torch.cat(
            [_logits(x[i], points, rows_of(alpha, i), rows_of(variance, i)).exp_() @ values for i in tiles]
        )
        about = About(*_zeros_and(x))
        moments = centred_moments(sums.unbind(1), about, -flat(log_norm(variance)), flat(alpha))
        low = sums[:, 0] < underflow(x)
        if not bool(low.any()):
            return moments
        far = low.nonzero()[:, 0]
        return moments.replaced(low, self._far(x[far], rows_of(alpha, far), rows_of(variance, far), order))

    def grid_moments(self, xs: Tensor, ys: Tensor, alpha: Tensor, variance: Tensor, order: int) -> Moments:
        moments, low = self._grid_products(xs, ys, alpha, variance, order)
        if xs.dtype == torch.float32 and bool(low.any()):
            # Double precision reaches three times as far before it underflows, at a small price.
            wide, still = self._grid_products(xs.double(), ys.double(), alpha, variance, order)
            moments, low = moments.replaced(low, wide.rows(low)), still
        if not bool(low.any()):
            return moments
        return moments.replaced(low, self._far(grid_points(xs, ys)[low], alpha, variance, order))

    def _grid_products(
        self, xs: Tensor, ys: Tensor, alpha: Tensor, variance: Tensor, order: int
    ) -> tuple[Moments, Tensor]:
        """Moments by Ky diag(w) Kx^T, and where they underflowed."""
        points, weights = self.points.to(xs), self.weights.to(xs)
        across = Axis.of(xs, points[:, 0], alpha, variance, order)
        along = Axis.of(ys, points[:, 1], alpha, variance, order)
        heavy = [power * weights for power in along.powers]
        sums = [heavy[j] @ across.powers[i].T for i, j in sum_orders(order)]
        about = About(across.about, along.about[:, None], across.offset, along.offset[:, None])
        log_factor = across.log_factor + along.log_factor[:, None] - log_norm(variance)
        return centred_moments(sums, about, log_factor, alpha), sums[0] < underflow(xs)

    def grid_density(self, xs: Tensor, ys: Tensor, alpha: Tensor, variance: Tensor) -> Tensor:
        points, weights = self.points.to(xs), self.weights.to(xs)
        across = Axis.of(xs, points[:, 0], alpha, variance, 0)
        along = Axis.of(ys, points[:, 1], alpha, variance, 0)
        return separable_density(along.powers[0] * weights, along, across, variance)

    def _far(self, x: Tensor, alpha: Tensor, variance: Tensor, order: int) -> Moments:
        """Log-sum-exp, in tiles."""
        k = len(self.points) if len(self.points) <= ALL else NEAREST
        rows = max(1, TILE // k)
        parts = []
        for i in (slice(i, i + rows) for i in range(0, len(x), rows)):
            parts.append(self._far_tile(x[i], rows_of(alpha, i), rows_of(variance, i), order))
        return parts[0] if len(parts) == 1 else joined(parts)

    def _far_tile(self, x: Tensor, alpha: Tensor, variance: Tensor, order: int) -> Moments:
        points, weights = self.points.to(x)[None], self.weights.to(x)[None]
        if points.shape[1] > ALL:
            place = (x / alpha.clamp(min=1e-6)).detach().cpu().numpy()
            index = torch.as_tensor(self._tree.query(place, NEAREST)[1], device=x.device)
            points, weights = points[0, index], weights[0, index]
        gap = (alpha[..., None] if alpha.ndim else alpha) * points - x[:, None]
        logits = weights.log() - gap.square().sum(-1) / (2 * variance)
        peak = logits.amax(1, keepdim=True)
        share = (logits - peak).exp().unsqueeze(1)
        powers = [points[..., 0] ** i * points[..., 1] ** j for i, j in sum_orders(order)]
        sums = (share @ torch.stack(powers, -1)).squeeze(1)
        about = About(*_zeros_and(x))
        return centred_moments(sums.unbind(1), about, peak[:, 0] - flat(log_norm(variance)), flat(alpha))

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import cKDTree

        return cKDTree(self.points.detach().cpu().numpy())

    def heaviest(self, x: Tensor, alpha: Tensor, variance: Tensor, count: int) -> tuple[Tensor, Tensor]:
        points = self.points.to(x)
        gap = alpha * points - x
        logits = self.weights.to(x).log() - gap.square().sum(1) / (2 * variance)
        top, index = torch.softmax(logits, 0).topk(min(count, len(points)))
        return points[index], top


def weighted_powers(points: Tensor, weights: Tensor, order: int) -> Tensor:
    """(N, m): w, w c, w c c^T: the matrix that turns a tile of kernels into sums."""
    powers = [points[:, 0] ** i * points[:, 1] ** j for i, j in sum_orders(order)]
    return torch.stack(powers, 1) * weights[:, None]


def _zeros_and(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Moments about the origin: a = 0, so that the offset alpha a - x is -x."""
    zero = torch.zeros_like(x[:, 0])
    return zero, zero, -x[:, 0], -x[:, 1]


def _logits(x: Tensor, points: Tensor, alpha: Tensor, variance: Tensor) -> Tensor:
    """-|x - alpha c|^2 / (2 v), (n, N), from centred differences, not below the floor."""
    scale = torch.rsqrt(2 * variance)
    dx = scale * x[:, :1] - (scale * alpha) * points[:, 0]
    dy = scale * x[:, 1:] - (scale * alpha) * points[:, 1]
    return torch.addcmul(dx * -dx, dy, dy, value=-1).clamp(min=log_floor(x))
