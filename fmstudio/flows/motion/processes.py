"""The exact law of a linear process dX = (a(t) X + b(t)) dt + g(t) dW (Chen 2024, eq 6-15; 6.S184 notes, Ex
1.1, 1.2, eq 5).

Given where it starts, X_t is normal: X_t = m(t) X_0 + c(t) + sqrt(v(t)) noise. That is a probability path
with signal scale m and noise scale sqrt(v), whose "target" is the law of X_0, moved by c: every closed form
of ``posterior`` serves it. A uniform square stays closed too, by the normal distribution function.

Here t is the process' own clock, in [0, duration].
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.closed_forms.marginals import Marginal
from fmstudio.flows.motion.linear import LinearDynamics
from fmstudio.flows.paths.distributions import Distribution, GaussianMixture, UniformBox, normals
from fmstudio.flows.paths.schedules import END, Schedule, Time, as_time


@final
@dataclass(frozen=True)
class Moments:
    """X_t = growth X_0 + shift + sqrt(variance) noise; shift (2,), all float64."""

    growth: Tensor
    shift: Tensor
    variance: Tensor

    @staticmethod
    def at(dynamics: LinearDynamics, t: float) -> Moments:
        """Raises ValueError for a mean that turns or stretches: such a law has no schedule."""
        ends = dynamics.mean(torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64), t)
        across, up = ends[1:] - ends[0]
        growth = across[0]
        if not torch.allclose(torch.stack([across, up]), growth * torch.eye(2).to(growth), atol=1e-9):
            raise ValueError(
                f"{type(dynamics).__name__} multiplies X_0 by a matrix, {[across.tolist(), up.tolist()]} "
                f"at t = {t:g}: no schedule has that law. Give it a drift a(t) X + b(t) with a number a."
            )
        return Moments(growth, ends[0], dynamics.variance(t).to(torch.float64))


@final
@dataclass(frozen=True)
class ProcessSchedule(Schedule):
    """alpha = m and beta = sqrt(v) at the part t in [0, 1] of ``duration``: 0 is the start, 1 the end.

    It runs from data to noise, so the velocity of its marginals is b - g^2/2 grad log p: the probability
    flow of the process. With m' = a m and v' = 2 a v + g^2 the products beta beta' and beta W stay finite.
    """

    dynamics: LinearDynamics
    duration: float

    def alpha(self, t: Time) -> Tensor:
        return self._each(t, lambda at: Moments.at(self.dynamics, at).growth)

    def beta(self, t: Time) -> Tensor:
        return self._each(t, lambda at: Moments.at(self.dynamics, at).variance.sqrt())

    def dalpha(self, t: Time) -> Tensor:
        return self._each(t, self._rate) * self.alpha(t)

    def dbeta(self, t: Time) -> Tensor:
        t = as_time(t).clamp(min=END)
        beta = self.beta(t)
        return torch.where(beta > 0, self.beta_dbeta(t) / beta.clamp(min=1e-300), 0.0)

    def beta_dbeta(self, t: Time) -> Tensor:
        squared = self._each(t, lambda at: self.duration * self.dynamics.diffusion(at) ** 2)
        return self._each(t, self._rate) * self.beta(t) ** 2 + squared / 2

    def _rate(self, t: float) -> Tensor:
        """a(t), in parts of the duration."""
        ends = self.dynamics.drift(torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64), t)
        return self.duration * (ends[1, 0] - ends[0, 0])

    def _each(self, t: Time, value: Callable[[float], Tensor]) -> Tensor:
        time = as_time(t)
        values = [value(self.duration * float(part)) for part in time.flatten()]
        return torch.stack(values).reshape(time.shape).to(time)


class ProcessLaw(ABC):
    """p_t of a linear process from a given start, for t in [0, duration]."""

    def __init__(self, start: Distribution, dynamics: LinearDynamics, duration: float) -> None:
        """Raises ValueError unless the duration is positive and finite."""
        if not 0 < duration < math.inf:
            raise ValueError(f"duration must be positive and finite, got {duration}")
        self.start = start
        self.dynamics = dynamics
        self.duration = duration

    @abstractmethod
    def log_prob(self, x: Tensor, t: float) -> Tensor:
        """log p_t(x), (n,). Raises ValueError if t leaves [0, duration]."""

    @abstractmethod
    def density_on_grid(self, xs: Tensor, ys: Tensor, t: float) -> Tensor:
        """p_t at ``xs`` (nx,) by ``ys`` (ny,), (ny, nx). Raises ValueError if t leaves [0, duration]."""

    def score(self, x: Tensor, t: float) -> Tensor:
        """grad log p_t(x), (n, 2), in float64 by automatic differentiation. Raises as ``log_prob``."""
        with torch.enable_grad():
            at = x.detach().double().requires_grad_()
            (slope,) = torch.autograd.grad(self.log_prob(at, t).sum(), at)
        return slope.to(x)

    def sample(self, n: int, t: float, generator: torch.Generator) -> Tensor:
        """``n`` draws of X_t, (n, 2), with no solver. Raises ValueError if n < 1, or as ``log_prob``."""
        moments = self._moments(t)
        x_0 = self.start.sample(n, generator)
        noise = normals(tuple(x_0.shape), generator, x_0)
        return self.dynamics.mean(x_0, t) + moments.variance.sqrt() * noise

    def _moments(self, t: float) -> Moments:
        if not 0 <= t <= self.duration:
            raise ValueError(f"t must lie in [0, {self.duration:g}], got {t}")
        return Moments.at(self.dynamics, t)


@final
class MixtureLaw(ProcessLaw):
    """From a Gaussian mixture, a cloud or a lattice: the marginal of a standard normal and that start along
    the process' own schedule, moved by c(t)."""

    def __init__(self, start: Distribution, dynamics: LinearDynamics, duration: float) -> None:
        """Raises NoClosedForm for any other start."""
        super().__init__(start, dynamics, duration)
        noise = GaussianMixture.standard_normal()
        self._marginal: Marginal = marginal(noise, start, ProcessSchedule(dynamics, duration))

    def log_prob(self, x: Tensor, t: float) -> Tensor:
        shift = self._moments(t).shift.to(x)
        return self._marginal.log_prob(x - shift, t / self.duration)

    def density_on_grid(self, xs: Tensor, ys: Tensor, t: float) -> Tensor:
        shift = self._moments(t).shift.to(xs)
        return self._marginal.density_on_grid(xs - shift[0], ys - shift[1], t / self.duration)


@final
class BoxLaw(ProcessLaw):
    """From a uniform square: in each coordinate the difference of two normal distribution functions,
    (Phi((y + H)/s) - Phi((y - H)/s)) / 2H with H = m half, y = x - c, s = sqrt(v)."""

    start: UniformBox

    def log_prob(self, x: Tensor, t: float) -> Tensor:
        moments = self._moments(t)
        shift = moments.shift.to(x)
        return (self._side(x[:, 0] - shift[0], moments) + self._side(x[:, 1] - shift[1], moments)).to(x)

    def density_on_grid(self, xs: Tensor, ys: Tensor, t: float) -> Tensor:
        moments = self._moments(t)
        shift = moments.shift.to(xs)
        across, up = self._side(xs - shift[0], moments), self._side(ys - shift[1], moments)
        return torch.outer(up.exp(), across.exp()).to(xs)

    def _side(self, y: Tensor, moments: Moments) -> Tensor:
        """Log-density of one coordinate, in float64. Both arguments are brought to where Phi is small, so
        that their difference keeps its digits; without noise it is the square itself."""
        half = self.start.half * moments.growth
        scale = moments.variance.sqrt().clamp(min=1e-9 * half)
        y = y.double().abs()
        upper, lower = torch.special.log_ndtr((half - y) / scale), torch.special.log_ndtr((-half - y) / scale)
        gap = torch.where(torch.isfinite(upper), (lower - upper).clamp(max=-1e-300), -1.0)
        density: Tensor = upper + torch.log(-torch.expm1(gap)) - torch.log(2 * half)
        return density


def process_law(start: Distribution, dynamics: LinearDynamics, duration: float) -> ProcessLaw:
    """The exact law of ``dynamics`` from ``start`` over ``duration``. Raises NoClosedForm, a ValueError, for
    a start that is neither a mixture, a cloud, a lattice nor a uniform square."""
    if isinstance(start, UniformBox):
        return BoxLaw(start, dynamics, duration)
    return MixtureLaw(start, dynamics, duration)
