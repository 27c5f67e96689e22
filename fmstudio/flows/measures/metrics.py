"""How far samples are from where they should be, and how straight their paths are.

Samples are (n, 2) and (m, 2). An exact distance between two *samples* of the same law is not zero; the
``w2_floor`` beside a W2 says how small it can get.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import ot
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.marginals import Marginal
from fmstudio.flows.paths.distributions import Distribution, GaussianMixture

TILE = 1 << 20
"""Pairs in a tile of the metrics that sum over all pairs."""


def w2(x: Tensor, y: Tensor) -> float:
    """Exact W2 between two clouds of equal weights, by POT's network simplex (emd2) (SF2M, App F).

    Raises ValueError for an empty cloud, other shapes or values that are not finite.
    """
    _check(x, "x", least=1)
    _check(y, "y", least=1)
    cost = ot.dist(x.detach().double().cpu().numpy(), y.detach().double().cpu().numpy(), metric="sqeuclidean")
    squared = ot.emd2([], [], cost, numItermax=10_000_000)
    return float(np.sqrt(max(float(squared), 0.0)))


@final
@dataclass(frozen=True)
class Floor:
    """Mean and standard deviation of a distance between two fresh samples of the same law."""

    mean: float
    std: float


def w2_floor(law: Distribution, n: int, m: int, generator: torch.Generator, repeats: int = 4) -> Floor:
    """The sampling-noise floor of ``w2`` between n and m points: what a perfect sampler would score."""
    if repeats < 2:
        raise ValueError(f"repeats must be at least 2, got {repeats}")
    draws = [w2(law.sample(n, generator), law.sample(m, generator)) for _ in range(repeats)]
    return Floor(float(np.mean(draws)), float(np.std(draws, ddof=1)))


def sliced_w2(x: Tensor, y: Tensor, generator: torch.Generator, projections: int = 256) -> float:
    """Root of the mean over random directions of the squared one-dimensional W2.

    In one dimension the optimal plan couples quantiles, also of clouds of different sizes.
    """
    _check(x, "x", least=1)
    _check(y, "y", least=1)
    if projections < 1:
        raise ValueError(f"projections must be at least 1, got {projections}")
    angle = math.pi * torch.rand(projections, generator=generator, device=generator.device).to(x)
    directions = torch.stack([angle.cos(), angle.sin()])
    left, right = (x @ directions).sort(0).values, (y.to(x) @ directions).sort(0).values
    edges = torch.unique(torch.cat([_levels(len(x), x), _levels(len(y), x)]))
    middle, share = (edges[1:] + edges[:-1]) / 2, edges.diff()
    i = (middle * len(x)).long().clamp(max=len(x) - 1)
    j = (middle * len(y)).long().clamp(max=len(y) - 1)
    squared = (share[:, None] * (left[i] - right[j]).double().square()).sum(0).mean()
    return float(squared.sqrt())


def _levels(n: int, like: Tensor) -> Tensor:
    return torch.arange(n + 1, dtype=torch.float64, device=like.device) / n


def energy_distance(x: Tensor, y: Tensor) -> float:
    """2 E|x - y| - E|x - x'| - E|y - y'|, without bias: pairs of a point with itself are left out."""
    return 2 * _pair_mean(x, y, _norm) - _pair_mean(x, None, _norm) - _pair_mean(y, None, _norm)


def mmd(x: Tensor, y: Tensor, bandwidths: Sequence[float] = (0.25, 0.5, 1.0, 2.0)) -> float:
    """Squared maximum mean discrepancy, unbiased (may fall below 0), under a mean of Gaussian kernels."""
    if not bandwidths or any(not b > 0 for b in bandwidths):
        raise ValueError(f"bandwidths must be positive, got {list(bandwidths)}")

    def kernel(squares: Tensor) -> Tensor:
        total = torch.zeros_like(squares)
        for b in bandwidths:
            total += torch.exp(squares * (-0.5 / b**2))
        return total / len(bandwidths)

    return _pair_mean(x, None, kernel) + _pair_mean(y, None, kernel) - 2 * _pair_mean(x, y, kernel)


def _norm(squares: Tensor) -> Tensor:
    return squares.sqrt()


def _pair_mean(x: Tensor, y: Tensor | None, of: Callable[[Tensor], Tensor]) -> float:
    """The mean of a function of |x_i - y_j|^2 over all pairs, or over i != j where y is None; in tiles."""
    _check(x, "x and y", least=1 if y is not None else 2)
    other = x if y is None else y.to(x)
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for tile in torch.split(x, max(1, TILE // len(other))):
        squares = (tile[:, :1] - other[:, 0]).square() + (tile[:, 1:] - other[:, 1]).square()
        total += of(squares).sum(dtype=torch.float64)
    if y is not None:
        return float(total) / (len(x) * len(other))
    own = len(x) * float(of(torch.zeros(1, dtype=x.dtype)))
    return (float(total) - own) / (len(x) * (len(x) - 1))


@final
@dataclass(frozen=True)
class Coverage:
    """Share of the samples at each mode (K,), the weights they should have (K,), modes found at all."""

    shares: Tensor
    weights: Tensor
    found: int

    @property
    def total_variation(self) -> float:
        """Half the sum of |share - weight|: 0 is perfect, 1 is disjoint."""
        return float((self.shares - self.weights).abs().sum() / 2)


def mode_coverage(x: Tensor, mixture: GaussianMixture) -> Coverage:
    """Each sample belongs to the component that is most likely to have drawn it.

    A mode is found if it holds at least a fifth of its weight.
    """
    _check(x, "x", least=1)
    means, precision = mixture.means.to(x), torch.linalg.inv(mixture.covs.to(x))
    gap = x[:, None] - means
    squares = torch.einsum("nki,kij,nkj->nk", gap, precision, gap)
    weights = mixture.weights.to(x)
    scores = weights.log() + torch.logdet(precision) / 2 - squares / 2
    shares = torch.bincount(scores.argmax(1), minlength=len(means)).to(x) / len(x)
    return Coverage(shares, weights, int((shares >= weights / 5).sum()))


def negative_log_likelihood(log_prob: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """-E log p(x) over samples (n, 2) of the data."""
    _check(x, "x", least=1)
    return -float(log_prob(x).double().mean())


def path_energy(trajectories: Tensor, times: Tensor) -> float:
    """E int |v|^2 dt of paths (frames, n, 2), straight between their frames (SF2M, App F)."""
    v, dt = _velocities(trajectories, times)
    return float((v.square().sum(2).mean(1) * dt).sum())


def normalised_path_energy(trajectories: Tensor, times: Tensor, distance: float) -> float:
    """|E int |v|^2 dt - W2^2| / W2^2 with W2 the distance of source and target: 0 for optimal transport."""
    if not distance > 0:
        raise ValueError(f"distance must be positive, got {distance}")
    return abs(path_energy(trajectories, times) - distance**2) / distance**2


def straightness(trajectories: Tensor, times: Tensor) -> float:
    """E int |(x_1 - x_0) / (t_1 - t_0) - v|^2 dt: 0 for straight paths of constant speed."""
    v, dt = _velocities(trajectories, times)
    chord = (trajectories[-1] - trajectories[0]).double() / dt.sum()
    return float(((v - chord).square().sum(2).mean(1) * dt).sum())


def field_error(
    learned: Callable[[Tensor, float], Tensor],
    exact: Marginal,
    times: Sequence[float],
    generator: torch.Generator,
    n: int = 2048,
) -> Tensor:
    """E |v(x, t) - u_t(x)|^2 over ``n`` draws of p_t, at each time: (len(times),)."""
    errors = []
    for t in times:
        x = exact.sample(n, t, generator)
        errors.append((learned(x, t) - exact.velocity(x, t)).square().sum(1).mean())
    return torch.stack(errors)


def _velocities(trajectories: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
    if trajectories.ndim != 3 or len(trajectories) < 2 or times.shape != trajectories.shape[:1]:
        raise ValueError(
            "trajectories must have shape (frames, n, 2) with 2 frames or more, and times (frames,), "
            f"got {tuple(trajectories.shape)} and {tuple(times.shape)}"
        )
    dt = times.double().diff()
    if not bool((dt > 0).all()):
        raise ValueError("times must rise")
    return trajectories.double().diff(dim=0) / dt[:, None, None], dt


def _check(x: Tensor, argument: str, least: int) -> None:
    if x.ndim != 2 or len(x) < least:
        raise ValueError(
            f"{argument} must have shape (n, d) with n of at least {least}, got {tuple(x.shape)}"
        )
    if not bool(torch.isfinite(x).all()):
        raise ValueError(f"{argument} must be finite, got NaN or infinite values")
