"""The coupling of the ends in a document: where it acts, what it leaves out, what it is called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.coupling import JOININGS, BridgeSpec, IndependentSpec, JoiningBase
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.dynamics import (
    LangevinSpec,
    ODESpec,
    ProbabilityFlowSpec,
    ReverseSDESpec,
    SDESpec,
)
from fmstudio.document.specs.guidance import GuidanceSpec
from fmstudio.document.specs.path import CondOTSpec, VPSpec
from fmstudio.document.specs.training import Objective, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec
from fmstudio.engine.messages import LearnedModel
from fmstudio.studio import choices, learning, panes, remedies
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.fit import fitted
from fmstudio.studio.guardrails import Remedy, Section, guardrails, hopeless
from fmstudio.studio.opening import open_file, save_models
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

BRIDGE = Document(coupling=BridgeSpec(), path=VPSpec())
LEARNED = ViewSpec(panes=(PaneSpec(field=FieldChoice.LEARNED),))


def asked(document: Document) -> dict[str, object]:
    session = Session(FakeEngine(), document, print)
    session.tick(0.0)
    wanted = {lane: r for lane, r in session.planner.wanted.items() if "thumbnail" not in lane}
    session.close()
    return dict(wanted)


def test_that_a_bridge_goes_its_own_way_and_the_path_is_idle() -> None:
    assert BRIDGE.experiment(0).problem.coupling == BridgeSpec()
    assert BRIDGE.experiment(0).problem.path == CondOTSpec()
    assert "own way" in idle(BRIDGE, Control.PATH)
    assert asked(BRIDGE) == asked(BRIDGE.model_copy(update={"path": CondOTSpec()}))
    assert asked(BRIDGE) != asked(BRIDGE.model_copy(update={"coupling": BridgeSpec(sigma=0.7)}))


@pytest.mark.parametrize(
    "changes",
    [
        {"dynamics": LangevinSpec()},
        {"view": LEARNED, "training": TrainingSpec(objective=Objective.DSM)},
        {"view": LEARNED, "training": TrainingSpec(objective=Objective.CNF_ML)},
    ],
    ids=["langevin", "score matching", "likelihood"],
)
def test_that_where_the_coupling_is_idle_it_changes_nothing_and_says_so(changes: dict[str, object]) -> None:
    document = BRIDGE.model_copy(update=changes)
    assert idle(document, Control.JOINING)
    assert document.experiment(0).problem.coupling == IndependentSpec()
    assert asked(document) == asked(document.model_copy(update={"coupling": IndependentSpec()}))


def test_that_a_learned_flow_is_joined_as_the_exact_one_is() -> None:
    document = BRIDGE.model_copy(update={"view": LEARNED})
    assert not idle(document, Control.JOINING)
    assert document.experiment(0).problem.coupling == BridgeSpec()
    recipe = learning.recipe_of(document.experiment(0))
    assert recipe.problem.coupling == BridgeSpec()
    assert recipe == learning.recipe_of(document)
    reflowed = document.model_copy(update={"training": TrainingSpec(reflow=2)})
    assert learning.recipe_of(reflowed) == recipe


@pytest.mark.parametrize("coupling", [IndependentSpec(), IndependentSpec(noise=0.5), BridgeSpec()])
def test_that_flow_and_score_asks_for_noise_on_the_way_and_then_tells_the_score(coupling: object) -> None:
    document = BRIDGE.model_copy(
        update={
            "view": LEARNED,
            "coupling": coupling,
            "dynamics": SDESpec(),
            "training": TrainingSpec(objective=Objective.SF2M),
        }
    )
    session = Session(FakeEngine(), document, print)
    session.tick(0.0)
    notes = [note for note in guardrails(document, session.results) if note.section is Section.FIELD]
    needs = [note for note in notes if note.remedy is Remedy.BRIDGE]
    assert bool(needs) is (coupling == IndependentSpec())
    assert learning.has_score(document.experiment(0))
    if needs:
        assert needs[0].text.startswith("Flow and score matching learns from noise")
        remedies.apply(session, needs[0])
        mended = session.store.document
        assert mended.experiment(0).coupling == BridgeSpec()
        assert not any(n.remedy is Remedy.BRIDGE for n in guardrails(mended, session.results))
    session.close()


@pytest.mark.parametrize("field", list(FieldChoice))
@pytest.mark.parametrize("motion", [ReverseSDESpec(), ProbabilityFlowSpec()], ids=lambda m: m.kind)
def test_that_no_field_of_a_bridge_undoes_a_noising_and_that_is_told_once(
    motion: object, field: FieldChoice
) -> None:
    changes = {
        "view": ViewSpec(panes=(PaneSpec(field=field),)),
        "dynamics": motion,
        "training": TrainingSpec(objective=Objective.SF2M),
    }
    document = BRIDGE.model_copy(update=changes)
    notes = [note for note in hopeless(document.experiment(0)) if note.section is Section.MOTION]
    assert [note.remedy for note in notes] == [Remedy.SHOW_ODE]
    assert "undoes the noising" in notes[0].text


def test_that_a_model_of_joined_ends_comes_back_from_its_file(tmp_path: Path) -> None:
    document = BRIDGE.model_copy(update={"view": LEARNED})
    flat = FrozenArray(np.zeros(8, np.float32))
    parts = (document.experiment(0).problem, document.training)
    model = LearnedModel(document.model, document.training.objective, flat, 7, *parts)
    save_models(tmp_path / "a.fmstudio", document, (model,))
    _, (found,) = open_file(tmp_path / "a.fmstudio")
    assert found.problem == model.problem
    assert learning.recipe_of_model(found) == learning.recipe_of(document.experiment(0))


def test_that_what_independence_alone_defines_is_not_offered_of_a_bridge() -> None:
    session = Session(FakeEngine(), BRIDGE, print)
    session.tick(0.0)
    experiment, means = BRIDGE.experiment(0), session.planner.panes[0].available
    session.close()
    assert Quantity.NAIVE_AVERAGE not in choices.arrows(experiment, means)
    assert Quantity.SCORE in choices.arrows(experiment, means)
    assert DensityMethod.NAIVE_ERROR not in choices.densities(experiment, means)
    assert {DensityMethod.EXACT, DensityMethod.RESIDUAL, DensityMethod.LIKELIHOOD} <= set(
        choices.densities(experiment, means)
    )


def test_that_a_bridge_is_not_guided() -> None:
    document = BRIDGE.model_copy(update={"guidance": GuidanceSpec(label=1)})
    assert document.experiment(0).guidance is None
    assert "independent ends" in idle(document, Control.GUIDANCE)


@pytest.mark.parametrize("spec", JOININGS)
def test_that_a_coupling_is_chosen_in_every_pane_and_undone(spec: type[JoiningBase]) -> None:
    shown = (PaneSpec(dynamics=ODESpec()), PaneSpec(coupling=BridgeSpec(sigma=2.0)))
    session = Session(FakeEngine(), Document(view=ViewSpec(panes=shown)), print)
    before = session.store.document
    panes.choose_new(session, "coupling", spec)
    after = session.store.document
    assert all(after.experiment(i).coupling == spec() for i in range(len(after.view.panes)))
    session.store.undo()
    assert session.store.document == before
    session.close()


def test_that_every_coupling_says_its_facts() -> None:
    for spec in JOININGS:
        assert all((spec.title, spec.formula, spec.caption, spec.sources))
        assert bool(spec().called) is not spec.is_independent
        assert all(citation.reference.title for citation in spec.sources)


def test_that_the_view_holds_the_noise_on_the_way() -> None:
    boxes = [
        fitted(Document(coupling=coupling)).half
        for coupling in (IndependentSpec(), BridgeSpec(sigma=2.0), BridgeSpec(sigma=5.0))
    ]
    assert boxes == sorted(boxes)
    assert boxes[2] > 1.5 * boxes[0]
