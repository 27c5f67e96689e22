"""The coupling of the ends in a document: where it acts, what it leaves out, what it is called."""

from __future__ import annotations

import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.coupling import JOININGS, BridgeSpec, IndependentSpec, JoiningBase
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.dynamics import LangevinSpec, ODESpec
from fmstudio.document.specs.guidance import GuidanceSpec
from fmstudio.document.specs.path import CondOTSpec, VPSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec
from fmstudio.studio import choices, panes
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.fit import fitted
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

BRIDGE = Document(coupling=BridgeSpec(), path=VPSpec())


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
        {"view": ViewSpec(panes=(PaneSpec(field=FieldChoice.LEARNED),))},
    ],
    ids=["langevin", "learned"],
)
def test_that_where_the_coupling_is_idle_it_changes_nothing_and_says_so(changes: dict[str, object]) -> None:
    document = BRIDGE.model_copy(update=changes)
    assert idle(document, Control.JOINING)
    assert document.experiment(0).problem.coupling == IndependentSpec()
    assert asked(document) == asked(document.model_copy(update={"coupling": IndependentSpec()}))


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
