"""The loss is that of a model that a pane shows or that is being trained, and it is kept with the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import FiveModesSpec, GaussianMixtureSpec
from fmstudio.document.specs.path import VPSpec
from fmstudio.document.specs.training import ModelSpec, Objective
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import LearnedModel, TrainingProgress, TrainingSnapshot, TrainingState
from fmstudio.gui.plots.loss import LossPanel
from fmstudio.gui.plots.loss_curve import loss_curve
from fmstudio.studio import commands, learning
from fmstudio.studio.opening import open_file, save_file
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine
from tests.gui.conftest import frame

LOSSES = (0.4 + np.exp(-np.arange(300) / 30)).astype(np.float32)


def train(session: Session, engine: FakeEngine, state: TrainingState = TrainingState.FINISHED) -> None:
    """A whole run of the model that is asked for, as the engine tells it."""
    session.train()
    asked = session._training_job
    assert asked is not None
    recipe = session.results.training.recipe
    assert recipe is not None
    engine.say(TrainingProgress(asked, state, 300, 300, 1, LOSSES, 500.0, 0.0, 0.387))
    model = LearnedModel(
        recipe.model,
        recipe.training.objective,
        FrozenArray(np.zeros(4, np.float32)),
        300,
        recipe.problem,
        recipe.training,
    )
    engine.say(TrainingSnapshot(asked, model))
    session.tick(0.0)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("source", GaussianMixtureSpec()),
        ("target", FiveModesSpec()),
        ("path", VPSpec()),
        ("model", ModelSpec(width=32)),
        ("training.objective", Objective.DSM),
        ("view.panes.0.field", FieldChoice.EXACT),
    ],
)
def test_that_the_loss_of_a_model_that_no_pane_shows_goes_and_comes_back_by_undo(
    session: Session, engine: FakeEngine, show: Any, part: str, value: Any
) -> None:
    commands.single_pane(session, FieldChoice.LEARNED)
    panel = show(LossPanel)
    train(session, engine)
    frame(session, panel)
    assert not panel.isHidden()
    commands.set_field(session, part, value, "Change")
    frame(session, panel)
    assert panel.isHidden()
    session.store.undo()
    frame(session, panel)
    assert not panel.isHidden()


def test_that_the_loss_of_a_training_that_is_on_is_shown_whatever_the_panes_show(
    session: Session, engine: FakeEngine, show: Any
) -> None:
    panel = show(LossPanel)
    train(session, engine, TrainingState.RUNNING)
    frame(session, panel)
    assert not panel.isHidden()


def test_that_a_setting_of_the_optimiser_keeps_the_loss_of_the_model_that_is_still_shown(
    session: Session, engine: FakeEngine, show: Any
) -> None:
    commands.single_pane(session, FieldChoice.LEARNED)
    panel = show(LossPanel)
    train(session, engine)
    commands.set_field(session, "training.steps", 900, "Change")
    frame(session, panel)
    assert not panel.isHidden()


def test_that_the_loss_is_saved_with_its_model_and_is_there_after_opening(
    session: Session, engine: FakeEngine, show: Any, tmp_path: Path
) -> None:
    commands.single_pane(session, FieldChoice.LEARNED)
    train(session, engine)
    path = tmp_path / "trained.fmstudio"
    save_file(path, session.store.document, session.results)
    document, models = open_file(path)
    assert [model.curve is not None for model in models] == [True]
    session.results.records.clear()
    session.open(Document())
    session.open(document, models)
    panel = show(LossPanel)
    frame(session, panel)
    assert not panel.isHidden()
    assert panel.shown is not None
    steps, losses = panel.shown.curve()
    np.testing.assert_array_equal(losses, LOSSES)
    assert (steps[0], steps[-1], panel.shown.floor) == (1, 300, 0.387)
    assert panel.floor_words.toPlainText() == "floor 0.387 (not zero)"
    assert learning.recipe_of(document.experiment(0)) in session.results.models
    (model,) = session.results.models.values()
    assert model.curve is None  # it is no part of what is asked of the engine


def test_that_the_band_lies_about_the_mean_and_is_no_barcode(
    session: Session, engine: FakeEngine, show: Any
) -> None:
    commands.single_pane(session, FieldChoice.LEARNED)
    panel = show(LossPanel)
    train(session, engine)
    frame(session, panel)
    (x, low), (other, high) = (edge.getData() for edge in panel.band)
    np.testing.assert_array_equal(x, other)
    assert np.all(np.diff(x) > 0)
    assert np.all(low <= high)


def test_that_the_band_of_a_young_run_is_no_barcode_either() -> None:
    """Of a noisy loss it is wide everywhere, from the first dozen losses on."""
    losses = 3.0 + np.random.default_rng(3).normal(size=130)
    for n in (24, 60, 130):
        curve = loss_curve(np.arange(n), losses[:n])
        assert np.all(curve.high - curve.low > 0.5)
