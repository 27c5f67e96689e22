"""Whatever is compared, panes differ by that alone, and none of them asks for what can never be."""

from __future__ import annotations

import pytest

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.distribution import RingSpec
from fmstudio.document.specs.dynamics import InterpolantSpec, LangevinSpec, ODESpec, ReverseSDESpec, SDESpec
from fmstudio.document.specs.path import VPSpec
from fmstudio.document.specs.training import Objective
from fmstudio.document.specs.view import MOST_PANES, FieldChoice, PaneSpec
from fmstudio.gui.actions import ACTIONS
from fmstudio.studio import panes
from fmstudio.studio.comparisons import COMPARISONS, add_pane, change_pane, compare, named, remove_pane
from fmstudio.studio.guardrails import hopeless
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

IDS = [comparison.id for comparison in COMPARISONS]
MOTIONS = (ODESpec(), SDESpec(), ReverseSDESpec(), LangevinSpec(), InterpolantSpec())


@pytest.fixture
def said():
    return []


@pytest.fixture
def session(said):
    session = Session(FakeEngine(), Document(), said.append)
    yield session
    session.close()


def experiments(session) -> list[Experiment]:
    document = session.store.document
    return [document.experiment(index) for index in range(len(document.view.panes))]


def titles(session) -> list[str]:
    return [pane.title for pane in session.store.document.view.panes]


@pytest.mark.parametrize("comparison", COMPARISONS, ids=IDS)
def test_that_panes_differ_by_what_is_compared_alone(session, comparison):
    compare(session, comparison)
    shown = experiments(session)
    assert 2 <= len(shown) <= MOST_PANES
    assert len(set(shown)) == len(shown) == len(set(titles(session)))
    overridden = {name for c in comparison.choices(Document()) for name in c.model_fields_set} - {"title"}
    differing = {name for name in Experiment.model_fields if len({seen(each, name) for each in shown}) > 1}
    # the path plays no part in a bridge, nor in Langevin: it is as it comes
    consequences = {"path"} if overridden & {"coupling", "dynamics"} else set()
    assert differing - {"has_own_training"} <= overridden | consequences
    assert differing & overridden
    held = {each.simulation.model_copy(update={"steps": 1, "noise_seed": 0}) for each in shown}
    assert held == {session.store.document.simulation.model_copy(update={"steps": 1, "noise_seed": 0})}


def seen(experiment: Experiment, name: str) -> object:
    """A part of it; the seed of the noise counts only where there is noise."""
    value = getattr(experiment, name)
    if name == "simulation" and value.noise_seed == 0:
        return value.model_copy(update={"noise_seed": Document().simulation.noise_seed})
    return value


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("field", FieldChoice)
@pytest.mark.parametrize("source", [None, RingSpec()])
@pytest.mark.parametrize("comparison", COMPARISONS, ids=IDS)
def test_that_no_comparison_shows_what_can_never_work_or_nothing_without_a_word(
    session, said, comparison, source, field, motion
):
    asked = Document(dynamics=motion).showing(field)
    if source is not None:
        asked = asked.model_copy(update={"source": source})
    session.store.open(asked)
    compare(session, comparison)
    shown = experiments(session)
    if session.store.document == asked:
        assert said
        return
    assert not [note for each in shown for note in hopeless(each)]
    assert Document.model_validate(session.store.document.model_dump()) == session.store.document
    assert len(shown) == len(comparison.choices(asked)) or said
    assert len(set(shown)) == len(shown)
    session.store.undo()
    assert session.store.document == asked


def test_that_the_steps_are_those_of_a_lesson_about_them(session):
    compare(session, named("steps"))
    assert [each.simulation.steps for each in experiments(session)] == [1, 2, 4, 10, 20, 100]
    assert titles(session)[:2] == ["1 step", "2 steps"]


def test_that_an_objective_that_cannot_be_learned_here_is_left_out_and_told(session, said):
    compare(session, named("objectives"))
    assert Objective.SF2M not in {each.training.objective for each in experiments(session)}
    assert {each.field for each in experiments(session)} == {FieldChoice.LEARNED}
    assert any(sentence.startswith("Flow and score is left out.") for sentence in said)


def test_that_an_added_pane_is_a_copy_and_six_are_the_most(session, said):
    for count in range(2, MOST_PANES + 1):
        add_pane(session)
        assert len(session.store.document.view.panes) == count
    assert len(set(experiments(session))) == 1
    add_pane(session)
    assert len(session.store.document.view.panes) == MOST_PANES
    assert len(said) == 1


def test_that_one_pane_changes_alone_and_its_heading_says_by_what(session):
    add_pane(session)
    before = experiments(session)[0]
    change_pane(session, 1, named("solvers").choices(Document())[0])
    change_pane(session, 1, PaneSpec(title="VP", path=VPSpec()))
    assert experiments(session)[0] == before
    assert experiments(session)[1].path == VPSpec()
    assert titles(session) == ["", "Euler · VP"]
    change_pane(session, 1, named("sigmas").choices(Document())[2])
    assert titles(session) == ["", "VP · σ = 1"], "the solver was the ODE's"


def test_that_a_heading_goes_with_what_it_named(session):
    compare(session, named("sigmas"))
    panes.set_everywhere(session, "dynamics", "sigma", 0.7, "Change")
    assert titles(session) == [""]


def test_that_a_pane_is_not_changed_to_what_can_never_work(session, said):
    session.store.open(Document(source=RingSpec(), dynamics=ReverseSDESpec()).showing(FieldChoice.EXACT))
    before = session.store.document
    change_pane(session, 0, named("sources").choices(before)[3])
    assert session.store.document == before
    assert said


def test_that_any_pane_but_the_only_one_can_be_removed(session, said):
    compare(session, named("motions"))
    remove_pane(session, 1)
    assert titles(session) == ["ODE", "Langevin"]
    remove_pane(session, 0)
    assert titles(session) == ["Langevin"]
    remove_pane(session, 0)
    assert titles(session) == ["Langevin"]
    assert len(said) == 1
    session.store.undo()
    assert titles(session) == ["ODE", "Langevin"]


@pytest.mark.parametrize("comparison", COMPARISONS, ids=IDS)
def test_that_every_comparison_is_in_the_menu_under_its_own_title(comparison):
    info = next(each for each in ACTIONS if each.id == comparison.id)
    assert (info.title, info.menu) == (comparison.title, "compare")
