"""Linear processes: dX = (a(t) X + b(t)) dt + g(t) dW, each with a clock of its own."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from fmstudio.flows.motion.diffusion import NoisingSigma, Time
from fmstudio.flows.motion.dynamics import Dynamics, scalar
from fmstudio.flows.paths.schedules import Schedule


class LinearDynamics(Dynamics):
    """dX = (a(t) X + b(t)) dt + g(t) dW with numbers a and g: X_t given X_0 is normal, its mean
    m(t) X_0 + c(t) and its variance the same for all coordinates and all X_0 (Chen 2024, eq 6-15). A drift
    A X with a matrix A, such as a rotation, is none. ``flows.motion.processes`` has the law that follows."""

    @abstractmethod
    def mean(self, x_0: Tensor, t: float) -> Tensor:
        """E[X_t given X_0 = x_0], (n, d), for x_0 (n, d)."""

    @abstractmethod
    def variance(self, t: float) -> Tensor:
        """Var[X_t given X_0] of each coordinate, 0-dimensional float64."""


@final
@dataclass(frozen=True)
class LinearFlow(LinearDynamics):
    """dX = -theta X dt; X_t = exp(-theta t) X_0 (6.S184 notes, Ex 1.1)."""

    theta: float
    is_stochastic: ClassVar[bool] = False

    def drift(self, x: Tensor, t: Time) -> Tensor:  # noqa: ARG002
        return -self.theta * x

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return scalar(0.0)

    def mean(self, x_0: Tensor, t: float) -> Tensor:
        """exp(-theta t) x_0 (6.S184 notes, eq 3)."""
        return math.exp(-self.theta * t) * x_0

    def variance(self, t: float) -> Tensor:  # noqa: ARG002
        return scalar(0.0)


@final
@dataclass(frozen=True)
class BrownianMotion(LinearDynamics):
    """dX = dW (6.S184 notes, eq 5)."""

    is_stochastic: ClassVar[bool] = True

    def drift(self, x: Tensor, t: Time) -> Tensor:  # noqa: ARG002
        return torch.zeros_like(x)

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return scalar(1.0)

    def mean(self, x_0: Tensor, t: float) -> Tensor:  # noqa: ARG002
        return x_0

    def variance(self, t: float) -> Tensor:
        """t."""
        return scalar(t)


@final
@dataclass(frozen=True)
class OrnsteinUhlenbeck(LinearDynamics):
    """dX = -theta X dt + sigma dW; stationary N(0, sigma^2 / (2 theta)) (6.S184 notes, Ex 1.2)."""

    theta: float
    sigma: float
    is_stochastic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.sigma >= 0:
            raise ValueError(f"sigma must be at least 0, got {self.sigma}")

    def drift(self, x: Tensor, t: Time) -> Tensor:  # noqa: ARG002
        return -self.theta * x

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return scalar(self.sigma)

    def mean(self, x_0: Tensor, t: float) -> Tensor:
        """exp(-theta t) x_0."""
        return math.exp(-self.theta * t) * x_0

    def variance(self, t: float) -> Tensor:
        """sigma^2 (1 - exp(-2 theta t)) / (2 theta), or sigma^2 t for theta = 0."""
        y = 2 * self.theta * t
        return scalar(self.sigma**2 * t * (-math.expm1(-y) / y if y else 1.0))


@final
@dataclass(frozen=True)
class LinearSDE(LinearDynamics):
    """dX = (a(t) X + b(t)) dt + g(t) dW with scalar a and g and b of shape (d,) or scalar (Chen 2024, eq 6).
    The three are functions of a 0-dimensional tensor t, in torch alone: they are mapped over many times."""

    a: Callable[[Tensor], Tensor]
    b: Callable[[Tensor], Tensor]
    g: Callable[[Tensor], Tensor]
    is_stochastic: ClassVar[bool] = True

    def drift(self, x: Tensor, t: Time) -> Tensor:
        at = scalar(t)
        return self.a(at).to(x) * x + self.b(at).to(x)

    def diffusion(self, t: Time) -> Tensor:
        return self.g(scalar(t))

    def mean(self, x_0: Tensor, t: float, nodes: int = 2000) -> Tensor:
        """E[X_t given X_0 = x_0] = e^A(t) (x_0 + int_0^t e^-A(s) b(s) ds), A(t) = int_0^t a (Chen 2024, eq
        10)."""
        s, growth = self._growth(t, nodes)
        pushes = torch.vmap(self.b)(s).to(torch.float64)
        pushes = torch.exp(growth[-1] - growth).view(-1, *[1] * (pushes.ndim - 1)) * pushes
        return torch.exp(growth[-1]).to(x_0) * x_0 + torch.trapezoid(pushes, s, dim=0).to(x_0)

    def variance(self, t: float, nodes: int = 2000) -> Tensor:
        """Var[X_t given X_0] = int_0^t e^(2 A(t) - 2 A(s)) g(s)^2 ds, for each coordinate (Chen 2024, eq
        13)."""
        s, growth = self._growth(t, nodes)
        pushes = torch.vmap(self.g)(s).to(torch.float64).square()
        return torch.trapezoid(torch.exp(2 * (growth[-1] - growth)) * pushes, s)

    def _growth(self, t: float, nodes: int) -> tuple[Tensor, Tensor]:
        """Times s in [0, t] and A(s), by the trapezoidal rule."""
        s = torch.linspace(0, t, nodes + 1, dtype=torch.float64)
        rates = torch.vmap(self.a)(s).to(torch.float64)
        steps = torch.cumulative_trapezoid(rates, s)
        return s, torch.cat([torch.zeros(1, dtype=torch.float64), steps])


@final
@dataclass(frozen=True)
class Noising(LinearDynamics):
    """The forward SDE of a path, from data to noise: dX = -(alpha'/alpha) X ds + g dW, coefficients taken at
    t = 1 - s. Its clock is the diffusion literature's s, 0 = data (Chen 2024, sec. 2).

    VP: -B'(s) X/2 and sqrt(B'(s)) (eq 18); VE: 0 and sqrt(d beta^2/ds) (eq 20); sub-VP: -B'(s) X/2 and
    sqrt(B'(s) (1 - e^(-2 B(s)))) (eq 21, whose drift lacks the X). Where alpha_0 = 0 the rate is infinite at
    s = 1 and is cut off as in ``NoisingSigma``.
    """

    schedule: Schedule
    is_stochastic: ClassVar[bool] = True

    def drift(self, x: Tensor, t: Time) -> Tensor:
        at = 1 - scalar(t)
        fastest = NoisingSigma(self.schedule).fastest
        rate = float(self.schedule.dalpha(at)) / max(float(self.schedule.alpha(at)), 1e-300)
        return -min(rate, fastest) * x

    def diffusion(self, t: Time) -> Tensor:
        return NoisingSigma(self.schedule)(1 - scalar(t))

    def mean(self, z: Tensor, s: float) -> Tensor:
        """E[X_s given X_0 = z] = (alpha_s / alpha at the data end) z."""
        return self._signal(s).to(z) * z

    def variance(self, s: float) -> Tensor:
        """Var[X_s given X_0]: beta^2 less what was there at the data end."""
        here, data = 1 - scalar(s), scalar(1.0)
        return self.schedule.beta(here) ** 2 - (self._signal(s) * self.schedule.beta(data)) ** 2

    def _signal(self, s: float) -> Tensor:
        return self.schedule.alpha(1 - scalar(s)) / self.schedule.alpha(scalar(1.0))
