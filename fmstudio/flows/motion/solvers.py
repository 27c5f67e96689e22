"""One step of a solver: (x, t, dt, noise) -> x at t + dt.

The name is the algorithm that runs. ``noise`` is a standard normal draw for the step, (n, d), or (n, d + 1)
for MALA, whose last column decides acceptance. ODE solvers take no noise. Steps of an ODE may be negative.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar, final

import torch
from torch import Tensor

from fmstudio.flows.motion.dynamics import Dynamics, Langevin


class Solver(ABC):
    """``order`` is the global order of convergence (weak for SDEs), ``is_stochastic`` whether it draws
    noise."""

    name: ClassVar[str]
    order: ClassVar[int]
    is_stochastic: ClassVar[bool]

    @abstractmethod
    def step(self, dynamics: Dynamics, x: Tensor, t: float, dt: float, noise: Tensor | None) -> Tensor:
        """x at t + dt: (n, d)."""

    def advance(self, dynamics: Dynamics, x: Tensor, t: float, dt: float, noise: Tensor | None) -> Tensor:
        """x at t + dt by one ``step``, or by as many as an ODE asks for there."""
        count = 1 if self.is_stochastic else dynamics.pieces(t, dt)
        for k in range(count):
            x = self.step(dynamics, x, t + dt * k / count, dt / count, noise)
        return x

    def noise_columns(self, d: int) -> int:
        """How many standard normals a particle needs for a step."""
        return d if self.is_stochastic else 0


# ---- ODEs (6.S184 notes, sec. 1.1) -------------------------------------------------------------------------


@final
class Euler(Solver):
    """x + b(x, t) dt."""

    name: ClassVar[str] = "euler"
    order: ClassVar[int] = 1
    is_stochastic: ClassVar[bool] = False

    def step(self, dynamics: Dynamics, x: Tensor, t: float, dt: float, noise: Tensor | None) -> Tensor:  # noqa: ARG002
        return torch.add(x, dynamics.drift(x, t), alpha=dt)


@final
class Midpoint(Solver):
    """x + b(x + b(x, t) dt/2, t + dt/2) dt."""

    name: ClassVar[str] = "midpoint"
    order: ClassVar[int] = 2
    is_stochastic: ClassVar[bool] = False

    def step(self, dynamics: Dynamics, x: Tensor, t: float, dt: float, noise: Tensor | None) -> Tensor:  # noqa: ARG002
        middle = torch.add(x, dynamics.drift(x, t), alpha=dt / 2)
        return torch.add(x, dynamics.drift(middle, t + dt / 2), alpha=dt)


@final
class Heun(Solver):
    """x + (b(x, t) + b(x + b(x, t) dt, t + dt)) dt/2."""

    name: ClassVar[str] = "heun"
    order: ClassVar[int] = 2
    is_stochastic: ClassVar[bool] = False

    def step(self, dynamics: Dynamics, x: Tensor, t: float, dt: float, noise: Tensor | None) -> Tensor:  # noqa: ARG002
        first = dynamics.drift(x, t)
        second = dynamics.drift(torch.add(x, first, alpha=dt), t + dt)
        return torch.add(x, first + second, alpha=dt / 2)


@final
class RK4(Solver):
    """The classical Runge-Kutta method of order 4."""

    name: ClassVar[str] = "rk4"
    order: ClassVar[int] = 4
    is_stochastic: ClassVar[bool] = False

    def step(self, dynamics: Dynamics, x: Tensor, t: float, dt: float, noise: Tensor | None) -> Tensor:  # noqa: ARG002
        k1 = dynamics.drift(x, t)
        k2 = dynamics.drift(torch.add(x, k1, alpha=dt / 2), t + dt / 2)
        k3 = dynamics.drift(torch.add(x, k2, alpha=dt / 2), t + dt / 2)
        k4 = dynamics.drift(torch.add(x, k3, alpha=dt), t + dt)
        return torch.add(x, k1 + 2 * (k2 + k3) + k4, alpha=dt / 6)


# ---- SDEs (6.S184 notes, sec. 1.2) -------------------------------------------------------------------------


@final
class EulerMaruyama(Solver):
    """x + b(x, t) dt + sigma_t sqrt(dt) noise; weak order 1, strong order 1 for additive noise."""

    name: ClassVar[str] = "euler-maruyama"
    order: ClassVar[int] = 1
    is_stochastic: ClassVar[bool] = True

    def step(self, dynamics: Dynamics, x: Tensor, t: float, dt: float, noise: Tensor | None) -> Tensor:
        moved = torch.add(x, dynamics.drift(x, t), alpha=dt)
        return _add_noise(moved, float(dynamics.diffusion(t)) * math.sqrt(dt), noise)


@final
class StochasticHeun(Solver):
    """Heun on the drift, the noise entering once: the predictor is an Euler-Maruyama step, the corrector
    averages the two drifts and the two sigmas. For noise that does not depend on x; weak order 2 where
    sigma is constant, strong order 1."""

    name: ClassVar[str] = "stochastic-heun"
    order: ClassVar[int] = 2
    is_stochastic: ClassVar[bool] = True

    def step(self, dynamics: Dynamics, x: Tensor, t: float, dt: float, noise: Tensor | None) -> Tensor:
        here, there = float(dynamics.diffusion(t)), float(dynamics.diffusion(t + dt))
        first = dynamics.drift(x, t)
        predicted = _add_noise(torch.add(x, first, alpha=dt), here * math.sqrt(dt), noise)
        second = dynamics.drift(predicted, t + dt)
        moved = torch.add(x, first + second, alpha=dt / 2)
        return _add_noise(moved, 0.5 * (here + there) * math.sqrt(dt), noise)


@final
class UnadjustedLangevin(Solver):
    """x + sigma^2/2 grad log p(x) dt + sigma sqrt(dt) noise: the Euler-Maruyama step of Langevin dynamics.
    Its stationary law is off by O(dt)."""

    name: ClassVar[str] = "ula"
    order: ClassVar[int] = 1
    is_stochastic: ClassVar[bool] = True

    def step(self, dynamics: Dynamics, x: Tensor, t: float, dt: float, noise: Tensor | None) -> Tensor:
        moved = torch.add(x, dynamics.drift(x, t), alpha=dt)
        return _add_noise(moved, float(dynamics.diffusion(t)) * math.sqrt(dt), noise)


@final
class MALA(Solver):
    """Metropolis-adjusted Langevin: the unadjusted step y is a proposal, accepted with probability
    min(1, p(y) q(x given y) / (p(x) q(y given x))), q(y given x) = N(y; x + b(x) dt, sigma^2 dt I).
    Stationary exactly at p for any step. Raises ValueError for dynamics other than Langevin with a log_prob.
    """

    name: ClassVar[str] = "mala"
    order: ClassVar[int] = 1
    is_stochastic: ClassVar[bool] = True

    def noise_columns(self, d: int) -> int:
        return d + 1

    def step(self, dynamics: Dynamics, x: Tensor, t: float, dt: float, noise: Tensor | None) -> Tensor:
        if not isinstance(dynamics, Langevin) or dynamics.log_prob is None:
            raise ValueError("MALA needs Langevin dynamics with a log_prob; take ula for a score alone")
        if noise is None:
            raise ValueError("mala needs noise, got None")
        ahead, scale = torch.add(x, dynamics.drift(x, t), alpha=dt), dynamics.sigma * math.sqrt(dt)
        y = _add_noise(ahead, scale, noise[:, :-1])
        back = (x - torch.add(y, dynamics.drift(y, t), alpha=dt)) / scale
        forth = (y - ahead) / scale
        log_ratio = dynamics.log_prob(y) - dynamics.log_prob(x)
        log_ratio = log_ratio + 0.5 * (forth.square().sum(1) - back.square().sum(1))
        # Phi of a standard normal is uniform. A NaN ratio (both densities 0) compares False: rejected.
        accepted = torch.special.log_ndtr(noise[:, -1]) < log_ratio
        return torch.where(accepted[:, None], y, x)


def _add_noise(x: Tensor, scale: float, noise: Tensor | None) -> Tensor:
    if noise is None:
        raise ValueError("an SDE solver needs noise, got None")
    return torch.add(x, noise, alpha=scale)


SOLVERS: dict[str, type[Solver]] = {
    solver.name: solver
    for solver in (Euler, Midpoint, Heun, RK4, EulerMaruyama, StochasticHeun, UnadjustedLangevin, MALA)
}
