"""The marginal of a round Gaussian source and a target of equal round normals (a cloud or a lattice).

With N(mu, r^2 I) the source, N(c, h^2 I) a component of the target, v = alpha^2 h^2 + beta^2 r^2 the variance
of x_t within it, and M, Cov the moments of c under the posterior weights at y = x - beta mu:

    score   s = (alpha M - y) / v
    field   u = alpha' M + kappa (y - alpha M) + beta' mu,   kappa = v' / (2 v)
    mean    D = M + (alpha h^2 / v)(y - alpha M)
    div u     = 2 kappa + rho (alpha / v) tr Cov,
    rho       = alpha' - kappa alpha = r^2 beta (alpha' beta - alpha beta') / v

finite on the whole of [0, 1]: only the products that notation, section 3 asks for appear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.kernels import Kernel, Moments, flat
from fmstudio.flows.closed_forms.marginals import (
    Coefficients,
    FirstOrder,
    GridValues,
    Marginal,
    Pull,
    SecondOrder,
)
from fmstudio.flows.paths.distributions import Distribution
from fmstudio.flows.paths.schedules import Schedule, Time


@final
@dataclass(frozen=True)
class _Law:
    """The scalars of the module's formulas at one time (0-dimensional or (n, 1))."""

    c: Coefficients
    v: Tensor
    kappa: Tensor
    rho: Tensor
    h: float
    r: float

    @staticmethod
    def of(c: Coefficients, h: float, r: float) -> _Law:
        v = c.alpha**2 * h**2 + c.beta**2 * r**2
        kappa = (c.alpha * c.dalpha * h**2 + c.beta_dbeta * r**2) / v
        return _Law(c, v, kappa, r**2 * c.beta_wronskian / v, h, r)

    def velocity(self, m: Moments, mu: Tensor) -> Tensor:
        return torch.addcmul(self.c.dalpha * m.mean, m.gap, self.kappa, value=-1) + self.c.dbeta * mu

    def score(self, m: Moments) -> Tensor:
        return m.gap / self.v

    def posterior_mean(self, m: Moments) -> Tensor:
        return m.mean - (self.c.alpha * self.h**2 / self.v) * m.gap

    def divergence(self, m: Moments) -> Tensor:
        return 2 * flat(self.kappa) + flat(self.rho * self.c.alpha / self.v) * trace(m.covariance())

    def second_order(self, m: Moments) -> SecondOrder:
        cov = m.covariance()
        eye = torch.eye(2, dtype=cov.dtype, device=cov.device)
        noise = self.c.beta**2 * self.r**2 / self.v
        within = 2 * (self.h * self.r * self.c.wronskian) ** 2 / self.v
        return SecondOrder(
            _cells(noise**2) * cov + _cells(self.h**2 * noise) * eye,
            self.divergence(m),
            flat(within) + flat(self.rho**2) * trace(cov),
        )


def trace(cov: Tensor) -> Tensor:
    """tr of (..., 2, 2)."""
    return cov[..., 0, 0] + cov[..., 1, 1]


def _cells(value: Tensor) -> Tensor:
    return value[..., None] if value.ndim else value


@final
class IsotropicMarginal(Marginal):
    """Source N(mean, std^2 I); target sum_c w_c N(c, width^2 I) over the points of a kernel."""

    def __init__(
        self,
        source: Distribution,
        target: Distribution,
        schedule: Schedule,
        kernel: Kernel,
        width: float,
        mean: Tensor,
        std: float,
    ) -> None:
        super().__init__(source, target, schedule)
        self._kernel = kernel
        self._width = width
        self._mean = mean
        self._std = std
        self._centred = not bool(mean.any())

    def _law(self, x: Tensor, t: Time) -> _Law:
        return _Law.of(Coefficients.at(self.schedule, t, x), self._width, self._std)

    def _shifted(self, x: Tensor, law: _Law) -> tuple[Tensor, Tensor]:
        """(y = x - beta mu, mu)."""
        mu = self._mean.to(x)
        return (x if self._centred else x - law.c.beta * mu), mu

    def log_prob(self, x: Tensor, t: Time) -> Tensor:
        law = self._law(x, t)
        return self._kernel.moments(self._shifted(x, law)[0], law.c.alpha, law.v, 0).log_prob

    def first_order(self, x: Tensor, t: Time) -> FirstOrder:
        law = self._law(x, t)
        y, mu = self._shifted(x, law)
        m = self._kernel.moments(y, law.c.alpha, law.v, 1)
        return FirstOrder(m.log_prob, law.velocity(m, mu), law.score(m), law.posterior_mean(m))

    def second_order(self, x: Tensor, t: Time) -> SecondOrder:
        law = self._law(x, t)
        return law.second_order(self._kernel.moments(self._shifted(x, law)[0], law.c.alpha, law.v, 2))

    def on_grid(self, xs: Tensor, ys: Tensor, t: float, divergence: bool = False) -> GridValues:
        law = self._law(xs[:, None], t)
        mu = self._mean.to(xs)
        shift = law.c.beta * mu
        m = self._kernel.grid_moments(
            xs - shift[0], ys - shift[1], law.c.alpha, law.v, 2 if divergence else 1
        )
        spread = law.divergence(m) if divergence else None
        return GridValues(m.log_prob, law.velocity(m, mu), law.score(m), spread)

    def density_on_grid(self, xs: Tensor, ys: Tensor, t: float) -> Tensor:
        law = self._law(xs[:, None], t)
        shift = law.c.beta * self._mean.to(xs)
        return self._kernel.grid_density(xs - shift[0], ys - shift[1], law.c.alpha, law.v)

    def pull(self, x: Tensor, t: float, count: int = 32) -> Pull:
        law = self._law(x[None], t)
        y, mu = self._shifted(x[None], law)
        points, weights = self._kernel.heaviest(y[0], law.c.alpha, law.v, count)
        one = Moments(weights, points, law.c.alpha * points - y)
        return Pull(points, weights, law.velocity(one, mu))
