"""The kernel sums of a drawn or pictured target: two small matrix products instead of G^2 exponentials.

A round kernel separates, so p_t at any points is rowsum((Kx H^T) * Ky) with one-dimensional kernels Kx, Ky
(n x G), and on a grid it is Ky H Kx^T (notation, section 3).

A kernel much wider than a cell cannot tell the raster from a coarser one with the same local moments.
Scattered points in float32 therefore see a raster of half as many cells a side, and half again, as long as
its cells stay below a fifth of the kernel's width: an error below 1e-5 within four widths of mass. Points
further than six see every cell again, and float64 always does.

Further from all mass than about 13 standard deviations of the kernel, float32 sums underflow. There the limit
law holds: the posterior is the nearest cell that has mass (its mean, no covariance, its single term of p_t).
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import final

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
    log_norm,
    rows_of,
    separable_density,
    sum_orders,
    underflow,
)

ROWS = 1024
"""Points in a tile of scattered evaluation: its kernels stay in the cache."""

CELLS = 5.0
"""Cells to a kernel's width that a coarser raster must have."""
LEAST_CELLS = 16
"""Cells a side that the whole raster keeps, however wide the kernel."""
FAINT = math.exp(-18)
"""A sum of kernels that a coarser raster may not be trusted with: six widths away from all mass."""

MIDPOINT = (-5, 49, -245, 1225, 1225, -245, 49, -5)
"""Weights, over 2048, by which a polynomial of degree 7 through eight even nodes meets the midpoint."""


@final
class LatticeKernel(Kernel):
    """A raster of mass (rows go up in y) summing to 1, with cell centres ``centres`` (G,) on both axes."""

    def __init__(self, mass: Tensor, centres: Tensor) -> None:
        self._whole = mass
        self._whole_centres = centres

    @cached_property
    def _cropped(self) -> tuple[Tensor, Tensor, Tensor]:
        """(mass, x centres, y centres) of the smallest rectangle that holds all mass."""
        columns = (self._whole.amax(0) > 0).nonzero()[:, 0]
        rows = (self._whole.amax(1) > 0).nonzero()[:, 0]
        across = slice(int(columns[0]), int(columns[-1]) + 1)
        along = slice(int(rows[0]), int(rows[-1]) + 1)
        mass = self._whole[along, across].contiguous()
        return mass, self._whole_centres[across], self._whole_centres[along]

    def _level_for(self, alpha: Tensor, variance: Tensor) -> int:
        """How often the raster may be halved for kernels of these widths, as seen from the target's plane."""
        cell = float(self._whole_centres[1] - self._whole_centres[0])
        width = float((variance.sqrt() / alpha.clamp(min=1e-6)).amin())
        most = len(self._whole_centres) / LEAST_CELLS
        return max(0, math.floor(math.log2(min(width / (CELLS * cell), most))))

    def _level(self, level: int) -> tuple[Tensor, Tensor, Tensor]:
        """(mass, x centres, y centres), halved ``level`` times."""
        while len(self._pyramid) <= level:
            self._pyramid.append(_halved(*self._pyramid[-1]))
        return self._pyramid[level]

    @cached_property
    def _pyramid(self) -> list[tuple[Tensor, Tensor, Tensor]]:
        return [self._cropped]

    @cached_property
    def _nearest(self) -> Tensor:
        """The flat index of the nearest cell with mass, for every cell of the raster."""
        from scipy.ndimage import distance_transform_edt

        empty = (self._whole <= 0).cpu().numpy()
        row, column = distance_transform_edt(empty, return_distances=False, return_indices=True)
        return torch.as_tensor(row * empty.shape[1] + column, device=self._whole.device).long()

    def moments(self, x: Tensor, alpha: Tensor, variance: Tensor, order: int) -> Moments:
        parts = [
            self._tile(x[part], rows_of(alpha, part), rows_of(variance, part), order)
            for part in (slice(i, i + ROWS) for i in range(0, len(x), ROWS))
        ]
        return parts[0] if len(parts) == 1 else joined(parts)

    def _tile(self, x: Tensor, alpha: Tensor, variance: Tensor, order: int) -> Moments:
        level = self._level_for(alpha, variance) if x.dtype == torch.float32 else 0
        moments, total, outside = self._sums(x, alpha, variance, order, level)
        low = total * outside.exp() < FAINT if level else total < underflow(x)
        if not bool(low.any()):
            return moments
        rows = low.nonzero()[:, 0]
        x, alpha, variance = x[rows], rows_of(alpha, rows), rows_of(variance, rows)
        if not level:
            return moments.replaced(low, self._limit(x, alpha, variance))
        fine, total, _ = self._sums(x, alpha, variance, order, 0)
        still = total < underflow(x)
        if bool(still.any()):
            rows = still.nonzero()[:, 0]
            limit = self._limit(x[rows], rows_of(alpha, rows), rows_of(variance, rows))
            fine = fine.replaced(still, limit)
        return moments.replaced(low, fine)

    def _sums(
        self, x: Tensor, alpha: Tensor, variance: Tensor, order: int, level: int
    ) -> tuple[Moments, Tensor, Tensor]:
        """Moments by two products, the sum of kernels that they were divided by, and the log of the factor
        that had been taken out of it."""
        mass, cx, cy = (a.to(x) for a in self._level(level))
        across = Axis.of(x[:, 0], cx, alpha, variance, order)
        along = Axis.of(x[:, 1], cy, alpha, variance, order)
        blurred = [power @ mass.T for power in across.powers]
        sums = [torch.linalg.vecdot(blurred[i], along.powers[j]) for i, j in sum_orders(order)]
        about = About(across.about, along.about, across.offset, along.offset)
        outside = across.log_factor + along.log_factor
        moments = centred_moments(sums, about, outside - flat(log_norm(variance)), flat(alpha))
        return moments, sums[0], outside

    def grid_moments(self, xs: Tensor, ys: Tensor, alpha: Tensor, variance: Tensor, order: int) -> Moments:
        mass, cx, cy = (a.to(xs) for a in self._cropped)
        across = Axis.of(xs, cx, alpha, variance, order)
        along = Axis.of(ys, cy, alpha, variance, order)
        blurred = [power @ mass for power in along.powers]
        sums = [blurred[j] @ across.powers[i].T for i, j in sum_orders(order)]
        about = About(across.about, along.about[:, None], across.offset, along.offset[:, None])
        log_factor = across.log_factor + along.log_factor[:, None] - log_norm(variance)
        moments = centred_moments(sums, about, log_factor, alpha)
        low = sums[0] < underflow(xs)
        if not bool(low.any()):
            return moments
        return moments.replaced(low, self._limit(grid_points(xs, ys)[low], alpha, variance))

    def grid_density(self, xs: Tensor, ys: Tensor, alpha: Tensor, variance: Tensor) -> Tensor:
        mass, cx, cy = (a.to(xs) for a in self._cropped)
        across = Axis.of(xs, cx, alpha, variance, 0)
        along = Axis.of(ys, cy, alpha, variance, 0)
        return separable_density(along.powers[0] @ mass, along, across, variance)

    def _limit(self, x: Tensor, alpha: Tensor, variance: Tensor) -> Moments:
        """The posterior as its nearest cell: the limit of small variance."""
        cell = self._nearest_to(x / alpha.clamp(min=1e-6))
        mean = self._centre(cell).to(x)
        gap = alpha * mean - x
        log_kernel = -gap.square().sum(1) / flat(2 * variance) - flat(log_norm(variance))
        mass = self._whole.flatten()[cell].to(x)
        return Moments(mass.log() + log_kernel, mean, gap, x.new_zeros(len(x), 2, 2))

    def _nearest_to(self, place: Tensor) -> Tensor:
        """The flat index of the nearest cell with mass to each place (n, 2)."""
        g = len(self._whole_centres)
        step = self._whole_centres[1] - self._whole_centres[0]
        column, row = ((place - self._whole_centres[0]) / step).round().clamp(0, g - 1).long().unbind(1)
        cell = self._nearest[row, column]
        edge = self._whole_centres[-1] + step / 2
        sides = (place[:, 1] > edge, place[:, 1] < -edge, place[:, 0] > edge, place[:, 0] < -edge)
        for side, profile in zip(sides, self._profiles, strict=True):
            for rows in torch.split(side.nonzero()[:, 0], ROWS):
                squares = torch.cdist(place[rows], self._centre(profile).to(place))
                cell[rows] = profile[squares.argmin(1)]
        return cell

    @cached_property
    def _profiles(self) -> list[Tensor]:
        """The flat indices of the cells seen from above, below, right and left: of those beyond that side of
        the raster, the nearest cell is one of these."""
        g = len(self._whole_centres)
        index = torch.arange(g * g, device=self._whole.device).reshape(g, g)
        filled = self._whole > 0
        views = ((filled.flip(0), index.flip(0)), (filled, index))
        sideways = ((filled.flip(1).T, index.flip(1).T), (filled.T, index.T))
        return [_first_filled(cells, where) for cells, where in (*views, *sideways)]

    def _centre(self, cell: Tensor) -> Tensor:
        g = len(self._whole_centres)
        return torch.stack([self._whole_centres[cell % g], self._whole_centres[cell // g]], 1)

    def heaviest(self, x: Tensor, alpha: Tensor, variance: Tensor, count: int) -> tuple[Tensor, Tensor]:
        mass, cx, cy = (a.to(x) for a in self._cropped)
        squares = (x[0] - alpha * cx).square() + (x[1] - alpha * cy).square()[:, None]
        logits = (mass.log() - squares / (2 * variance)).flatten()
        top, index = torch.softmax(logits, 0).topk(min(count, int((mass > 0).sum())))
        row, column = index // len(cx), index % len(cx)
        return torch.stack([cx[column], cy[row]], 1), top


def _first_filled(filled: Tensor, index: Tensor) -> Tensor:
    """The index of the first filled cell of every column that has one."""
    first = filled.float().argmax(0)
    columns = torch.arange(filled.shape[1], device=filled.device)
    return index[first, columns][filled.any(0)]


def _halved(mass: Tensor, cx: Tensor, cy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The raster on every other node: the nodes between give their mass to eight neighbours, by the weights
    that interpolate any smooth kernel there, so moments up to the seventh are kept."""
    along, across = _sharing(len(cy), mass), _sharing(len(cx), mass)
    return along @ mass @ across.T, _every_other(cx, across.shape[0]), _every_other(cy, along.shape[0])


def _sharing(n: int, like: Tensor) -> Tensor:
    """(coarse nodes, n): who gives how much to whom; four coarse nodes stand beyond either end."""
    shares = torch.zeros((n - 1) // 2 + 9, n, dtype=like.dtype, device=like.device)
    even = torch.arange(0, n, 2, device=like.device)
    shares[even // 2 + 4, even] = 1
    odd = torch.arange(1, n, 2, device=like.device)
    for k, weight in enumerate(MIDPOINT):
        shares[odd // 2 + 1 + k, odd] = weight / 2048
    return shares


def _every_other(centres: Tensor, count: int) -> Tensor:
    step = 2 * (centres[1] - centres[0]) if len(centres) > 1 else torch.ones_like(centres[0])
    return centres[0] + step * (torch.arange(count, dtype=centres.dtype, device=centres.device) - 4)
