"""The mathematics of flow matching and diffusion: usable alone, and read one chapter a file.

    from fmstudio import flows
    law = flows.marginal(flows.GaussianMixture.standard_normal(), flows.shapes.two_moons(), flows.CondOT())
    u = law.velocity(x, 0.5)

Time runs from 0 (source) to 1 (target) everywhere; points are (n, 2). Chapters and their chief names are
found when they are first asked for: importing the package loads neither torch nor scipy.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_CHAPTERS: dict[str, tuple[str, ...]] = {
    "schedules": ("Schedule", "CondOT", "FMOT", "VP", "SubVP", "VE", "Cosine", "LinearVP", "Polynomial"),
    "spline": ("Spline",),
    "distributions": ("Distribution", "GaussianMixture", "Cloud", "Lattice", "UniformBox"),
    "shapes": (),
    "couplings": ("Coupling", "Independent", "ExactOT", "Sinkhorn"),
    "paths": ("ProbabilityPath",),
    "posterior": ("marginal", "Marginal", "NoClosedForm"),
    "fields": ("Field", "ExactField", "LearnedField"),
    "diffusion": ("Sigma", "ConstantSigma", "SqrtBetaSigma", "NoisingSigma"),
    "dynamics": (
        *("Dynamics", "FlowODE", "SDEExtension", "ReverseSDE", "ProbabilityFlow", "Langevin"),
        *("AnnealedLangevin", "LinearFlow", "BrownianMotion", "OrnsteinUhlenbeck", "LinearSDE", "Noising"),
    ),
    "processes": ("process_law", "ProcessLaw"),
    "solvers": (
        *("Solver", "Euler", "Midpoint", "Heun", "RK4", "EulerMaruyama", "StochasticHeun"),
        *("UnadjustedLangevin", "MALA", "SOLVERS"),
    ),
    "simulate": (),
    "networks": ("MLP",),
    "objectives": ("loss_floor",),
    "gradients": ("two_gradients", "TwoGradients"),
    "training": ("train", "TrainingStep", "TrainingDiverged"),
    "reflow": ("reflow_pairs", "PairPool"),
    "likelihood": (
        *("log_density", "flow_states", "initial_log_prob", "entropy", "train_by_likelihood"),
        *("ExactTrace", "HutchinsonTrace"),
    ),
    "realnvp": ("RealNVP", "train_realnvp"),
    "layer_walk": ("LayerWalk", "Layerwise"),
    "labels": ("split_by_label",),
    "guidance": (
        *("ExactClassifier", "LearnedClassifier", "train_classifier", "ClassifierGuided", "ClassifierFree"),
    ),
    "densities": ("kde_on_grid", "balance", "flux_divergence"),
    "fokker_planck": ("solve_fokker_planck", "solve_continuity"),
    "metrics": (
        *("w2", "w2_floor", "sliced_w2", "mmd", "energy_distance", "mode_coverage", "field_error"),
        *("path_energy", "normalised_path_energy", "straightness", "negative_log_likelihood"),
    ),
}
_HOMES = {name: chapter for chapter, names in _CHAPTERS.items() for name in names}

__all__ = [*_CHAPTERS, *_HOMES]  # noqa: PLE0604 - computed, all strings


def __getattr__(name: str) -> Any:
    """A chapter, or a name from its chapter. Raises AttributeError for any other."""
    if name in _CHAPTERS:
        return import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
