"""Which models a document needs, and which of those that were trained answer. Pure; GUI thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from fmstudio.document.document import Document, Experiment
from fmstudio.document.scores import why_no_score
from fmstudio.document.specs.coupling import IndependentSpec
from fmstudio.document.specs.guidance import GuidanceMethod
from fmstudio.document.specs.path import CondOTSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import (
    Coupling,
    ModelSpec,
    Objective,
    TrainingSpec,
)
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import GradientsRequest, Guide, LearnedModel
from fmstudio.studio.results import Recipe, Results, TrainingRecord

CLASSIFIER_STEPS = 1500
CLASSIFIER_RATE = 5e-3
GRADIENT_STEPS = 100
GRADIENT_BATCHES = (16, 64, 256, 1024, 4096, 16_384)
_TUNING = ("steps", "batch_size", "learning_rate", "seed")
"""Settings of the optimiser: until it is trained again, a model is shown although they have changed."""


# ---- recipes -----------------------------------------------------------------------------------------


def recipe_of(asked: Experiment | Document) -> Recipe:
    """What the model of a pane is made by; of a document, what its own settings say."""
    return _recipe(asked.problem, asked.model, asked.training)


def recipe_of_model(model: LearnedModel) -> Recipe:
    return _recipe(model.problem, model.model, model.training)


def _recipe(problem: Problem, model: ModelSpec, training: TrainingSpec) -> Recipe:
    """What plays no part in the training is as it comes: it makes no other model."""
    objective, plain = training.objective.facts, ModelSpec()
    layered = objective.is_layered
    model = model.model_copy(update={"layers": plain.layers} if layered else {"couplings": plain.couplings})
    changes: dict[str, object] = {}
    if not objective.regresses:
        changes["coupling"] = Coupling.INDEPENDENT
    if not objective.reflows or not problem.coupling.is_plain:
        changes["reflow"] = 0
    if not objective.uses_path:
        problem = replace(problem, path=CondOTSpec())
    return Recipe(problem, model, _anywhere(training.model_copy(update=changes)))


def classifier_recipe(experiment: Experiment) -> Recipe:
    """What the classifier that guides a pane is made by: whatever learns the field, it is the same."""
    training = TrainingSpec(
        objective=Objective.CLASSIFIER,
        steps=CLASSIFIER_STEPS,
        learning_rate=CLASSIFIER_RATE,
        seed=experiment.training.seed,
    )
    model = type(experiment.model)(width=experiment.model.width, layers=experiment.model.layers)
    return Recipe(experiment.problem, model, training)


def _anywhere(training: TrainingSpec) -> TrainingSpec:
    """The device makes no difference that anybody asked for."""
    return training.model_copy(update={"device": "auto"})


def needs_model(experiment: Experiment) -> bool:
    return experiment.field is FieldChoice.LEARNED


def needs_classifier(experiment: Experiment) -> bool:
    guidance = experiment.guidance
    return guidance is not None and guidance.scale > 0 and guidance.method is GuidanceMethod.LEARNED


def needed(document: Document) -> tuple[Recipe, ...]:
    """The models of all panes, each once, in the order of the panes."""
    return tuple(dict.fromkeys(_needed(document)))


def _needed(document: Document) -> Iterator[Recipe]:
    for index in range(len(document.view.panes)):
        experiment = document.experiment(index)
        if needs_model(experiment):
            yield recipe_of(experiment)
        if needs_classifier(experiment):
            yield classifier_recipe(experiment)


def missing(document: Document, models: Mapping[Recipe, LearnedModel]) -> tuple[Recipe, ...]:
    """Those of them that nothing answers for."""
    found: dict[Recipe, None] = {}
    for index in range(len(document.view.panes)):
        experiment = document.experiment(index)
        if needs_model(experiment) and model_for(experiment, models) is None:
            found[recipe_of(experiment)] = None
        if needs_classifier(experiment) and classifier_recipe(experiment) not in models:
            found[classifier_recipe(experiment)] = None
    return tuple(found)


# ---- what there is -----------------------------------------------------------------------------------


def model_for(experiment: Experiment, models: Mapping[Recipe, LearnedModel]) -> LearnedModel | None:
    """The model of this recipe. Else, but for a pane with a training of its own (which is there to be
    compared), the newest that differs by the optimiser's settings alone."""
    recipe = recipe_of(experiment)
    if recipe in models or experiment.has_own_training:
        return models.get(recipe)
    family = _untuned(recipe)
    similar = [model for other, model in models.items() if _untuned(other) == family]
    return similar[-1] if similar else None


def as_it_was(model: LearnedModel | None, step: int | None) -> LearnedModel | None:
    """The model alone, after ``step`` steps: the last checkpoint until then, or the first of all; with None,
    or once it was trained no further, as it is now."""
    if model is None or not model.checkpoints:
        return model
    now = replace(model, checkpoints=())
    if step is None or step >= model.step:
        return now
    kept = [checkpoint for checkpoint in model.checkpoints if checkpoint.step <= step]
    then = kept[-1] if kept else model.checkpoints[0]
    return replace(now, parameters=then.parameters, step=then.step)


def is_as_asked(model: LearnedModel, experiment: Experiment) -> bool:
    """It was trained by the settings that are asked now, and not just by like ones."""
    return recipe_of_model(model) == recipe_of(experiment)


def _untuned(recipe: Recipe) -> Recipe:
    training = recipe.training
    changes = {name: type(training).model_fields[name].default for name in _TUNING}
    return recipe._replace(training=training.model_copy(update=changes))


@dataclass(frozen=True)
class Learned:
    """What of a pane was trained."""

    model: LearnedModel | None
    """that of its recipe, shown or not"""
    guide: Guide | None
    is_complete: bool
    """nothing that moves its particles lacks"""


def learned(experiment: Experiment, models: Mapping[Recipe, LearnedModel]) -> Learned:
    model = as_it_was(model_for(experiment, models), experiment.training_step)
    classifier = models.get(classifier_recipe(experiment)) if needs_classifier(experiment) else None
    guidance = experiment.guidance
    guide = Guide(guidance, classifier) if guidance is not None and guidance.scale > 0 else None
    complete = (model is not None or not needs_model(experiment)) and (
        classifier is not None or not needs_classifier(experiment)
    )
    return Learned(model, guide, complete)


def shown_run(document: Document, results: Results) -> TrainingRecord | None:
    """The training whose loss belongs here: one that is on, or else that of a model that a pane shows."""
    if results.is_training:
        return results.training
    for recipe in _shown_recipes(document, results.models):
        if recipe in results.records:
            return results.records[recipe]
    return None


def _shown_recipes(document: Document, models: Mapping[Recipe, LearnedModel]) -> Iterator[Recipe]:
    """Of the models that panes show, and of the classifiers that guide them."""
    for index in range(len(document.view.panes)):
        experiment = document.experiment(index)
        model = model_for(experiment, models) if needs_model(experiment) else None
        if model is not None:
            yield recipe_of_model(model)
        if needs_classifier(experiment):
            yield classifier_recipe(experiment)


def gradients_request(experiment: Experiment) -> GradientsRequest:
    """How far the two gradients agree, in a network that has begun to learn this."""
    training = TrainingSpec(steps=GRADIENT_STEPS, seed=experiment.training.seed)
    model = experiment.model.model_copy(update={"conditional": False})
    problem = replace(experiment.problem, coupling=IndependentSpec())  # of pairs drawn apart, both of them
    return GradientsRequest(problem, model, training, GRADIENT_BATCHES)


# ---- what may be said of it --------------------------------------------------------------------------


def has_field(experiment: Experiment) -> bool:
    """There is a velocity: not for RealNVP, which goes from layer to layer."""
    return not experiment.is_layered


def has_score(experiment: Experiment) -> bool:
    """The learned velocity belongs to the path, so that it tells the score."""
    return not needs_model(experiment) or not why_no_score(experiment.problem, experiment.training)


def learns_the_exact_field(training: TrainingSpec) -> bool:
    """What is learned tends to the closed form: independent pairs, regressed on once."""
    regresses = training.objective.facts.regresses
    return regresses and training.coupling is Coupling.INDEPENDENT and training.reflow == 0
