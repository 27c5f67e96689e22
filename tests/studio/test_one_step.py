"""One step, explained: stage by stage, with real numbers, on a copy; it ends when something else is asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs.coupling import BridgeSpec, IndependentSpec
from fmstudio.document.specs.distribution import RingSpec
from fmstudio.document.specs.training import Objective, TrainingSpec
from fmstudio.engine.client import InlineEngine
from fmstudio.render.one_step_layers import one_step_layers
from fmstudio.render.palette import DARK, LIGHT
from fmstudio.render.scene import ArrowLayer, PointLayer
from fmstudio.studio import commands
from fmstudio.studio.one_step import Stage, why_not
from fmstudio.studio.one_step_words import sentence, title
from fmstudio.studio.session import Session
from tests.studio.test_training_steps import DOCUMENT, trained

SMALL = DOCUMENT.model_copy(
    update={"simulation": DOCUMENT.simulation.model_copy(update={"particles": 50, "steps": 5})}
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def session(said: list[str]) -> Iterator[Session]:
    session = Session(InlineEngine(), Document(), said.append)
    session.open(SMALL)
    yield session
    session.close()


def begin(session: Session) -> None:
    commands.explain_step(session)
    wait(session)


def wait(session: Session) -> None:
    while session.one_step.is_on and session.one_step.seen is None:
        session.tick(0.0)


def words(session: Session) -> str:
    seen = session.one_step.seen
    assert seen is not None
    return "".join(part for part, _ in sentence(seen))


def told(session: Session) -> list[str]:
    """Every stage's words, from the first to the last."""
    found = []
    for _ in Stage:
        found.append(words(session))
        session.one_step.go(1)
    return found


def test_that_it_goes_from_stage_to_stage_back_again_and_ends(session: Session) -> None:
    begin(session)
    seen = session.one_step.seen
    assert seen is not None
    assert (seen.stage, title(seen)) == (Stage.TIME, "Step 1 · 1 of 7 · A time")
    session.one_step.go(-1)
    session.one_step.go(1)
    assert session.one_step.seen is not None
    assert session.one_step.seen.stage is Stage.PAIR
    for _ in range(6):
        session.one_step.go(1)
    assert not session.one_step.is_on
    assert session.one_step.seen is None


def test_that_time_goes_to_that_of_the_pair_and_another_pair_has_another(session: Session) -> None:
    begin(session)
    first = session.playback.t
    assert session.one_step.seen is not None
    assert first == pytest.approx(session.one_step.seen.told.t)
    assert first == pytest.approx(0.5, abs=0.05)
    session.one_step.go(3)
    session.one_step.another()
    wait(session)
    assert session.one_step.seen.stage is Stage.TIME
    assert abs(session.playback.t - first) > 0.1


def test_that_the_model_stays_as_it_was() -> None:
    session = trained(SMALL)
    (before,) = session.results.models.values()
    begin(session)
    assert words(session).startswith("A batch has 32 pairs")
    (after,) = session.results.models.values()
    assert after.parameters == before.parameters
    assert session.one_step.seen is not None
    assert title(session.one_step.seen).startswith("Step 61 ")
    session.close()


def test_that_it_is_of_the_step_that_is_shown() -> None:
    session = trained(SMALL)
    commands.show_training_step(session, 10)
    begin(session)
    assert session.one_step.seen is not None
    assert title(session.one_step.seen).startswith("Step 11 ")
    commands.show_training_step(session, 20)
    session.tick(0.0)
    assert not session.one_step.is_on
    session.close()


@pytest.mark.parametrize(
    ("objective", "said_of"),
    [
        (Objective.CFM, "velocity of this pair"),
        (Objective.DSM, "noise in x_t"),
        (Objective.EXACT, "exact velocity"),
        (Objective.SF2M, "velocity of this pair"),
    ],
)
def test_that_its_words_are_those_of_the_objective(objective: Objective, said_of: str) -> None:
    noise = 0.5 if objective.facts.needs_noise else 0.0
    training = SMALL.training.model_copy(update={"objective": objective})
    session = Session(InlineEngine(), Document(), lambda _: None)
    session.open(SMALL.model_copy(update={"training": training, "coupling": IndependentSpec(noise=noise)}))
    begin(session)
    sentences = told(session)
    assert said_of in sentences[Stage.TARGET]
    assert ("+ noise" in sentences[Stage.WAY]) is (noise > 0)
    assert ("second network" in sentences[Stage.TARGET]) is (objective is Objective.SF2M)
    assert sentences[Stage.UPDATE].endswith("on a copy: the model is as it was.")
    session.close()


def test_that_pairs_of_a_bridge_are_told_as_such() -> None:
    session = Session(InlineEngine(), Document(), lambda _: None)
    session.open(SMALL.model_copy(update={"coupling": BridgeSpec(sigma=1.0)}))
    begin(session)
    session.one_step.go(1)
    assert "paired by the Schrödinger bridge, σ = 1" in words(session)
    session.close()


@pytest.mark.parametrize(
    ("training", "reason"),
    [
        (TrainingSpec(objective=Objective.REALNVP), "not learned from pairs"),
        (TrainingSpec(objective=Objective.CNF_ML), "not learned from pairs"),
        (TrainingSpec(reflow=1), "Reflow"),
    ],
)
def test_that_it_says_why_there_is_none(
    session: Session, said: list[str], training: TrainingSpec, reason: str
) -> None:
    session.open(SMALL.model_copy(update={"training": training, "title": "other"}))
    commands.explain_step(session)
    assert not session.one_step.is_on
    assert reason in said[-1]
    assert why_not(session.store.document) == said[-1]


def test_that_it_ends_when_something_else_is_asked(session: Session) -> None:
    begin(session)
    commands.set_field(session, "target", RingSpec(), "Choose target")
    session.tick(0.0)
    assert not session.one_step.is_on


def test_that_the_same_command_ends_it(session: Session) -> None:
    begin(session)
    commands.explain_step(session)
    assert not session.one_step.is_on


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
def test_that_the_canvas_shows_what_was_told_and_no_more(session: Session, palette) -> None:  # type: ignore[no-untyped-def]
    begin(session)
    arrows, discs = [], []
    for _ in Stage:
        seen = session.one_step.seen
        assert seen is not None
        layers = list(one_step_layers(seen, palette))
        arrows.append(sum(isinstance(layer, ArrowLayer) for layer in layers))
        discs.append(sum(isinstance(layer, PointLayer) for layer in layers) // 2)
        session.one_step.go(1)
    assert arrows == [0, 0, 0, 1, 2, 3, 3]
    assert discs == [0, 2, 3, 3, 3, 3, 3]
