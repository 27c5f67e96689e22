"""Dropped particles: their ways go through where they were dropped, by the pane's own motion."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from fmstudio.document.specs import distribution as d
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.path import CondOTSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.view import DropSpec
from fmstudio.engine.client import InlineEngine, JobState
from fmstudio.engine.messages import DropsRequest, Row, TrajectoriesRequest
from fmstudio.engine.requests import drop_row

STEPS = 40
FIRST, SECOND = DropSpec(x=0.7, y=-0.4, t=0.5), DropSpec(x=-0.2, y=0.3, t=0.333)
MOVED = [kind for kind in (*m.DYNAMICS, *m.MORE_DYNAMICS) if kind is not m.InterpolantSpec]


@pytest.fixture(scope="module")
def engine() -> Iterator[InlineEngine]:
    engine = InlineEngine()
    yield engine
    engine.close()


def asked(dynamics: m.DynamicsSpec, *drops: DropSpec) -> DropsRequest:
    problem = Problem(d.StandardNormalSpec(), d.FiveModesSpec(), CondOTSpec())
    moving = TrajectoriesRequest(problem, dynamics, m.SimulationSpec(steps=STEPS, particles=100))
    return DropsRequest(moving, drops, 5 if dynamics.draws_noise else 1, dynamics.tells_past)


def ways(engine: InlineEngine, request: DropsRequest) -> Row:
    job = engine.submit("drops", request)
    engine.run_until_idle()
    assert job.state is JobState.DONE, job.message
    return job.result.values.copy()


@pytest.mark.parametrize("kind", MOVED, ids=lambda kind: kind.__name__)
def test_that_every_way_of_every_motion_goes_through_the_place(engine: InlineEngine, kind) -> None:
    found = ways(engine, asked(kind(), FIRST, SECOND))
    for way, drop in zip(found, (FIRST, SECOND), strict=True):
        row = drop_row(drop.t, STEPS)
        np.testing.assert_allclose(
            way[:, row], np.broadcast_to((drop.x, drop.y), way[:, row].shape), atol=1e-6
        )
        assert np.isfinite(way[:, row:]).all()
        assert np.isfinite(way[:, :row]).all() == kind().tells_past
    assert (np.std(found[:, :, -1], axis=1).max() > 0.01) == kind().draws_noise


def test_that_the_past_and_future_of_a_flow_are_a_particles_way(engine: InlineEngine) -> None:
    """A particle of the pane, dropped where it is half way, goes as it went."""
    request = asked(m.ODESpec(solver="euler"), FIRST)
    job = engine.submit("trajectories", request.moving)
    engine.run_until_idle()
    path = job.result.values[:, 3]
    there = DropSpec(x=float(path[20, 0]), y=float(path[20, 1]), t=0.5)
    way = ways(engine, DropsRequest(request.moving, (there,)))[0, 0]
    np.testing.assert_allclose(np.delete(way, 20, axis=0), path, atol=1e-4)


@pytest.mark.parametrize("kind", [m.SDESpec, m.LangevinSpec, m.BrownianMotionSpec])
def test_that_one_more_particle_leaves_the_ways_of_the_others_as_they_were(engine, kind) -> None:
    alone, among = ways(engine, asked(kind(), FIRST)), ways(engine, asked(kind(), FIRST, SECOND))
    np.testing.assert_array_equal(alone[0], among[0])


def test_that_a_particle_may_be_dropped_at_either_end(engine: InlineEngine) -> None:
    for dynamics in (m.ODESpec(), m.SDESpec(profile=m.SigmaProfile.CONSTANT)):
        found = ways(engine, asked(dynamics, *(DropSpec(x=1.0, y=0.0, t=t) for t in (0.0, 1.0))))
        assert np.isfinite(found).all()
        assert np.abs(found).max() < 6
        np.testing.assert_allclose(found[0, :, 0], found[0, :, 1])
        np.testing.assert_allclose(found[1, :, -1], found[1, :, -2])
