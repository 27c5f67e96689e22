"""The closed forms: which marginal belongs to a source, a target and a schedule (notation, section 3)."""

from __future__ import annotations

from fmstudio.flows.closed_forms.cloud import CloudKernel
from fmstudio.flows.closed_forms.elliptical import EllipticalMarginal
from fmstudio.flows.closed_forms.isotropic import IsotropicMarginal
from fmstudio.flows.closed_forms.kernels import Kernel
from fmstudio.flows.closed_forms.marginals import (
    FirstOrder,
    GridValues,
    Marginal,
    NoClosedForm,
    Pull,
    SecondOrder,
)
from fmstudio.flows.closed_forms.mixtures import MixtureMarginal, SuperposedMarginal
from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture, Lattice
from fmstudio.flows.paths.schedules import Schedule

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

    A Gaussian-mixture source meets a mixture, a cloud or a lattice; a lattice takes round source components.
    Raises NoClosedForm, a ValueError, for every other pair.
    """
    if not isinstance(source, GaussianMixture):
        raise NoClosedForm(f"No closed form for a {source.name} source: train a model.")
    round_target = _round_kernel(target)
    if round_target is None:
        return MixtureMarginal(source, target, schedule, _components(target))
    kernel, width = round_target
    parts = [_one_source(part, target, schedule, kernel, width) for part in source.components()]
    return parts[0] if len(parts) == 1 else SuperposedMarginal(source, target, schedule, parts)


def _one_source(
    source: GaussianMixture, target: Distribution, schedule: Schedule, kernel: Kernel, width: float
) -> Marginal:
    """The marginal of a source of one component and a target of equal round normals."""
    variances = source.round_variances()
    if variances is not None:
        std = float(variances[0].sqrt())
        return IsotropicMarginal(source, target, schedule, kernel, width, source.means[0], std)
    if isinstance(kernel, CloudKernel):
        return EllipticalMarginal(source, target, schedule, kernel, width)
    raise NoClosedForm(
        f"A {target.name} target has its closed form only for round sources, and a component of this "
        f"{source.name} is elongated: make its covariance round, or train a model."
    )


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


def _components(target: Distribution) -> GaussianMixture:
    """A target as a Gaussian mixture. Raises NoClosedForm where it is none."""
    if isinstance(target, GaussianMixture):
        return target
    raise NoClosedForm(f"No closed form for a {target.name} target: train a model.")
