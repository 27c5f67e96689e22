from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec, PointsSpec
from fmstudio.document.specs.dynamics import DYNAMICS, MORE_DYNAMICS, LangevinSpec, ODESpec, SDESpec
from fmstudio.document.specs.path import CosineSpec, VPSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec
from fmstudio.studio import commands, panes
from fmstudio.studio.comparisons import COMPARISONS, compare
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

EVERY_DYNAMICS = [spec() for spec in (*DYNAMICS, *MORE_DYNAMICS)]
MOTIONS, EXACT_LEARNED = COMPARISONS[1], COMPARISONS[0]


@pytest.fixture
def session():
    session = Session(FakeEngine(), Document(), [].append)
    yield session
    session.close()


def test_that_what_is_shown_is_said_once(session):
    assert panes.summary(session.store.document, "dynamics") == "ODE"
    compare(session, EXACT_LEARNED)
    assert panes.summary(session.store.document, "dynamics") == "ODE"
    compare(session, MOTIONS)
    assert panes.summary(session.store.document, "dynamics") == "ODE · SDE · Langevin"


def test_that_a_drawing_and_a_file_are_said_by_name_in_every_pane_and_end():
    points = PointsSpec(points=FrozenArray(np.eye(2, dtype=np.float32)), name="cats.csv")
    two = (PaneSpec(), PaneSpec(target=points))
    document = Document(source=points, target=DrawnSpec(), view=ViewSpec(panes=two))
    assert panes.summary(document, "source") == "cats.csv"
    assert panes.summary(document, "target") == "Drawing · cats.csv"


def test_that_choosing_what_the_panes_differ_by_leaves_one_pane(session):
    compare(session, MOTIONS)
    panes.choose(session, "dynamics", SDESpec(sigma=2.0), "Choose SDE")
    document = session.store.document
    assert len(document.view.panes) == 1
    assert document.experiment(0).dynamics == SDESpec(sigma=2.0)
    session.store.undo()
    assert len(session.store.document.view.panes) == 3


def test_that_choosing_something_else_keeps_the_comparison(session):
    compare(session, EXACT_LEARNED)
    panes.choose(session, "path", CosineSpec(), "Choose path")
    document = session.store.document
    assert [pane.title for pane in document.view.panes] == ["Exact", "Learned"]
    assert panes.shown(document, "path") == (CosineSpec(),)


def test_that_a_parameter_reaches_every_pane_that_has_it_and_no_other(session):
    compare(session, MOTIONS)
    panes.set_everywhere(session, "dynamics", "sigma", 0.4, "Change noise")
    ode, sde, langevin = panes.shown(session.store.document, "dynamics")
    assert (ode, sde, langevin) == (ODESpec(), SDESpec(sigma=0.4), LangevinSpec(sigma=0.4))
    assert session.store.document.dynamics == ODESpec()


def test_that_a_drag_through_all_panes_is_one_undo_step(session):
    compare(session, MOTIONS)
    before = session.store.document
    for sigma in (0.2, 0.5, 0.9):
        panes.set_everywhere(session, "dynamics", "sigma", sigma, "Change noise", merge=True)
    session.store.undo()
    assert session.store.document == before


def test_that_a_value_out_of_range_changes_nothing(session):
    compare(session, MOTIONS)
    before = session.store.document
    with pytest.raises(ValidationError):
        panes.set_everywhere(session, "dynamics", "sigma", 99.0, "Change noise")
    assert session.store.document == before


def test_that_the_field_is_switched_in_all_panes_of_a_comparison(session):
    compare(session, MOTIONS)
    panes.show_field(session, FieldChoice.LEARNED)
    assert {pane.field for pane in session.store.document.view.panes} == {FieldChoice.LEARNED}
    assert len(session.store.document.view.panes) == 3


def test_that_one_field_of_both_is_one_pane(session):
    compare(session, EXACT_LEARNED)
    panes.show_field(session, FieldChoice.LEARNED)
    assert [pane.field for pane in session.store.document.view.panes] == [FieldChoice.LEARNED]


def test_that_paths_compared_side_by_side_are_all_replaced():
    view = ViewSpec(panes=(PaneSpec(title="VP", path=VPSpec()), PaneSpec(title="Cosine", path=CosineSpec())))
    session = Session(FakeEngine(), Document(view=view), [].append)
    panes.choose(session, "path", VPSpec(beta_max=5), "Choose path")
    assert panes.shown(session.store.document, "path") == (VPSpec(beta_max=5),)
    assert len(session.store.document.view.panes) == 1
    session.close()


@pytest.mark.parametrize("dynamics", EVERY_DYNAMICS, ids=lambda spec: spec.kind)
def test_that_fields_are_compared_only_where_they_move_something_whatever_comes_first(dynamics):
    """All panes of a comparison differ, or one sentence says why there is none."""
    told: list[str] = []
    for fields_first in (False, True):
        session = Session(FakeEngine(), Document(), told.append)
        if fields_first:
            compare(session, EXACT_LEARNED)
        panes.choose(session, "dynamics", dynamics, "Choose")
        if not fields_first:
            compare(session, EXACT_LEARNED)
        document = session.store.document
        titles = [pane.title for pane in document.view.panes]
        fields = [document.experiment(index).field for index in range(len(titles))]
        assert titles == ["Exact", "Learned"] if dynamics.uses_field else titles == [""]
        assert len(set(fields)) == len(fields)
        session.close()
    assert len(told) == (0 if dynamics.uses_field else 1)
    assert all("plays a part" in sentence for sentence in told)


@pytest.mark.parametrize("motion", [*DYNAMICS, *MORE_DYNAMICS])
def test_that_sigma_goes_along_to_a_motion_of_the_target_and_to_no_other(session, motion):
    """A process's σ is its own: it is no noise on the way to the target, and neither takes nor gives one."""
    as_it_comes, kind = motion(), str(motion.model_fields["kind"].default)
    has_sigma = "sigma" in motion.model_fields
    with_sigma = SDESpec(sigma=0.7)
    commands.set_field(session, "dynamics", with_sigma, "Choose dynamics")
    panes.choose_motion(session, kind)
    chosen = session.store.document.dynamics
    if has_sigma and not motion.is_process:
        assert chosen.sigma == 0.7
    elif motion is not SDESpec:
        assert chosen == as_it_comes
    panes.choose_motion(session, "sde")
    if has_sigma and motion.is_process:
        assert session.store.document.dynamics.sigma == SDESpec().sigma
