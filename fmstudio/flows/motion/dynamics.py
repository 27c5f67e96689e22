"""What moves the particles: dX = b(X, t) dt + sigma_t dW.

Time runs from 0 (source) to 1 (target), except where a class says that it has a clock of its own.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from fmstudio.flows.motion.diffusion import NoisingSigma, PacedSigma, Sigma, Time
from fmstudio.flows.motion.fields import Field
from fmstudio.flows.paths.schedules import Schedule


class Dynamics(ABC):
    """Drift and diffusion. ``noises`` says whether the diffusion may differ from 0."""

    noises: ClassVar[bool]

    @abstractmethod
    def drift(self, x: Tensor, t: Time) -> Tensor:
        """b(x, t): (n, d)."""

    @abstractmethod
    def diffusion(self, t: Time) -> Tensor:
        """sigma_t >= 0, a scalar."""

    @property
    def along(self) -> tuple[Schedule, Sigma | None] | None:
        """The path that this motion follows, and its noise if any."""
        return None

    def stride(self, t: float, after: float) -> tuple[Dynamics, float, float]:
        """What a solver's step from ``t`` to ``after`` is taken of, from where and how far: along a path by
        the clock of its curve, else by t."""
        return self, t, after - t


# ---- along a probability path ------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class FlowODE(Dynamics):
    """dX = u_t(X) dt (6.S184 notes, eq 20)."""

    field: Field
    noises: ClassVar[bool] = False

    @property
    def along(self) -> tuple[Schedule, Sigma | None]:
        return self.field.schedule, None

    def stride(self, t: float, after: float) -> tuple[Dynamics, float, float]:
        field, curve = self.field.on_curve()
        start = curve.of(t)
        return FlowODE(field), start, curve.of(after) - start

    def drift(self, x: Tensor, t: Time) -> Tensor:
        return self.field.velocity(x, t)

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return _scalar(0.0)


@final
@dataclass(frozen=True)
class SDEExtension(Dynamics):
    """dX = (u_t + sigma_t^2/2 grad log p_t) dt + sigma_t dW; the marginals are p_t for any sigma_t
    (6.S184 notes, Thm 2.3)."""

    field: Field
    sigma: Sigma
    noises: ClassVar[bool] = True

    @property
    def along(self) -> tuple[Schedule, Sigma | None]:
        return self.field.schedule, self.sigma

    def stride(self, t: float, after: float) -> tuple[Dynamics, float, float]:
        return _extended_stride(self.field, self.sigma, t, after)

    def drift(self, x: Tensor, t: Time) -> Tensor:
        return _extended_drift(self.field, self.sigma, x, t)

    def diffusion(self, t: Time) -> Tensor:
        return self.sigma(t)


@final
@dataclass(frozen=True)
class ReverseSDE(Dynamics):
    """The time reversal of the path's noising SDE: the SDE extension with sigma_t = g_t (Chen 2024, eq
    26-28)."""

    field: Field
    schedule: Schedule
    noises: ClassVar[bool] = True

    @property
    def along(self) -> tuple[Schedule, Sigma | None]:
        return self.schedule, NoisingSigma(self.schedule)

    def stride(self, t: float, after: float) -> tuple[Dynamics, float, float]:
        return _extended_stride(self.field, NoisingSigma(self.schedule), t, after)

    def drift(self, x: Tensor, t: Time) -> Tensor:
        return _extended_drift(self.field, NoisingSigma(self.schedule), x, t)

    def diffusion(self, t: Time) -> Tensor:
        return NoisingSigma(self.schedule)(t)


@final
@dataclass(frozen=True)
class ProbabilityFlow(Dynamics):
    """dX = ((alpha'/alpha) X + (g_t^2/2) grad log p_t) dt, from the score alone (Chen 2024, sec. 6-7); equals
    the flow ODE. alpha'/alpha is infinite at t = 0 where alpha_0 = 0: there the product
    alpha'/alpha (x + beta^2 s) = alpha' D is 0/0 in the score, and the velocity takes over."""

    field: Field
    schedule: Schedule
    noises: ClassVar[bool] = False

    @property
    def along(self) -> tuple[Schedule, Sigma | None]:
        return self.schedule, None

    def stride(self, t: float, after: float) -> tuple[Dynamics, float, float]:
        field, curve = self.field.on_curve()
        start = curve.of(t)
        return ProbabilityFlow(field, curve.schedule), start, curve.of(after) - start

    def drift(self, x: Tensor, t: Time) -> Tensor:
        at = torch.as_tensor(t, dtype=torch.float64)
        alpha, dalpha = float(self.schedule.alpha(at)), float(self.schedule.dalpha(at))
        if alpha <= 1e-3 * dalpha:
            return self.field.velocity(x, t)
        beta, beta_dbeta = float(self.schedule.beta(at)), float(self.schedule.beta_dbeta(at))
        rate = dalpha / alpha
        return rate * x + (beta * beta * rate - beta_dbeta) * self.field.score(x, t)

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return _scalar(0.0)


# ---- towards a fixed distribution --------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Langevin(Dynamics):
    """dX = sigma^2/2 grad log p(X) dt + sigma dW, stationary at p (6.S184 notes, eq 31; Chen 2024, sec. 1).
    Its clock is its own: any interval [0, duration]. ``log_prob`` is what MALA accepts by, up to a
    constant."""

    score: Callable[[Tensor], Tensor]
    sigma: float
    log_prob: Callable[[Tensor], Tensor] | None = None
    noises: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.sigma > 0:
            raise ValueError(f"sigma of Langevin dynamics must be above 0, got {self.sigma}")

    def drift(self, x: Tensor, t: Time) -> Tensor:  # noqa: ARG002
        return 0.5 * self.sigma**2 * self.score(x)

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return _scalar(self.sigma)


@final
@dataclass(frozen=True)
class AnnealedLangevin(Dynamics):
    """dX = sigma_t^2/2 grad log p_t(X) dtau + sigma_t dW with t = tau / duration: Langevin dynamics on a
    target that sharpens slowly from p_0 to p_1. Its clock tau runs over [0, duration]; exact as the duration
    grows. sigma_t proportional to beta_t is the usual choice."""

    field: Field
    sigma: Sigma
    duration: float
    noises: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.duration > 0:
            raise ValueError(f"duration must be above 0, got {self.duration}")

    def drift(self, x: Tensor, t: Time) -> Tensor:
        at = min(float(t) / self.duration, 1.0)
        return 0.5 * float(self.sigma(at)) ** 2 * self.field.score(x, at)

    def diffusion(self, t: Time) -> Tensor:
        return self.sigma(min(float(t) / self.duration, 1.0))


# ---- linear -------------------------------------------------------------------------------------------


class LinearDynamics(Dynamics):
    """dX = (a(t) X + b(t)) dt + g(t) dW: X_t given X_0 is normal, its mean linear in X_0 and its variance
    the same for all coordinates and all X_0 (Chen 2024, eq 6-15). ``flows.motion.processes`` has the law that
    follows."""

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
    noises: ClassVar[bool] = False

    def drift(self, x: Tensor, t: Time) -> Tensor:  # noqa: ARG002
        return -self.theta * x

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return _scalar(0.0)

    def mean(self, x_0: Tensor, t: float) -> Tensor:
        """exp(-theta t) x_0 (6.S184 notes, eq 3)."""
        return math.exp(-self.theta * t) * x_0

    def variance(self, t: float) -> Tensor:  # noqa: ARG002
        return _scalar(0.0)


@final
@dataclass(frozen=True)
class BrownianMotion(LinearDynamics):
    """dX = dW (6.S184 notes, eq 5)."""

    noises: ClassVar[bool] = True

    def drift(self, x: Tensor, t: Time) -> Tensor:  # noqa: ARG002
        return torch.zeros_like(x)

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return _scalar(1.0)

    def mean(self, x_0: Tensor, t: float) -> Tensor:  # noqa: ARG002
        return x_0

    def variance(self, t: float) -> Tensor:
        """t."""
        return _scalar(t)


@final
@dataclass(frozen=True)
class OrnsteinUhlenbeck(LinearDynamics):
    """dX = -theta X dt + sigma dW; stationary N(0, sigma^2 / (2 theta)) (6.S184 notes, Ex 1.2)."""

    theta: float
    sigma: float
    noises: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.sigma >= 0:
            raise ValueError(f"sigma must be at least 0, got {self.sigma}")

    def drift(self, x: Tensor, t: Time) -> Tensor:  # noqa: ARG002
        return -self.theta * x

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return _scalar(self.sigma)

    def mean(self, x_0: Tensor, t: float) -> Tensor:
        """exp(-theta t) x_0."""
        return math.exp(-self.theta * t) * x_0

    def variance(self, t: float) -> Tensor:
        """sigma^2 (1 - exp(-2 theta t)) / (2 theta), or sigma^2 t for theta = 0."""
        y = 2 * self.theta * t
        return _scalar(self.sigma**2 * t * (-math.expm1(-y) / y if y else 1.0))


@final
@dataclass(frozen=True)
class LinearSDE(LinearDynamics):
    """dX = (a(t) X + b(t)) dt + g(t) dW with scalar a and g and b of shape (d,) or scalar (Chen 2024, eq 6).
    The three are functions of a 0-dimensional tensor t, in torch alone: they are mapped over many times."""

    a: Callable[[Tensor], Tensor]
    b: Callable[[Tensor], Tensor]
    g: Callable[[Tensor], Tensor]
    noises: ClassVar[bool] = True

    def drift(self, x: Tensor, t: Time) -> Tensor:
        at = _scalar(t)
        return self.a(at).to(x) * x + self.b(at).to(x)

    def diffusion(self, t: Time) -> Tensor:
        return self.g(_scalar(t))

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
    noises: ClassVar[bool] = True

    def drift(self, x: Tensor, t: Time) -> Tensor:
        at = 1 - _scalar(t)
        fastest = NoisingSigma(self.schedule).fastest
        rate = float(self.schedule.dalpha(at)) / max(float(self.schedule.alpha(at)), 1e-300)
        return -min(rate, fastest) * x

    def diffusion(self, t: Time) -> Tensor:
        return NoisingSigma(self.schedule)(1 - _scalar(t))

    def mean(self, z: Tensor, s: float) -> Tensor:
        """E[X_s given X_0 = z] = (alpha_s / alpha at the data end) z."""
        return self._signal(s).to(z) * z

    def variance(self, s: float) -> Tensor:
        """Var[X_s given X_0]: beta^2 less what was there at the data end."""
        here, data = 1 - _scalar(s), _scalar(1.0)
        return self.schedule.beta(here) ** 2 - (self._signal(s) * self.schedule.beta(data)) ** 2

    def _signal(self, s: float) -> Tensor:
        return self.schedule.alpha(1 - _scalar(s)) / self.schedule.alpha(_scalar(1.0))


def _extended_drift(field: Field, sigma: Sigma, x: Tensor, t: Time) -> Tensor:
    """u + sigma_t^2/2 s. Where sigma_t = 0 the score is not asked for: it may be infinite there."""
    half_squared = 0.5 * float(sigma(t)) ** 2
    if half_squared == 0:
        return field.velocity(x, t)
    velocity, score = field.velocity_and_score(x, t)
    return torch.add(velocity, score, alpha=half_squared)


def _extended_stride(field: Field, sigma: Sigma, t: float, after: float) -> tuple[Dynamics, float, float]:
    """The drift along the path by its curve's clock; the noise, and the score that makes up for it, by t."""
    field, curve = field.on_curve()
    start, length = curve.of(t), curve.of(after) - curve.of(t)
    return SDEExtension(field, PacedSigma(sigma, curve, (after - t) / length)), start, length


def _scalar(value: Time) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float64)
