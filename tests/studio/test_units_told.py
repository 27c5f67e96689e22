"""A file in other units is the same file: what is told of it changes as its units do, and no otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fmstudio.document.document import Document
from fmstudio.document.imports import import_points
from fmstudio.document.specs.distribution import PointsSpec, units_of
from fmstudio.document.specs.dynamics import ODESpec, SimulationSpec
from fmstudio.document.specs.training import Objective
from fmstudio.engine.client import InlineEngine, Job
from fmstudio.engine.messages import ProbeRequest
from fmstudio.render.figures import Distance, distance
from fmstudio.studio.probing import Probed, probed, told_in, units_told
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode, Place

OTHERS = [
    (1.0, (30.0, -20.0)),
    (1e-6, (0.0, 0.0)),
    (1e-2, (0.5, 0.5)),
    (100.0, (0.0, 7.0)),
    (1.0, (4e5, 5e6)),
]
"""(scale, offset) of the same points in other files"""
POINTS = np.random.default_rng(4).normal(size=(40, 2)) * (6.0, 5.0)
HERE = (0.4, -0.3)
"""of the plane"""


@pytest.fixture
def engine() -> Iterator[InlineEngine]:
    engine = InlineEngine()
    yield engine
    engine.close()


def imported(folder: Path, scale: float, offset: tuple[float, float]) -> PointsSpec:
    path = folder / "points.npy"
    np.save(path, scale * POINTS + offset)
    return import_points(path)


def told(engine: InlineEngine, target: PointsSpec) -> tuple[Probed, Distance]:
    """What the probe and the distance of a pane say."""
    simulation = SimulationSpec(particles=200, steps=5)
    document = Document(target=target, dynamics=ODESpec(), simulation=simulation)
    session = Session(engine, document, lambda _sentence: None)
    session.tools.choose_mode(Mode.PROBE)
    session.tools.hover(Place(*HERE, 0))
    session.playback.seek(0.7)
    found: Distance | None = None
    job: Job | None = None
    for _ in range(400):
        session.tick(0.0)
        standing = session.stage.panes[0]
        shown = standing.shown.get("probe")
        job = shown.job if shown is not None else None
        found = distance(standing)
        if job is not None and found is not None:
            break
    assert job is not None
    assert found is not None
    assert isinstance(job.request, ProbeRequest)
    here = told_in(units_told(job.request), probed(job.result.values.copy()))
    session.stage.clear()
    session.results.release_all()
    return here, found


@pytest.mark.parametrize(("scale", "offset"), OTHERS)
def test_that_figures_change_as_the_units_of_the_file(
    engine: InlineEngine, tmp_path: Path, scale: float, offset: tuple[float, float]
) -> None:
    one, one_distance = told(engine, imported(tmp_path, 1.0, (0.0, 0.0)))
    other, other_distance = told(engine, imported(tmp_path, scale, offset))
    near = {"rel": 2e-2}
    assert other_distance.w2 == pytest.approx(scale * one_distance.w2, **near)
    assert other_distance.floor == pytest.approx(scale * one_distance.floor, **near)
    assert other.density == pytest.approx(one.density / scale**2, **near)
    assert other.velocity == pytest.approx(scale * one.velocity, **near)
    assert other.score == pytest.approx(one.score / scale, **near)
    assert other.divergence == pytest.approx(one.divergence, **near)
    np.testing.assert_allclose(other.mean, scale * one.mean + offset, rtol=2e-2, atol=2e-2 * scale)


def test_that_a_density_is_told_per_area_of_the_file(tmp_path: Path) -> None:
    spec = imported(tmp_path, 1e-4, (3.0, 4.0))
    side = np.linspace(-5, 5, 201)
    x, y = np.meshgrid(side, side)
    plane = np.stack([x.ravel(), y.ravel()], -1)
    cloud, width = spec.points.values, spec.width + 0.1
    square = ((plane[:, None] - cloud) ** 2).sum(-1)
    density = np.exp(-square / (2 * width**2)).mean(1) / (2 * np.pi * width**2)
    own = spec.units.from_plane(plane)
    cell = (own[1, 0] - own[0, 0]) ** 2
    assert (spec.units.density(density) * cell).sum() == pytest.approx(1.0, rel=1e-3)


def test_that_losses_are_told_in_a_straight_line_of_those_of_the_plane(tmp_path: Path) -> None:
    units = imported(tmp_path, 1e-5, (0.0, 0.0)).units
    for objective in Objective:
        low, middle, high = (objective.facts.unit.in_units(loss, units) for loss in (0.0, 0.5, 1.0))
        assert middle == pytest.approx((low + high) / 2)


def test_that_a_file_in_the_units_of_the_plane_is_told_in_them_whatever_comes_from_elsewhere(
    tmp_path: Path,
) -> None:
    near = import_points(_saved(tmp_path / "near.npy", 0.2 * POINTS / 3))
    far = imported(tmp_path, 1e-6, (0.0, 0.0))
    assert near.units.are_plane
    assert units_of(near, far) == near.units
    assert units_of(far, near) == far.units


def _saved(path: Path, points: np.ndarray) -> Path:
    np.save(path, points)
    return path
