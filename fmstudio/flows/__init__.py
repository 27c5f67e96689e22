"""The mathematics of flow matching and diffusion: a library that is useful alone, a book in parts.

======================  ==================================================================================
``paths``               what is asked: two ends, how they are paired, the way between them
``closed_forms``        what is known exactly of p_t
``motion``              fields, and how particles and densities move by them
``learning``            networks, objectives, likelihoods, guidance
``measures``            how near two laws are, how straight paths are, how dense points lie
======================  ==================================================================================

Time runs from 0 (source) to 1 (target) everywhere; points are (n, 2). The names below are found when they are
first asked for: importing the package loads neither torch nor scipy. A target of one's own, sampled::

    import torch
    from fmstudio import flows

    drawing = torch.zeros(64, 64)
    drawing[20:44, 20:24] = drawing[20:24, 20:44] = 1.0
    source, target = flows.GaussianMixture.standard_normal(), flows.Lattice(drawing, half=2.0)
    exact = flows.ExactField(flows.marginal(source, target, flows.CondOT()))
    start = source.sample(1000, torch.Generator().manual_seed(0))
    *_, end = flows.simulate(flows.FlowODE(exact), flows.Heun(), start, [k / 50 for k in range(51)])
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_CHAPTERS: dict[str, tuple[str, ...]] = {
    "paths.distributions": ("Distribution", "GaussianMixture", "Cloud", "Lattice", "UniformBox"),
    "paths.shapes": (),
    "paths.labels": ("split_by_label",),
    "paths.schedules": (
        "Schedule",
        "CondOT",
        "FMOT",
        "VP",
        "SubVP",
        "VE",
        "Cosine",
        "LinearVP",
        "Polynomial",
    ),
    "paths.spline": ("Spline",),
    "paths.couplings": ("Coupling", "Independent", "ExactOT", "Sinkhorn"),
    "paths.probability_path": ("ProbabilityPath",),
    "paths.way_noise": ("WayNoise",),
    "closed_forms.exact": ("marginal", "Marginal", "NoClosedForm"),
    "closed_forms.spectral": ("SpectralMarginal",),
    "closed_forms.bridge": ("SchroedingerBridgeMarginal",),
    "closed_forms.optimal_transport": ("optimal_transport",),
    "motion.fields": ("Field", "ExactField", "LearnedField", "FlowAndScoreField"),
    "motion.diffusion": ("Sigma", "ConstantSigma", "SqrtBetaSigma", "DrawnSigma", "NoisingSigma"),
    "motion.dynamics": (
        *("Dynamics", "FlowODE", "SDEExtension", "ReverseSDE", "ProbabilityFlow", "Langevin"),
        "AnnealedLangevin",
    ),
    "motion.linear": ("LinearFlow", "BrownianMotion", "OrnsteinUhlenbeck", "LinearSDE", "Noising"),
    "motion.processes": ("process_law", "ProcessLaw"),
    "motion.solvers": (
        *("Solver", "Euler", "Midpoint", "Heun", "RK4", "EulerMaruyama", "StochasticHeun"),
        *("UnadjustedLangevin", "MALA", "SOLVERS"),
    ),
    "motion.passing": ("TimeReversal", "sweep", "onward", "backward", "back_in_time"),
    "motion.simulate": ("simulate", "starting_points"),
    "motion.fokker_planck": ("solve_fokker_planck", "solve_continuity"),
    "motion.realnvp_dynamics": ("RealNVPDynamics", "LayerSolver"),
    "learning.networks": ("MLP",),
    "learning.flow_and_score": ("FlowAndScore",),
    "learning.objectives": ("Regression", "FLOW_MATCHING", "SCORE_MATCHING", "EXACT_FIELD", "loss_floor"),
    "learning.gradients": ("two_gradients", "TwoGradients"),
    "learning.training": ("train", "TrainingStep", "TrainingDiverged"),
    "learning.reflow": ("reflow_pairs", "PairPool"),
    "learning.likelihood": (
        *("log_density", "flow_states", "initial_log_prob", "entropy", "train_by_likelihood"),
        *("ExactTrace", "HutchinsonTrace"),
    ),
    "learning.realnvp": ("RealNVP", "train_realnvp"),
    "learning.guidance": (
        *("ExactClassifier", "LearnedClassifier", "train_classifier", "ClassifierGuided", "ClassifierFree"),
    ),
    "measures.densities": ("kde_on_grid", "balance", "flux_divergence"),
    "measures.metrics": (
        *("w2", "w2_floor", "sliced_w2", "mmd", "energy_distance", "mode_coverage", "field_error"),
        *("path_energy", "normalised_path_energy", "straightness", "negative_log_likelihood"),
    ),
}
_HOMES = {name: chapter for chapter, names in _CHAPTERS.items() for name in names}

__all__ = ["shapes", *_HOMES]  # noqa: PLE0604 - computed, all strings


def __getattr__(name: str) -> Any:
    """A name from its chapter, or the module of shapes. Raises AttributeError for any other."""
    if name == "shapes":
        return import_module(f"{__name__}.paths.shapes")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
