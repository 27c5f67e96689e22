"""Posterior moments under round kernels: the sums over a target's points on which every exact field rests.

A target made of round normals N(c, h^2 I) with weights w_c, seen through x = alpha z + noise, has posterior
weights r_c(x) proportional to w_c exp(-|x - alpha c|^2 / (2 v)), v the variance of x within one component. A
kernel answers with the density and with the moments of c under r_c. Differences are centred before they are
squared: |x - alpha c|^2 expanded loses four digits in float32 near t = 1.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor


@final
@dataclass(frozen=True)
class Moments:
    """log p (n,); E[c] (n, 2); gap E[alpha c] - x (n, 2), without cancellation; Cov[c] (n, 2, 2) if asked.

    On a grid the leading shape is (ny, nx) in place of (n,). To order 0 only ``log_prob`` means anything.
    """

    log_prob: Tensor
    mean: Tensor
    gap: Tensor
    cov: Tensor | None = None

    def covariance(self) -> Tensor:
        """Cov[c]. Raises ValueError if the moments were taken to a lower order than 2."""
        if self.cov is None:
            raise ValueError("the covariance needs moments of order 2, got a lower order")
        return self.cov

    def rows(self, where: Tensor) -> Moments:
        """The rows that the mask ``where`` marks."""
        cov = None if self.cov is None else self.cov[where]
        empty = self.mean.numel() == 0
        mean, gap = (self.mean, self.gap) if empty else (self.mean[where], self.gap[where])
        return Moments(self.log_prob[where], mean, gap, cov)

    def replaced(self, where: Tensor, other: Moments) -> Moments:
        """These moments with the rows that ``where`` marks taken from ``other``, which holds only them."""
        index = where.nonzero(as_tuple=True)

        def put(mine: Tensor, theirs: Tensor) -> Tensor:
            return mine.index_put(index, theirs.to(mine))

        cov = None if self.cov is None else put(self.cov, other.covariance())
        if self.mean.numel() == 0:
            return Moments(put(self.log_prob, other.log_prob), self.mean, self.gap)
        return Moments(
            put(self.log_prob, other.log_prob), put(self.mean, other.mean), put(self.gap, other.gap), cov
        )


def joined(parts: Sequence[Moments]) -> Moments:
    """The moments of consecutive tiles, one after the other."""
    cov = None if parts[0].cov is None else torch.cat([p.covariance() for p in parts])
    return Moments(
        torch.cat([p.log_prob for p in parts]),
        torch.cat([p.mean for p in parts]),
        torch.cat([p.gap for p in parts]),
        cov,
    )


class Kernel(ABC):
    """Weighted points c of the plane as the kernel sums see them.

    ``alpha`` and ``variance`` are 0-dimensional or (n, 1); on grids 0-dimensional.
    """

    @abstractmethod
    def moments(self, x: Tensor, alpha: Tensor, variance: Tensor, order: int) -> Moments:
        """Moments at ``x`` (n, 2): the density (order 0), the mean (1), the covariance (2)."""

    @abstractmethod
    def grid_moments(self, xs: Tensor, ys: Tensor, alpha: Tensor, variance: Tensor, order: int) -> Moments:
        """The same at every point of the grid ``xs`` (nx,) by ``ys`` (ny,), by products of matrices."""

    @abstractmethod
    def grid_density(self, xs: Tensor, ys: Tensor, alpha: Tensor, variance: Tensor) -> Tensor:
        """The density (ny, nx) alone, for pictures: 0 where it underflows, so nothing is done twice."""

    @abstractmethod
    def heaviest(self, x: Tensor, alpha: Tensor, variance: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """At one point ``x`` (2,): the ``count`` points c (m, 2) of largest posterior weight (m,)."""


def log_floor(x: Tensor) -> float:
    """Logarithms of kernels are not let below this: exponentials and products in the denormal range cost a
    hundred times as much as others."""
    return -72.0 if x.dtype == torch.float32 else -690.0


def underflow(x: Tensor) -> float:
    """Sums of kernels below this lost digits to ``log_floor``; above it, less than 1e-5 of their value."""
    return math.exp(log_floor(x) + 12)


def rows_of(value: Tensor, part: slice | Tensor) -> Tensor:
    """The rows of a per-row coefficient (n, 1); a single one is the same for all rows."""
    return value[part] if value.ndim else value


def flat(value: Tensor) -> Tensor:
    """A coefficient (n, 1) as (n,); a single one as it is."""
    return value[:, 0] if value.ndim else value


def log_norm(variance: Tensor) -> Tensor:
    """log(2 pi v), the normalisation of a round normal of the plane."""
    return torch.log(2 * math.pi * variance)


@final
@dataclass(frozen=True)
class About:
    """Where moments are taken about: a point a of each row and the offset alpha a - x, by coordinate."""

    ax: Tensor
    ay: Tensor
    offset_x: Tensor
    offset_y: Tensor


def centred_moments(sums: Sequence[Tensor], about: About, log_factor: Tensor, alpha: Tensor) -> Moments:
    """Moments from sum k, k dx, k dy, k dx^2, k dx dy, k dy^2 (the first 1, 3 or 6 of them), d = c - a."""
    total = sums[0]
    log_prob = total.log() + log_factor
    if len(sums) == 1:
        return Moments(log_prob, total.new_empty(0), total.new_empty(0))
    dx, dy = sums[1] / total, sums[2] / total
    mean = torch.stack([about.ax + dx, about.ay + dy], -1)
    gap = torch.stack([alpha * dx + about.offset_x, alpha * dy + about.offset_y], -1)
    if len(sums) == 3:
        return Moments(log_prob, mean, gap)
    xx, xy, yy = (s / total for s in sums[3:])
    cov = symmetric((xx - dx * dx).clamp(min=0), xy - dx * dy, (yy - dy * dy).clamp(min=0))
    return Moments(log_prob, mean, gap, cov)


def symmetric(xx: Tensor, xy: Tensor, yy: Tensor) -> Tensor:
    """Symmetric matrices (..., 2, 2) from their entries."""
    return torch.stack([torch.stack([xx, xy], -1), torch.stack([xy, yy], -1)], -2)


@final
@dataclass(frozen=True)
class Axis:
    """One axis of a separable kernel: ``powers[i]`` (n, N) holds k(x, c) (c - a)^i for i = 0 ... order.

    a is x/alpha where alpha is large, so that moments are taken about the place where the posterior lives,
    and 0 elsewhere; ``offset`` = alpha a - x is then exactly 0. ``log_factor`` (n,) was taken out of k so
    that points beyond the outermost c do not underflow.
    """

    powers: list[Tensor]
    about: Tensor
    offset: Tensor
    log_factor: Tensor

    @staticmethod
    def of(x: Tensor, points: Tensor, alpha: Tensor, variance: Tensor, order: int) -> Axis:
        """The axis of coordinates ``x`` (n,) against ``points`` (N,)."""
        x = x[:, None]
        scale = torch.rsqrt(2 * variance)
        nearest = torch.clamp(x, min=alpha * points.amin(), max=alpha * points.amax())
        beyond = (scale * (x - nearest)).square()
        gap = scale * x - (scale * alpha) * points
        floor = log_floor(x)
        kernel = torch.addcmul(beyond, gap, gap, value=-1).clamp(min=floor).exp_()
        powers = [kernel - math.exp(floor)]  # exactly 0 beyond the floor
        local = alpha > 0.5
        about = torch.where(local, x / alpha.clamp(min=0.5), 0.0)
        centred = points - about if order else points
        for _ in range(order):
            powers.append(powers[-1] * centred)
        return Axis(powers, about[:, 0], torch.where(local, 0.0, -x)[:, 0], -beyond[:, 0])


def separable_density(blurred: Tensor, along: Axis, across: Axis, variance: Tensor) -> Tensor:
    """(ny, nx) from ``blurred``, the mass (ny, N) as the kernels of the axis ``along`` see it."""
    peak = torch.exp(-log_norm(variance)) * along.log_factor.exp()
    return (blurred @ across.powers[0].T) * peak[:, None] * across.log_factor.exp()


def sum_orders(order: int) -> list[tuple[int, int]]:
    """The powers (i, j) of dx and dy that moments up to ``order`` need, in the order of centred_moments."""
    return [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)][: (1, 3, 6)[order]]


def grid_points(xs: Tensor, ys: Tensor) -> Tensor:
    """(ny, nx, 2)."""
    return torch.stack(torch.meshgrid(xs, ys, indexing="xy"), -1)
