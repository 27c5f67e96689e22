"""Densities on a grid that are not closed forms: of particles (KDE), and the balance of mass on a grid.

A grid is ``xs`` (nx,) by ``ys`` (ny,), evenly spaced; a density on it is (ny, nx), rows going up in y.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.kernels import grid_points
from fmstudio.flows.closed_forms.marginals import Marginal

TILE = 8192
FACTORS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18)
JUDGES = 384
WORST = -30.0
"""The least log-likelihood that one lonely point may bring in."""
BINNED_FROM = 8192
"""From this many points on, they are first spread over the grid, and the grid is blurred."""


def scott_bandwidth(points: Tensor) -> Tensor:
    """Scott's rule in two dimensions: n^(-1/6) times the standard deviation of each axis, (2,)."""
    width: Tensor = points.std(0).clamp_min(1e-6) * len(points) ** (-1 / 6)
    return width


def likelihood_bandwidth(points: Tensor) -> Tensor:
    """Scott's rule times the factor under which points best predict one another, (2,).

    Scott's rule is made for one Gaussian and blurs crescents and separate modes. The factor is the one of
    FACTORS with the greatest leave-one-out likelihood on the first JUDGES points; the n^(-1/6) of the rule
    carries it over to all of them.
    """
    judges = points[:JUDGES]
    scaled = judges / scott_bandwidth(judges)
    squared = torch.cdist(scaled, scaled).square().fill_diagonal_(math.inf)
    scores = [
        torch.logsumexp(-0.5 * squared / factor**2, 1).clamp_min(WORST).mean() - 2 * math.log(factor)
        for factor in FACTORS
    ]
    return FACTORS[int(torch.stack(scores).argmax())] * scott_bandwidth(points)


def kde_on_grid(points: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
    """A Gaussian KDE of ``points`` (n, 2) at all (x, y): (ny, nx), its width by ``likelihood_bandwidth``.

    The kernel separates, so the sum over points is a product of two thin matrices; many points are first
    spread over a grid finer than the kernel. Points that are not finite carry no mass. Raises ValueError for
    fewer than two finite points.
    """
    finite = points[torch.isfinite(points).all(1)]
    if len(finite) < 2:
        raise ValueError(f"points must hold at least two finite points, got {len(finite)}")
    width = likelihood_bandwidth(finite)
    total = _binned_sum(finite, xs, ys, width) if len(finite) >= BINNED_FROM else None
    if total is None:
        total = _direct_sum(finite, xs, ys, width)
    return total / (len(points) * 2 * math.pi * width[0] * width[1])


def _direct_sum(points: Tensor, xs: Tensor, ys: Tensor, width: Tensor) -> Tensor:
    total = torch.zeros(len(ys), len(xs), dtype=points.dtype, device=points.device)
    for tile in torch.split(points, TILE):
        total += _kernel(ys, tile[:, 1], width[1]) @ _kernel(xs, tile[:, 0], width[0]).T
    return total


def _binned_sum(points: Tensor, xs: Tensor, ys: Tensor, width: Tensor) -> Tensor | None:
    """The same through a grid with 4 nodes to a bandwidth; None if that grid would not be small.

    Each point is shared linearly among its four nodes. That adds less than (step / bandwidth)^2 / 4 of a
    variance, which the kernel is narrowed by.
    """
    nodes, kernels = [], []
    for axis, at in enumerate((xs, ys)):
        reach = 6 * width[axis]
        low = torch.maximum(points[:, axis].amin(), at.amin() - reach)
        high = torch.minimum(points[:, axis].amax(), at.amax() + reach)
        if bool(high < low):
            return torch.zeros(len(ys), len(xs), dtype=points.dtype, device=points.device)
        count = math.ceil(float((high - low) / width[axis]) * 4) + 2
        if count > 1024:
            return None
        node = torch.linspace(0, 1, count, dtype=points.dtype, device=points.device) * (high - low) + low
        step = (high - low) / (count - 1)
        nodes.append(node)
        # Linear sharing between nodes a distance ``step`` apart blurs by step^2 / 6 on average.
        kernels.append(_kernel(at, node, width[axis], narrowed=step**2 / 6))
    return kernels[1] @ _shared_among(points, nodes[0], nodes[1]) @ kernels[0].T


def _kernel(at: Tensor, points: Tensor, width: Tensor, narrowed: Tensor | float = 0.0) -> Tensor:
    """exp(-(at - points)^2 / (2 variance)), (len(at), len(points)), keeping the mass of the full width."""
    variance = width**2 - narrowed
    gap = at[:, None] - points
    return torch.exp(gap * gap * (-0.5 / variance)) * (width / variance.sqrt())


def _shared_among(points: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
    """The points as masses on the nodes of a grid, each shared linearly among its four; (ny, nx)."""
    shares = []
    for axis, node in enumerate((xs, ys)):
        place = (points[:, axis] - node[0]) / (node[1] - node[0]).clamp_min(1e-30)
        left = place.floor().clamp(0, len(node) - 2)
        inside = (place >= -1e-3) & (place <= len(node) - 1 + 1e-3)
        share = (place - left).clamp(0, 1)
        shares.append((left.long(), torch.where(inside, 1 - share, 0.0), torch.where(inside, share, 0.0)))
    mass = torch.zeros(len(ys) * len(xs), dtype=points.dtype, device=points.device)
    (i, *across), (j, *along) = shares
    for dj, wy in enumerate(along):
        for di, wx in enumerate(across):
            mass.index_add_(0, (j + dj) * len(xs) + i + di, wx * wy)
    return mass.reshape(len(ys), len(xs))


def even_step(axis: Tensor, argument: str) -> float:
    """The spacing of an evenly spaced, rising axis. Raises ValueError for any other."""
    if axis.ndim != 1 or len(axis) < 5:
        raise ValueError(
            f"{argument} must hold at least 5 evenly spaced values, got shape {tuple(axis.shape)}"
        )
    steps = axis.double().diff()
    step = float(steps.mean())
    if not step > 0 or not bool(((steps - step).abs() < 1e-3 * step).all()):
        raise ValueError(f"{argument} must rise in even steps, got steps from {steps.min()} to {steps.max()}")
    return step


def flux_divergence(flux: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
    """div of a flux (ny, nx, 2) known on grid points, by differences of fourth order; (ny, nx).

    Two rows and columns at the edge take differences of second and first order.
    """
    dx, dy = even_step(xs, "xs"), even_step(ys, "ys")
    return _slope(flux[..., 0].T, dx).T + _slope(flux[..., 1], dy)


def _slope(f: Tensor, step: float) -> Tensor:
    """df / dy along the rows' axis."""
    slope = torch.gradient(f, spacing=step, dim=0)[0]
    inner = (8 * (f[3:-1] - f[1:-3]) - (f[4:] - f[:-4])) / (12 * step)
    return torch.cat([slope[:2], inner, slope[-2:]])


@final
@dataclass(frozen=True)
class Balance:
    """The continuity equation at one time: d_t p, -div(p u) (each (ny, nx)), and the flux p u (ny, nx, 2)."""

    rate: Tensor
    inflow: Tensor
    flux: Tensor

    @property
    def residual(self) -> Tensor:
        """d_t p + div(p u): zero but for the differences that stand for derivatives."""
        return self.rate - self.inflow


def balance(
    marginal: Marginal,
    xs: Tensor,
    ys: Tensor,
    t: float,
    dt: float = 1e-3,
    velocity: Callable[[Tensor, float], Tensor] | None = None,
) -> Balance:
    """Both sides of d_t p = -div(p u) from the exact p_t and u_t (Khungurn 2024, App A; 6.S184 notes, Thm
    2.2; “Vector fields” post; Liao et al. 2024).

    The rate is a central difference over ``dt``, kept within [0, 1]; float64 throughout. Another ``velocity``
    (x (n, 2), t) -> (n, 2), of a network say, takes the place of u_t; it is asked in float32.
    """
    xs, ys = xs.double(), ys.double()
    before, after = max(0.0, t - dt / 2), min(1.0, t + dt / 2)
    middle = marginal.on_grid(xs, ys, (before + after) / 2)
    late, early = (marginal.density_on_grid(xs, ys, at) for at in (after, before))
    field = middle.velocity
    if velocity is not None:
        points = grid_points(xs, ys).reshape(-1, 2)
        field = velocity(points.float(), (before + after) / 2).to(points).reshape(field.shape)
    flux = middle.density[..., None] * field
    return Balance((late - early) / (after - before), -flux_divergence(flux, xs, ys), flux)
