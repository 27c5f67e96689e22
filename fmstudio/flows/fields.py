"""Fields: velocity, score, noise and data prediction of one marginal, exact or learned.

Each of the four determines the others (MATHS section 3; 004). With W = alpha' beta - alpha beta',

    u = (alpha' x + beta W s) / alpha = alpha' D + (beta'/beta)(x - alpha D),   s = (alpha u - alpha' x) / (beta W),
    noise = -beta s,   D = (x + beta^2 s) / alpha = (beta u - beta' x) / W.

The products beta beta' and beta W stay finite; what is 0/0 at an end is taken ``MARGIN`` inside of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal, final, get_args

import torch
from torch import Tensor

from fmstudio.flows.marginals import Coefficients, Marginal
from fmstudio.flows.schedules import Schedule, Time, as_time

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

    def noise(self, x: Tensor, t: Time) -> Tensor:
        """E[x_0 given x_t = x] = -beta s for a standard normal source, (n, 2)."""
        return -Coefficients.at(self.schedule, t, x).beta * self.score(x, t)


@final
class ExactField(Field):
    """The closed form of a marginal."""

    def __init__(self, marginal: Marginal) -> None:
        self.marginal = marginal
        self.schedule = marginal.schedule

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
class LearnedField(Field):
    """A network that predicts one of the four, answering all by conversion (standard normal source).

    ``network(x, t)`` takes t as a column (n, 1) in the dtype of x. Only a velocity network is defined without a
    standard normal source; its velocity and divergence need no conversion.
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

    def velocity(self, x: Tensor, t: Time) -> Tensor:
        if self.predicts == "velocity":
            return self._predicted(x, as_time(t))
        return self._both_from_score(x, self._inside(t))[0]

    def score(self, x: Tensor, t: Time) -> Tensor:
        time = self._inside(t)
        return self._score_from(self._predicted(x, time), x, Coefficients.at(self.schedule, time, x))

    def velocity_and_score(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        if self.predicts != "velocity":
            return self._both_from_score(x, self._inside(t))
        time = self._inside(t)
        velocity = self._predicted(x, as_time(t))
        return velocity, self._score_from(velocity, x, Coefficients.at(self.schedule, time, x))

    def data(self, x: Tensor, t: Time) -> Tensor:
        time = self._inside(t)
        c = Coefficients.at(self.schedule, time, x)
        predicted = self._predicted(x, time)
        if self.predicts == "data":
            return predicted
        if self.predicts == "velocity":
            return (c.beta * predicted - c.dbeta * x) / c.wronskian
        return (x + c.beta**2 * self._score_from(predicted, x, c)) / c.alpha

    def divergence(self, x: Tensor, t: Time) -> Tensor:
        """Exact, by one forward tangent for each coordinate."""
        total = torch.zeros_like(x[:, 0])
        for i in range(x.shape[1]):
            tangent = torch.zeros_like(x)
            tangent[:, i] = 1
            _, slope = torch.func.jvp(lambda y: self.velocity(y, t), (x,), (tangent,))
            total = total + slope[:, i]
        return total

    def _inside(self, t: Time) -> Tensor:
        """t, away from the end where the conversion of this prediction is 0/0."""
        low = 0.0 if self.predicts in ("velocity", "data") else MARGIN
        return as_time(t).clamp(low, 1 - MARGIN)

    def _predicted(self, x: Tensor, time: Tensor) -> Tensor:
        return self.network(x, time.reshape(-1, 1).to(x).expand(len(x), 1))

    def _both_from_score(self, x: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
        c = Coefficients.at(self.schedule, time, x)
        predicted = self._predicted(x, time)
        score = self._score_from(predicted, x, c)
        if self.predicts == "data":
            return c.dalpha * predicted + c.beta_dbeta / c.beta**2 * (x - c.alpha * predicted), score
        return (c.dalpha * x + c.beta_wronskian * score) / c.alpha, score

    def _score_from(self, predicted: Tensor, x: Tensor, c: Coefficients) -> Tensor:
        if self.predicts == "score":
            return predicted
        if self.predicts == "noise":
            return -predicted / c.beta
        if self.predicts == "data":
            return (c.alpha * predicted - x) / c.beta**2
        return (c.alpha * predicted - c.dalpha * x) / c.beta_wronskian
