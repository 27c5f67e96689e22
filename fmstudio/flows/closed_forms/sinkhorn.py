"""Sinkhorn's iteration between two laws on nodes: the potentials of the Schroedinger bridge.

u = p_0 / (K v), v = p_1 / (K u), K the Gaussian kernel of variance sigma^2: separable, so a half step is two
products of small matrices, and no array of all pairs exists. Over-relaxed (Thibault et al. 2021); sigma is
lowered to its value by stages on nodes as coarse as it allows, each starting from the one before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.marginals import NoClosedForm
from fmstudio.flows.closed_forms.nodes import Nodes
from fmstudio.flows.closed_forms.potentials import Gauge

TOLERANCE = 1e-6
"""L1 error of either marginal."""
ROUGH = 1e-2
"""The same of a stage on the way."""
MOST_ITERATIONS = 20_000
FEW = 40
"""Nodes a side of the coarsest."""
PLAIN = 8
"""Iterations over which the rate is measured from which over-relaxation follows."""
MOST_RELAXED = 1.93
UNSTABLE = 30.0
"""An error so many times the least says that relaxation went too far."""
LOWERED = 0.6
"""Each stage's sigma beside the one before."""
RANGE = 600.0
"""Natural logarithm of the largest ratio of weights that double precision leaves room for."""


@final
@dataclass(frozen=True, eq=False)
class Scaling:
    """Potentials u and v on the nodes of the two ends, in the gauge: u (K v) and v (K u) are the masses.
    ``error`` is the larger L1 error of the two marginals."""

    source: Nodes
    target: Nodes
    gauge: Gauge
    sigma: float
    u: Tensor
    v: Tensor
    error: float = math.inf
    iterations: int = 0

    def kernels(self, source: Nodes, target: Nodes) -> tuple[Tensor, Tensor]:
        """K by coordinate, between any nodes of the two ends."""
        x = self.gauge.kernel(source.x, target.x, 0, self.sigma)
        return x, self.gauge.kernel(source.y, target.y, 1, self.sigma)

    def on(self, source: Nodes, target: Nodes) -> Scaling:
        """Carried to other nodes: u from this v, then v from that u."""
        kx, ky = self.kernels(source, self.target)
        u = _divided(source.mass, ky @ self.v @ kx.T)
        kx, ky = self.kernels(source, target)
        v = _divided(target.mass, ky.T @ u @ kx)
        return replace(self, source=source, target=target, u=u, v=v, error=math.inf)

    def at(self, sigma: float) -> Scaling:
        """The start for another sigma: sigma^2 log(u / mass) is nearly the same."""
        power = (self.sigma / sigma) ** 2
        u, v = _raised(self.u, self.source.mass, power), _raised(self.v, self.target.mass, power)
        return replace(self, sigma=sigma, u=u, v=v, error=math.inf)

    def in_gauge(self, gauge: Gauge) -> Scaling:
        """The same potentials, their weights kept by another gauge."""
        u = self.u * _change(self.source, self.gauge, gauge, False, self.sigma)
        v = self.v * _change(self.target, self.gauge, gauge, True, self.sigma)
        return replace(self, gauge=gauge, u=u, v=v)

    @property
    def range(self) -> float:
        """Natural logarithm of the largest ratio of weights, of either end."""
        logs = [w[m > 0].log() for w, m in ((self.u, self.source.mass), (self.v, self.target.mass))]
        return max(float(log.max() - log.min()) for log in logs)


def solve(source: Nodes, target: Nodes, sigma: float, warm: Scaling | None = None) -> Scaling:
    """The potentials, to ``TOLERANCE``. ``warm`` is a solution of a problem near this one. Raises
    NoClosedForm where sigma is so small that they leave double precision."""
    *_, last = stages(source, target, sigma, warm)
    return last


def stages(source: Nodes, target: Nodes, sigma: float, warm: Scaling | None = None) -> Iterator[Scaling]:
    """The same, stage by stage; the last is the solution."""
    gauge = Gauge(source.centre, target.centre, target.reach / source.reach)
    levels = _levels(source, target)
    scaling = None if warm is None else _warmed(warm, source, target, gauge, sigma)
    if scaling is None:
        for stage in _lowering(math.sqrt(source.reach * target.reach), sigma):
            pair = _coarse_enough(levels, stage)
            scaling = _cold(*pair, gauge, stage) if scaling is None else scaling.at(stage).on(*pair)
            scaling = _iterated(scaling, ROUGH)
            _check(scaling, sigma)
            yield scaling
    assert scaling is not None
    for pair in levels[levels.index(_coarse_enough(levels, sigma)) :]:
        tolerance = TOLERANCE if pair is levels[-1] else 3 * TOLERANCE
        scaling = _iterated(scaling.on(*pair), tolerance)
        _check(scaling, sigma)
        yield scaling


def _levels(source: Nodes, target: Nodes) -> list[tuple[Nodes, Nodes]]:
    """Pairs of nodes from coarse to fine: an end is halved as long as it has many."""
    pairs = [(source, target)]
    while max(*pairs[-1][0].mass.shape, *pairs[-1][1].mass.shape) > FEW:
        one, other = (end.coarser() if max(end.mass.shape) > FEW else end for end in pairs[-1])
        pairs.append((one, other))
    return pairs[::-1]


def _coarse_enough(levels: list[tuple[Nodes, Nodes]], sigma: float) -> tuple[Nodes, Nodes]:
    """The coarsest nodes that resolve sigma."""
    fits = (pair for pair in levels if max(pair[0].spacing, pair[1].spacing) <= 0.7 * sigma)
    return next(fits, levels[-1])


def _lowering(reach: float, sigma: float) -> list[float]:
    """Falling sigmas, the last the one asked for."""
    count = max(0, math.ceil(math.log(0.35 * reach / sigma) / -math.log(LOWERED)))
    return [sigma / LOWERED**k for k in range(count, -1, -1)]


def _cold(source: Nodes, target: Nodes, gauge: Gauge, sigma: float) -> Scaling:
    return Scaling(source, target, gauge, sigma, source.mass, target.mass).on(source, target)


def _warmed(warm: Scaling, source: Nodes, target: Nodes, gauge: Gauge, sigma: float) -> Scaling | None:
    """``warm`` in the gauge and at the sigma of a new problem, or None where that leaves the range."""
    moved = warm.in_gauge(gauge).at(sigma)
    started = moved.on(source, target)
    return moved if started.range < RANGE else None  # NaN is not


def _change(nodes: Nodes, old: Gauge, new: Gauge, of_target: bool, sigma: float) -> Tensor:
    logs = torch.zeros_like(nodes.mass)
    for gauge, sign in ((old, 1.0), (new, -1.0)):
        centre, a, b = gauge.quadratic(of_target, sigma)
        x, y = nodes.x - centre[0], (nodes.y - centre[1])[:, None]
        logs = logs - sign * (a * (x.square() + y.square()) / 2 + b[0] * x + b[1] * y)
    return torch.exp(logs - logs[nodes.mass > 0].max())


def _divided(mass: Tensor, seen: Tensor) -> Tensor:
    return torch.where(mass > 0, mass / seen, 0.0)


def _raised(weights: Tensor, mass: Tensor, power: float) -> Tensor:
    """mass (weights / mass)^power, the largest of it 1."""
    logs = torch.where(mass > 0, mass.log() + power * (weights / mass).log(), -math.inf)
    return torch.exp(logs - logs.max())


def _check(scaling: Scaling, sigma: float) -> None:
    """Raises NoClosedForm where potentials left double precision."""
    if scaling.error < 0.5 and scaling.range < RANGE:  # neither holds of NaN
        return
    raise NoClosedForm(
        f"At sigma = {sigma:.3g} the potentials of the bridge between these ends leave double precision: "
        f"take at least {scaling.sigma / LOWERED:.2g}."
    )


def _iterated(scaling: Scaling, tolerance: float) -> Scaling:
    """Over-relaxed Sinkhorn until both marginals are met to ``tolerance``."""
    kx, ky = scaling.kernels(scaling.source, scaling.target)
    p, q = scaling.source.mass, scaling.target.mass
    u, v, relaxation = scaling.u, scaling.v, 1.0
    errors: list[float] = []
    for step in range(1, MOST_ITERATIONS + 1):
        u, missed = _half_step(u, p, ky @ v @ kx.T, relaxation)
        v, missed_too = _half_step(v, q, ky.T @ u @ kx, relaxation)
        errors.append(max(missed, missed_too))
        if not errors[-1] > tolerance:
            break
        if errors[-1] > UNSTABLE * min(errors):
            relaxation, errors = 1 + (relaxation - 1) / 2, errors[-1:]
        elif len(errors) > PLAIN and step % PLAIN == 0:
            relaxation = _better(relaxation, (errors[-1] / errors[-1 - PLAIN]) ** (1 / PLAIN))
        u, v = _balanced(u, v)
    return replace(scaling, u=u, v=v, error=errors[-1], iterations=scaling.iterations + step)


def _half_step(weights: Tensor, mass: Tensor, seen: Tensor, relaxation: float) -> tuple[Tensor, float]:
    """(the new weights, how far the marginal had been missed)."""
    missed = float((weights * seen - mass).abs().sum())
    plain = _divided(mass, seen)
    if relaxation == 1:
        return plain, missed
    ratio = torch.where(mass > 0, plain / weights, 1.0)
    return weights * ratio**relaxation, missed


def _balanced(u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """The same product, with the same largest weight."""
    share = math.exp((math.log(float(v.max())) - math.log(float(u.max()))) / 2)
    return u * share, v / share


def _better(relaxation: float, rate: float) -> float:
    """The best relaxation w = 2 / (1 + sqrt(1 - m)) for the rate m of the plain iteration, which follows from
    the observed rate r by (r + w - 1)^2 = r w^2 m (Young 1954)."""
    if not relaxation - 1 < rate < 1:
        return relaxation
    plain = (rate + relaxation - 1) ** 2 / (rate * relaxation**2)
    return max(relaxation, min(MOST_RELAXED, 2 / (1 + math.sqrt(max(1 - plain, 0.0)))))
