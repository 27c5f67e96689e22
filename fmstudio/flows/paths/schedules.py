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
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

Time = float | Tensor

END = 1e-6
"""Where a derivative is infinite at an end of [0, 1], the one at this distance from the end stands for it."""


def as_time(t: Time) -> Tensor:
    """``t`` as a tensor. Raises ValueError unless all of it lies in [0, 1] (NaN does not)."""
    time = t if isinstance(t, Tensor) else torch.as_tensor(t, dtype=torch.float64)
    if not time.is_floating_point():
        time = time.to(torch.float64)
    if time.numel() and not bool(((time >= 0) & (time <= 1)).all()):
        raise ValueError(f"t must lie in [0, 1], got {_worst(time)}")
    return time


def _worst(time: Tensor) -> float:
    outside = time[~((time >= 0) & (time <= 1))]
    return float(outside.flatten()[0])


class Schedule(ABC):
    """A pair (alpha_t, beta_t), alpha rising to 1, beta falling; all methods map times elementwise. Schedules
    are values: hashable, and equal if they are the same function.

    Derivatives that are infinite at an end are those at distance ``END`` from it. ``beta_dbeta`` is the
    product beta beta', which stays finite where beta' does not (notation, section 2).
    """

    @abstractmethod
    def alpha(self, t: Time) -> Tensor:
        """The signal scale alpha_t."""

    @abstractmethod
    def beta(self, t: Time) -> Tensor:
        """The noise scale beta_t."""

    @abstractmethod
    def dalpha(self, t: Time) -> Tensor:
        """d alpha / dt."""

    @abstractmethod
    def dbeta(self, t: Time) -> Tensor:
        """d beta / dt."""

    def beta_dbeta(self, t: Time) -> Tensor:
        """beta beta' = (beta^2)' / 2."""
        return self.beta(t) * self.dbeta(t)

    def alpha_rate(self, t: Time) -> Tensor:
        """alpha' / alpha = (log alpha)'; where alpha_0 = 0 the value at t = 0 is the one at ``END``."""
        t = as_time(t).clamp(min=END)
        return self.dalpha(t) / self.alpha(t)

    def wronskian(self, t: Time) -> Tensor:
        """W = alpha' beta - alpha beta' >= 0: u = (W D + beta' x) / beta (notation, section 3)."""
        return self.dalpha(t) * self.beta(t) - self.alpha(t) * self.dbeta(t)

    def beta_wronskian(self, t: Time) -> Tensor:
        """beta W = alpha g^2 / 2, by products that stay finite."""
        return self.dalpha(t) * self.beta(t) ** 2 - self.alpha(t) * self.beta_dbeta(t)

    def noising_diffusion_squared(self, t: Time) -> Tensor:
        """g^2 = 2 beta^2 alpha'/alpha - 2 beta beta': the noising SDE of this path (notation, section 3).

        Infinite at t = 0 where alpha_0 = 0 (CondOT: 2 (1 - t)/t); there it is the one at ``END``.
        """
        t = as_time(t).clamp(min=END)
        return (2 * (self.beta(t) ** 2 * self.alpha_rate(t) - self.beta_dbeta(t))).clamp(min=0)

    @property
    def source_scale(self) -> float:
        """beta_0: particles start at beta_0 x_0 (VE: sigma_max x_0)."""
        return float(self.beta(0.0))

    def source_error(self) -> tuple[float, float]:
        """How far (alpha_0, beta_0) are from (0, 1): VP, sub-VP and VE only approximate their source."""
        return abs(float(self.alpha(0.0))), abs(float(self.beta(0.0)) - 1)


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
}
"""By kind; a schedule is made of its settings by name."""
