"""What moves the particles: dX = b(X, t) dt + sigma_t dW.

Time runs from 0 (source) to 1 (target), except where a class says that it has a clock of its own.
"""

from __future__ import annotations

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
    """Drift and diffusion. ``is_stochastic`` says whether the diffusion may differ from 0."""

    is_stochastic: ClassVar[bool]

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

    def pieces(self, t: float, dt: float) -> int:  # noqa: ARG002
        """Into how many even ones an ODE's step is broken."""
        return 1


# ---- along a probability path ------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class FlowODE(Dynamics):
    """dX = u_t(X) dt (6.S184 notes, eq 20)."""

    field: Field
    is_stochastic: ClassVar[bool] = False

    @property
    def along(self) -> tuple[Schedule, Sigma | None]:
        return self.field.schedule, None

    def stride(self, t: float, after: float) -> tuple[Dynamics, float, float]:
        field, curve = self.field.on_curve()
        start = curve.of(t)
        return FlowODE(field), start, curve.of(after) - start

    def pieces(self, t: float, dt: float) -> int:
        return self.field.pieces(t, dt)

    def drift(self, x: Tensor, t: Time) -> Tensor:
        return self.field.velocity(x, t)

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return scalar(0.0)


@final
@dataclass(frozen=True)
class SDEExtension(Dynamics):
    """dX = (u_t + sigma_t^2/2 grad log p_t) dt + sigma_t dW; the marginals are p_t for any sigma_t
    (6.S184 notes, Thm 2.3)."""

    field: Field
    sigma: Sigma
    is_stochastic: ClassVar[bool] = True

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
    is_stochastic: ClassVar[bool] = True

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
    is_stochastic: ClassVar[bool] = False

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
        return scalar(0.0)


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
    is_stochastic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.sigma > 0:
            raise ValueError(f"sigma of Langevin dynamics must be above 0, got {self.sigma}")

    def drift(self, x: Tensor, t: Time) -> Tensor:  # noqa: ARG002
        return 0.5 * self.sigma**2 * self.score(x)

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return scalar(self.sigma)


@final
@dataclass(frozen=True)
class AnnealedLangevin(Dynamics):
    """dX = sigma_t^2/2 grad log p_t(X) dtau + sigma_t dW with t = tau / duration: Langevin dynamics on a
    target that sharpens slowly from p_0 to p_1. Its clock tau runs over [0, duration]; exact as the duration
    grows. sigma_t proportional to beta_t is the usual choice."""

    field: Field
    sigma: Sigma
    duration: float
    is_stochastic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.duration > 0:
            raise ValueError(f"duration must be above 0, got {self.duration}")

    def drift(self, x: Tensor, t: Time) -> Tensor:
        at = min(float(t) / self.duration, 1.0)
        return 0.5 * float(self.sigma(at)) ** 2 * self.field.score(x, at)

    def diffusion(self, t: Time) -> Tensor:
        return self.sigma(min(float(t) / self.duration, 1.0))


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


def scalar(value: Time) -> Tensor:
    """0-dimensional, float64."""
    return torch.as_tensor(value, dtype=torch.float64)
