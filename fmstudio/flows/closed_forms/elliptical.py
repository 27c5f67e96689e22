"""The marginal of one elongated Gaussian N(mu, R) and a cloud of round normals.

As in ``isotropic``, with matrices in place of scalars; V = alpha^2 h^2 I + beta^2 R commutes with R. With
L L^T = V the kernel is round in the coordinates L^-1 x, so a cloud's sums serve here too. With
y = x - beta mu, gap = alpha M - y and W = alpha' beta - alpha beta':

    s = V^-1 gap,   u = alpha' M - K gap + beta' mu,   K = (alpha alpha' h^2 I + beta beta' R) V^-1,
    D = M - alpha h^2 V^-1 gap,   div u = tr K + alpha tr[P Cov V^-1],   P = beta W R V^-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.cloud import CloudKernel
from fmstudio.flows.closed_forms.isotropic import trace
from fmstudio.flows.closed_forms.kernels import Moments, grid_points
from fmstudio.flows.closed_forms.marginals import (
    Coefficients,
    FirstOrder,
    GridValues,
    Marginal,
    Pull,
    SecondOrder,
    grid_by_points,
)
from fmstudio.flows.closed_forms.mixtures import MixtureMarginal
from fmstudio.flows.paths.distributions import Distribution, GaussianMixture
from fmstudio.flows.paths.schedules import Schedule, Time, as_time


@final
@dataclass(frozen=True)
class _Law:
    """The matrices of the module's formulas at one time, float64."""

    c: Coefficients
    v: Tensor
    inverse: Tensor
    k: Tensor
    p: Tensor
    noise: Tensor
    shared: Tensor
    h: float

    @staticmethod
    def of(c: Coefficients, h: float, r: Tensor) -> _Law:
        eye = torch.eye(2, dtype=r.dtype, device=r.device)
        v = c.alpha**2 * h**2 * eye + c.beta**2 * r
        inverse = torch.linalg.inv(v)
        k = (c.alpha * c.dalpha * h**2 * eye + c.beta_dbeta * r) @ inverse
        ratio = r @ inverse
        return _Law(c, v, inverse, k, c.beta_wronskian * ratio, c.beta**2 * ratio, h**2 * ratio, h)

    def velocity(self, m: Moments, mu: Tensor) -> Tensor:
        return self.c.dalpha * m.mean - m.gap @ self.k.to(mu) + self.c.dbeta * mu

    def first_order(self, m: Moments, mu: Tensor) -> FirstOrder:
        score = m.gap @ self.inverse.to(mu)
        mean = m.mean - self.c.alpha * self.h**2 * score
        return FirstOrder(m.log_prob, self.velocity(m, mu), score, mean)

    def second_order(self, m: Moments) -> SecondOrder:
        cov = m.covariance()
        p, inverse, noise = (a.to(cov) for a in (self.p, self.inverse, self.noise))
        within = self.c.wronskian**2 * trace(self.shared)
        return SecondOrder(
            noise @ cov @ noise.T + (self.c.beta**2 * self.shared).to(cov),
            trace(self.k).to(cov) + self.c.alpha * trace(p @ cov @ inverse),
            within.to(cov) + trace(p @ cov @ p.T),
        )


@final
class EllipticalMarginal(Marginal):
    """Source N(mean, cov), any covariance; target sum_k w_k N(z_k, width^2 I) over the points of a cloud."""

    def __init__(
        self,
        source: GaussianMixture,
        target: Distribution,
        schedule: Schedule,
        kernel: CloudKernel,
        width: float,
    ) -> None:
        """``source`` has one component."""
        super().__init__(source, target, schedule)
        self._kernel = kernel
        self._width = width
        self._mean = source.means[0]
        self._cov = source.covs[0].double()
        eye = width**2 * torch.eye(2, dtype=kernel.points.dtype, device=kernel.points.device)
        components = GaussianMixture(kernel.weights, kernel.points, eye.expand(len(kernel.points), 2, 2))
        self._by_row = MixtureMarginal(source, target, schedule, components)

    def _law(self, x: Tensor, t: Time) -> _Law | None:
        """None for a time per row, which has no one matrix: the pairs answer."""
        if as_time(t).numel() != 1:
            return None
        return _Law.of(Coefficients.at(self.schedule, t, x), self._width, self._cov.to(x.device))

    def _moments(self, x: Tensor, law: _Law, order: int) -> Moments:
        """The cloud's moments, taken where the kernel is round and brought back."""
        mu = self._mean.to(x)
        lower = torch.linalg.cholesky(law.v)
        upper = torch.linalg.inv(lower).T
        white = CloudKernel((self._kernel.points.to(lower) @ upper).to(x), self._kernel.weights)
        one = torch.ones_like(law.c.alpha)
        m = white.moments((x - law.c.beta * mu) @ upper.to(x), law.c.alpha, one, order)
        log_prob = m.log_prob - torch.logdet(law.v).to(x) / 2
        if order == 0:
            return Moments(log_prob, m.mean, m.gap)
        back = lower.to(x)
        cov = None if m.cov is None else back @ m.cov @ back.T
        return Moments(log_prob, m.mean @ back.T, m.gap @ back.T, cov)

    def log_prob(self, x: Tensor, t: Time) -> Tensor:
        law = self._law(x, t)
        return self._by_row.log_prob(x, t) if law is None else self._moments(x, law, 0).log_prob

    def first_order(self, x: Tensor, t: Time) -> FirstOrder:
        law = self._law(x, t)
        if law is None:
            return self._by_row.first_order(x, t)
        return law.first_order(self._moments(x, law, 1), self._mean.to(x))

    def second_order(self, x: Tensor, t: Time) -> SecondOrder:
        law = self._law(x, t)
        if law is None:
            return self._by_row.second_order(x, t)
        return law.second_order(self._moments(x, law, 2))

    def on_grid(self, xs: Tensor, ys: Tensor, t: float, divergence: bool = False) -> GridValues:
        return grid_by_points(self, xs, ys, t, divergence)

    def density_on_grid(self, xs: Tensor, ys: Tensor, t: float) -> Tensor:
        x = grid_points(xs, ys).reshape(-1, 2)
        return self.log_prob(x, t).exp().reshape(len(ys), len(xs))

    def pull(self, x: Tensor, t: float, count: int = 32) -> Pull:
        return self._by_row.pull(x, t, count)
