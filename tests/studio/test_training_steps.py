"""A chosen step of the training: every pane, figure and request follows it, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.saved_model import MOST_CHECKPOINTS, Checkpoint
from fmstudio.document.specs.training import ModelSpec, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec
from fmstudio.engine.client import InlineEngine
from fmstudio.engine.messages import LearnedModel, TrajectoriesRequest
from fmstudio.studio import commands, learning
from fmstudio.studio.opening import open_file, save_file
from fmstudio.studio.results import Results
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

LEARNED = PaneSpec(field=FieldChoice.LEARNED)
DOCUMENT = Document(
    view=ViewSpec(panes=(LEARNED,)),
    model=ModelSpec(width=8, layers=1),
    training=TrainingSpec(steps=60, batch_size=32),
)


def model(newest: int, *steps: int) -> LearnedModel:
    """Whose weights are its step."""
    recipe = learning.recipe_of(DOCUMENT)
    kept = tuple(Checkpoint(step=s, parameters=FrozenArray([float(s)])) for s in steps)
    weights = FrozenArray([float(newest)])
    objective = recipe.training.objective
    return LearnedModel(recipe.model, objective, weights, newest, recipe.problem, recipe.training, None, kept)


def asked(session: Session, pane: int = 0) -> LearnedModel:
    session.tick(0.0)
    request = session.planner.panes[pane].asks["trajectories"]
    assert isinstance(request, TrajectoriesRequest)
    assert request.learned is not None
    return request.learned


@pytest.fixture
def session() -> Session:
    session = Session(FakeEngine(), Document(), lambda _: None)
    session.open(DOCUMENT, [model(60, 0, 1, 10)])
    return session


@pytest.mark.parametrize(
    ("step", "shown"), [(None, 60), (0, 0), (1, 1), (9, 1), (10, 10), (59, 10), (60, 60), (10_000, 60)]
)
def test_that_the_weights_are_those_that_were_kept_last_until_then(
    session: Session, step: int | None, shown: int
) -> None:
    commands.set_field(session, "view.training_step", step, "Choose")
    then = asked(session)
    assert (then.step, float(then.parameters.values[0])) == (shown, shown)


def test_that_what_goes_to_the_engine_carries_no_other_weights(session: Session) -> None:
    assert asked(session).checkpoints == ()


def test_that_a_model_without_checkpoints_is_shown_as_it_is(session: Session) -> None:
    session.results.models.clear()
    session.open(DOCUMENT.model_copy(update={"title": "other"}), [model(60)])
    session.results.models = {recipe: model(60) for recipe in session.results.models}
    commands.set_field(session, "view.training_step", 1, "Choose")
    assert asked(session).step == 60


def test_that_a_pane_may_hold_its_own_step(session: Session) -> None:
    own = LEARNED.model_copy(update={"training_step": 1})
    commands.set_field(session, "view.panes", (own, LEARNED), "Compare")
    commands.set_field(session, "view.training_step", 10, "Choose")
    assert [asked(session, pane).step for pane in (0, 1)] == [1, 10]


def test_that_the_exact_field_knows_no_training_step(session: Session) -> None:
    exact = session.store.document.showing(FieldChoice.EXACT)
    before = exact.experiment(0)
    view = exact.view.model_copy(update={"training_step": 1})
    assert exact.model_copy(update={"view": view}).experiment(0) == before


def test_that_undo_goes_back_to_the_step_before(session: Session) -> None:
    for step in (1, 10):
        commands.set_field(session, "view.training_step", step, "Choose")
    session.store.undo()
    assert asked(session).step == 1
    session.store.undo()
    assert asked(session).step == 60


def trained(document: Document) -> Session:
    session = Session(InlineEngine(), Document(), lambda _: None)
    session.open(document)
    session.train()
    while session.results.is_training:
        session.listen()
    return session


def test_that_a_training_keeps_them_and_they_survive_the_file(tmp_path: Path) -> None:
    session = trained(DOCUMENT)
    (kept,) = session.results.models.values()
    assert [checkpoint.step for checkpoint in kept.checkpoints] == [0, 1, 2, 5, 10, 20, 50]
    save_file(tmp_path / "a.fmstudio", session.store.document, session.results)
    document, (again,) = open_file(tmp_path / "a.fmstudio")
    assert again.checkpoints == kept.checkpoints
    session.close()
    other = Session(InlineEngine(), Document(), lambda _: None)
    other.open(document, [again])
    commands.set_field(other, "view.training_step", 5, "Choose")
    assert asked(other).parameters == kept.checkpoints[3].parameters
    other.close()


def test_that_a_training_anew_begins_its_checkpoints_anew() -> None:
    session = trained(DOCUMENT)
    (before,) = session.results.models.values()
    session.train()
    while session.results.is_training:
        session.listen()
    (after,) = session.results.models.values()
    assert after.checkpoints == before.checkpoints
    assert len(after.checkpoints) == 7
    session.close()


def test_that_scrubbing_shows_what_a_fresh_model_of_that_step_gives() -> None:
    session = trained(DOCUMENT)
    (kept,) = session.results.models.values()
    commands.set_field(session, "view.training_step", 20, "Choose")
    session.tick(0.0)
    while not session.is_complete:
        session.tick(0.0)
    shown = session.results.slots["trajectories/0"].job.result.values.copy()
    session.close()
    alone = LearnedModel(
        kept.model, kept.objective, kept.checkpoints[5].parameters, 20, kept.problem, kept.training
    )
    other = Session(InlineEngine(), Document(), lambda _: None)
    other.open(DOCUMENT, [alone])
    other.tick(0.0)
    while not other.is_complete:
        other.tick(0.0)
    assert np.array_equal(other.results.slots["trajectories/0"].job.result.values, shown)
    other.close()


def test_that_of_steps_that_are_taken_again_the_newer_weights_are_kept() -> None:
    """As after the engine has died."""
    results = Results()
    recipe = learning.recipe_of(DOCUMENT)
    for step, weight in ((0, 0.0), (1, 1.0), (5, 5.0), (1, 7.0)):
        results.keep(recipe, Checkpoint(step=step, parameters=FrozenArray([weight])))
    results.publish(recipe, model(60))
    kept = results.models[recipe].checkpoints
    assert [(c.step, float(c.parameters.values[0])) for c in kept] == [(0, 0.0), (1, 7.0)]


def test_that_never_more_are_held_than_a_file_may_hold() -> None:
    results = Results()
    recipe = learning.recipe_of(DOCUMENT)
    results.publish(recipe, model(60))
    for step in range(3 * MOST_CHECKPOINTS):
        results.keep(recipe, Checkpoint(step=step, parameters=FrozenArray([0.0])))
    assert len(results.models[recipe].checkpoints) == MOST_CHECKPOINTS
