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
from fmstudio.flows.closed_forms.spectral import SpectralMarginal
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


def marginal(source: Distribution, target: Distribution, schedule: Schedule, noise: float = 0.0) -> Marginal:
    """The exact marginal of independent ends, whatever they are; with ``noise`` that of the stochastic
    interpolant of gamma_t = noise sqrt(t (1 - t)).

    What is made of normals is summed by its parts: a mixture source and a mixture or cloud target, round
    source components and a lattice. All else goes by characteristic functions. Raises NoClosedForm, a
    ValueError, for a law that has none of either.
    """
    if noise:
        return SpectralMarginal(source, target, schedule, noise)
    return _by_parts(source, target, schedule) or SpectralMarginal(source, target, schedule)


def _by_parts(source: Distribution, target: Distribution, schedule: Schedule) -> Marginal | None:
    """The marginal as a sum over normals, or None where one end is not made of such."""
    if not isinstance(source, GaussianMixture):
        return None
    round_target = _round_kernel(target)
    if round_target is None:
        if isinstance(target, GaussianMixture):
            return MixtureMarginal(source, target, schedule, target)
        return None
    kernel, width = round_target
    parts = [_one_source(part, target, schedule, kernel, width) for part in source.components()]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return known[0] if len(known) == 1 else SuperposedMarginal(source, target, schedule, known)


def _one_source(
    source: GaussianMixture, target: Distribution, schedule: Schedule, kernel: Kernel, width: float
) -> Marginal | None:
    """The marginal of a source of one component and a target of equal round normals; None for an elongated
    component and a lattice."""
    variances = source.round_variances()
    if variances is not None:
        std = float(variances[0].sqrt())
        return IsotropicMarginal(source, target, schedule, kernel, width, source.means[0], std)
    if isinstance(kernel, CloudKernel):
        return EllipticalMarginal(source, target, schedule, kernel, width)
    return None


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
