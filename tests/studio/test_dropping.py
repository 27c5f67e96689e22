"""Dropped particles in the document, and what a pane asks and says of them."""

from __future__ import annotations

import pytest

from fmstudio.document import files
from fmstudio.document.document import Document
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.view import MOST_DROPS
from fmstudio.engine.messages import DropsRequest
from fmstudio.studio import commands
from fmstudio.studio.dropping import WAYS, told
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode, Place
from tests.fakes import FakeEngine


@pytest.fixture
def session():
    session = Session(FakeEngine(), Document(), print)
    yield session
    session.close()


def drops(session):
    return session.store.document.view.drops


def test_that_a_particle_takes_the_place_of_those_before_or_joins_them(session, tmp_path):
    session.playback.seek(0.25)
    commands.drop(session, 1.0, 2.0)
    commands.drop(session, 3.0, 4.0)
    assert [(drop.x, drop.y, drop.t) for drop in drops(session)] == [(3.0, 4.0, 0.25)]
    commands.drop(session, 5.0, 6.0, among=True)
    assert [drop.x for drop in drops(session)] == [3.0, 5.0]
    files.save(tmp_path / "a.fmstudio", session.store.document)
    assert files.load(tmp_path / "a.fmstudio")[0].view.drops == drops(session)
    commands.clear_drops(session)
    assert drops(session) == ()
    session.store.undo()
    assert [drop.x for drop in drops(session)] == [3.0, 5.0]


def test_that_the_oldest_makes_room(session):
    for k in range(MOST_DROPS + 3):
        commands.drop(session, float(k), 0.0, among=True)
    assert [drop.x for drop in drops(session)] == [float(k) for k in range(3, MOST_DROPS + 3)]


def test_that_the_probe_stays_with_the_newest_particle_until_it_is_gone(session):
    session.tools.choose_mode(Mode.PROBE)
    session.tools.hover(Place(0.5, 0.5, 0))
    assert session.probed == Place(0.5, 0.5, 0)
    commands.drop(session, 1.0, 2.0)
    session.tools.hover(None)
    assert session.probed == Place(1.0, 2.0, 0)
    session.tools.choose_mode(Mode.LOOK)
    assert session.probed is None
    session.tools.choose_mode(Mode.PROBE)
    session.store.undo()
    assert session.probed is None


def asked(session) -> DropsRequest | None:
    session.tick(0.0)
    return session.planner.wanted.get("drops/0")


@pytest.mark.parametrize("kind", [*m.DYNAMICS, *m.MORE_DYNAMICS], ids=lambda kind: kind.__name__)
def test_that_each_motion_is_asked_what_it_can_tell_and_says_so(session, kind):
    commands.set_field(session, "dynamics", kind(), "Choose dynamics")
    assert asked(session) is None
    commands.drop(session, 0.5, 0.0)
    request, words = asked(session), told(session.store.document.experiment(0), asked(session))
    if kind is m.InterpolantSpec:
        assert request is None
        assert words.startswith("Each particle is put on its line")
        return
    assert request.ways == (WAYS if kind().draws_noise else 1)
    assert request.tells_past is (kind not in (m.LangevinSpec, m.AnnealedLangevinSpec))
    assert ("pasts" in words) is (request.ways > 1 and request.tells_past)
    assert ("no past" in words) is not request.tells_past


def test_that_more_particles_change_nothing_of_what_is_asked(session):
    commands.drop(session, 0.5, 0.0)
    before = asked(session)
    commands.set_field(session, "simulation.particles", 5000, "Particles")
    assert asked(session) == before
