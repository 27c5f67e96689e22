"""Diffusion coefficients sigma_t of an SDE (6.S184 notes, Thm 2.3: any sigma_t >= 0 keeps the marginals p_t).

sigma is never the noise scale of the path; that is beta_t.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from itertools import pairwise
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.motion.clock import Curve
from fmstudio.flows.paths.hermite import Hermite
from fmstudio.flows.paths.schedules import Schedule

Time = float | Tensor


class Sigma(ABC):
    """t -> sigma_t >= 0, of the shape of t."""

    @abstractmethod
    def __call__(self, t: Time) -> Tensor: ...


def _require_scale(s: float) -> None:
    if not (math.isfinite(s) and s >= 0):
        raise ValueError(f"sigma must be a finite number of at least 0, got {s}")


@final
@dataclass(frozen=True)
class ConstantSigma(Sigma):
    """sigma_t = s. Raises ValueError for s < 0."""

    s: float

    def __post_init__(self) -> None:
        _require_scale(self.s)

    def __call__(self, t: Time) -> Tensor:
        return torch.full_like(_time(t), self.s)


@final
@dataclass(frozen=True)
class SqrtBetaSigma(Sigma):
    """sigma_t = s sqrt(beta_t / beta_0): sigma_t^2 grad log p_t stays finite at t = 1, where the score of a
    sharp target grows like 1 / beta_t. Raises ValueError for s < 0."""

    s: float
    schedule: Schedule

    def __post_init__(self) -> None:
        _require_scale(self.s)

    def __call__(self, t: Time) -> Tensor:
        t = _time(t)
        start = self.schedule.beta(torch.zeros_like(t))
        return self.s * (self.schedule.beta(t) / start).clamp_min(0).sqrt()


@final
@dataclass(frozen=True)
class DrawnSigma(Sigma):
    """sigma_t = s times the curve through ``shape``, handles (t, share), t from 0 to 1. Raises ValueError for
    s < 0, for a share below 0 and for times that do not rise from 0 to 1."""

    s: float
    shape: tuple[tuple[float, float], ...]
    _curve: Hermite = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _require_scale(self.s)
        times, shares = zip(*self.shape, strict=True)
        rising = all(a < b for a, b in pairwise(times))
        if len(times) < 2 or not rising or (times[0], times[-1]) != (0, 1) or not min(shares) >= 0:
            raise ValueError(f"shape must run from t = 0 to 1 with shares of at least 0, got {self.shape}")
        object.__setattr__(self, "_curve", Hermite.monotone(times, shares))

    def __call__(self, t: Time) -> Tensor:
        return self.s * self._curve.value(_time(t)).clamp_min(0)


@final
@dataclass(frozen=True)
class NoisingSigma(Sigma):
    """sigma_t = g_t, the coefficient of the path's own noising SDE:
    g^2 = 2 beta^2 alpha'/alpha - 2 beta beta' (Chen 2024, sec. 2; CondOT: 2 (1 - t)/t).

    Where alpha_0 = 0 (CondOT, cosine, ...) alpha'/alpha is infinite at t = 0, the noising SDE mixing
    infinitely fast there. It is cut off at ``fastest``; the SDE extension keeps its marginals with any
    sigma_t, so the cut changes how fast particles mix, not their law. Explicit solvers are stable for
    steps below 2 / ``fastest``.
    """

    schedule: Schedule
    fastest: float = 20.0

    def __call__(self, t: Time) -> Tensor:
        t = _time(t)
        alpha, dalpha, beta = self.schedule.alpha(t), self.schedule.dalpha(t), self.schedule.beta(t)
        rate = torch.minimum(dalpha, self.fastest * alpha) / alpha.clamp_min(torch.finfo(alpha.dtype).tiny)
        rate = torch.where(alpha > 0, rate, torch.full_like(rate, self.fastest))
        # t^n with n < 1 falls infinitely fast at t = 0 as well.
        falling = torch.minimum(-self.schedule.beta_dbeta(t), self.fastest * beta.square().clamp_min(1.0))
        squared = 2 * beta.square() * rate + 2 * falling
        return squared.clamp_min(0).sqrt()


@final
@dataclass(frozen=True)
class PacedSigma(Sigma):
    """``sigma`` of t in the clock tau of a curve, through a step in which t goes ``pace`` times as fast:
    sigma^2 dt = (sigma^2 pace) dtau."""

    sigma: Sigma
    curve: Curve
    pace: float

    def __call__(self, t: Time) -> Tensor:
        return self.sigma(self.curve.back(float(t))) * math.sqrt(self.pace)


def _time(t: Time) -> Tensor:
    return t if isinstance(t, Tensor) else torch.tensor(t, dtype=torch.float64)
