"""The exact marginal between any two ends, independent of each other, by their characteristic functions.

x_t = alpha z + beta x_0 has phi_t(k) = phi_1(alpha k) phi_0(beta k). With psi(k) = E[z exp(-i k . z)] of
either end and F^-1 the inverse Fourier transform,

    p_t = F^-1[phi_1 phi_0],
    p_t E[z given x] = F^-1[psi_1 phi_0],    p_t E[x_0 given x] = F^-1[phi_1 psi_0],

u = alpha' E[z given x] + beta' E[x_0 given x], gradients are multiplications by i k, and the continuity
equation holds by construction. Second moments of both ends give covariances.

A stochastic interpolant adds noise on the way (Albergo, Boffi & Vanden-Eijnden 2023): x_t = alpha z + beta
x_0 + gamma_t W with gamma_t = a sqrt(t (1 - t)) has phi_t times exp(-gamma^2 |k|^2 / 2), and u gains
gamma' E[W given x] = -gamma gamma' score.

Where p_t is faint beside its peak the quotients would be noise: there the nearest place that has mass is
continued by its normal, the far-field limit.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.by_time import Answer, by_time
from fmstudio.flows.closed_forms.kernels import grid_points
from fmstudio.flows.closed_forms.marginals import (
    Coefficients,
    FirstOrder,
    GridValues,
    Marginal,
    NoClosedForm,
    Pull,
    SecondOrder,
)
from fmstudio.flows.closed_forms.spectra import Spectrum, spectrum
from fmstudio.flows.closed_forms.spectral_moment import PRECISIONS, Precision, SpectralMoment
from fmstudio.flows.paths.distributions import (
    Cloud,
    Distribution,
    GaussianMixture,
    Lattice,
    UniformBox,
    normals,
)
from fmstudio.flows.paths.probability_path import coefficient
from fmstudio.flows.paths.schedules import Schedule, Time, as_time

REMEMBERED = 12
"""Moments whose modes are kept, of all marginals together: the stages of a step ask for the same ones."""
BOX_PARTS = 16
"""Parts a side of a uniform square, whose pulls are told."""


@final
class SpectralMarginal(Marginal):
    """p_t of any two ends whose characteristic functions are known; float64 within."""

    def __init__(
        self, source: Distribution, target: Distribution, schedule: Schedule, noise: float = 0.0
    ) -> None:
        """``noise`` is the a of gamma_t. Raises NoClosedForm where an end has no characteristic function,
        ValueError unless ``noise`` is at least 0 and finite."""
        if not 0 <= noise < math.inf:
            raise ValueError(f"noise must be at least 0 and finite, got {noise}")
        super().__init__(source, target, schedule)
        self.noise = noise
        self._ends = _spectra(source, target)

    # ---- the contract ----------------------------------------------------------------------------

    def log_prob(self, x: Tensor, t: Time) -> Tensor:
        return self._by_time(x, t, lambda s, y: (s.first_order(y).log_prob,))[0]

    def first_order(self, x: Tensor, t: Time) -> FirstOrder:
        return FirstOrder(*self._by_time(x, t, lambda s, y: _fields(s.first_order(y))))

    def velocity(self, x: Tensor, t: Time) -> Tensor:
        return self._by_time(x, t, lambda s, y: (s.velocity(y),))[0]

    def second_order(self, x: Tensor, t: Time) -> SecondOrder:
        return SecondOrder(*self._by_time(x, t, lambda s, y: s.second_order(y)))

    def on_grid(self, xs: Tensor, ys: Tensor, t: float, divergence: bool = False) -> GridValues:
        shape = (len(ys), len(xs))
        with torch.no_grad():
            found = self._at(t, xs.dtype).fields_on_grid(xs.detach().cpu(), ys.detach().cpu())
        log_prob, velocity, score, has_mass = (part.to(xs.device) for part in found)
        x = grid_points(xs, ys).reshape(-1, 2)
        return GridValues(
            log_prob.reshape(shape),
            velocity.reshape(*shape, 2),
            score.reshape(*shape, 2),
            self.divergence(x, t).reshape(shape) if divergence else None,
            has_mass.reshape(shape),
        )

    def density_on_grid(self, xs: Tensor, ys: Tensor, t: float) -> Tensor:
        return self._at(t, xs.dtype).density_on_grid(xs, ys)

    def pull(self, x: Tensor, t: float, count: int = 32) -> Pull:
        c = Coefficients.at(self.schedule, t, x[None])
        alpha, dalpha = float(c.alpha), float(c.dalpha)
        places, weights, velocities = [], [], []
        for points, mass, about in _parts(self.target):
            alone = SpectralMarginal(self.source, about, self.schedule, self.noise)
            first = alone.first_order(x.double() - alpha * points, t)
            places.append(points)
            weights.append(mass.log() + first.log_prob)
            velocities.append(first.velocity + dalpha * points)
        share = torch.softmax(torch.cat(weights), 0)
        top, index = share.topk(min(count, len(share)))
        return Pull(torch.cat(places)[index].to(x), top.to(x), torch.cat(velocities)[index].to(x))

    def sample(self, n: int, t: Time, generator: torch.Generator) -> Tensor:
        x = super().sample(n, t, generator)
        if not self.noise:
            return x
        at = as_time(t)
        gamma = self.noise * (at * (1 - at)).clamp(min=0).sqrt()
        return x + coefficient(gamma, x) * normals((n, 2), generator, x)

    def irreducible_loss(self, t: Time, generator: torch.Generator, n: int = 4096) -> float:
        return float(self.second_order(self.sample(n, t, generator), t).target_variance.mean())

    # ---- moments ---------------------------------------------------------------------------------

    def _at(self, t: float, dtype: torch.dtype) -> SpectralMoment:
        return _moment(self._ends, self.schedule, t, PRECISIONS[dtype], self.noise)

    def _by_time(self, x: Tensor, t: Time, answer: Answer[SpectralMoment]) -> tuple[Tensor, ...]:
        def fresh(at: float) -> SpectralMoment:
            return SpectralMoment(self._ends, self.schedule, at, PRECISIONS[x.dtype], self.noise)

        return by_time(x, t, lambda at: self._at(at, x.dtype), fresh, answer)


@lru_cache(maxsize=REMEMBERED)
def _moment(
    ends: tuple[Spectrum, Spectrum], schedule: Schedule, t: float, precision: Precision, noise: float
) -> SpectralMoment:
    """A moment takes up to some 100 MB where an end has edges: few are kept, whoever asks for them."""
    return SpectralMoment(ends, schedule, t, precision, noise)


def _fields(first: FirstOrder) -> tuple[Tensor, ...]:
    return first.log_prob, first.velocity, first.score, first.posterior_mean


def _spectra(source: Distribution, target: Distribution) -> tuple[Spectrum, Spectrum]:
    """(of the source, of the target)."""
    found = []
    for end in (source, target):
        known = spectrum(end)
        if known is None:
            raise NoClosedForm(f"No closed form for a {end.name}: train a model.")
        found.append(known)
    return found[0], found[1]


def _parts(target: Distribution) -> list[tuple[Tensor, Tensor, Distribution]]:
    """A target as points (m, 2) of mass (m,), each with the same law about it: one such set a component of
    a mixture."""
    zero = torch.zeros(1, 2, dtype=torch.float64)
    match target:
        case GaussianMixture():
            return [
                (
                    part.means.double(),
                    weight[None].double(),
                    GaussianMixture(torch.ones(1), zero, part.covs.double()),
                )
                for weight, part in zip(target.weights, target.components(), strict=True)
            ]
        case Cloud():
            return [
                (
                    target.points.double(),
                    target.weights.double(),
                    GaussianMixture.isotropic(zero, target.width),
                )
            ]
        case Lattice():
            row, column = (target.mass > 0).nonzero().unbind(1)
            centres = target.centres.double()
            points = torch.stack([centres[column], centres[row]], 1)
            mass = target.mass[row, column].double()
            return [(points, mass, GaussianMixture.isotropic(zero, target.cell))]
        case UniformBox():
            side = 2 * target.half / BOX_PARTS
            across = (torch.arange(BOX_PARTS, dtype=torch.float64) - (BOX_PARTS - 1) / 2) * side
            points = torch.cartesian_prod(across, across)
            return [(points, torch.full((BOX_PARTS**2,), BOX_PARTS**-2.0).double(), UniformBox(side / 2))]
    raise NoClosedForm(f"No closed form for a {target.name} target: train a model.")
