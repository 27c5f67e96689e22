"""What the colours of particles mean: each way to colour them, and its scale in the legend."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs.colouring import ParticleColour
from fmstudio.document.specs.dynamics import InterpolantSpec
from fmstudio.document.specs.training import Coupling
from fmstudio.render.palette import DARK, PALETTES
from fmstudio.render.particle_colours import density_colours, origin_colours, time_colours, wheel
from fmstudio.render.presenter import Presenter
from fmstudio.render.scene import ParticleLayer
from fmstudio.studio import commands
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine, settle


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def session(engine):
    session = Session(engine, Document(), print)
    yield session
    session.close()


def pane(session, t=0.5):
    return Presenter(session.stage).scene(session.store.document, t, DARK).panes[0]


def particles(session, t=0.5):
    return next(layer for layer in pane(session, t).layers if isinstance(layer, ParticleLayer))


def entry(session):
    return next(entry for entry in pane(session).legend if entry.name == "colour")


@pytest.mark.parametrize("choice", list(ParticleColour))
def test_that_the_legend_says_what_colours_mean_with_their_scale(session, engine, choice):
    commands.set_particles(session, colour=choice)
    settle(session, engine)
    told = entry(session)
    assert told.text == choice.facts.words
    has_none = choice in (ParticleColour.PLAIN, ParticleColour.LABEL)
    assert (told.scale is None) is has_none
    is_place = choice in (ParticleColour.ORIGIN, ParticleColour.END)
    assert has_none or told.scale.is_wheel is is_place
    early, late = particles(session, 0.2).colours, particles(session, 0.8).colours
    assert np.array_equal(early, late) is choice.facts.lasts


def test_that_what_is_asked_is_waited_for_in_the_colours_of_the_origin(session, engine):
    session.tick(0.0)
    settle(session, engine)
    before = particles(session).colours
    commands.set_particles(session, colour=ParticleColour.LOG_DENSITY)
    session.tick(0.0)
    np.testing.assert_array_equal(particles(session).colours, before)
    assert "until the log-density is known" in entry(session).text
    job = engine.in_lane("log-density/0")[-1]
    engine.finish(job)
    session.tick(0.0)
    np.testing.assert_array_equal(particles(session).colours, density_colours(job.result.values[30]))


def test_that_pairs_whose_law_is_their_own_have_no_log_density(session, engine):
    commands.set_field(session, "dynamics", InterpolantSpec(coupling=Coupling.OT), "Choose dynamics")
    commands.set_particles(session, colour=ParticleColour.LOG_DENSITY)
    settle(session, engine)
    assert engine.in_lane("log-density/0") == []
    assert entry(session).text == ParticleColour.ORIGIN.facts.words


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_that_the_wheel_has_the_colours_of_a_ring_of_particles(palette):
    angle = (np.arange(12) + 0.5) * np.pi / 6
    ring = np.stack([np.cos(angle), np.sin(angle)], -1).astype(np.float32)
    colours = origin_colours(ring, palette)
    assert wheel(palette) == tuple(f"#{r:02x}{g:02x}{b:02x}" for r, g, b, _ in colours)


def test_that_density_runs_from_low_to_high_and_nothing_unknown_is_high():
    colours = density_colours(np.array([-50.0, -2.0, -1.0, np.nan, -np.inf], np.float32)).astype(int)
    assert colours[2, 1] > colours[1, 1] > colours[0, 1]
    np.testing.assert_array_equal(colours[3], colours[4])
    np.testing.assert_array_equal(colours[3], colours[0])


def test_that_time_runs_from_the_sources_colour_to_the_targets():
    ends = [tuple(time_colours(1, t, DARK)[0, :3]) for t in (0.0, 1.0)]
    assert ends == [tuple(bytes.fromhex(colour[1:])) for colour in (DARK.source, DARK.target)]
