"""The Schroedinger bridge between any two ends (entropic optimal transport with a Brownian reference).

Of all processes with p_0 and p_1 at their ends, the one nearest to sigma times a Brownian motion (Léonard
2014). Its potentials are found by Sinkhorn's iteration on nodes (``sinkhorn``) and kept as sums of normals
(``potential_fit``), which follow the heat equation in closed form: whatever the accuracy of the ends, mass is
1 and the continuity equation holds at every t by construction.

sigma to 0 is optimal transport, along straight lines; sigma to infinity pairs the ends independently.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.bridge_moment import BridgeMoment, Course
from fmstudio.flows.closed_forms.by_time import Answer, by_time
from fmstudio.flows.closed_forms.marginals import (
    FAINT,
    FirstOrder,
    GridValues,
    Marginal,
    Pull,
    SecondOrder,
)
from fmstudio.flows.closed_forms.nodes import nodes_of
from fmstudio.flows.closed_forms.potential_fit import potentials
from fmstudio.flows.closed_forms.sinkhorn import Scaling, solve
from fmstudio.flows.paths.distributions import Distribution, normals, positive
from fmstudio.flows.paths.probability_path import coefficient
from fmstudio.flows.paths.schedules import CondOT, Time, as_time

REMEMBERED = 12
"""Moments that are kept, of all bridges together: the stages of a step ask for the same ones."""
ROWS = 2048
"""Points whose partners are drawn at once."""


@final
class SchroedingerBridgeMarginal(Marginal):
    """p_t of the bridge from ``source`` to ``target`` with ``sigma``; given both ends, x_t is
    N((1 - t) x_0 + t z, sigma^2 t (1 - t) I). Its ``schedule`` is CondOT, the mean's.

    As every marginal: ``log_prob``, ``first_order`` (density, velocity of the probability flow, score, E[z
    given x]), ``second_order``, ``divergence``, ``on_grid``, ``density_on_grid``, ``pull``, ``sample``.
    Besides: ``drift`` and ``backward_drift`` of its SDE, ``source_mean`` E[x_0 given x], exact ``pairs`` and
    ``transport_cost``. ``marginal_error`` is the larger of the ends' L1 errors on their nodes: some 1e-6,
    and more where sigma is so small that nodes do not resolve where it parts. SDEExtension with
    ConstantSigma(sigma) is the bridge itself: u + (sigma^2 / 2) score = drift.

    Pass ``scaling`` of a bridge between similar ends, or of another sigma, as ``warm`` for a quick start.
    """

    def __init__(
        self, source: Distribution, target: Distribution, sigma: float, warm: Scaling | None = None
    ) -> None:
        """Raises ValueError unless sigma > 0, and NoClosedForm, with one sentence, where an end has no closed
        form or sigma is too small for these ends."""
        super().__init__(source, target, CondOT())
        self.sigma = positive(sigma, "sigma")
        ends = nodes_of(source, target, sigma), nodes_of(target, source, sigma)
        self.scaling = solve(*ends, sigma, warm)
        f, g = potentials(self.scaling)
        self.potentials = f.potential, g.potential
        self.marginal_error = max(f.error, g.error, self.scaling.error)
        self._course = Course((self.scaling.source, self.scaling.target), self.potentials, self.sigma)

    # ---- the contract ----------------------------------------------------------------------------

    def log_prob(self, x: Tensor, t: Time) -> Tensor:
        return self._by_time(x, t, lambda m, y: (m.first_order(y).log_prob,))[0]

    def first_order(self, x: Tensor, t: Time) -> FirstOrder:
        return FirstOrder(*self._by_time(x, t, lambda m, y: _fields(m.first_order(y))))

    def velocity(self, x: Tensor, t: Time) -> Tensor:
        return self._by_time(x, t, lambda m, y: (m.velocity(y),))[0]

    def second_order(self, x: Tensor, t: Time) -> SecondOrder:
        """``target_variance`` is that of the flow's regression target (SF2M: Tong et al. 2023),
        (1 - 2 t) / (2 t (1 - t)) (x - (1 - t) x_0 - t z) + z - x_0; it grows as 1/t and 1/(1 - t)."""
        return SecondOrder(*self._by_time(x, t, lambda m, y: m.second_order(y)))

    def on_grid(self, xs: Tensor, ys: Tensor, t: float, divergence: bool = False) -> GridValues:
        moment = self._at(t)
        first, spread = moment.on_grid(xs, ys, divergence)
        has_mass = first.log_prob >= moment.log_peak + math.log(FAINT)
        return GridValues(
            first.log_prob.to(xs),
            first.velocity.to(xs),
            first.score.to(xs),
            None if spread is None else spread.to(xs),
            has_mass.to(xs.device),
        )

    def density_on_grid(self, xs: Tensor, ys: Tensor, t: float) -> Tensor:
        return self._at(t).density_on_grid(xs, ys).to(xs)

    def pull(self, x: Tensor, t: float, count: int = 32) -> Pull:
        _, g = self.potentials
        future = self.sigma**2 * (1 - t)
        across, along = g.rows(x[None].double(), future)
        share = along[0, :, None] * g.weights * across[0]
        top, index = (share / share.sum()).flatten().topk(min(count, int((share > 0).sum())))
        points = g.places(index % len(g.x), index // len(g.x))
        towards = self.sigma**2 * (points - x.double()) / (2 * (g.blur + future))
        away = self.backward_drift(x[None].double(), t)[0] / 2
        return Pull(points.to(x), top.to(x), (towards - away).to(x))

    # ---- the bridge ------------------------------------------------------------------------------

    def drift(self, x: Tensor, t: Time) -> Tensor:
        """sigma^2 grad log g_t, (n, 2): dX = drift dt + sigma dW leads from source to target."""
        return self._by_time(x, t, lambda m, y: m.drifts(y))[0]

    def backward_drift(self, x: Tensor, t: Time) -> Tensor:
        """sigma^2 grad log f_t, (n, 2): the drift of the same process with its time reversed."""
        return self._by_time(x, t, lambda m, y: m.drifts(y))[1]

    def source_mean(self, x: Tensor, t: Time) -> Tensor:
        """E[x_0 given x_t = x], (n, 2)."""
        return self._by_time(x, t, lambda m, y: (m.source_mean(y),))[0]

    def pairs(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """``n`` draws (x_0, z) of its coupling, (n, 2) each: x_0 from the source, z given x_0."""
        x_0 = self.source.sample(n, generator)
        return x_0, self.partners(x_0, generator)

    def partners(self, x_0: Tensor, generator: torch.Generator) -> Tensor:
        """For each x_0 (n, 2) a draw of z given x_0: first the normal of g that it goes to, then the Brownian
        bridge on the way there, at time 1."""
        _, g = self.potentials
        square = self.sigma**2
        start = x_0.detach().double()
        parts = (start[i : i + ROWS] for i in range(0, len(start), ROWS))
        there = torch.cat([self._normals_of(part, generator) for part in parts])
        share = square / (square + g.blur)
        noise = normals((len(start), 2), generator, start)
        z = start + share * (there - start) + math.sqrt(share * g.blur) * noise
        return z.to(x_0)

    def sample(self, n: int, t: Time, generator: torch.Generator) -> Tensor:
        """``n`` draws of x_t, (n, 2), by exact pairs and Brownian bridges."""
        x_0, z = self.pairs(n, generator)
        at = as_time(t)
        noise = normals((n, 2), generator, x_0)
        spread = self.sigma * (at * (1 - at)).clamp(min=0).sqrt()
        return coefficient(1 - at, z) * x_0 + coefficient(at, z) * z + coefficient(spread, z) * noise

    @cached_property
    def transport_cost(self) -> float:
        """E |x_0 - z|^2 of its coupling, from E[z given x_0] on the nodes."""
        source, target = self.scaling.source, self.scaling.target
        first, _ = self._at(0.0).on_grid(source.x, source.y, False)
        places = torch.stack(torch.meshgrid(source.x, source.y, indexing="xy"), -1) - target.centre
        ends = torch.stack(torch.meshgrid(target.x, target.y, indexing="xy"), -1) - target.centre
        both = 2 * (places * (first.posterior_mean - target.centre)).sum(-1)
        mean_square = ((places.square().sum(-1) - both) * source.mass).sum()
        return float(mean_square + (ends.square().sum(-1) * target.mass).sum())

    @property
    def entropic_bias(self) -> float:
        """By how much the cost of a bridge of small sigma exceeds the squared Wasserstein distance, to first
        order: d sigma^2."""
        return 2 * self.sigma**2

    @property
    def wasserstein_squared(self) -> float:
        """``transport_cost`` less ``entropic_bias``: the squared Wasserstein distance if sigma is small."""
        return self.transport_cost - self.entropic_bias

    # ---- within ----------------------------------------------------------------------------------

    def _normals_of(self, x_0: Tensor, generator: torch.Generator) -> Tensor:
        """(n, 2): the centre of a normal of g for each start, drawn by what is left of it there."""
        _, g = self.potentials
        across, along = g.rows(x_0, self.sigma**2)
        columns = _drawn(across * (along @ g.weights), generator)
        rows = _drawn(along * g.weights.T[columns], generator)
        return g.places(columns, rows)

    def _at(self, t: float) -> BridgeMoment:
        return _moment(self._course, t)

    def _by_time(self, x: Tensor, t: Time, answer: Answer[BridgeMoment]) -> tuple[Tensor, ...]:
        return by_time(x, t, self._at, lambda at: BridgeMoment(self._course, at), answer)


@lru_cache(maxsize=REMEMBERED)
def _moment(course: Course, t: float) -> BridgeMoment:
    return BridgeMoment(course, t)


def _drawn(shares: Tensor, generator: torch.Generator) -> Tensor:
    """(n,) a column for each row of ``shares`` (n, m), by inversion."""
    cumulative = shares.cumsum(1)
    level = torch.rand(len(shares), 1, generator=generator, device=generator.device, dtype=torch.float64)
    index = torch.searchsorted(cumulative, level.cpu() * cumulative[:, -1:]).squeeze(1)
    return index.clamp(max=shares.shape[1] - 1)


def _fields(first: FirstOrder) -> tuple[Tensor, ...]:
    return first.log_prob, first.velocity, first.score, first.posterior_mean
