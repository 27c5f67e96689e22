"""Specs become flows objects: the only place where the two meet. Runs in the engine.

One registry for each union of specs; a new kind is one entry. What is built is cached by its spec, so a
stroke builds its raster once for all lanes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from fmstudio.document.specs import distribution as d
from fmstudio.document.specs import path as p
from fmstudio.document.specs.training import Coupling as CouplingSpec
from fmstudio.engine.messages import LearnedModel
from fmstudio.flows import shapes
from fmstudio.flows.couplings import Coupling, ExactOT, Independent, Sinkhorn
from fmstudio.flows.distributions import Cloud, Distribution, GaussianMixture, Lattice, UniformBox
from fmstudio.flows.fields import ExactField, Field, LearnedField
from fmstudio.flows.networks import MLP
from fmstudio.flows.paths import ProbabilityPath
from fmstudio.flows.posterior import Marginal
from fmstudio.flows.posterior import marginal as closed_form
from fmstudio.flows.schedules import (
    FMOT,
    VE,
    VP,
    CondOT,
    Cosine,
    LinearVP,
    Polynomial,
    Schedule,
    SubVP,
)

# ---- distributions -----------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def distribution(spec: d.DistributionSpec) -> Distribution:
    """Raises ValueError for an empty drawing."""
    return _DISTRIBUTIONS[type(spec)](spec)


def _mixture(components: tuple[d.Component, ...], name: str) -> GaussianMixture:
    return GaussianMixture(
        torch.tensor([c.weight for c in components]),
        torch.tensor([c.mean for c in components]),
        torch.tensor([[[c.cov[0], c.cov[1]], [c.cov[1], c.cov[2]]] for c in components]),
        name,
    )


def _lattice(spec: d.DrawnSpec) -> Lattice:
    if spec.is_empty:
        raise ValueError("The drawing is empty: draw something on the canvas first.")
    return Lattice(tensor(spec.raster.values), spec.half, name="drawing")


def tensor(values: Any) -> Tensor:
    """A float32 tensor with a copy of a (read-only) array."""
    return torch.from_numpy(values.copy())


_DISTRIBUTIONS: dict[type, Callable[[Any], Distribution]] = {
    d.StandardNormalSpec: lambda _: GaussianMixture.standard_normal(),
    d.GaussianMixtureSpec: lambda s: _mixture(s.components, "Gaussian mixture"),
    d.EightGaussiansSpec: lambda s: _mixture(s.components(), "eight Gaussians"),
    d.FiveModesSpec: lambda s: _mixture(s.components(), "five modes"),
    d.RingSpec: lambda s: shapes.ring(s.radius, s.width),
    d.UniformSquareSpec: lambda s: UniformBox(s.half),
    d.TwoMoonsSpec: lambda s: shapes.two_moons(s.noise, s.scale, s.shift),
    d.CheckerboardSpec: lambda s: shapes.checkerboard(s.half),
    d.TwoSpiralsSpec: lambda s: shapes.two_spirals(s.radius, s.turns, s.noise),
    d.PinwheelSpec: lambda s: shapes.pinwheel(s.arms, s.scale),
    d.RingsSpec: lambda s: shapes.rings(s.count, s.radius, s.noise),
    d.SCurveSpec: lambda s: shapes.s_curve(s.scale, s.noise),
    d.PointsSpec: lambda s: Cloud(tensor(s.points.values), None, s.width, name="point cloud"),
    d.DrawnSpec: _lattice,
}


# ---- paths -------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def schedule(spec: p.PathSpec) -> Schedule:
    return _SCHEDULES[type(spec)](spec)


_SCHEDULES: dict[type, Callable[[Any], Schedule]] = {
    p.CondOTSpec: lambda _: CondOT(),
    p.FMOTSpec: lambda s: FMOT(s.sigma_min),
    p.VPSpec: lambda s: VP(s.beta_min, s.beta_max),
    p.SubVPSpec: lambda s: SubVP(s.beta_min, s.beta_max),
    p.VESpec: lambda s: VE(s.sigma_min, s.sigma_max),
    p.CosineSpec: lambda _: Cosine(),
    p.LinearVPSpec: lambda _: LinearVP(),
    p.PolynomialSpec: lambda s: Polynomial(s.n),
}


def probability_path(spec: p.PathSpec) -> ProbabilityPath:
    return ProbabilityPath(schedule(spec))


@lru_cache(maxsize=32)
def marginal(source: d.DistributionSpec, target: d.DistributionSpec, path: p.PathSpec) -> Marginal:
    """The exact p_t. Raises NoClosedForm where there is none."""
    return closed_form(distribution(source), distribution(target), schedule(path))


# ---- learning ----------------------------------------------------------------------------------------

COUPLINGS: dict[CouplingSpec, type[Coupling]] = {
    CouplingSpec.INDEPENDENT: Independent,
    CouplingSpec.OT: ExactOT,
    CouplingSpec.SINKHORN: Sinkhorn,
}


@lru_cache(maxsize=16)
def network(learned: LearnedModel) -> MLP:
    """The network with the parameters of that snapshot; not to be trained."""
    return MLP.from_flat(learned.model.width, learned.model.layers, tensor(learned.parameters.values))


def field(
    source: d.DistributionSpec, target: d.DistributionSpec, path: p.PathSpec, learned: LearnedModel | None
) -> Field:
    """The learned field, or (None) the exact one. Raises NoClosedForm where that does not exist."""
    if learned is None:
        return ExactField(marginal(source, target, path))
    return LearnedField(network(learned), schedule(learned.path))
