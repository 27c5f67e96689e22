"""What was learned and how, and what guides the particles, in words."""

from __future__ import annotations

from fmstudio.document.document import Experiment
from fmstudio.document.specs.guidance import GuidanceMethod, GuidanceSpec
from fmstudio.document.specs.training import Coupling, Objective
from fmstudio.document.specs.view import FieldChoice
from fmstudio.studio import learning
from fmstudio.studio.resolve import Resolved
from fmstudio.studio.results import Results

HOW = {
    Objective.CFM: "learned field",
    Objective.DSM: "learned field, by score matching",
    Objective.EXACT: "learned field, from the exact one",
    Objective.CNF_ML: "learned field, by maximum likelihood",
    Objective.REALNVP: "RealNVP",
    Objective.CLASSIFIER: "classifier",
}
_COUPLED = {Coupling.OT: "optimally transported", Coupling.SINKHORN: "entropically transported"}
_REFLOWED = {1: "reflowed once", 2: "reflowed twice", 3: "reflowed three times"}
_METHODS = {
    GuidanceMethod.EXACT: "exact classifier",
    GuidanceMethod.LEARNED: "learned classifier",
    GuidanceMethod.CLASSIFIER_FREE: "without a classifier",
}


def is_layered(experiment: Experiment) -> bool:
    """RealNVP: neither path nor solver plays a part."""
    return experiment.field is FieldChoice.LEARNED and not learning.has_field(experiment)


def is_pathless(experiment: Experiment) -> bool:
    """Maximum likelihood asks for the ends alone."""
    likelihoods = (Objective.CNF_ML, Objective.REALNVP)
    return experiment.field is FieldChoice.LEARNED and experiment.training.objective in likelihoods


def how_learned(experiment: Experiment) -> str:
    """'' for the exact field."""
    training = experiment.training
    if experiment.field is FieldChoice.EXACT:
        return ""
    if is_layered(experiment):
        return f"RealNVP, {experiment.model.couplings} couplings"
    words = HOW[training.objective]
    if training.coupling in _COUPLED and training.objective is not Objective.CNF_ML:
        words += f" from {_COUPLED[training.coupling]} pairs"
    return words + (f", {_REFLOWED[training.reflow]}" if training.reflow else "")


def how_guided(guidance: GuidanceSpec | None) -> str:
    if guidance is None or guidance.scale == 0:
        return ""
    return f"to label {guidance.label}, S = {guidance.scale:g}, {_METHODS[guidance.method]}"


def how_far_learned(pane: Resolved) -> str:
    """Of which training step the weights are that are shown; '' once it is the last of what is asked."""
    model, experiment = pane.trained.model, pane.experiment
    if model is None or not learning.needs_model(experiment):
        return ""
    steps = model.training.total_steps
    if model.step < steps:
        return f"after step {model.step:,} of {steps:,}"
    return "" if learning.is_as_asked(model, experiment) else f"trained {steps:,} steps, by other settings"


def what_lacks(pane: Resolved, results: Results) -> str:
    """Why nothing moves, for want of a model; '' if nothing lacks."""
    if pane.trained.is_complete:
        return ""
    training, experiment = results.training, pane.experiment
    asked = {learning.recipe_of(experiment), learning.classifier_recipe(experiment)}
    if training.is_active and training.recipe in asked:
        return "Training…"
    if asked & set(results.waiting):
        return "To be trained next."
    return "No model yet. Press Train."
