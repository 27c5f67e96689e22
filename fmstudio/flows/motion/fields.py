"""Fields: velocity, score, noise and data prediction of one marginal, exact or learned.

Each of the four determines the others (notation, section 3; Liao et al. 2024). With W = alpha' beta - alpha
beta',

    u = (alpha' x + beta W s) / alpha = alpha' D + (beta'/beta)(x - alpha D),
    s = (alpha u - alpha' x) / (beta W) = (alpha D - x) / beta^2 = -noise / beta,
    D = (x + beta^2 s) / alpha = (beta u - beta' x) / W.

Every conversion is linear, a x + b prediction, so the divergence converts too: 2 a + b div prediction. The
products beta beta' and beta W stay finite; what is 0/0 at an end is taken ``MARGIN`` inside of it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol, final, get_args, runtime_checkable

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal as marginal_of
from fmstudio.flows.closed_forms.kernels import flat
from fmstudio.flows.closed_forms.marginals import Coefficients, Marginal
from fmstudio.flows.motion.clock import Curve, clock_of, curve_of
from fmstudio.flows.paths.schedules import Schedule, Time, as_time
from fmstudio.flows.paths.way_noise import WayNoise

Prediction = Literal["velocity", "noise", "score", "data"]

MARGIN = 1e-3
"""A learned prediction is converted at times at least this far from the end where the conversion is 0/0."""


class Field(ABC):
    """What a marginal path looks like locally; x (n, 2), t one time or one per row."""

    schedule: Schedule

    @abstractmethod
    def velocity(self, x: Tensor, t: Time) -> Tensor:
        """u_t(x), (n, 2)."""

    @abstractmethod
    def score(self, x: Tensor, t: Time) -> Tensor:
        """grad log p_t(x), (n, 2)."""

    @abstractmethod
    def data(self, x: Tensor, t: Time) -> Tensor:
        """D_t(x) = E[z given x_t = x], (n, 2)."""

    @abstractmethod
    def divergence(self, x: Tensor, t: Time) -> Tensor:
        """div u_t(x), (n,)."""

    @abstractmethod
    def velocity_and_score(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        """Both from one evaluation: what the drift of an SDE needs."""

    def on_curve(self) -> tuple[Field, Curve]:
        """The same field by the clock of its curve, in which solvers step; by t itself unless a field knows
        better."""
        return self, Curve(self.schedule, float, float)

    def pieces(self, t: float, dt: float) -> int:  # noqa: ARG002
        """Into how many even ones an ODE's step is broken."""
        return 1

    def noise(self, x: Tensor, t: Time) -> Tensor:
        """E[x_0 given x_t = x] = -beta s for a standard normal source, (n, 2)."""
        return -Coefficients.at(self.schedule, t, x).beta * self.score(x, t)


@final
class ExactField(Field):
    """The closed form of a marginal."""

    def __init__(self, marginal: Marginal) -> None:
        self.marginal = marginal
        self.schedule = marginal.schedule

    def on_curve(self) -> tuple[Field, Curve]:
        return self._on_curve

    @cached_property
    def _on_curve(self) -> tuple[Field, Curve]:
        own, curve = self.marginal, clock_of(self.marginal)
        if curve.schedule == self.schedule:
            return self, curve
        if curve.breaks:
            return PacedField(self, curve), curve
        return ExactField(marginal_of(own.source, own.target, curve.schedule)), curve

    def velocity(self, x: Tensor, t: Time) -> Tensor:
        return self.marginal.velocity(x, t)

    def score(self, x: Tensor, t: Time) -> Tensor:
        return self.marginal.score(x, t)

    def data(self, x: Tensor, t: Time) -> Tensor:
        return self.marginal.posterior_mean(x, t)

    def divergence(self, x: Tensor, t: Time) -> Tensor:
        return self.marginal.divergence(x, t)

    def velocity_and_score(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        first = self.marginal.first_order(x, t)
        return first.velocity, first.score


@final
@dataclass(frozen=True)
class PacedField(Field):
    """``field`` in the clock tau of ``curve``: dx/dtau = dx/dt dt/dtau."""

    field: Field
    curve: Curve

    @property
    def schedule(self) -> Schedule:  # type: ignore[override]
        return self.curve.schedule

    def pieces(self, t: float, dt: float) -> int:
        return max(1, round(dt / (self._at(t + dt) - self._at(t)))) if self.curve.breaks else 1

    def velocity(self, x: Tensor, t: Time) -> Tensor:
        return self._pace(t) * self.field.velocity(x, self._at(t))

    def score(self, x: Tensor, t: Time) -> Tensor:
        return self.field.score(x, self._at(t))

    def data(self, x: Tensor, t: Time) -> Tensor:
        return self.field.data(x, self._at(t))

    def divergence(self, x: Tensor, t: Time) -> Tensor:
        return self._pace(t) * self.field.divergence(x, self._at(t))

    def velocity_and_score(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        velocity, score = self.field.velocity_and_score(x, self._at(t))
        return self._pace(t) * velocity, score

    def _at(self, tau: Time) -> float:
        return self.curve.back(float(tau))

    def _pace(self, tau: Time) -> float:
        """dt/dtau."""
        return _speed(self.schedule, float(tau)) / _speed(self.field.schedule, self._at(tau))


@runtime_checkable
class Divergent(Protocol):
    """A network that knows its own divergence."""

    def velocity_and_divergence(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 2) and (n,): its prediction, whatever it predicts, and the divergence of that."""


@final
class LearnedField(Field):
    """A network that predicts one of the four, answering all of them (source: standard normal).

    ``network(x, t)`` takes t (n, 1) in the dtype of x. For other sources than the standard normal only a
    velocity network is defined, and of it velocity and divergence, which need no conversion.
    """

    def __init__(
        self,
        network: Callable[[Tensor, Tensor], Tensor],
        schedule: Schedule,
        predicts: Prediction = "velocity",
    ) -> None:
        """Raises ValueError for an unknown prediction."""
        if predicts not in get_args(Prediction):
            raise ValueError(f"predicts must be one of {', '.join(get_args(Prediction))}, got {predicts!r}")
        self.network = network
        self.schedule = schedule
        self.predicts = predicts
        divisors = {"velocity": schedule.wronskian(0.0), "data": schedule.beta(0.0)}
        self._low = 0.0 if float(divisors.get(predicts, schedule.alpha(0.0))) > 0 else MARGIN

    def on_curve(self) -> tuple[Field, Curve]:
        """Of a velocity network, as it was trained by t; t^n with n > 1 sets out with no speed at all, which
        no clock can make finite, and has no singular end: it keeps its own."""
        curve = curve_of(self.schedule)
        if curve.schedule == self.schedule or self.predicts != "velocity" or _speed(self.schedule, 0.0) == 0:
            return super().on_curve()
        return PacedField(self, curve), curve

    def velocity(self, x: Tensor, t: Time) -> Tensor:
        if self.predicts == "velocity":
            return self._predicted(x, as_time(t))
        return self._converted(_VELOCITY, x, t)

    def score(self, x: Tensor, t: Time) -> Tensor:
        return self._converted(_SCORE, x, t)

    def data(self, x: Tensor, t: Time) -> Tensor:
        return self._converted(_DATA, x, t)

    def velocity_and_score(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        velocity = self.velocity(x, t)
        c = Coefficients.at(self.schedule, self._inside(t), x)
        on_x, on_velocity = _SCORE["velocity"](c)
        return velocity, on_x * x + on_velocity * velocity

    def divergence(self, x: Tensor, t: Time) -> Tensor:
        """Exact: the network's own where it has one, else by one backward pass for each coordinate."""
        time = self._inside(t) if self.predicts != "velocity" else as_time(t)
        on_x, on_prediction = _VELOCITY[self.predicts](Coefficients.at(self.schedule, time, x))
        return x.shape[1] * flat(on_x) + flat(on_prediction) * self._predicted_divergence(x, time)

    def _predicted_divergence(self, x: Tensor, time: Tensor) -> Tensor:
        column = _time_column(x, time)
        if isinstance(self.network, Divergent):
            return self.network.velocity_and_divergence(x, column)[1]
        with torch.enable_grad():
            y = x.detach().requires_grad_()
            predicted = self.network(y, column)
            slopes = [
                torch.autograd.grad(predicted[:, i].sum(), y, retain_graph=True)[0][:, i]
                for i in range(x.shape[1])
            ]
        return torch.stack(slopes).sum(0)

    def _converted(self, table: _Table, x: Tensor, t: Time) -> Tensor:
        time = self._inside(t)
        on_x, on_prediction = table[self.predicts](Coefficients.at(self.schedule, time, x))
        return on_x * x + on_prediction * self._predicted(x, time)

    def _inside(self, t: Time) -> Tensor:
        """t, away from the ends where a conversion of this prediction is 0/0."""
        return as_time(t).clamp(self._low, 1 - MARGIN)

    def _predicted(self, x: Tensor, time: Tensor) -> Tensor:
        return self.network(x, _time_column(x, time))


@final
class FlowAndScoreField(Field):
    """A way with noise, x_t = alpha z + beta x_0 + gamma W, whose velocity and score are learned apart (SF2M:
    Tong et al. 2023): the score tells E[W given x] = -gamma s, and with it the two linear equations of x and
    u tell E[z given x]."""

    def __init__(
        self,
        flow: Callable[[Tensor, Tensor], Tensor],
        score: Callable[[Tensor, Tensor], Tensor],
        schedule: Schedule,
        way: WayNoise,
    ) -> None:
        """``flow(x, t)`` and ``score(x, t)`` take t (n, 1) in the dtype of x."""
        self.schedule, self._score, self._way = schedule, score, way
        self._flow = LearnedField(flow, schedule)

    def velocity(self, x: Tensor, t: Time) -> Tensor:
        return self._flow.velocity(x, t)

    def score(self, x: Tensor, t: Time) -> Tensor:
        return self._score(x, _time_column(x, as_time(t)))

    def divergence(self, x: Tensor, t: Time) -> Tensor:
        return self._flow.divergence(x, t)

    def velocity_and_score(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        return self.velocity(x, t), self.score(x, t)

    def data(self, x: Tensor, t: Time) -> Tensor:
        time = as_time(t)
        velocity, score = self.velocity_and_score(x, t)
        at = _time_column(x, time)
        place = x + self._way.variance(at) * score
        moved = velocity + self._way.rate(at) * score
        on_place, on_moved = _DATA["velocity"](Coefficients.at(self.schedule, time, x))
        return on_place * place + on_moved * moved


def _speed(schedule: Schedule, t: float) -> float:
    """|d(alpha, beta)/dt|."""
    return math.hypot(float(schedule.dalpha(t)), float(schedule.dbeta(t)))


def _time_column(x: Tensor, time: Tensor) -> Tensor:
    return time.reshape(-1, 1).to(x).expand(len(x), 1)


_Linear = tuple[Tensor, Tensor]
"""(a, b): the quantity is a x + b prediction"""
_Table = dict[Prediction, Callable[[Coefficients], _Linear]]


def _zero(c: Coefficients) -> Tensor:
    return torch.zeros_like(c.alpha)


def _itself(c: Coefficients) -> _Linear:
    return _zero(c), torch.ones_like(c.alpha)


def _after_score(quantity: Callable[[Coefficients], _Linear]) -> Callable[[Coefficients], _Linear]:
    """A quantity given by the score, from the noise."""

    def composed(c: Coefficients) -> _Linear:
        on_x, on_score = quantity(c)
        return on_x, -on_score / c.beta

    return composed


def _velocity_from_score(c: Coefficients) -> _Linear:
    return c.dalpha / c.alpha, c.beta_wronskian / c.alpha


def _velocity_from_data(c: Coefficients) -> _Linear:
    rate = c.beta_dbeta / c.beta**2
    return rate, c.dalpha - c.alpha * rate


def _data_from_score(c: Coefficients) -> _Linear:
    return 1 / c.alpha, c.beta**2 / c.alpha


_VELOCITY: _Table = {
    "velocity": _itself,
    "noise": _after_score(_velocity_from_score),
    "score": _velocity_from_score,
    "data": _velocity_from_data,
}
_SCORE: _Table = {
    "velocity": lambda c: (-c.dalpha / c.beta_wronskian, c.alpha / c.beta_wronskian),
    "noise": lambda c: (_zero(c), -1 / c.beta),
    "score": _itself,
    "data": lambda c: (-1 / c.beta**2, c.alpha / c.beta**2),
}
_DATA: _Table = {
    "velocity": lambda c: (-c.dbeta / c.wronskian, c.beta / c.wronskian),
    "noise": _after_score(_data_from_score),
    "score": _data_from_score,
    "data": _itself,
}
