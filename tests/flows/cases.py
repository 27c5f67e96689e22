"""Small laws that several tests share."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.closed_forms.marginals import Marginal
from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture, Lattice
from fmstudio.flows.paths.schedules import (
    FMOT,
    VE,
    VP,
    CondOT,
    Cosine,
    LinearVP,
    Polynomial,
    Schedule,
    SubVP,
)
from fmstudio.flows.paths.spline import Spline


def standard_normal(dtype: torch.dtype = torch.float32) -> GaussianMixture:
    return GaussianMixture.standard_normal(dtype)


def three_modes(dtype: torch.dtype = torch.float32, std: float = 0.4) -> GaussianMixture:
    angles = torch.arange(3, dtype=dtype) * (2 * math.pi / 3)
    return GaussianMixture.isotropic(1.5 * torch.stack([angles.cos(), angles.sin()], 1), std)


SCHEDULES: tuple[Schedule, ...] = (
    CondOT(),
    FMOT(0.1),
    VP(),
    SubVP(),
    VE(),
    Cosine(),
    LinearVP(),
    Polynomial(2.0),
    Polynomial(0.5),
    Spline(((0.0, 0.0, 1.0), (0.3, 0.5, 0.8), (0.6, 0.5, 0.3), (1.0, 1.0, 0.0))),
)
"""One of each kind, with an end of every nature: finite, infinite slope, flat piece."""


def schedule_name(schedule: Schedule) -> str:
    return f"{type(schedule).__name__}{getattr(schedule, 'n', '')}"


def tilted(dtype: torch.dtype = torch.float64) -> GaussianMixture:
    """Three unequal, elongated components."""
    means = torch.tensor([[1.0, 0.0], [-1.0, 1.0], [0.2, -1.3]], dtype=dtype)
    covs = torch.tensor(
        [[[0.1, 0.05], [0.05, 0.2]], [[0.3, 0.0], [0.0, 0.1]], [[0.2, -0.1], [-0.1, 0.15]]], dtype=dtype
    )
    return GaussianMixture(torch.tensor([1.0, 2.0, 0.5], dtype=dtype), means, covs)


def two_round(dtype: torch.dtype = torch.float64) -> GaussianMixture:
    """A source of two round normals off the origin."""
    means = torch.tensor([[1.0, 1.0], [-1.0, 0.0]], dtype=dtype)
    covs = torch.eye(2, dtype=dtype) * torch.tensor([0.3, 0.5], dtype=dtype)[:, None, None]
    return GaussianMixture(torch.tensor([1.0, 3.0], dtype=dtype), means, covs)


def small_lattice(dtype: torch.dtype = torch.float64) -> Lattice:
    mass = torch.zeros(24, 24, dtype=dtype)
    mass[7:15, 3:8] = 1.0
    mass[18:22, 14:22] = 0.5
    return Lattice(mass, 2.0)


def small_cloud(dtype: torch.dtype = torch.float64) -> Cloud:
    g = torch.Generator().manual_seed(3)
    points = torch.randn(40, 2, generator=g, dtype=dtype)
    return Cloud(points, torch.rand(40, generator=g, dtype=dtype) + 0.1, 0.2)


TARGETS: dict[str, Callable[[], Distribution]] = {
    "modes": lambda: three_modes(torch.float64),
    "tilted": tilted,
    "cloud": small_cloud,
    "lattice": small_lattice,
}
SOURCES: dict[str, Callable[[], GaussianMixture]] = {
    "normal": lambda: standard_normal(torch.float64),
    "two round": two_round,
    "tilted": tilted,
}
PAIRS = [(s, t) for s in SOURCES for t in TARGETS if (s, t) != ("tilted", "lattice")]
"""Every source and target kind that has a closed form."""


def exact(source: str, target: str, schedule: Schedule) -> Marginal:
    return marginal(SOURCES[source](), TARGETS[target](), schedule)
