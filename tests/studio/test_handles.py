"""Taking hold of a mixture's normals, without a window."""

from __future__ import annotations

import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import (
    BUILT_INS,
    EightGaussiansSpec,
    FewNormals,
    FiveModesSpec,
    GaussianMixtureSpec,
    RingSpec,
    StandardNormalSpec,
)
from fmstudio.document.specs.dynamics import DYNAMICS, MORE_DYNAMICS
from fmstudio.document.specs.view import CameraSpec, PaneSpec, ViewSpec
from fmstudio.engine.worker import build
from fmstudio.studio import handles, panes
from fmstudio.studio.handles import HandleDrag
from fmstudio.studio.mixtures import Chosen, Hold
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

FEW = [spec for spec in BUILT_INS if issubclass(spec, FewNormals)]


@pytest.fixture
def session():
    session = Session(
        FakeEngine(), Document(source=GaussianMixtureSpec(), target=GaussianMixtureSpec()), print
    )
    session.tick(0.0)
    yield session
    session.close()


def _law(session, end="target"):
    return handles.mixture_at(session.store.document, end)


@pytest.mark.parametrize("end", handles.ENDS)
def test_that_a_drag_of_a_mean_is_one_named_step_at_its_own_end(session, end):
    before = session.store.document
    mean = _law(session, end).components[1].mean
    drag = HandleDrag(session, Hold(Chosen(end, 1)), (mean[0] + 0.02, mean[1]))
    for at in ((0.3, 0.1), (0.5, 0.2), (1.02, 0.5)):
        drag.reach(at)
        assert session.is_interacting
        assert _law(session, end).components[1].mean == pytest.approx((at[0] - 0.02, at[1]))
    drag.let_go()
    assert not session.is_interacting
    assert session.tools.chosen == Chosen(end, 1)
    assert session.store.undo() == f"Move Gaussian 2 of the {end}"
    assert session.store.document == before


def test_that_the_view_rests_under_a_drag_and_is_fitted_again_after_it(session):
    drag = HandleDrag(session, Hold(Chosen("target", 0)), _law(session).components[0].mean)
    drag.reach((9.0, 9.0))
    resting = session.store.document.view.camera
    drag.reach((20.0, 9.0))
    assert session.store.document.view.camera == resting is not None
    drag.let_go()
    assert session.store.document.view.camera is None
    looked = CameraSpec(x=1, y=0, half=2)
    session.store.look(looked)
    drag = HandleDrag(session, Hold(Chosen("target", 0)), (20.0, 9.0))
    drag.reach((0.0, 0.0))
    drag.let_go()
    assert session.store.document.view.camera == looked


def test_that_a_tip_follows_the_pointer_through_a_round_shape(session):
    session.tools.choose_normal(Chosen("target", 0))
    mean = _law(session).components[0].mean
    drag = HandleDrag(session, Hold(Chosen("target", 0), 1), (mean[0], mean[1] + 0.6))
    for length in (2.0, 0.6, 0.3, 1.4):
        drag.reach((mean[0], mean[1] + length))
        xx, xy, yy = _law(session).components[0].cov
        assert (xx, xy, yy) == pytest.approx((0.09, 0.0, (length / 2) ** 2), abs=1e-9)
    drag.let_go()
    assert session.store.undo_label == "Shape Gaussian 1 of the target"


def test_that_normals_are_added_and_removed_and_each_is_a_step(session):
    before = session.store.document
    handles.add_normal(session, "target", (0.1, 0.2))
    assert _law(session).components[-1].mean == (0.1, 0.2)
    assert session.tools.chosen == Chosen("target", 3)
    handles.remove_normal(session, Chosen("target", 3))
    assert session.tools.chosen == Chosen("target", 2)
    assert session.store.document == before
    assert session.store.undo() == "Remove Gaussian 4 of the target"
    assert session.store.undo() == "Add a Gaussian to the target"


def test_that_the_last_normal_stays_and_says_so():
    said = []
    session = Session(FakeEngine(), Document(target=GaussianMixtureSpec()), said.append)
    for _ in range(4):
        handles.remove_normal(session, Chosen("target", 0))
    assert len(_law(session).components) == 1
    assert len(said) == 2
    session.close()


def test_that_turns_of_the_wheel_are_one_step_until_the_store_settles(session):
    before = session.store.document
    for _ in range(3):
        handles.weigh(session, Chosen("target", 0), 1)
    session.store.settle()
    handles.weigh(session, Chosen("target", 0), -1)
    assert _law(session).components[0].weight == pytest.approx(handles.HEAVIER**2)
    session.store.undo()
    assert session.store.undo() == "Weigh Gaussian 1 of the target"
    assert session.store.document == before


def test_that_only_the_panes_that_show_it_follow():
    other = GaussianMixtureSpec(components=GaussianMixtureSpec().components[:2])
    view = ViewSpec(panes=(PaneSpec(), PaneSpec(target=other), PaneSpec(target=RingSpec())))
    session = Session(FakeEngine(), Document(target=GaussianMixtureSpec(), view=view), print)
    handles.add_normal(session, "target")
    targets = [session.store.document.experiment(i).target for i in range(3)]
    assert targets == [_law(session), other, RingSpec()]
    assert len(targets[0].components) == 4
    ends = frozenset(handles.ENDS)
    assert [list(handles.shown_in(session.store.document, i, ends)) for i in range(3)] == [["target"], [], []]
    session.close()


@pytest.mark.parametrize("motion", [*DYNAMICS, *MORE_DYNAMICS], ids=lambda motion: motion.__name__)
def test_that_just_an_end_that_plays_a_part_has_handles(motion):
    document = Document(source=GaussianMixtureSpec(), target=GaussianMixtureSpec(), dynamics=motion())
    for end, plays in (("source", motion.follows_source), ("target", motion.follows_target)):
        assert (handles.mixture_at(document, end) is not None) == plays


@pytest.mark.parametrize("spec", FEW, ids=lambda spec: spec.__name__)
def test_that_the_normals_of_a_law_are_that_law(spec):
    import torch

    own, mixed = (
        build.distribution(spec()),
        build.distribution(GaussianMixtureSpec(components=spec().normals())),
    )
    points = 3 * torch.randn((50, 2), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(own.log_prob(points), mixed.log_prob(points), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("spec", [EightGaussiansSpec, FiveModesSpec, StandardNormalSpec])
def test_that_a_law_of_a_few_normals_becomes_a_mixture_in_one_step(spec):
    session = Session(FakeEngine(), Document(target=spec()), print)
    handles.edit_as_mixture(session, "target")
    assert _law(session).components == spec().normals()
    assert session.tools.chosen == Chosen("target", 0)
    assert session.store.undo() == "Edit the target as a mixture"
    assert panes.shown(session.store.document, "target") == (spec(),)
    session.close()


def test_that_a_drag_outlives_what_it_holds(session):
    drag = HandleDrag(session, Hold(Chosen("target", 2)), (0.0, -1.2))
    drag.reach((0.1, -1.0))
    session.store.edit(lambda d: d.model_copy(update={"target": RingSpec()}), "Choose a ring")
    drag.reach((0.2, -1.0))
    drag.let_go()
    assert session.store.document.target == RingSpec()
