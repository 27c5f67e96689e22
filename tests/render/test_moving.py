"""Layers of what moves: coupling lines, whole paths, warped grids, and panes that stop early."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs.dynamics import InterpolantSpec, NoisingSpec, SimulationSpec
from fmstudio.document.specs.view import LayersSpec, PaneSpec, ViewSpec
from fmstudio.render.palette import DARK
from fmstudio.render.presenter import Presenter
from fmstudio.render.scene import ParticleLayer, TrailLayer
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine

NOTHING = LayersSpec(density=False, particles=False, trajectories=False, field=False)


def settled(*panes: PaneSpec, **changes: object) -> Session:
    """A session in which everything that these panes ask for is there (as noise)."""
    simulation = SimulationSpec(steps=20, particles=100)
    document = Document(simulation=simulation, view=ViewSpec(panes=panes), **changes)  # type: ignore[arg-type]
    engine = FakeEngine()
    session = Session(engine, document, lambda _sentence: None)
    for _ in range(3):
        session.tick(0.0)
        engine.finish_all()
    session.tick(0.0)
    return session


def layers(session: Session, t: float, pane: int = 0) -> tuple[object, ...]:
    return Presenter(session.stage).scene(session.store.document, t, DARK).panes[pane].layers


def values(session: Session, lane: str) -> np.ndarray:
    return session.results.slots[lane].job.result.values


def test_that_coupling_lines_join_the_ends_of_their_pairs() -> None:
    session = settled(PaneSpec(layers=NOTHING.model_copy(update={"couplings": True})))
    (line,) = layers(session, 0.3)
    assert isinstance(line, TrailLayer)
    assert not line.fade
    np.testing.assert_array_equal(line.points.transpose(1, 0, 2), values(session, "pairs/0"))
    assert len(line.colours) == len(line.points)


def test_that_coupling_lines_stay_one_array_while_time_runs() -> None:
    session = settled(PaneSpec(layers=NOTHING.model_copy(update={"couplings": True})))
    presenter = Presenter(session.stage)
    first, second = (presenter.scene(session.store.document, t, DARK).panes[0].layers[0] for t in (0.1, 0.9))
    assert isinstance(first, TrailLayer)
    assert isinstance(second, TrailLayer)
    assert first.points is second.points


def test_that_a_grid_stands_where_its_flow_has_carried_it() -> None:
    session = settled(PaneSpec(layers=NOTHING.model_copy(update={"grid": True})))
    (grid,) = layers(session, 0.525)
    assert isinstance(grid, TrailLayer)
    states = values(session, "grid/0")
    expected = 0.5 * (states[10] + states[11])
    np.testing.assert_allclose(grid.points.reshape(-1, 2), expected, atol=1e-6)


def test_that_whole_paths_begin_at_the_start_and_do_not_fade() -> None:
    session = settled(PaneSpec(layers=NOTHING.model_copy(update={"paths": True})))
    (path,) = layers(session, 0.6)
    assert isinstance(path, TrailLayer)
    assert not path.fade
    np.testing.assert_array_equal(path.points[:, 0], values(session, "trajectories/0")[0])


@pytest.mark.parametrize(("t", "shown"), [(0.2, 0.2), (0.9, 0.4), (1.0, 0.4)])
def test_that_a_pane_goes_no_further_than_it_says(t: float, shown: float) -> None:
    only = NOTHING.model_copy(update={"particles": True})
    session = settled(PaneSpec(layers=only, until=0.4), PaneSpec(layers=only))
    early, late = (layers(session, t, pane)[0] for pane in (0, 1))
    assert isinstance(early, ParticleLayer)
    assert isinstance(late, ParticleLayer)
    states = values(session, "trajectories/0")
    np.testing.assert_array_equal(early.a, states[min(int(20 * shown + 1e-9), 19)])
    np.testing.assert_array_equal(late.a, states[min(int(20 * t + 1e-9), 19)])


def test_that_a_scene_has_the_clock_of_its_motion() -> None:
    session = settled(PaneSpec(), dynamics=NoisingSpec())
    scene = Presenter(session.stage).scene(session.store.document, 0.25, DARK)
    assert (scene.clock.words(scene.t), scene.clock.start) == ("s = 0.25", "data")


def test_that_pairs_say_that_no_solver_ran() -> None:
    session = settled(PaneSpec(), dynamics=InterpolantSpec())
    pane = Presenter(session.stage).scene(session.store.document, 0.5, DARK).panes[0]
    assert "no solver" in pane.subtitle
