"""Panes that have a time or a view of their own."""

from __future__ import annotations

import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs.view import CameraSpec
from fmstudio.render.palette import DARK
from fmstudio.render.presenter import Presenter
from fmstudio.render.scene import ParticleLayer
from fmstudio.studio import commands
from fmstudio.studio.comparisons import COMPARISONS, compare
from fmstudio.studio.resolve import frame_of
from fmstudio.studio.session import Session
from fmstudio.studio.store import is_same_work
from tests.fakes import FakeEngine, settle

SOLVERS = next(one for one in COMPARISONS if one.id == "solvers")


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def session(engine):
    session = Session(engine, Document(), print)
    compare(session, SOLVERS)
    yield session
    session.close()


def scene(session):
    return Presenter(session.stage).scene(session.store.document, session.playback.t, DARK)


def weights(session):
    """Where each pane's particles are, as a state's number."""
    found = []
    for index, pane in enumerate(scene(session).panes):
        layer = next(layer for layer in pane.layers if isinstance(layer, ParticleLayer))
        values = session.results.slots[f"trajectories/{index}"].job.result.values
        low = next(row for row in range(len(values)) if (values[row] == layer.a).all())
        found.append(low + layer.weight)
    return found


def test_that_a_pane_that_is_held_stays_while_time_goes_on(session, engine):
    session.playback.seek(0.25)
    settle(session, engine)
    commands.hold_time(session, 1, True)
    session.playback.seek(0.75)
    settle(session, engine)
    assert weights(session) == pytest.approx([45, 15, 45])
    assert "held at t = 0.25" in scene(session).panes[1].subtitle
    asked = session.planner.wanted["density/1"]
    assert asked.first == frame_of(0.25)
    commands.drop(session, 0.5, 0.5, pane=1)
    assert session.store.document.view.drops[0].t == 0.25
    commands.hold_time(session, 1, False)
    settle(session, engine)
    assert weights(session) == pytest.approx([45, 45, 45])


def test_that_a_pane_with_its_own_view_looks_alone_and_asks_for_what_it_sees(session, engine):
    settle(session, engine)
    commands.own_view(session, 2, True)
    before = session.store.document
    commands.move_camera(session, 1.0, -1.0, 0.5, 2)
    commands.move_camera(session, 0.0, 0.5, 4.0, 0)
    view = session.store.document.view
    assert view.camera == CameraSpec(x=0.0, y=0.5, half=4.0)
    assert view.panes[2].camera == CameraSpec(x=1.0, y=-1.0, half=0.5)
    shown = scene(session)
    assert (shown.camera_in(0).half, shown.camera_in(2).half) == (4.0, 0.5)
    session.tick(0.0)
    grids = [session.planner.wanted[f"density/{pane}"].grid for pane in range(3)]
    assert (grids[0], grids[2].cx) == (grids[1], 1.0)
    assert is_same_work(session.store.document, before)
    commands.own_view(session, 2, False)
    assert scene(session).camera_in(2).half == 4.0


def test_that_looking_elsewhere_is_nothing_to_undo_in_such_a_pane_either(session):
    commands.own_view(session, 2, True)
    commands.set_field(session, "simulation.steps", 10, "Steps")
    commands.move_camera(session, 1.0, -1.0, 0.5, 2)
    session.store.undo()
    assert session.store.document.simulation.steps == 60
    assert session.store.document.view.panes[2].camera == CameraSpec(x=1.0, y=-1.0, half=0.5)
    session.store.undo()
    assert session.store.document.view.panes[2].camera is None


def test_that_fitting_such_a_pane_leaves_the_others(session):
    commands.move_camera(session, 3.0, 3.0, 1.0)
    commands.own_view(session, 1, True)
    commands.fit_camera(session, 1)
    view = session.store.document.view
    assert view.camera == CameraSpec(x=3.0, y=3.0, half=1.0)
    assert view.panes[1].camera.half > 2
    commands.fit_camera(session)
    assert session.store.document.view.camera is None
