"""Distributions of the plane: what a source or a target may be.

Each draws samples with an explicit generator and knows its log-density, and both belong to the same law: a
cloud or a lattice *is* the sum of normals that its closed form says it is.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.cloud import CloudKernel
from fmstudio.flows.closed_forms.lattice import LatticeKernel

LOG_2PI = math.log(2 * math.pi)


class Distribution(ABC):
    """A probability law on R^2; ``name`` is how sentences speak of it."""

    name: str

    @abstractmethod
    def sample_labelled(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """``n`` draws (n, 2) and the label (n,) of the part each came from. Raises ValueError if n < 1."""

    @abstractmethod
    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x), (n,), in the dtype and on the device of ``x`` (n, 2)."""

    def onto_support(self, x: Tensor, slack: float) -> Tensor:  # noqa: ARG002
        """Points (n, 2) that miss the support by at most ``slack`` of its width, moved onto its edge; all
        others as they are. Only a law with an edge moves any."""
        return x

    @abstractmethod
    def mean(self) -> Tensor:
        """E[z], (2,)."""

    @property
    @abstractmethod
    def narrowest(self) -> float:
        """The standard deviation of its narrowest part."""

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """``n`` draws, (n, 2). Raises ValueError if n < 1."""
        return self.sample_labelled(n, generator)[0]


@final
class GaussianMixture(Distribution):
    """sum_k w_k N(m_k, S_k): weights (K,), relative; means (K, 2); covs (K, 2, 2)."""

    def __init__(self, weights: Tensor, means: Tensor, covs: Tensor, name: str = "Gaussian mixture") -> None:
        """Raises ValueError on disagreeing shapes, weights without mass or a singular covariance."""
        if (
            means.ndim != 2
            or covs.shape != (*means.shape, means.shape[1])
            or weights.shape != means.shape[:1]
        ):
            raise ValueError(
                "weights, means, covs must have shapes (K,), (K, d), (K, d, d), "
                f"got {tuple(weights.shape)}, {tuple(means.shape)}, {tuple(covs.shape)}"
            )
        self.weights = normalised(weights, "weights")
        self.means = finite(means, "means")
        self.covs = finite(covs, "covs")
        self.name = name
        scale = covs.diagonal(dim1=-2, dim2=-1).amax(-1)
        lowest = torch.linalg.eigvalsh(covs.double())[:, 0]
        bad = (lowest <= 1e-12 * scale) | ((covs - covs.mT).abs().amax((-2, -1)) > 1e-4 * scale)
        if bool(bad.any()):
            k = int(bad.nonzero()[0])
            raise ValueError(
                f"covs[{k}] must be symmetric and positive definite (not singular), got {covs[k].tolist()}"
            )

    @staticmethod
    def standard_normal(
        dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
    ) -> GaussianMixture:
        """N(0, I)."""
        return GaussianMixture.isotropic(
            torch.zeros(1, 2, dtype=dtype, device=device), 1.0, "standard normal"
        )

    @staticmethod
    def isotropic(means: Tensor, std: float, name: str = "Gaussian mixture") -> GaussianMixture:
        """Equal weights, all covariances std^2 I. Raises ValueError unless std > 0."""
        positive(std, "std")
        k, d = means.shape
        covs = (std**2 * torch.eye(d, dtype=means.dtype, device=means.device)).expand(k, d, d)
        return GaussianMixture(torch.ones_like(means[:, 0]), means, covs, name)

    def components(self) -> list[GaussianMixture]:
        """Each component as a law of its own."""
        one = torch.ones_like(self.weights[:1])
        return [
            GaussianMixture(one, self.means[k : k + 1], self.covs[k : k + 1], self.name)
            for k in range(len(self.weights))
        ]

    def round_variances(self) -> Tensor | None:
        """(K,) variances if every covariance is a multiple of I, else None."""
        variance = self.covs.diagonal(dim1=-2, dim2=-1).mean(-1)
        eye = torch.eye(self.means.shape[1], dtype=variance.dtype, device=variance.device)
        gap = (self.covs - variance[:, None, None] * eye).abs().amax((-2, -1))
        return variance if bool((gap <= 1e-6 * variance).all()) else None

    def sample_labelled(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        k = pick(self.weights, n, generator)
        noise = normals((n, self.means.shape[1]), generator, self.means)
        factor = torch.linalg.cholesky(self.covs)
        if len(factor) == 1:
            return self.means + noise @ factor[0].T, k
        return self.means[k] + torch.einsum("nij,nj->ni", factor[k], noise), k

    def log_prob(self, x: Tensor) -> Tensor:
        means, covs, weights = (a.to(x) for a in (self.means, self.covs, self.weights))
        factor = torch.linalg.cholesky(covs)
        gap = (x[:, None] - means).unsqueeze(-1)
        white = torch.linalg.solve_triangular(factor, gap, upper=False).squeeze(-1)
        log_det = factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        log_terms = weights.log() - log_det - white.square().sum(-1) / 2
        return torch.logsumexp(log_terms, 1) - x.shape[1] / 2 * LOG_2PI

    def mean(self) -> Tensor:
        return self.weights.to(self.means) @ self.means

    @property
    def narrowest(self) -> float:
        return math.sqrt(float(torch.linalg.eigvalsh(self.covs.double()).min()))


@final
class Cloud(Distribution):
    """sum_k w_k N(z_k, width^2 I): points (N, 2), weights (N,) relative (None: equal), labels (N,) if any."""

    def __init__(
        self,
        points: Tensor,
        weights: Tensor | None,
        width: float,
        labels: Tensor | None = None,
        name: str = "point cloud",
    ) -> None:
        """Raises ValueError on no points, other shapes, NaN, weights without mass, or a width not > 0."""
        if points.ndim != 2 or points.shape[1] != 2 or points.shape[0] < 1:
            raise ValueError(f"points must have shape (N, 2) with N of at least 1, got {tuple(points.shape)}")
        weights = torch.ones_like(points[:, 0]) if weights is None else weights
        if weights.shape != points.shape[:1]:
            raise ValueError(f"weights must have shape ({len(points)},), got {tuple(weights.shape)}")
        self.points = finite(points, "points")
        self.weights = normalised(weights, "weights").to(points)
        self.width = positive(width, "width")
        self.labels = labels
        self.name = name

    def sample_labelled(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        k = pick(self.weights, n, generator)
        x = self.points[k] + self.width * normals((n, 2), generator, self.points)
        return x, k if self.labels is None else self.labels.to(k.device)[k]

    def log_prob(self, x: Tensor) -> Tensor:
        return self.kernel.moments(x, *_at_the_end(self.width, x), order=0).log_prob

    def mean(self) -> Tensor:
        return self.weights @ self.points

    @property
    def narrowest(self) -> float:
        return self.width

    @cached_property
    def kernel(self) -> CloudKernel:
        """The sums over the points that its closed forms rest on."""
        return CloudKernel(self.points, self.weights)


@final
class Lattice(Distribution):
    """A raster as a law: N(cell centre, h^2 I) on every cell, weighted by its mass; h is the cell's side.

    ``mass`` (G, G) >= 0, any scale, rows going up in y, covers the square [-half, half]^2.
    """

    def __init__(
        self, mass: Tensor, half: float, labels: Tensor | None = None, name: str = "drawing"
    ) -> None:
        """Raises ValueError if the raster is not square, not finite and >= 0, or has no mass."""
        if mass.ndim != 2 or mass.shape[0] != mass.shape[1] or mass.shape[0] < 2:
            raise ValueError(f"mass must be a square raster of at least 2 x 2 cells, got {tuple(mass.shape)}")
        self.half = positive(half, "half")
        self.mass = normalised(mass, "mass")
        self.cell = 2 * half / mass.shape[0]
        self.labels = labels
        self.name = name

    @property
    def centres(self) -> Tensor:
        """(G,) cell centres, the same for both axes."""
        g = self.mass.shape[0]
        index = torch.arange(g, dtype=self.mass.dtype, device=self.mass.device)
        return (index - (g - 1) / 2) * self.cell

    def sample_labelled(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        k = pick(self.mass.flatten(), n, generator)
        centres = self.centres
        row, column = k // len(centres), k % len(centres)
        x = torch.stack([centres[column], centres[row]], 1) + self.cell * normals(
            (n, 2), generator, self.mass
        )
        return x, torch.zeros_like(k) if self.labels is None else self.labels.to(k.device).flatten()[k]

    def log_prob(self, x: Tensor) -> Tensor:
        return self.kernel.moments(x, *_at_the_end(self.cell, x), order=0).log_prob

    def mean(self) -> Tensor:
        across, along = self.mass.sum(0) @ self.centres, self.mass.sum(1) @ self.centres
        return torch.stack([across, along])

    @property
    def narrowest(self) -> float:
        return self.cell

    @cached_property
    def kernel(self) -> LatticeKernel:
        """The sums over the cells that its closed forms rest on."""
        return LatticeKernel(self.mass, self.centres)


@final
class UniformBox(Distribution):
    """Uniform on [-half, half]^2."""

    def __init__(self, half: float, name: str = "uniform square") -> None:
        """Raises ValueError unless half > 0."""
        self.half = positive(half, "half")
        self.name = name

    def sample_labelled(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        counted(n)
        x = torch.rand((n, 2), generator=generator, device=generator.device)
        return self.half * (2 * x - 1), torch.zeros(n, dtype=torch.int64, device=generator.device)

    def onto_support(self, x: Tensor, slack: float) -> Tensor:
        near = (x.abs() <= self.half * (1 + 2 * slack)).all(1, keepdim=True)
        return torch.where(near, x.clamp(-self.half, self.half), x)

    def log_prob(self, x: Tensor) -> Tensor:
        inside = (x.abs() <= self.half).all(1)
        level = torch.full_like(x[:, 0], -2 * math.log(2 * self.half))
        return torch.where(inside, level, torch.full_like(level, -math.inf))

    def mean(self) -> Tensor:
        return torch.zeros(2)

    @property
    def narrowest(self) -> float:
        return self.half / math.sqrt(3)


def _at_the_end(width: float, x: Tensor) -> tuple[Tensor, Tensor]:
    """(alpha, variance) of a kernel of that width with no noise added."""
    alpha = torch.ones((), dtype=torch.float64, device=x.device)
    return alpha, width**2 * alpha


def pick(weights: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """``n`` indices drawn with the given probabilities, by inversion: any number of categories."""
    counted(n)
    u = torch.rand(n, generator=generator, device=generator.device, dtype=torch.float64).to(weights.device)
    if bool(weights.min() == weights.max()):
        return (u * len(weights)).long().clamp(max=len(weights) - 1)
    cumulative = weights.double().cumsum(0)
    index = torch.searchsorted(cumulative, u * cumulative[-1], right=True)
    return index.clamp(max=len(weights) - 1)


def normals(shape: tuple[int, ...], generator: torch.Generator, like: Tensor) -> Tensor:
    """Standard normals drawn where the generator lives, in the dtype and on the device of ``like``."""
    return torch.randn(shape, generator=generator, device=generator.device, dtype=like.dtype).to(like.device)


def counted(n: int) -> int:
    """``n``, or ValueError if it is below 1."""
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    return n


def positive(value: float, argument: str) -> float:
    """``value``, or ValueError unless it is positive and finite."""
    if not 0 < value < math.inf:
        raise ValueError(f"{argument} must be positive and finite, got {value}")
    return float(value)


def finite(values: Tensor, argument: str) -> Tensor:
    """``values``, or ValueError if any is NaN or infinite."""
    if not bool(torch.isfinite(values).all()):
        raise ValueError(f"{argument} must be finite, got NaN or infinite values")
    return values


def normalised(mass: Tensor, argument: str) -> Tensor:
    """``mass`` divided by its sum, or ValueError if any is negative or not finite, or if the sum is zero."""
    lowest, total = mass.min(), mass.sum(dtype=torch.float64)
    if not bool(torch.isfinite(total)) or not bool(lowest >= 0):
        raise ValueError(f"{argument} must be finite and at least 0, got a least value of {float(lowest)}")
    if not bool(total > 0):
        raise ValueError(f"{argument} must hold some mass, got only zeros")
    return (mass.double() / total).to(mass.dtype)  # the sum of finite float32 numbers may be none
