"""What was learned and how, and what guides the particles, in words."""

from __future__ import annotations

from fmstudio.document.document import Experiment
from fmstudio.document.specs.guidance import GuidanceMethod
from fmstudio.document.specs.training import Coupling
from fmstudio.document.specs.view import FieldChoice
from fmstudio.studio import learning
from fmstudio.studio.resolve import Resolved
from fmstudio.studio.results import Results

_REFLOWED = {1: "reflowed once", 2: "reflowed twice", 3: "reflowed three times"}
_METHODS = {
    GuidanceMethod.EXACT: "exact classifier",
    GuidanceMethod.LEARNED: "learned classifier",
    GuidanceMethod.CLASSIFIER_FREE: "without a classifier",
}


def how_learned(experiment: Experiment) -> str:
    """'' for the exact field."""
    training = experiment.training
    if experiment.field is FieldChoice.EXACT:
        return ""
    words = training.objective.facts.learned
    if experiment.is_layered:
        return f"{words}, {experiment.model.couplings} couplings"
    if training.objective.facts.regresses and training.coupling is not Coupling.INDEPENDENT:
        words += f" from {training.coupling.facts.drawn} pairs"
    return words + (f", {_REFLOWED[training.reflow]}" if training.reflow else "")


def how_guided(experiment: Experiment) -> str:
    guidance = experiment.guidance
    if guidance is None or guidance.scale == 0:
        return ""
    names = dict(enumerate(experiment.target.names_of_labels))
    label = names.get(guidance.label, guidance.label)
    return f"to label {label} · S = {guidance.scale:g} · {_METHODS[guidance.method]}"


def how_far_learned(pane: Resolved) -> str:
    """Of which training step the weights are that are shown; '' once it is the last of what is asked."""
    model, experiment = pane.trained.model, pane.experiment
    if model is None or not learning.needs_model(experiment):
        return ""
    steps = model.training.total_steps
    if model.step == 0:
        return f"before the first of {steps:,} steps"
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
