"""The fitted view shows all that belongs to a scene."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest

from fmstudio.document.document import Document
from fmstudio.document.gallery import ENTRIES, Entry
from fmstudio.document.specs.distribution import (
    Component,
    DistributionSpec,
    DrawnSpec,
    GaussianMixtureSpec,
    PointsSpec,
    RingSpec,
    UniformSquareSpec,
    built_in,
)
from fmstudio.document.specs.dynamics import (
    BrownianMotionSpec,
    LinearFlowSpec,
    NoisingSpec,
    OrnsteinUhlenbeckSpec,
)
from fmstudio.document.specs.path import PATHS, VESpec
from fmstudio.document.specs.view import CameraSpec, PaneSpec, ViewSpec
from fmstudio.engine.inline import InlineEngine
from fmstudio.engine.messages import SamplesRequest, TrajectoriesRequest
from fmstudio.studio import commands, learning
from fmstudio.studio.fit import camera_of, extent_of, fitted, scene_extent
from fmstudio.studio.session import Session

KINDS = get_args(get_args(DistributionSpec)[0])
SHIFTED = np.random.default_rng(0).normal((40.0, -7.0), (0.5, 3.0), (400, 2))
MORE = {"points": PointsSpec(points=SHIFTED), "drawn": DrawnSpec(half=5.0)}  # type: ignore[arg-type]


def answer(request: SamplesRequest | TrajectoriesRequest) -> np.ndarray:
    engine = InlineEngine()
    try:
        job = engine.submit("test", request)
        while engine.busy:
            engine.poll()
        return np.array(job.result.values)
    finally:
        engine.close()


def share_inside(points: np.ndarray, box: tuple[float, float, float, float]) -> float:
    x0, y0, x1, y1 = box
    x, y = points.reshape(-1, 2).T
    return float(((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)).mean())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.model_fields["kind"].default)
def test_that_every_distribution_knows_where_it_lies(kind: type) -> None:
    name = kind.model_fields["kind"].default
    spec = MORE.get(name) or (GaussianMixtureSpec() if name == "gaussian-mixture" else built_in(name))
    if name == "drawn":
        assert spec.extent().box == (-5.0, -5.0, 5.0, 5.0)
        return
    box = spec.extent().box
    points = answer(SamplesRequest(spec, 4000, seed=0))[0]
    assert share_inside(points, box) > 0.985
    sides = np.ptp(points, axis=0) / (box[2] - box[0], box[3] - box[1])
    assert (sides > 0.7).all(), "the box is no larger than need be"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_that_a_gallery_entry_is_fitted_and_each_pane_shows_source_path_and_target(entry: Entry) -> None:
    document = entry.make()
    assert document.view.camera is None
    camera = camera_of(document)
    for index in range(len(document.view.panes)):
        experiment = document.experiment(index)
        x0, y0, x1, y1 = extent_of(experiment).box
        assert max(x1 - camera.x, camera.x - x0, y1 - camera.y, camera.y - y0) <= camera.half
        dynamics = experiment.dynamics
        ends = [experiment.source.extent().box] if dynamics.follows_source else []
        ends += [experiment.target.extent().box] if dynamics.follows_target else []
        for end in ends:
            assert (x0, y0) <= (end[0] + 1e-9, end[1] + 1e-9)
            assert (x1, y1) >= (end[2] - 1e-9, end[3] - 1e-9)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_that_the_particles_of_a_gallery_entry_stay_in_the_fitted_view(entry: Entry) -> None:
    document, camera = entry.make(), camera_of(entry.make())
    box = (camera.x - camera.half, camera.y - camera.half, camera.x + camera.half, camera.y + camera.half)
    for index in range(len(document.view.panes)):
        e = document.experiment(index)
        simulation = e.simulation.model_copy(update={"particles": 200})
        guide = None if e.is_learned or learning.needs_classifier(e) else learning.learned(e, {}).guide
        moving = TrajectoriesRequest(e.problem, e.dynamics, simulation, None, guide)
        states = answer(moving)
        if np.isfinite(states).all():
            assert share_inside(states, box) > 0.99


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.model_fields["kind"].default)
@pytest.mark.parametrize("source", [built_in("standard-normal"), UniformSquareSpec(half=3.0)])
def test_that_the_view_includes_where_a_path_starts(path: type, source) -> None:
    document = Document(path=path(), source=source)
    x0, _, x1, _ = scene_extent(document).box
    start = fitted(document).half
    reach = source.extent().x.high
    beta = 5.0 if path is VESpec else 1.0
    assert x1 - x0 >= 2 * beta * reach * 0.99
    assert start < 1.25 * (beta * reach + document.target.extent().x.high)


def test_that_the_opening_view_is_what_it_was() -> None:
    assert fitted(Document()) == CameraSpec(x=0.0, y=0.0, half=3.2)


def test_that_a_process_takes_the_view_where_its_law_goes() -> None:
    still = GaussianMixtureSpec(components=(Component(mean=(1.0, 0.0), cov=(1e-4, 0.0, 1e-4)),))

    def width(dynamics) -> float:
        x0, _, x1, _ = scene_extent(Document(source=still, dynamics=dynamics)).box
        return x1 - x0

    assert width(BrownianMotionSpec(duration=4.0)) == pytest.approx(2 * 3 * 2.0, rel=0.01)
    assert width(LinearFlowSpec(theta=-1.0, duration=2.0)) == pytest.approx(math.e**2 * 1.03 - 0.97, rel=0.01)
    settled = OrnsteinUhlenbeckSpec(theta=1.0, sigma=1.0, duration=20.0)
    assert width(settled) == pytest.approx(2 * 3 / math.sqrt(2), rel=0.1)
    assert fitted(Document(dynamics=LinearFlowSpec(theta=-3.0, duration=20.0))).half <= 500.0
    noised = Document(dynamics=NoisingSpec(), path=VESpec(sigma_max=4.0))
    assert fitted(noised).half >= 12.0


def test_that_panes_share_one_view_that_shows_what_is_in_any_of_them() -> None:
    panes = (PaneSpec(target=RingSpec(radius=0.5)), PaneSpec(target=RingSpec(radius=8.0)))
    assert fitted(Document(view=ViewSpec(panes=panes))).half >= 8.0


def test_that_a_camera_that_somebody_moved_stays_until_the_view_is_fitted(session: Session) -> None:
    commands.move_camera(session, 1.0, 2.0, 0.5)
    commands.set_field(session, "target", RingSpec(radius=9.0), "Choose target")
    assert camera_of(session.store.document) == CameraSpec(x=1.0, y=2.0, half=0.5)
    commands.fit_camera(session)
    assert camera_of(session.store.document).half >= 9.0
    commands.set_field(session, "target", RingSpec(radius=4.0), "Choose target")
    assert 4.0 <= camera_of(session.store.document).half < 9.0


def test_that_the_view_rests_when_a_drawing_begins(session: Session) -> None:
    before = camera_of(session.store.document)
    commands.start_drawing(session)
    assert camera_of(session.store.document) == before


@pytest.fixture
def session():
    from tests.fakes import FakeEngine

    session = Session(FakeEngine(), Document(), lambda _sentence: None)
    yield session
    session.close()
