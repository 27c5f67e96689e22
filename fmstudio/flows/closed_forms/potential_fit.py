"""From potentials on nodes to sums of normals that are right between them and at every time.

On its nodes the density is p_0 = f g, with g the other potential as seen there. The weights w of f's normals
are those of a mixture of the densities N(. ; c_i, h^2) g: Richardson and Lucy's iteration (Lucy 1974) leads
to the mixture nearest to p_0 in Kullback-Leibler divergence, whatever g is. Where g varies little within a
normal there is an exact one, and the ratios of f to the sum of normals close in on it faster: they go first.

A process that parts towards far targets parts within sigma^2 / distance: where nodes do not resolve that, the
line along which it parts is as wide as a node.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import correlate1d
from torch import Tensor

from fmstudio.flows.closed_forms.marginals import NoClosedForm
from fmstudio.flows.closed_forms.nodes import Nodes
from fmstudio.flows.closed_forms.potentials import Potential
from fmstudio.flows.closed_forms.sinkhorn import RANGE, Scaling

BLUR = 0.9
"""Width of a normal beside the distance of nodes: their sum is flat between nodes to 2e-7."""
LUCY_STEPS = 8
UNFIT = 1e-4
"""An L1 error by ratios alone above which Lucy's steps lead to a better start."""
RATIO_STEPS = 16
GOOD = 3e-7
"""An L1 error below which no further step is worth its time: well below where Sinkhorn's iteration stops."""


@final
@dataclass(frozen=True, eq=False)
class Fit:
    """A potential and the L1 error of the density on its nodes."""

    potential: Potential
    error: float


def potentials(scaling: Scaling) -> tuple[Fit, Fit]:
    """f and g with p_0 = f_0 g_0 and p_1 = f_1 g_1: f is the source's, forward in time, g the target's."""
    source, target = scaling.source, scaling.target
    time = scaling.sigma**2
    masses = (_masses(scaling, False), _masses(scaling, True))
    f = _fitted(masses[0], source, masses[1].log_on(source.x, source.y, time))
    g = _fitted(masses[1], target, f.potential.log_on(target.x, target.y, time))
    return f, g


def _masses(scaling: Scaling, of_target: bool) -> Potential:
    """A potential as masses on the nodes."""
    nodes = scaling.target if of_target else scaling.source
    weights = scaling.v if of_target else scaling.u
    centre, a, b = scaling.gauge.quadratic(of_target, scaling.sigma)
    x, y = nodes.x - centre[0], nodes.y - centre[1]
    return Potential(x, y, weights / weights.max(), centre, a, b)


def _fitted(masses: Potential, nodes: Nodes, other: Tensor) -> Fit:
    """The sum of normals that times the exponential of ``other`` is the density of ``nodes``, on them."""
    blur = (BLUR * nodes.spacing) ** 2
    fit = replace(masses, blur=blur)
    # A node moves by what the quadratic does to its normal, so that the normals' peaks are on the nodes.
    shift = 1 / (1 / blur + fit.a)
    fit = replace(fit, x=shift * (masses.x / blur - fit.b[0]), y=shift * (masses.y / blur - fit.b[1]))
    log_seen = other + fit.log_rest(nodes.x, nodes.y, 0.0) + 2 * math.log(nodes.spacing)
    log_wanted = nodes.mass.log() - log_seen
    largest = float(log_wanted.max())
    if not largest - float(log_wanted[nodes.mass > 0].min()) < RANGE:
        raise NoClosedForm("The potentials of this bridge leave double precision: take a larger sigma.")
    deconvolution = _Deconvolution(
        nodes.mass.numpy(), (log_seen + largest).exp().numpy(), blur * (1 + blur * fit.a) / nodes.spacing**2
    )
    weights, error = deconvolution.solved()
    return Fit(replace(fit, weights=torch.as_tensor(weights), log_scale=largest), error)


_Array = NDArray[np.float64]


@final
class _Deconvolution:
    """Weights w >= 0 with ``seen`` times blurred w equal to ``mass``, as nearly as can be; ``square`` is the
    variance of the blur, in squared nodes."""

    def __init__(self, mass: _Array, seen: _Array, square: float) -> None:
        self._mass, self._seen = mass, seen
        reach = math.ceil(6.5 * math.sqrt(square))
        self._taps = np.exp(-np.square(np.arange(-reach, reach + 1)) / (2 * square))
        self._filled = mass > 0

    def solved(self) -> tuple[_Array, float]:
        """(weights, L1 error); the largest weight is near 1 and the total mass is 1."""
        power = self._blurred(self._seen)
        start = self._over(self._mass, power)
        weights, error = self._by_ratios(start)
        if error > UNFIT:
            weights, error = min(
                (weights, error), self._by_ratios(self._by_lucy(start, power)), key=itemgetter(1)
            )
        return weights, error

    def _by_lucy(self, weights: _Array, power: _Array) -> _Array:
        for _ in range(LUCY_STEPS):
            ratio = self._over(self._mass, self._blurred(weights))
            weights = self._over(weights * self._blurred(ratio), power)
        return weights

    def _by_ratios(self, weights: _Array) -> tuple[_Array, float]:
        """The best of some steps by the ratio of wanted to seen, every other one squared, which wins back
        what a plain step leaves of fine detail; (weights of mass 1, L1 error)."""
        blurred = self._blurred(weights)
        best, best_blurred, least = weights, blurred, self._error(blurred)
        for step in range(RATIO_STEPS):
            ratio = self._over(self._mass, self._seen * blurred)
            weights = weights * (ratio if step % 2 == 0 else ratio * ratio)
            blurred = self._blurred(weights)
            error = self._error(blurred)
            if error < least:
                best, best_blurred, least = weights, blurred, error
            elif step % 2 == 1:
                break
            if least < GOOD:
                break
        return best / float((self._seen * best_blurred).sum()), least

    def _blurred(self, values: _Array) -> _Array:
        once = correlate1d(values, self._taps, 0, mode="constant")
        return np.asarray(correlate1d(once, self._taps, 1, mode="constant"))

    def _over(self, values: _Array, by: _Array) -> _Array:
        return np.divide(values, by, out=np.zeros_like(values), where=self._filled & (by > 0))

    def _error(self, blurred: _Array) -> float:
        return float(np.abs(self._seen * blurred - self._mass).sum())
