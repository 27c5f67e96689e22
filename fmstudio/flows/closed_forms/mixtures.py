"""Marginals of mixtures: a Gaussian-mixture source and any target made of normals, pair by pair.

A source component j and a target component k meet in N(alpha m_k + beta mu_j, alpha^2 S_k + beta^2 R_j).
Within a pair c everything is linear in x; pairs are mixed with their posterior weights r_c (notation, section
3):

    u = sum r_c u_c,  s = sum r_c s_c,  div u = sum r_c [div u_c + u_c . (s_c - s)].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.isotropic import trace
from fmstudio.flows.closed_forms.kernels import grid_points
from fmstudio.flows.closed_forms.marginals import (
    Coefficients,
    FirstOrder,
    GridValues,
    Marginal,
    Pull,
    SecondOrder,
    grid_by_points,
)
from fmstudio.flows.paths.distributions import LOG_2PI, Distribution, GaussianMixture
from fmstudio.flows.paths.schedules import Schedule, Time, as_time

TILE = 1 << 17
"""Point-pair combinations in a tile."""


@final
@dataclass(frozen=True)
class _Parts:
    """Everything per point and component: log weight (n, C), fields (n, C, 2), spreads (n or 1, C, ...)."""

    log_weight: Tensor
    velocity: Tensor
    score: Tensor
    mean: Tensor
    cov: Tensor
    divergence: Tensor
    target_variance: Tensor

    def first_order(self) -> FirstOrder:
        weight = torch.softmax(self.log_weight, 1).unsqueeze(1)
        velocity, score, mean = ((weight @ a).squeeze(1) for a in (self.velocity, self.score, self.mean))
        return FirstOrder(torch.logsumexp(self.log_weight, 1), velocity, score, mean)

    def second_order(self) -> SecondOrder:
        first = self.first_order()
        weight = torch.softmax(self.log_weight, 1)
        gap = self.mean - first.posterior_mean[:, None]
        cov = self.cov + gap[..., :, None] * gap[..., None, :]
        turn = torch.linalg.vecdot(self.velocity, self.score - first.score[:, None])
        drift = (self.velocity - first.velocity[:, None]).square().sum(-1)
        return SecondOrder(
            (weight[..., None, None] * cov).sum(1),
            (weight * (self.divergence + turn)).sum(1),
            (weight * (self.target_variance + drift)).sum(1),
        )


@final
class MixtureMarginal(Marginal):
    """Any Gaussian mixtures as source and target: weights, means and covariances of either."""

    def __init__(
        self,
        source: GaussianMixture,
        target: Distribution,
        schedule: Schedule,
        components: GaussianMixture,
    ) -> None:
        """``components`` is the target as a mixture (itself, or a cloud's)."""
        super().__init__(source, target, schedule)
        j, k = len(source.weights), len(components.weights)
        like = components.means.double()
        shares = source.weights.to(like)[:, None] * components.weights.to(like)
        self._log_weights = shares.log().flatten()
        self._mu = source.means.to(like).repeat_interleave(k, 0)
        self._r = source.covs.to(like).repeat_interleave(k, 0)
        self._m = like.repeat(j, 1)
        self._s = components.covs.to(like).repeat(j, 1, 1)

    def _tiles(self, x: Tensor, t: Time) -> Sequence[_Parts]:
        time = as_time(t).reshape(-1)
        if len(time) not in (1, len(x)):
            raise ValueError(f"t must be one time or one per point ({len(x)}), got {len(time)} times")
        rows = max(1, TILE // len(self._m))
        return [
            self._parts(x[part], time if len(time) == 1 else time[part])
            for part in (slice(i, i + rows) for i in range(0, len(x), rows))
        ]

    def _parts(self, x: Tensor, time: Tensor) -> _Parts:
        """The components in float64 (there are few), the points in their own precision."""
        c = _columns(Coefficients.at(self.schedule, time.to(torch.float64), x.to(torch.float64)))
        mu, r, m, s = (a.to(x.device) for a in (self._mu, self._r, self._m, self._s))
        alpha2, beta2 = c.alpha[..., None] ** 2, c.beta[..., None] ** 2
        v = alpha2 * s + beta2 * r
        precision = torch.linalg.inv(v)
        log_scale = self._log_weights.to(x.device) - torch.logdet(v) / 2 - LOG_2PI
        both = (c.alpha * c.dalpha)[..., None] * s + c.beta_dbeta[..., None] * r
        shared = s @ precision @ r
        gap = x[:, None] - (c.alpha * m + c.beta * mu).to(x)
        score = -_applied(precision, gap)
        slope = both @ precision
        return _Parts(
            log_scale.to(x) + torch.linalg.vecdot(gap, score) / 2,
            (c.dalpha * m + c.dbeta * mu).to(x) + _applied(slope, gap),
            score,
            m.to(x) + _applied(c.alpha[..., None] * s @ precision, gap),
            (beta2 * shared).to(x),
            trace(slope).to(x),
            (c.wronskian[..., 0] ** 2 * trace(shared)).to(x),
        )

    def log_prob(self, x: Tensor, t: Time) -> Tensor:
        return torch.cat([torch.logsumexp(p.log_weight, 1) for p in self._tiles(x, t)])

    def first_order(self, x: Tensor, t: Time) -> FirstOrder:
        return _joined_first([p.first_order() for p in self._tiles(x, t)])

    def second_order(self, x: Tensor, t: Time) -> SecondOrder:
        return _joined_second([p.second_order() for p in self._tiles(x, t)])

    def on_grid(self, xs: Tensor, ys: Tensor, t: float, divergence: bool = False) -> GridValues:
        return grid_by_points(self, xs, ys, t, divergence)

    def density_on_grid(self, xs: Tensor, ys: Tensor, t: float) -> Tensor:
        return self.log_prob(grid_points(xs, ys).reshape(-1, 2), t).exp().reshape(len(ys), len(xs))

    def pull(self, x: Tensor, t: float, count: int = 32) -> Pull:
        parts = self._tiles(x[None], t)[0]
        top, index = torch.softmax(parts.log_weight[0], 0).topk(min(count, len(self._m)))
        return Pull(self._m.to(x)[index], top, parts.velocity[0, index])


@final
class SuperposedMarginal(Marginal):
    """A source of several round normals: the marginals of each, mixed with their posterior weights."""

    def __init__(
        self, source: GaussianMixture, target: Distribution, schedule: Schedule, parts: Sequence[Marginal]
    ) -> None:
        super().__init__(source, target, schedule)
        self._parts = parts
        self._log_weights = source.weights.log()

    def _mixed(self, x: Tensor, t: Time, spread: bool) -> _Parts:
        first = [p.first_order(x, t) for p in self._parts]
        second = [p.second_order(x, t) for p in self._parts] if spread else []
        zero = x.new_zeros(1, 1)
        return _Parts(
            torch.stack([f.log_prob for f in first], 1) + self._log_weights.to(x),
            torch.stack([f.velocity for f in first], 1),
            torch.stack([f.score for f in first], 1),
            torch.stack([f.posterior_mean for f in first], 1),
            torch.stack([s.posterior_cov for s in second], 1) if spread else zero,
            torch.stack([s.divergence for s in second], 1) if spread else zero,
            torch.stack([s.target_variance for s in second], 1) if spread else zero,
        )

    def log_prob(self, x: Tensor, t: Time) -> Tensor:
        logs = torch.stack([p.log_prob(x, t) for p in self._parts], 1)
        return torch.logsumexp(logs + self._log_weights.to(x), 1)

    def first_order(self, x: Tensor, t: Time) -> FirstOrder:
        return self._mixed(x, t, spread=False).first_order()

    def second_order(self, x: Tensor, t: Time) -> SecondOrder:
        return self._mixed(x, t, spread=True).second_order()

    def on_grid(self, xs: Tensor, ys: Tensor, t: float, divergence: bool = False) -> GridValues:
        if divergence:
            return grid_by_points(self, xs, ys, t, divergence)
        grids = [p.on_grid(xs, ys, t) for p in self._parts]
        logs = torch.stack([g.log_density for g in grids]) + self._log_weights.to(xs)[:, None, None]
        share = torch.softmax(logs, 0)[..., None]
        return GridValues(
            torch.logsumexp(logs, 0),
            (share * torch.stack([g.velocity for g in grids])).sum(0),
            (share * torch.stack([g.score for g in grids])).sum(0),
        )

    def density_on_grid(self, xs: Tensor, ys: Tensor, t: float) -> Tensor:
        densities = torch.stack([p.density_on_grid(xs, ys, t) for p in self._parts])
        return (self._log_weights.to(xs).exp()[:, None, None] * densities).sum(0)

    def pull(self, x: Tensor, t: float, count: int = 32) -> Pull:
        logs = torch.cat([p.log_prob(x[None], t) for p in self._parts]) + self._log_weights.to(x)
        shares = torch.softmax(logs, 0)
        pulls = [p.pull(x, t, count) for p in self._parts]
        weights = torch.cat([share * p.weights for share, p in zip(shares, pulls, strict=True)])
        top, index = weights.topk(min(count, len(weights)))
        points, velocities = (torch.cat([getattr(p, a) for p in pulls]) for a in ("points", "velocities"))
        return Pull(points[index], top, velocities[index])


def _columns(c: Coefficients) -> Coefficients:
    """Coefficients of shape (n or 1, 1, 1), ready for (n, C, 2)."""
    return Coefficients(*(value.reshape(-1, 1, 1) for value in vars(c).values()))


def _applied(matrix: Tensor, gap: Tensor) -> Tensor:
    """matrix (n or 1, C, 2, 2) times gap (n, C, 2), in the precision of the gap."""
    a = matrix.to(gap)
    gx, gy = gap.unbind(-1)
    return torch.stack([a[..., 0, 0] * gx + a[..., 0, 1] * gy, a[..., 1, 0] * gx + a[..., 1, 1] * gy], -1)


def _joined_first(parts: Sequence[FirstOrder]) -> FirstOrder:
    return FirstOrder(
        *(torch.cat(columns) for columns in zip(*(vars(p).values() for p in parts), strict=True))
    )


def _joined_second(parts: Sequence[SecondOrder]) -> SecondOrder:
    return SecondOrder(
        *(torch.cat(columns) for columns in zip(*(vars(p).values() for p in parts), strict=True))
    )
