"""Which models panes need, which answer, and in which order they are trained."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document, Experiment
from fmstudio.document.gallery import ENTRIES
from fmstudio.document.specs.colouring import ParticleColour
from fmstudio.document.specs.distribution import FiveModesSpec
from fmstudio.document.specs.guidance import GuidanceMethod, GuidanceSpec
from fmstudio.document.specs.training import Objective, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec
from fmstudio.engine.messages import (
    LearnedModel,
    TrainingCommand,
    TrainingProgress,
    TrainingSnapshot,
    TrainingState,
)
from fmstudio.studio import commands, guiding, learning
from fmstudio.studio.results import Recipe
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

LEARNED = FieldChoice.LEARNED
LIKELIHOOD = TrainingSpec(objective=Objective.CNF_ML, steps=40)
NO_LOSSES = np.zeros(0, np.float32)


def compared(**changes: object) -> Document:
    """Two panes: the document's own training, and one of the second pane's own."""
    panes = (
        PaneSpec(title="own", field=LEARNED),
        PaneSpec(title="other", field=LEARNED, training=LIKELIHOOD),
    )
    return Document.model_validate(
        {"view": ViewSpec(panes=panes), "training": TrainingSpec(steps=100), **changes}
    )


def model_of(recipe: Recipe) -> LearnedModel:
    problem, model, training = recipe
    flat = FrozenArray(np.ones(3, np.float32))
    return LearnedModel(model, training.objective, flat, 7, problem, training)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def session(engine: FakeEngine) -> Session:
    session = Session(engine, Document(), lambda _: None)
    session.open(compared())
    return session


def _say(session: Session, job: int | None, state: TrainingState) -> None:
    assert job is not None
    session._take(TrainingProgress(job, state, 1, 1, 1, NO_LOSSES, 1.0, 0.0))


def _finish(session: Session) -> None:
    assert session.results.training.recipe is not None
    session._take(TrainingSnapshot(0, model_of(session.results.training.recipe)))
    _say(session, session._training_job, TrainingState.FINISHED)


def test_that_panes_with_their_own_training_need_models_of_their_own():
    document = compared()
    first, second = (learning.recipe_of(document.experiment(i)) for i in (0, 1))
    assert learning.needed(document) == (first, second)
    assert first.training.steps == 100
    assert second.training == LIKELIHOOD


def test_that_train_trains_what_lacks_one_after_another(session, engine):
    session.train()
    assert [r.training.objective for r in engine.trained] == [Objective.CFM]
    assert [r.training for r in session.results.waiting] == [LIKELIHOOD]
    _finish(session)
    assert [r.training.objective for r in engine.trained] == [Objective.CFM, Objective.CNF_ML]
    _finish(session)
    assert not session.results.is_training
    session.train()
    assert [r.training.objective for r in engine.trained[2:]] == [Objective.CFM], "again, all of them"
    assert len(session.results.waiting) == 1


def test_that_stopping_ends_what_waits_too(session, engine):
    session.train()
    session.command_training(TrainingCommand.STOP)
    _say(session, session._training_job, TrainingState.STOPPED)
    assert not session.results.waiting
    assert len(engine.trained) == 1


def test_that_a_training_that_was_replaced_says_nothing_more(session):
    session.train()
    old = session._training_job
    session.train()
    _say(session, old, TrainingState.STOPPED)
    assert session.results.waiting
    assert session.results.training.state is None


def test_that_nothing_is_trained_where_nothing_lacks(session, engine):
    session.open(Document())
    session.train_what_lacks()
    assert not engine.trained
    session.train()
    assert engine.trained[-1].training == Document().training


def test_that_a_change_of_the_optimiser_keeps_the_model_on_show_until_it_is_trained_again(session):
    for _ in range(2):
        session.results.waiting or session.train()
        _finish(session)
    commands.set_field(session, "training.learning_rate", 1e-3, "Rate")
    document = session.store.document
    assert not learning.missing(document, session.results.models)
    commands.set_field(session, "training.coupling", "ot", "Coupling")
    missing = learning.missing(session.store.document, session.results.models)
    assert [recipe.training.coupling for recipe in missing] == ["ot"]


def test_that_a_pane_that_compares_trainings_shows_its_own_or_none(session):
    recipe = learning.recipe_of(session.store.document.experiment(1))
    similar = recipe._replace(training=LIKELIHOOD.model_copy(update={"steps": 50}))
    models = {similar: model_of(similar)}
    assert learning.model_for(session.store.document.experiment(1), models) is None
    assert learning.model_for(session.store.document.experiment(1), {recipe: model_of(recipe)}) is not None


def test_that_the_device_is_no_part_of_a_recipe():
    document = Document()
    on_a_gpu = document.model_copy(
        update={"training": document.training.model_copy(update={"device": "cuda"})}
    )
    assert learning.recipe_of(document) == learning.recipe_of(on_a_gpu)


# ---- guidance ------------------------------------------------------------------------------------------


def _guided(method: GuidanceMethod, scale: float = 2.0) -> Document:
    return Document(target=FiveModesSpec(), guidance=GuidanceSpec(method=method, scale=scale))


def test_that_a_learned_classifier_is_a_model_that_may_lack(session, engine):
    session.open(_guided(GuidanceMethod.LEARNED))
    session.tick(0.0)
    assert not engine.in_lane("trajectories/0")
    session.train_what_lacks()
    assert engine.trained[-1].training.objective is Objective.CLASSIFIER
    _finish(session)
    session.tick(0.0)
    guide = engine.in_lane("trajectories/0")[-1].request.guide
    assert guide.classifier.objective is Objective.CLASSIFIER


def test_that_guided_particles_are_smoothed_and_not_measured_against_all_data(session, engine):
    session.open(_guided(GuidanceMethod.EXACT))
    for _ in range(3):
        session.tick(0.0)
        engine.finish_all()
    session.tick(0.0)
    assert engine.in_lane("density/0")[-1].request.trajectories.guide is not None
    assert engine.in_lane("field/0")[-1].request.guide is not None
    assert not engine.in_lane("measure/0")


def test_that_a_scale_of_zero_is_no_guidance():
    experiment = _guided(GuidanceMethod.LEARNED, 0.0).experiment(0)
    assert learning.learned(experiment, {}) == learning.Learned(None, None, True)


def test_that_guidance_is_switched_in_every_pane_and_back(session):
    session.open(_guided(GuidanceMethod.EXACT))
    before = session.store.document
    guiding.choose(session, GuidanceMethod.CLASSIFIER_FREE)
    document = session.store.document
    assert document.guidance == GuidanceSpec(method=GuidanceMethod.CLASSIFIER_FREE, scale=2.0)
    assert document.model.conditional
    guiding.choose(session, None)
    assert session.store.document.guidance is None
    assert not session.store.document.model.conditional
    session.store.undo()
    session.store.undo()
    assert session.store.document == before


def test_that_only_a_labelled_target_may_be_guided():
    assert guiding.guidances(Document(target=FiveModesSpec())) == (None,)
    entry = next(e for e in ENTRIES if e.id == "six-targets").make()
    assert any(not guiding.may_be_guided(entry.experiment(i)) for i in range(6))


def test_that_labels_and_gradients_are_asked_for_where_they_are_shown(session, engine):
    view = ViewSpec(particle_colour=ParticleColour.LABEL, gradients=True)
    session.open(Document(target=FiveModesSpec(), view=view))
    session.tick(0.0)
    assert engine.in_lane("labels/0")[-1].request.trajectories == engine.in_lane("trajectories/0")[-1].request
    assert engine.in_lane("gradients")


# ---- what may be said ----------------------------------------------------------------------------------


def _learned(**training: object) -> Experiment:
    return Document.model_validate(
        {"training": training, "view": ViewSpec(panes=(PaneSpec(field=LEARNED),))}
    ).experiment(0)


@pytest.mark.parametrize(
    ("training", "field", "score"),
    [
        ({}, True, True),
        ({"objective": "dsm"}, True, True),
        ({"coupling": "ot"}, True, False),
        ({"reflow": 1}, True, False),
        ({"objective": "cnf-ml"}, True, False),
        ({"objective": "realnvp"}, False, False),
    ],
    ids=str,
)
def test_that_a_score_is_offered_only_where_the_path_tells_it(training, field, score):
    assert learning.has_field(_learned(**training)) is field
    assert learning.has_score(_learned(**training)) is score


LEARNING = ("cfm-training", "fm-equals-cfm", "score-matching", "flow-or-diffusion", "classifier-guidance")
MORE = ("realnvp", "cnf-likelihood", "reflow", "classifier-free-guidance")


@pytest.mark.parametrize("entry_id", [*LEARNING, *MORE])
def test_that_an_entry_about_learning_lacks_models_and_trains_within_a_short_budget(entry_id):
    document = next(entry for entry in ENTRIES if entry.id == entry_id).make()
    missing = learning.missing(document, {})
    assert missing
    assert sum(recipe.training.total_steps for recipe in missing) <= 6000
