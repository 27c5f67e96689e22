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
from fmstudio.document.specs.coupling import BridgeSpec, IndependentSpec
from fmstudio.document.specs.guidance import GuidanceMethod
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.spec import settings_of
from fmstudio.document.specs.training import ModelSpec, Objective, Trained
from fmstudio.engine.messages import Guide, LearnedModel
from fmstudio.flows.closed_forms.bridge import SchroedingerBridgeMarginal
from fmstudio.flows.closed_forms.exact import Marginal
from fmstudio.flows.closed_forms.exact import marginal as closed_form
from fmstudio.flows.closed_forms.optimal_transport import optimal_transport
from fmstudio.flows.closed_forms.sinkhorn import Scaling
from fmstudio.flows.learning.flow_and_score import FlowAndScore
from fmstudio.flows.learning.guidance import (
    Classifier,
    ClassifierFree,
    ClassifierGuided,
    ExactClassifier,
    LearnedClassifier,
)
from fmstudio.flows.learning.likelihood import LogProb
from fmstudio.flows.learning.likelihood import initial_log_prob as start_log_prob
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.realnvp import RealNVP
from fmstudio.flows.motion.fields import ExactField, Field, FlowAndScoreField, LearnedField
from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture, Lattice
from fmstudio.flows.paths.labels import split_by_label
from fmstudio.flows.paths.probability_path import ProbabilityPath
from fmstudio.flows.paths.schedules import SCHEDULES, CondOT, Schedule
from fmstudio.flows.paths.shapes import SHAPES
from fmstudio.flows.paths.way_noise import WayNoise

# ---- distributions -----------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def distribution(spec: d.DistributionSpec) -> Distribution:
    """Raises ValueError for an empty drawing."""
    named = SHAPES.get(spec.kind)
    return _OF_PARTS[spec.kind](spec) if named is None else named(**settings_of(spec))


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


def _formula(spec: d.FormulaLaw) -> Lattice:
    return Lattice(tensor(spec.raster.mass), spec.stated.half, name=spec.title)


def _labels(spec: d.PointsSpec) -> Tensor | None:
    return None if spec.labels is None else tensor(spec.labels.values).long()


def tensor(values: Any) -> Tensor:
    """A float32 tensor with a copy of a (read-only) array."""
    return torch.from_numpy(values.copy())


_OF_PARTS: dict[str, Callable[[Any], Distribution]] = {
    "standard-normal": lambda _: GaussianMixture.standard_normal(),
    "gaussian-mixture": lambda s: _mixture(s.components, "Gaussian mixture"),
    "points": lambda s: Cloud(tensor(s.points.values), None, s.width, _labels(s), "point cloud"),
    "drawn": _lattice,
    **{law.model_fields["kind"].default: _formula for law in d.FORMULAS},
}
"""Laws that a person makes; the named ones are in ``SHAPES``."""


# ---- paths -------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def schedule(spec: p.PathSpec) -> Schedule:
    return SCHEDULES[spec.kind](**settings_of(spec))


def initial_log_prob(problem: Problem, learned: LearnedModel | None) -> LogProb:
    """log p_0 of what starts along the path, or (by maximum likelihood) from the source itself."""
    if is_pathless(learned):
        return start_log_prob(distribution(problem.source), CondOT())
    return start_log_prob(distribution(problem.source), schedule(problem.path), distribution(problem.target))


def ends(problem: Problem) -> tuple[Distribution, Distribution]:
    """The source and the target."""
    return distribution(problem.source), distribution(problem.target)


def probability_path(spec: p.PathSpec) -> ProbabilityPath:
    return ProbabilityPath(schedule(spec))


@lru_cache(maxsize=32)
def marginal(problem: Problem) -> Marginal:
    """The exact p_t of the ends, joined as asked. Raises NoClosedForm for a bridge of too little noise."""
    return _JOINED[problem.coupling.kind](problem)


def _independent(problem: Problem) -> Marginal:
    assert isinstance(problem.coupling, IndependentSpec)
    return closed_form(*ends(problem), schedule(problem.path), problem.coupling.noise)


_last_scaling: dict[str, Scaling] = {}


@lru_cache(maxsize=8)
def bridge(problem: Problem) -> SchroedingerBridgeMarginal:
    """That between ends that are not independent. It starts from the potentials of the last one, from which a
    drag or a stroke differs little. Raises NoClosedForm for too little noise."""
    coupling = problem.coupling
    warm = _last_scaling.get(coupling.kind)
    if isinstance(coupling, BridgeSpec):
        found = SchroedingerBridgeMarginal(*ends(problem), coupling.sigma, warm)
    else:
        found = optimal_transport(*ends(problem))
    _last_scaling[coupling.kind] = found.scaling
    return found


def way_noise(problem: Problem) -> WayNoise:
    """Between the ends: that of the bridge, or of an interpolant."""
    coupling = problem.coupling
    return WayNoise(coupling.spread if coupling.is_independent else bridge(problem).sigma)


_JOINED: dict[str, Callable[[Problem], Marginal]] = {
    "independent": _independent,
    "bridge": bridge,
    "ot": bridge,
}


# ---- learning ----------------------------------------------------------------------------------------

Model = MLP | FlowAndScore | RealNVP | LearnedClassifier
"""What is trained: all of its numbers are the vector ``flat``."""


def fresh_model(
    objective: Objective, spec: ModelSpec, target: d.DistributionSpec, generator: torch.Generator
) -> Model:
    """Before its first step. Raises ValueError for a target without labels where they are needed."""
    knows_labels = spec.conditional and objective.facts.regresses
    plain = spec if knows_labels else spec.model_copy(update={"conditional": False})
    return _MODELS[objective.facts.makes](plain, target, generator)


def restored_model(learned: LearnedModel) -> Model:
    """The model with the parameters of that snapshot. Raises ValueError for weights that do not fit it."""
    model = fresh_model(learned.objective, learned.model, learned.problem.target, torch.Generator())
    flat = tensor(learned.parameters.values)
    if flat.shape != model.flat.shape:
        raise ValueError(
            f"The saved weights do not fit the model: it takes {len(model.flat)} numbers, "
            f"but there are {flat.numel()}. Train it anew."
        )
    model.flat.copy_(flat)
    return model


trained_model = lru_cache(maxsize=16)(restored_model)
"""The same, kept for all lanes: not to be trained."""


def is_pathless(learned: LearnedModel | None) -> bool:
    """Trained by maximum likelihood: the source itself becomes the target, by no path that was chosen."""
    return learned is not None and not learned.objective.facts.uses_path


def network(learned: LearnedModel) -> MLP:
    """Raises ValueError for a model that is no velocity network."""
    model = trained_model(learned)
    if not isinstance(model, MLP):
        raise ValueError(f"A model trained by {learned.objective} has no velocity: show its particles.")
    return model


def labels_of(target: d.DistributionSpec) -> int:
    """How many labels a target has. Raises ValueError for one without."""
    return len(split_by_label(distribution(target))[0])


def _network(spec: ModelSpec, target: d.DistributionSpec, generator: torch.Generator) -> MLP:
    return MLP(spec.width, spec.layers, generator, labels_of(target) if spec.conditional else 0)


_MODELS: dict[Trained, Callable[[ModelSpec, d.DistributionSpec, torch.Generator], Model]] = {
    Trained.NETWORK: _network,
    Trained.FLOW_AND_SCORE: lambda s, _, g: FlowAndScore(s.width, s.layers, g),
    Trained.LAYERS: lambda s, _, g: RealNVP(s.width, s.couplings, g),
    Trained.CLASSIFIER: lambda s, t, g: LearnedClassifier(s.width, s.layers, labels_of(t), g),
}


# ---- fields ------------------------------------------------------------------------------------------


def field(
    problem: Problem,
    learned: LearnedModel | None,
    guide: Guide | None = None,
) -> Field:
    """The learned field, or (None) the exact one, guided if so asked. Raises ValueError where the
    guidance asks for what the target or the model does not have."""
    if learned is None:
        unguided: Field = ExactField(marginal(problem))
    else:
        unguided = learned_field(learned)
    if guide is None or guide.spec.scale == 0:
        return unguided
    _require_label(guide.spec.label, problem.target)
    if guide.spec.method is GuidanceMethod.CLASSIFIER_FREE:
        conditional = _conditional(problem, learned, guide.spec.label)
        return ClassifierFree(unguided, conditional, guide.spec.scale)
    classifier = _classifier(problem, guide)
    return ClassifierGuided(unguided, classifier, guide.spec.label, guide.spec.scale)


def learned_field(learned: LearnedModel) -> Field:
    """What the model answers, along the path that it was trained on. Raises ValueError for one that has no
    velocity."""
    along = CondOT() if is_pathless(learned) else schedule(learned.problem.path)
    model = trained_model(learned)
    if isinstance(model, FlowAndScore):
        return FlowAndScoreField(model.flow, model.score, along, way_noise(learned.problem))
    return LearnedField(network(learned), along)


def _require_label(label: int, target: d.DistributionSpec) -> None:
    labels = labels_of(target)
    if label >= labels:
        raise ValueError(f"This target has the labels 0 to {labels - 1}, not {label}.")


def _conditional(
    problem: Problem,
    learned: LearnedModel | None,
    label: int,
) -> Field:
    """The field towards one label, exact or as the conditional network answers."""
    if learned is None:
        part = split_by_label(distribution(problem.target))[1][label]
        return ExactField(closed_form(distribution(problem.source), part, schedule(problem.path)))
    if not learned.model.conditional:
        raise ValueError("Guidance without a classifier needs a conditional network: train one.")
    return LearnedField(network(learned).given(label), schedule(problem.path))


def _classifier(problem: Problem, guide: Guide) -> Classifier:
    if guide.spec.method is GuidanceMethod.EXACT:
        return exact_classifier(problem)
    if guide.classifier is None:
        raise ValueError("There is no trained classifier yet: train it, or take the exact one.")
    model = trained_model(guide.classifier)
    assert isinstance(model, LearnedClassifier)
    return model


@lru_cache(maxsize=8)
def exact_classifier(problem: Problem) -> ExactClassifier:
    """Raises ValueError for a target without labels."""
    return ExactClassifier(*ends(problem), schedule(problem.path))
