"""The curve (alpha, beta) of a schedule, and the clock by which it is stepped.

What a flow does to a point depends on the curve alone, not on how fast it is run through: with another clock
the velocity is another one, the map is the same. In the time t a schedule may run through an end infinitely
fast (beta' of VP and linear VP at t = 1, both derivatives of t^n with n < 1 at t = 0) or over many decades
(VE), where a step of any fixed length is wrong. So a path's motions are stepped by a clock tau of the curve's
own, in which alpha and beta have finite slopes everywhere: CondOT for every t^n, the angle on the circle
alpha^2 + beta^2 = 1, alpha itself for sub-VP, beta for VE (Karras et al. 2022 step by it too). CondOT, FM-OT,
cosine and drawn schedules are their own. The states stay those at the times asked for.

A bridge runs through none of its ends infinitely fast, but nearly: noise spreads a width w to (w^2 + sigma^2
t)^(1/2), and takes it back at the other end. Its clock makes those widths even.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, singledispatch
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.bridge import SchroedingerBridgeMarginal
from fmstudio.flows.closed_forms.marginals import Marginal
from fmstudio.flows.paths.schedules import (
    VE,
    VP,
    CondOT,
    Cosine,
    LinearVP,
    Polynomial,
    Schedule,
    SubVP,
    Time,
    as_time,
)


@final
@dataclass(frozen=True)
class Curve:
    """``schedule`` runs through the same (alpha, beta) by tau in [0, 1]; ``of`` gives tau, ``back`` t. Along
    one that ``breaks`` steps, an ODE's step that is long in tau is taken in pieces, none much longer than an
    even step."""

    schedule: Schedule
    to: Callable[[float], float]
    fro: Callable[[float], float]
    breaks: bool = False

    def of(self, t: float) -> float:
        return min(max(self.to(t), 0.0), 1.0)

    def back(self, tau: float) -> float:
        return min(max(self.fro(tau), 0.0), 1.0)


@lru_cache(maxsize=64)
def curve_of(schedule: Schedule) -> Curve:
    """The curve with its clock; that of t itself where nothing is singular."""
    return _curve(schedule)


@singledispatch
def _curve(schedule: Schedule) -> Curve:
    return Curve(schedule, float, float)


@_curve.register
def _(schedule: Polynomial) -> Curve:
    return Curve(CondOT(), lambda t: t**schedule.n, lambda tau: tau ** (1 / schedule.n))


@_curve.register
def _(_schedule: LinearVP) -> Curve:
    return Curve(Cosine(), lambda t: math.asin(t) * 2 / math.pi, lambda tau: math.sin(math.pi / 2 * tau))


@_curve.register
def _(schedule: VP) -> Curve:
    room = _angle_left(schedule, 0.0)

    def back(tau: float) -> float:
        # B = -2 log alpha = -log(1 - beta^2)
        return 1 - schedule.s_of(-math.log1p(-(math.sin(room * (1 - tau)) ** 2)))

    return Curve(Arc(room), lambda t: 1 - _angle_left(schedule, t) / room, back)


@_curve.register
def _(schedule: SubVP) -> Curve:
    def gap(t: float) -> float:
        """1 - alpha."""
        return -math.expm1(-float(schedule.integrated(t)) / 2)

    room = gap(0.0)

    def back(tau: float) -> float:
        return 1 - schedule.s_of(-2 * math.log1p(-room * (1 - tau)))

    return Curve(Parabola(room), lambda t: 1 - gap(t) / room, back)


@_curve.register
def _(schedule: VE) -> Curve:
    low, high = schedule.sigma_min, schedule.sigma_max

    def back(tau: float) -> float:
        return 1 - math.log1p((high - low) * (1 - tau) / low) / math.log(high / low)

    return Curve(Chord(low, high), lambda t: 1 - (float(schedule.beta(t)) - low) / (high - low), back)


@singledispatch
def clock_of(marginal: Marginal) -> Curve:
    """The clock by which motions along an exact path are stepped: that of its schedule's curve, but t itself
    where noise on the way is a function of t."""
    schedule = marginal.schedule
    return Curve(schedule, float, float) if marginal.noise else curve_of(schedule)


@clock_of.register
def _(marginal: SchroedingerBridgeMarginal) -> Curve:
    return bridge_curve(marginal.sigma, (marginal.source.narrowest, marginal.target.narrowest))


@lru_cache(maxsize=64)
def bridge_curve(sigma: float, widths: tuple[float, float]) -> Curve:
    """The clock in which a bridge of ``sigma`` between ends of such ``widths`` (of their narrowest parts) has
    finite slopes: dt/dtau = ((w_0^2 / sigma^2 + t) (w_1^2 / sigma^2 + 1 - t))^(1/2) up to a factor. That of
    t itself as sigma goes to 0, of CondOT's sin^2 as it grows."""
    first, last = ((width / sigma) ** 2 for width in widths)
    whole = 1 + first + last
    low, high = (math.asin(math.sqrt(part / whole)) for part in (first, 1 + first))
    eased = Eased(whole, first, low, high - low)

    def to(t: float) -> float:
        return (math.asin(math.sqrt((t + first) / whole)) - low) / (high - low)

    return Curve(eased, to, lambda tau: float(eased.alpha(tau)), breaks=True)


def _angle_left(schedule: VP, t: float) -> float:
    """From the data end of the circle, where alpha = 1 and beta = 0."""
    return math.atan2(float(schedule.beta(t)), float(schedule.alpha(t)))


@final
@dataclass(frozen=True)
class Arc(Schedule):
    """The circle alpha^2 + beta^2 = 1 from the angle ``room`` before alpha = 1, at an even speed."""

    room: float

    def _left(self, t: Time) -> Tensor:
        return self.room * (1 - as_time(t))

    def alpha(self, t: Time) -> Tensor:
        return torch.cos(self._left(t))

    def beta(self, t: Time) -> Tensor:
        return torch.sin(self._left(t))

    def dalpha(self, t: Time) -> Tensor:
        return self.room * self.beta(t)

    def dbeta(self, t: Time) -> Tensor:
        return -self.room * self.alpha(t)


@final
@dataclass(frozen=True)
class Parabola(Schedule):
    """beta = 1 - alpha^2 from alpha = 1 - ``room`` to 1, alpha at an even speed."""

    room: float

    def _gap(self, t: Time) -> Tensor:
        return self.room * (1 - as_time(t))

    def alpha(self, t: Time) -> Tensor:
        return 1 - self._gap(t)

    def beta(self, t: Time) -> Tensor:
        gap = self._gap(t)
        return gap * (2 - gap)

    def dalpha(self, t: Time) -> Tensor:
        return torch.full_like(as_time(t), self.room)

    def dbeta(self, t: Time) -> Tensor:
        return -2 * self.room * self.alpha(t)


@final
@dataclass(frozen=True)
class Chord(Schedule):
    """alpha = 1, beta from ``high`` to ``low`` at an even speed."""

    low: float
    high: float

    def alpha(self, t: Time) -> Tensor:
        return torch.ones_like(as_time(t))

    def beta(self, t: Time) -> Tensor:
        return self.low + (self.high - self.low) * (1 - as_time(t))

    def dalpha(self, t: Time) -> Tensor:
        return torch.zeros_like(as_time(t))

    def dbeta(self, t: Time) -> Tensor:
        return torch.full_like(as_time(t), self.low - self.high)


@final
@dataclass(frozen=True)
class Eased(Schedule):
    """The line alpha + beta = 1, alpha = ``whole`` sin^2(angle) - ``before``, the angle at an even speed
    through ``room`` from ``low``."""

    whole: float
    before: float
    low: float
    room: float

    def _angle(self, t: Time) -> Tensor:
        return self.low + self.room * as_time(t)

    def alpha(self, t: Time) -> Tensor:
        return self.whole * torch.sin(self._angle(t)).square() - self.before

    def beta(self, t: Time) -> Tensor:
        return 1 - self.alpha(t)

    def dalpha(self, t: Time) -> Tensor:
        return self.room * self.whole * torch.sin(2 * self._angle(t))

    def dbeta(self, t: Time) -> Tensor:
        return -self.dalpha(t)
