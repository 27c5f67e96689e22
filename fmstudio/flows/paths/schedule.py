"""What every schedule (alpha_t, beta_t) answers; the schedules themselves are in ``schedules``."""

from __future__ import annotations

from abc import ABC, abstractmethod

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
