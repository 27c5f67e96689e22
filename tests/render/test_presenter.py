"""Results and a time become layers: which rows, which weight, which words."""

import numpy as np
import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs.colouring import ParticleColour
from fmstudio.document.specs.dynamics import LangevinSpec, ODESpec, SDESpec
from fmstudio.document.specs.path import VPSpec
from fmstudio.document.specs.view import LAYERS, FieldChoice, LayersSpec, PaneSpec, ViewSpec
from fmstudio.engine.messages import Refusal
from fmstudio.render.palette import DARK
from fmstudio.render.presenter import DIMMED, Presenter
from fmstudio.render.scene import ArrowLayer, DensityLayer, ParticleLayer, PointLayer, TrailLayer
from fmstudio.studio import commands, panes
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def session(engine):
    return Session(engine, Document(), lambda _sentence: None)


def _settle(session, engine):
    for _ in range(4):
        session.tick(0.0)
        engine.finish_all()
    session.tick(0.0)


def _layer(session, kind, t, presenter=None):
    presenter = presenter or Presenter(session.stage)
    pane = presenter.scene(session.store.document, t, DARK).panes[0]
    return next((layer for layer in pane.layers if isinstance(layer, kind)), None)


def test_that_layers_stand_from_back_to_front(session, engine):
    commands.toggle_layer(session, 0, "data")
    _settle(session, engine)
    layers = Presenter(session.stage).scene(session.store.document, 0.4, DARK).panes[0].layers
    assert [type(layer) for layer in layers] == [
        DensityLayer,
        ArrowLayer,
        PointLayer,
        TrailLayer,
        ParticleLayer,
    ]


@pytest.mark.parametrize("name", LAYERS)
def test_that_every_layer_alone_is_drawn_and_told_in_the_legend(engine, name):
    only = LayersSpec.model_validate({layer: layer == name for layer in LAYERS})
    session = Session(engine, Document(view=ViewSpec(panes=(PaneSpec(layers=only),))), lambda _sentence: None)
    _settle(session, engine)
    pane = Presenter(session.stage).scene(session.store.document, 0.4, DARK).panes[0]
    assert pane.layers
    assert pane.legend


@pytest.mark.parametrize("t", [0.0, 0.31, 0.5, 0.999, 1.0])
def test_that_particles_stand_where_the_simulation_has_them(session, engine, t):
    _settle(session, engine)
    values = session.results.slots["trajectories/0"].job.result.values
    layer = _layer(session, ParticleLayer, t)
    place = t * (len(values) - 1)
    low = min(int(place), len(values) - 2)
    expected = values[low] + (place - low) * (values[low + 1] - values[low])
    shown = (1 - layer.weight) * layer.a + layer.weight * layer.b
    assert np.allclose(shown, expected, atol=1e-5)


def test_that_a_frame_between_two_states_hands_over_the_same_arrays(session, engine):
    _settle(session, engine)
    presenter = Presenter(session.stage)
    one = _layer(session, ParticleLayer, 0.501, presenter)
    two = _layer(session, ParticleLayer, 0.503, presenter)
    assert one.a is two.a
    assert one.b is two.b
    assert one.colours is two.colours
    assert one.weight != two.weight


def test_that_trails_end_at_their_particles(session, engine):
    _settle(session, engine)
    particles, trails = _layer(session, ParticleLayer, 0.37), _layer(session, TrailLayer, 0.37)
    shown = (1 - particles.weight) * particles.a + particles.weight * particles.b
    assert np.allclose(trails.points[:, -1], shown[: len(trails.points)], atol=1e-5)


def test_that_the_density_is_of_the_moment_even_where_rows_came_in_another_order(session, engine):
    session.playback.seek(0.5)
    session.tick(0.0)
    job = engine.in_lane("density/0")[-1]
    for position, row in enumerate(job.request.order):
        job.result.write(position, np.full(job.result.shape[1:], float(row), np.float32))
    for t in (0.0, 0.26, 1.0):
        layer = _layer(session, DensityLayer, t)
        shown = (1 - layer.weight) * layer.a.mean() + layer.weight * layer.b.mean()
        assert shown == pytest.approx(t * (len(job.request.times) - 1), abs=1e-4)


def test_that_half_a_result_shows_the_nearest_moment_there_is(session, engine):
    session.tick(0.0)
    job = engine.in_lane("density/0")[-1]
    job.result.write(0, np.full(job.result.shape[1:], 7.0, np.float32))
    layer = _layer(session, DensityLayer, 0.9)
    assert layer.a.mean() == 7.0


def test_that_arrows_keep_their_direction(session, engine):
    _settle(session, engine)
    job = session.results.slots["field/0"].job
    row = job.result.values[job.request.order.index(24)].reshape(-1, 2)
    arrows = _layer(session, ArrowLayer, 0.5).vectors
    cosine = (row * arrows).sum(1) / (np.linalg.norm(row, axis=1) * np.linalg.norm(arrows, axis=1))
    assert np.allclose(cosine, 1, atol=1e-4)


def test_that_the_legend_says_how_a_density_was_obtained(session, engine):
    _settle(session, engine)

    def words():
        pane = Presenter(session.stage).scene(session.store.document, 0.5, DARK).panes[0]
        return " ".join(f"{entry.name} {entry.text}" for entry in pane.legend)

    assert "density exact pₜ" in words()
    commands.set_field(session, "dynamics", LangevinSpec(), "Choose dynamics")
    _settle(session, engine)
    assert "exact p_data" in words()
    assert "score" in words()


def test_that_a_pane_without_a_model_says_so(session):
    commands.single_pane(session, FieldChoice.LEARNED)
    session.tick(0.0)
    pane = Presenter(session.stage).scene(session.store.document, 0.5, DARK).panes[0]
    assert "Train" in pane.notice


def test_that_a_refusal_is_told_in_the_pane(session, engine):
    session.tick(0.0)
    engine.refuse(engine.in_lane("trajectories/0")[-1], "Too few steps here.", Refusal.BAD_INPUT)
    session.tick(0.0)
    pane = Presenter(session.stage).scene(session.store.document, 0.5, DARK).panes[0]
    assert pane.notice == "Too few steps here."


@pytest.mark.parametrize("choice", list(ParticleColour))
def test_that_every_colouring_gives_each_particle_an_opaque_colour(session, engine, choice):
    commands.set_field(session, "view.particle_colour", choice, "Colour")
    _settle(session, engine)
    layer = _layer(session, ParticleLayer, 0.5)
    assert layer.colours.shape == (len(layer.a), 4)
    assert (layer.colours[:, 3] == 255).all()


def test_that_a_layer_with_a_mistake_stops_no_other_and_is_told_once(session, engine, monkeypatch):
    _settle(session, engine)
    told: list[str] = []
    presenter = Presenter(session.stage, told.append)

    def broken(*_args):
        raise ValueError("an odd array")

    monkeypatch.setattr(presenter._backdrop, "field", broken)
    for _ in range(3):
        pane = presenter.scene(session.store.document, 0.5, DARK).panes[0]
        assert {type(layer) for layer in pane.layers} == {DensityLayer, TrailLayer, ParticleLayer}
        assert "The field cannot be drawn (ValueError: an odd array)" in pane.notice
    assert len(told) == 1


def test_that_a_film_fails_rather_than_lack_a_layer(session, engine, monkeypatch):
    _settle(session, engine)
    presenter = Presenter(session.stage)
    monkeypatch.setattr(presenter._moving, "particles", lambda *_args: [].pop())
    with pytest.raises(IndexError):
        presenter.scene(session.store.document, 0.5, DARK)


def test_that_an_old_picture_is_faint_under_its_own_words_with_a_reason(session, engine):
    _settle(session, engine)
    commands.set_field(session, "dynamics", LangevinSpec(), "Choose dynamics")
    presenter = Presenter(session.stage)
    for seconds, opacity, waits in ((0.01, 1.0, False), (0.5, DIMMED, True)):
        session.tick(seconds)
        pane = presenter.scene(session.store.document, 0.5, DARK).panes[0]
        particles = next(layer for layer in pane.layers if isinstance(layer, ParticleLayer))
        assert pane.title == "ODE"
        assert particles.is_waiting
        assert particles.opacity == opacity
        assert bool(pane.waiting) is waits
    assert "the particles" in pane.waiting
    _settle(session, engine)
    pane = presenter.scene(session.store.document, 0.5, DARK).panes[0]
    assert pane.title == "Langevin"
    assert pane.waiting == ""
    assert not any(layer.is_waiting for layer in pane.layers)


@pytest.mark.parametrize("rows", [0, 1, 61])
@pytest.mark.parametrize("t", [0.0, 0.5, 1.0])
def test_that_a_legend_speaks_of_what_is_drawn_or_asked(session, engine, rows, t):
    """Also of an old picture of which a part never came."""
    session.tick(0.0)
    for lane in ("density/0", "field/0"):
        engine.finish(engine.in_lane(lane)[-1])
    engine.fill(engine.in_lane("trajectories/0")[-1], rows)
    session.tick(0.0)
    panes.choose(session, "path", VPSpec(), "Choose")
    presenter = Presenter(session.stage)
    for seconds in (0.01, 0.5):
        session.tick(seconds)
        pane = presenter.scene(session.store.document, t, DARK).panes[0]
        answered = {layer.answers for layer in pane.layers} | set(session.planner.wanted.values())
        assert {entry.answers for entry in pane.legend} <= answered | {None}


def test_that_contours_alone_ask_for_the_density_and_draw_no_colours(engine):
    only = LayersSpec.model_validate({layer: layer == "contours" for layer in LAYERS})
    session = Session(engine, Document(view=ViewSpec(panes=(PaneSpec(layers=only),))), lambda _sentence: None)
    _settle(session, engine)
    layer = _layer(session, DensityLayer, 0.4)
    assert (layer.fills, layer.contours) == (False, True)
    commands.toggle_layer(session, 0, "density")
    _settle(session, engine)
    layer = _layer(session, DensityLayer, 0.4)
    assert (layer.fills, layer.contours) == (True, True)


@pytest.mark.parametrize(("t", "row"), [(0.0, 0), (0.19, 0), (0.2, 1), (0.39, 1), (0.99, 4), (1.0, 5)])
def test_that_particles_rest_at_the_states_of_the_solver_where_that_is_asked(session, engine, t, row):
    commands.set_field(session, "simulation.steps", 5, "Steps")
    commands.set_field(session, "view.only_states", True, "Show solver states")
    _settle(session, engine)
    layer = _layer(session, ParticleLayer, t)
    shown = (1 - layer.weight) * layer.a + layer.weight * layer.b
    values = session.results.slots["trajectories/0"].job.result.values
    assert np.allclose(shown, values[row])
    tails = _layer(session, TrailLayer, t)
    assert np.allclose(tails.points[:, -1], values[row, : len(tails.points)])
    pane = Presenter(session.stage).scene(session.store.document, t, DARK).panes[0]
    assert any(entry.name == "states" for entry in pane.legend)


def test_that_reference_paths_are_of_the_same_particles_in_fine_steps(session, engine):
    commands.set_field(session, "dynamics", ODESpec(solver="euler"), "Choose dynamics")
    commands.set_field(session, "simulation.steps", 4, "Steps")
    commands.toggle_layer(session, 0, "reference")
    _settle(session, engine)
    asked = engine.in_lane("reference/0")[-1].request
    coarse = engine.in_lane("trajectories/0")[-1].request
    assert (asked.dynamics.solver, asked.simulation.steps) == ("rk4", 200)
    same = ("start_seed", "noise_seed")
    assert all(getattr(asked.simulation, s) == getattr(coarse.simulation, s) for s in same)
    pane = Presenter(session.stage).scene(session.store.document, 0.5, DARK).panes[0]
    (layer,) = (layer for layer in pane.layers if layer.answers == asked and isinstance(layer, TrailLayer))
    values = session.results.slots["reference/0"].job.result.values
    assert np.allclose(layer.points[:, 0], values[0])
    assert any(entry.name == "reference" for entry in pane.legend)
    commands.set_field(session, "dynamics", SDESpec(), "Choose dynamics")
    session.tick(0.0)
    assert "reference/0" not in session.planner.wanted


def test_that_a_field_may_be_streaks_instead_of_arrows(session, engine):
    commands.choose_streaks(session, 0, True)
    _settle(session, engine)
    pane = Presenter(session.stage).scene(session.store.document, 0.5, DARK).panes[0]
    assert not any(isinstance(layer, ArrowLayer) for layer in pane.layers)
    asked = engine.in_lane("field/0")[-1].request
    assert any(layer.answers == asked and isinstance(layer, TrailLayer) for layer in pane.layers)
    assert any(entry.name == "field" and "as streaks" in entry.text for entry in pane.legend)
