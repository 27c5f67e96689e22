"""Schedules (alpha_t, beta_t): how much signal and how much noise a point x_t = alpha_t z + beta_t x_0 holds.

Time runs from 0 (source, noise) to 1 (target, data) for every schedule. The diffusion literature's time is
s = 1 - t and appears only inside VP, sub-VP and VE (Chen 2024), whose formulas are written in it.

Not every schedule reaches alpha_0 = 0. VE has alpha_0 = 1, VP and sub-VP exp(-(beta_min + beta_max)/4), .007
by default, .59 for beta_max = 2. Its p_0 is then the law of alpha_0 z + beta_0 x_0, and particles are started
from that law itself, by independent draws of z and x_0, not from beta_0 x_0: only so do they end at the
target. How far p_0 is from the source is told where a path is chosen and sampled.

How fast a schedule runs through its pairs (alpha, beta) is no matter for the map: ``curves`` steps by a clock
in which none is singular.

A time is a float or a tensor. Floats become 0-dimensional float64 tensors: these do not promote a float32
batch that they multiply, so coefficients are exact to the last digit of the batch at no cost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.paths.schedule import END, Schedule, Time, as_time
from fmstudio.flows.paths.spline import Spline

__all__ = [
    "END",
    "FMOT",
    "SCHEDULES",
    "VE",
    "VP",
    "CondOT",
    "Cosine",
    "LinearVP",
    "Polynomial",
    "Schedule",
    "Spline",
    "SubVP",
    "Time",
    "as_time",
]


@final
@dataclass(frozen=True)
class CondOT(Schedule):
    """alpha = t, beta = 1 - t (“Vector fields” post; 6.S184 notes)."""

    def alpha(self, t: Time) -> Tensor:
        return as_time(t)

    def beta(self, t: Time) -> Tensor:
        return 1 - as_time(t)

    def dalpha(self, t: Time) -> Tensor:
        return torch.ones_like(as_time(t))

    def dbeta(self, t: Time) -> Tensor:
        return -torch.ones_like(as_time(t))


@final
@dataclass(frozen=True)
class FMOT(Schedule):
    """alpha = t, beta = 1 - (1 - sigma_min) t (Khungurn 2024, Thm 1; Liao et al. 2024)."""

    sigma_min: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.sigma_min < 1:
            raise ValueError(f"sigma_min must lie in [0, 1), got {self.sigma_min}")

    def alpha(self, t: Time) -> Tensor:
        return as_time(t)

    def beta(self, t: Time) -> Tensor:
        t = as_time(t)
        return (1 - t) + self.sigma_min * t

    def dalpha(self, t: Time) -> Tensor:
        return torch.ones_like(as_time(t))

    def dbeta(self, t: Time) -> Tensor:
        return torch.full_like(as_time(t), self.sigma_min - 1)


@dataclass(frozen=True)
class _NoisingRate:
    """B(s) = beta_min s + (beta_max - beta_min) s^2 / 2, s = 1 - t, shared by VP and sub-VP (Chen 2024, eq
    19)."""

    beta_min: float = 0.1
    beta_max: float = 20.0

    def __post_init__(self) -> None:
        if not 0 < self.beta_min <= self.beta_max < math.inf:
            raise ValueError(f"beta_min, beta_max must satisfy 0 < beta_min <= beta_max, got {self}")

    def integrated(self, t: Time) -> Tensor:
        """B(1 - t)."""
        s = 1 - as_time(t)
        return s * (self.beta_min + (self.beta_max - self.beta_min) / 2 * s)

    def s_of(self, integral: float) -> float:
        """The s at which B(s) = ``integral``."""
        rise = self.beta_max - self.beta_min
        return 2 * integral / (self.beta_min + math.sqrt(self.beta_min**2 + 2 * rise * integral))

    def rate(self, t: Time) -> Tensor:
        """B'(s) at s = 1 - t, the beta(s) of the diffusion literature."""
        return self.beta_min + (self.beta_max - self.beta_min) * (1 - as_time(t))


@final
@dataclass(frozen=True)
class VP(_NoisingRate, Schedule):
    """Variance preserving: alpha = exp(-B(1-t)/2), beta = sqrt(1 - alpha^2) by expm1 (Chen 2024, eq 19; Liao
    et al. 2024).

    beta' is infinite at t = 1; beta beta' = -alpha alpha' is not. g^2 = B'.
    """

    def alpha(self, t: Time) -> Tensor:
        return torch.exp(-self.integrated(t) / 2)

    def beta(self, t: Time) -> Tensor:
        return torch.sqrt(-torch.expm1(-self.integrated(t)))

    def dalpha(self, t: Time) -> Tensor:
        return self.alpha(t) * self.rate(t) / 2

    def dbeta(self, t: Time) -> Tensor:
        t = as_time(t).clamp(max=1 - END)
        return self.beta_dbeta(t) / self.beta(t)

    def beta_dbeta(self, t: Time) -> Tensor:
        return -torch.exp(-self.integrated(t)) * self.rate(t) / 2


@final
@dataclass(frozen=True)
class SubVP(_NoisingRate, Schedule):
    """alpha as VP, beta = 1 - exp(-B(1-t)) = 1 - alpha^2 (Chen 2024, eq 22)."""

    def alpha(self, t: Time) -> Tensor:
        return torch.exp(-self.integrated(t) / 2)

    def beta(self, t: Time) -> Tensor:
        return -torch.expm1(-self.integrated(t))

    def dalpha(self, t: Time) -> Tensor:
        return self.alpha(t) * self.rate(t) / 2

    def dbeta(self, t: Time) -> Tensor:
        return -torch.exp(-self.integrated(t)) * self.rate(t)


@final
@dataclass(frozen=True)
class VE(Schedule):
    """Variance exploding: alpha = 1, beta = sigma_min (sigma_max / sigma_min)^(1-t) (Chen 2024, eq 20; Liao
    et al. 2024).

    The source is N(0, sigma_max^2 I), that is beta_0 x_0 with x_0 standard normal.
    """

    sigma_min: float = 0.02
    sigma_max: float = 5.0

    def __post_init__(self) -> None:
        if not 0 < self.sigma_min < self.sigma_max < math.inf:
            raise ValueError(f"sigma_min, sigma_max must satisfy 0 < sigma_min < sigma_max, got {self}")

    @property
    def _log_ratio(self) -> float:
        return math.log(self.sigma_max / self.sigma_min)

    def alpha(self, t: Time) -> Tensor:
        return torch.ones_like(as_time(t))

    def beta(self, t: Time) -> Tensor:
        return self.sigma_min * torch.exp(self._log_ratio * (1 - as_time(t)))

    def dalpha(self, t: Time) -> Tensor:
        return torch.zeros_like(as_time(t))

    def dbeta(self, t: Time) -> Tensor:
        return -self._log_ratio * self.beta(t)


@final
@dataclass(frozen=True)
class Cosine(Schedule):
    """alpha = sin(pi t/2), beta = cos(pi t/2) as sin(pi (1-t)/2), which vanishes at t = 1 in float32 too."""

    def alpha(self, t: Time) -> Tensor:
        return torch.sin(math.pi / 2 * as_time(t))

    def beta(self, t: Time) -> Tensor:
        return torch.sin(math.pi / 2 * (1 - as_time(t)))

    def dalpha(self, t: Time) -> Tensor:
        return math.pi / 2 * self.beta(t)

    def dbeta(self, t: Time) -> Tensor:
        return -math.pi / 2 * self.alpha(t)


@final
@dataclass(frozen=True)
class LinearVP(Schedule):
    """alpha = t, beta = sqrt(1 - t^2). beta' is infinite at t = 1; beta beta' = -t is not."""

    def alpha(self, t: Time) -> Tensor:
        return as_time(t)

    def beta(self, t: Time) -> Tensor:
        t = as_time(t)
        return torch.sqrt((1 - t) * (1 + t))

    def dalpha(self, t: Time) -> Tensor:
        return torch.ones_like(as_time(t))

    def dbeta(self, t: Time) -> Tensor:
        t = as_time(t).clamp(max=1 - END)
        return -t / self.beta(t)

    def beta_dbeta(self, t: Time) -> Tensor:
        return -as_time(t)


@final
@dataclass(frozen=True)
class Polynomial(Schedule):
    """alpha = t^n, beta = 1 - t^n, near t = 1 by expm1. For n < 1 both derivatives are infinite at t = 0."""

    n: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.n < math.inf:
            raise ValueError(f"n must be positive and finite, got {self.n}")

    def alpha(self, t: Time) -> Tensor:
        return as_time(t) ** self.n

    def beta(self, t: Time) -> Tensor:
        t = as_time(t)
        late = -torch.expm1(self.n * torch.log1p(t.clamp(min=0.5) - 1))
        return torch.where(t < 0.5, 1 - t**self.n, late)

    def dalpha(self, t: Time) -> Tensor:
        t = as_time(t)
        return self.n * (t.clamp(min=END) if self.n < 1 else t) ** (self.n - 1)

    def dbeta(self, t: Time) -> Tensor:
        return -self.dalpha(t)


SCHEDULES: dict[str, type[Schedule]] = {
    "condot": CondOT,
    "fm-ot": FMOT,
    "vp": VP,
    "sub-vp": SubVP,
    "ve": VE,
    "cosine": Cosine,
    "linear-vp": LinearVP,
    "polynomial": Polynomial,
    "spline": Spline,
}
"""By kind; a schedule is made of its settings by name."""
