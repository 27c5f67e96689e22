"""Optimal transport between any two ends, as the limit of the Schroedinger bridge.

At a small sigma the bridge moves mass along lines that are straight but for noise of width sigma / 2, and its
cost E |x_0 - z|^2 exceeds the squared Wasserstein distance by d sigma^2 to first order: between normals
exactly that, up to sigma^4 (Bunne et al. 2022), d = 2 the dimension. The least sigma is taken that double
precision and the nodes allow, so what remains of the bias is stated and small, but not nothing.
"""

from __future__ import annotations

import math

from fmstudio.flows.closed_forms.bridge import SchroedingerBridgeMarginal
from fmstudio.flows.closed_forms.marginals import NoClosedForm
from fmstudio.flows.closed_forms.nodes import least_spacing, nodes_of
from fmstudio.flows.closed_forms.sinkhorn import Scaling, solve
from fmstudio.flows.paths.distributions import Distribution

FIRST = 0.12
"""The sigma, beside the ends' size, at which the range of the potentials is measured."""
SAFE_RANGE = 450.0
"""Natural logarithm of the ratio of weights that the least sigma leads to; it grows as 1 / sigma^2."""
NODES = 1.5
"""Nodes to the least sigma."""
TRIES = 6


def optimal_transport(
    source: Distribution, target: Distribution, warm: Scaling | None = None
) -> SchroedingerBridgeMarginal:
    """The bridge of the least sigma: its ``wasserstein_squared`` is the cost less the entropic bias. Raises
    NoClosedForm where an end has no closed form."""
    sigma = least_sigma(source, target) if warm is None else warm.sigma
    for _ in range(TRIES):
        try:
            return SchroedingerBridgeMarginal(source, target, sigma, warm)
        except NoClosedForm as told:
            refused, sigma, warm = told, 1.2 * sigma, None
    raise refused


def least_sigma(source: Distribution, target: Distribution) -> float:
    """The smallest sigma of a bridge between these ends that leaves room in double precision."""
    coarsest = NODES * max(least_spacing(source), least_spacing(target))
    size = math.sqrt(nodes_of(source, target, math.inf).reach * nodes_of(target, source, math.inf).reach)
    first = max(FIRST * size, coarsest)
    scaling = solve(nodes_of(source, target, first), nodes_of(target, source, first), first)
    return max(first * math.sqrt(min(1.0, scaling.range / SAFE_RANGE)), coarsest)
