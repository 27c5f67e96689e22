"""The probability path between one source point and one target point: x_t = alpha_t z + beta_t x_0.

What a network is trained on (Khungurn 2024, Thm 3; “Vector fields” post; Liao et al. 2024), and the
conditional field and score of 6.S184 notes and “Vector fields” post.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from torch import Tensor

from fmstudio.flows.paths.schedules import END, Schedule, Time, as_time


def column(t: Tensor) -> Tensor:
    """A time per row as a column, so that it multiplies the rows of (n, d); a single time stays single."""
    return t[:, None] if t.ndim == 1 else t


def coefficient(value: Tensor, like: Tensor) -> Tensor:
    """A coefficient ready to multiply the rows of ``like``: single ones keep their (higher) precision."""
    return column(value) if value.ndim == 0 else column(value).to(like)


@final
@dataclass(frozen=True)
class ProbabilityPath:
    """The Gaussian conditional path of a schedule; x_0, z, x are (n, d), t a single time or one per row."""

    schedule: Schedule

    def x_t(self, x_0: Tensor, z: Tensor, t: Time) -> Tensor:
        """alpha z + beta x_0 (Khungurn 2024, eq 6; “Vector fields” post)."""
        t = as_time(t)
        return coefficient(self.schedule.alpha(t), z) * z + coefficient(self.schedule.beta(t), z) * x_0

    def target_velocity(self, x_0: Tensor, z: Tensor, t: Time) -> Tensor:
        """alpha' z + beta' x_0 = u_t(x_t given z): the regression target (Khungurn 2024, eq 9; Liao et al.
        2024, Alg 1)."""
        t = as_time(t)
        return coefficient(self.schedule.dalpha(t), z) * z + coefficient(self.schedule.dbeta(t), z) * x_0

    def conditional_velocity(self, x: Tensor, z: Tensor, t: Time) -> Tensor:
        """u_t(x given z) = alpha' z + (beta'/beta)(x - alpha z) (Khungurn 2024, Thm 1; “Vector fields” post;
        6.S184 notes, Ex 2.1).

        beta'/beta is infinite where beta_1 = 0; at t = 1 it is the one at distance ``END``.
        """
        t = as_time(t)
        inner = t.clamp(max=1 - END)
        rate = self.schedule.beta_dbeta(inner) / self.schedule.beta(inner) ** 2
        gap = x - coefficient(self.schedule.alpha(t), x) * z
        return coefficient(self.schedule.dalpha(t), x) * z + coefficient(rate, x) * gap

    def naive_average(self, x: Tensor, target_mean: Tensor, t: Time) -> Tensor:
        """E_{z ~ p_data} u_t(x given z), (n, d): “Vector fields” post's wrong guess, which weighs every
        target point alike wherever x is. The conditional field is linear in z, so this is the field towards
        E[z] ``target_mean`` (d,), and its flow carries everything to that one point. Right is the posterior's
        mean: ``Marginal.velocity``."""
        return self.conditional_velocity(x, target_mean.to(x), t)

    def conditional_score(self, x: Tensor, z: Tensor, t: Time) -> Tensor:
        """(alpha z - x) / beta^2 (6.S184 notes, eq 24); at t = 1 with beta_1 = 0 beta is that at distance
        ``END``."""
        t = as_time(t)
        precision = self.schedule.beta(t.clamp(max=1 - END)) ** -2
        return coefficient(precision, x) * (coefficient(self.schedule.alpha(t), x) * z - x)
