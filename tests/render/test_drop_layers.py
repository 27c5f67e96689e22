"""Ways of dropped particles in a scene: of those that are there, on the way, in the colours of the ends."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.document import Document
from fmstudio.engine.client import Job
from fmstudio.render.palette import DARK
from fmstudio.render.presenter import Presenter
from fmstudio.render.scene import PointLayer, TrailLayer
from fmstudio.studio import commands
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def session(engine):
    session = Session(engine, Document(), print)
    commands.set_field(session, "simulation.steps", 4, "Steps")
    yield session
    session.close()


def answer(session, engine) -> Job:
    """Straight ways to the right, x = 8 t: five states and the particle's own."""
    session.tick(0.0)
    job = engine.in_lane("drops/0")[-1]
    for number, drop in enumerate(job.request.drops):
        times = np.sort([0, 0.25, 0.5, 0.75, 1, drop.t])
        job.result.write(number, np.stack([8 * times, np.full(6, drop.y)], -1)[None].astype(np.float32))
    engine.finish(job)
    session.tick(0.0)
    return job


def layers(session, t, kind):
    scene = Presenter(session.stage).scene(session.store.document, t, DARK)
    return [layer for layer in scene.panes[0].layers if isinstance(layer, kind)]


def test_that_what_was_before_is_amber_and_what_comes_is_cyan(session, engine):
    session.playback.seek(0.4)
    commands.drop(session, 3.2, 1.0)
    answer(session, engine)
    past, future = (layer for layer in layers(session, 0.4, TrailLayer) if layer.width == 2.0)
    np.testing.assert_allclose(past.points[0, :3, 0], [0, 2, 3.2], rtol=1e-6)
    assert np.isnan(past.points[0, 3:]).all()
    np.testing.assert_allclose(future.points[0, 2:, 0], [3.2, 4, 6, 8], rtol=1e-6)
    assert np.isnan(future.points[0, :2]).all()
    assert tuple(past.colours[0, :3]) != tuple(future.colours[0, :3])


@pytest.mark.parametrize("t", [0.0, 0.1, 0.4, 0.45, 0.9, 1.0])
def test_that_the_particle_moves_along_its_way_as_time_goes(session, engine, t):
    session.playback.seek(0.4)
    commands.drop(session, 3.2, 1.0)
    answer(session, engine)
    now = [
        layer for layer in layers(session, t, PointLayer) if layer.colour == DARK.text and layer.size == 8.0
    ]
    np.testing.assert_allclose(now[0].points, [[8 * t, 1.0]], rtol=1e-5, atol=1e-6)


def test_that_a_ring_is_there_at_once_and_no_way_of_a_particle_that_is_gone(session, engine):
    commands.drop(session, 0.0, 1.0)
    answer(session, engine)
    assert layers(session, 0.0, TrailLayer)
    commands.drop(session, 0.0, -1.0)
    session.tick(0.0)
    assert layers(session, 0.0, TrailLayer) == []
    assert all(tuple(layer.points[0]) == (0.0, -1.0) for layer in layers(session, 0.0, PointLayer))
    answer(session, engine)
    assert layers(session, 0.0, TrailLayer)
    commands.clear_drops(session)
    session.tick(0.0)
    assert layers(session, 0.0, TrailLayer) == layers(session, 0.0, PointLayer) == []
