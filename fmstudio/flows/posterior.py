"""The closed forms: which marginal belongs to a source, a target and a schedule (MATHS section 3)."""

from __future__ import annotations

import torch

from fmstudio.flows.cloud import CloudKernel
from fmstudio.flows.distributions import Cloud, Distribution, GaussianMixture, Lattice
from fmstudio.flows.isotropic import IsotropicMarginal
from fmstudio.flows.kernels import Kernel
from fmstudio.flows.marginals import (
    FirstOrder,
    GridValues,
    Marginal,
    NoClosedForm,
    Pull,
    SecondOrder,
)
from fmstudio.flows.pairs import PairsMarginal, SuperposedMarginal
from fmstudio.flows.schedules import Schedule

__all__ = [
    "FirstOrder",
    "GridValues",
    "Marginal",
    "NoClosedForm",
    "Pull",
    "SecondOrder",
    "marginal",
]


def marginal(source: Distribution, target: Distribution, schedule: Schedule) -> Marginal:
    """The exact marginal of the independent coupling.

    A Gaussian-mixture source meets a mixture, a cloud or a lattice; a lattice needs round source components.
    Raises NoClosedForm, a ValueError, for every other pair.
    """
    if not isinstance(source, GaussianMixture):
        raise NoClosedForm(f"No closed form for a {source.name} source: train a model.")
    round_target = _round_kernel(target)
    variances = source.round_variances()
    if round_target is not None and variances is not None:
        return _superposed(source, target, schedule, *round_target, stds=variances.sqrt().tolist())
    components = _components(target)
    if components is None:
        why = "an elongated source component" if isinstance(target, Lattice) else f"a {target.name} target"
        raise NoClosedForm(f"No closed form for {why} with a {target.name} target: train a model.")
    return PairsMarginal(source, target, schedule, components)


def _superposed(
    source: GaussianMixture,
    target: Distribution,
    schedule: Schedule,
    kernel: Kernel,
    width: float,
    stds: list[float],
) -> Marginal:
    parts = [
        IsotropicMarginal(source, target, schedule, kernel, width, mean, std)
        for mean, std in zip(source.means, stds, strict=True)
    ]
    return parts[0] if len(parts) == 1 else SuperposedMarginal(source, target, schedule, parts)


def _round_kernel(target: Distribution) -> tuple[Kernel, float] | None:
    """(kernel, width) of a target made of equal round normals."""
    if isinstance(target, Cloud):
        return target.kernel, target.width
    if isinstance(target, Lattice):
        return target.kernel, target.cell
    if isinstance(target, GaussianMixture):
        variances = target.round_variances()
        if variances is not None and bool((variances.amax() - variances.amin()) <= 1e-6 * variances.amax()):
            return CloudKernel(target.means, target.weights), float(variances[0].sqrt())
    return None


def _components(target: Distribution) -> GaussianMixture | None:
    """A target as a Gaussian mixture, where it is one of moderate size."""
    if isinstance(target, GaussianMixture):
        return target
    if isinstance(target, Cloud):
        eye = torch.eye(2, dtype=target.points.dtype, device=target.points.device)
        covs = (target.width**2 * eye).expand(len(target.points), 2, 2)
        return GaussianMixture(target.weights, target.points, covs, target.name)
    return None
