"""What a marginal p_t is: the contract of every closed form, and what follows from it.

All formulas follow from the posterior D_t(x) = E[z given x_t = x], C_t(x) = Cov[z given x_t = x] (notation,
section 3; 6.S184 notes, eq 17-19; “Vector fields” post). Points are (n, 2); a time is single or one per row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.kernels import grid_points
from fmstudio.flows.paths.distributions import Distribution
from fmstudio.flows.paths.probability_path import ProbabilityPath
from fmstudio.flows.paths.schedules import Schedule, Time, as_time

FAINT = 1e-5
"""Of the peak of p_t: below it a quotient of two sums in float32 is rounding, and a field no particle's."""


class NoClosedForm(ValueError):
    """This source, target and schedule have no closed-form marginal; the sentence says what to do."""


@final
@dataclass(frozen=True)
class FirstOrder:
    """log p_t (n,), velocity u (n, 2), score (n, 2), posterior mean D (n, 2)."""

    log_prob: Tensor
    velocity: Tensor
    score: Tensor
    posterior_mean: Tensor


@final
@dataclass(frozen=True)
class SecondOrder:
    """Posterior covariance C (n, 2, 2), div u (n,), and E|alpha' z + beta' x_0 - u|^2 given x (n,)."""

    posterior_cov: Tensor
    divergence: Tensor
    target_variance: Tensor


@final
@dataclass(frozen=True)
class GridValues:
    """log density (ny, nx), velocity and score (ny, nx, 2), divergence (ny, nx) if asked for.

    ``has_mass`` (ny, nx) is where p_t is at least ``FAINT`` of its peak, of a law whose fields are continued
    beyond; None for one whose fields hold everywhere."""

    log_density: Tensor
    velocity: Tensor
    score: Tensor
    divergence: Tensor | None = None
    has_mass: Tensor | None = None

    @property
    def density(self) -> Tensor:
        """p_t, (ny, nx)."""
        return self.log_density.exp()


@final
@dataclass(frozen=True)
class Pull:
    """How target points pull at one place (“Vector fields” post): points (m, 2), posterior weights (m,),
    velocities (m, 2)."""

    points: Tensor
    weights: Tensor
    velocities: Tensor


@final
@dataclass(frozen=True)
class Coefficients:
    """A schedule at a time, ready to multiply rows: float64 0-dimensional, or (n, 1) in the dtype of x."""

    alpha: Tensor
    beta: Tensor
    dalpha: Tensor
    dbeta: Tensor
    beta_dbeta: Tensor
    wronskian: Tensor
    beta_wronskian: Tensor

    @staticmethod
    def at(schedule: Schedule, t: Time, x: Tensor) -> Coefficients:
        """Raises ValueError if t leaves [0, 1] or has neither one entry nor one per row of ``x``."""
        time = as_time(t)
        if time.numel() == 1:
            if time.requires_grad:
                return Coefficients(*_values(schedule, time.reshape(()).to(x.device, torch.float64)))
            return _at_one_time(schedule, float(time), x.device)
        if time.numel() != len(x):
            raise ValueError(f"t must be one time or one per point ({len(x)}), got {tuple(time.shape)}")
        rows = time.reshape(-1, 1).to(x.device)
        return Coefficients(*(value.to(x) for value in _values(schedule, rows)))


def _values(schedule: Schedule, time: Tensor) -> tuple[Tensor, ...]:
    return (
        schedule.alpha(time),
        schedule.beta(time),
        schedule.dalpha(time),
        schedule.dbeta(time),
        schedule.beta_dbeta(time),
        schedule.wronskian(time),
        schedule.beta_wronskian(time),
    )


@lru_cache(maxsize=64)
@torch.inference_mode(mode=False)
def _at_one_time(schedule: Schedule, t: float, device: torch.device) -> Coefficients:
    """Remembered, since the tiles of a step all ask for the same, for callers in any mode of autograd."""
    time = torch.tensor(t, dtype=torch.float64, device=device)
    return Coefficients(*_values(schedule, time))


class Marginal(ABC):
    """p_t of x_t = alpha_t z + beta_t x_0, z from ``target`` and x_0 from ``source``, drawn independently."""

    noise: float = 0.0
    """a of the noise gamma_t W on the way, gamma_t = a sqrt(t (1 - t)): a stochastic interpolant's"""

    def __init__(self, source: Distribution, target: Distribution, schedule: Schedule) -> None:
        self.source = source
        self.target = target
        self.schedule = schedule

    @abstractmethod
    def log_prob(self, x: Tensor, t: Time) -> Tensor:
        """log p_t(x), (n,)."""

    @abstractmethod
    def first_order(self, x: Tensor, t: Time) -> FirstOrder:
        """Density, velocity, score and posterior mean at once: what an SDE step needs."""

    @abstractmethod
    def second_order(self, x: Tensor, t: Time) -> SecondOrder:
        """What needs the posterior covariance."""

    @abstractmethod
    def on_grid(self, xs: Tensor, ys: Tensor, t: float, divergence: bool = False) -> GridValues:
        """Density and fields at ``xs`` (nx,) by ``ys`` (ny,), by matrix products if the kernel separates."""

    @abstractmethod
    def density_on_grid(self, xs: Tensor, ys: Tensor, t: float) -> Tensor:
        """p_t alone on that grid, (ny, nx): what a picture of the density needs, and no more."""

    @abstractmethod
    def pull(self, x: Tensor, t: float, count: int = 32) -> Pull:
        """At one point ``x`` (2,): the ``count`` components that weigh most, and the velocity each asks for.

        The velocity u_t(x) is the weighted mean of all these velocities (“Vector fields” post; 6.S184 notes,
        eq 18).
        """

    def velocity(self, x: Tensor, t: Time) -> Tensor:
        """The marginal vector field u_t(x), (n, 2) (Khungurn 2024, eq 11; 6.S184 notes, eq 18; “Vector
        fields” post)."""
        return self.first_order(x, t).velocity

    def score(self, x: Tensor, t: Time) -> Tensor:
        """grad log p_t(x), (n, 2) (6.S184 notes, eq 25)."""
        return self.first_order(x, t).score

    def posterior_mean(self, x: Tensor, t: Time) -> Tensor:
        """D_t(x) = E[z given x_t = x], (n, 2)."""
        return self.first_order(x, t).posterior_mean

    def posterior_cov(self, x: Tensor, t: Time) -> Tensor:
        """C_t(x) = Cov[z given x_t = x], (n, 2, 2)."""
        return self.second_order(x, t).posterior_cov

    def divergence(self, x: Tensor, t: Time) -> Tensor:
        """div u_t(x), (n,)."""
        return self.second_order(x, t).divergence

    def sample(self, n: int, t: Time, generator: torch.Generator) -> Tensor:
        """``n`` draws of x_t = alpha z + beta x_0, (n, 2). Raises ValueError if n < 1 or t leaves [0, 1]."""
        x_0 = self.source.sample(n, generator)
        return ProbabilityPath(self.schedule).x_t(x_0, self.target.sample(n, generator), t)

    def irreducible_loss(self, t: Time, generator: torch.Generator, n: int = 4096) -> float:
        """E |alpha' z + beta' x_0 - u_t(x_t)|^2, summed over coordinates: the floor of the CFM loss at t.

        Equal to (alpha' - alpha beta'/beta)^2 E tr C for a standard normal source (notation, section 3), by
        Monte Carlo over ``n`` draws of x_t. It is infinite at t = 1 where beta' is; there it is the one next
        to it.
        """
        return float(self.second_order(self.sample(n, t, generator), t).target_variance.mean())


def grid_by_points(marginal: Marginal, xs: Tensor, ys: Tensor, t: float, divergence: bool) -> GridValues:
    """The grid values of a marginal whose kernel does not separate: point by point."""
    shape = (len(ys), len(xs))
    x = grid_points(xs, ys).reshape(-1, 2)
    first = marginal.first_order(x, t)
    spread = marginal.divergence(x, t).reshape(shape) if divergence else None
    return GridValues(
        first.log_prob.reshape(shape),
        first.velocity.reshape(*shape, 2),
        first.score.reshape(*shape, 2),
        spread,
    )
