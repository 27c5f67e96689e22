"""Notes about motions: when they appear, what their buttons do, and when there is nothing to say."""

from __future__ import annotations

import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs import path as p
from fmstudio.document.specs.distribution import RingSpec
from fmstudio.engine.messages import Refusal
from fmstudio.studio.guardrails import Guardrail, Remedy, Section, guardrails
from fmstudio.studio.motions import pull
from fmstudio.studio.remedies import apply
from fmstudio.studio.session import Session
from tests.fakes import FakeEngine


def opened(dynamics: m.DynamicsSpec, path: p.PathSpec | None = None, steps: int = 100) -> Session:
    document = Document(
        dynamics=dynamics, path=path or p.CondOTSpec(), simulation=m.SimulationSpec(steps=steps)
    )
    return Session(FakeEngine(), document, lambda _sentence: None)


def notes(session: Session) -> tuple[Guardrail, ...]:
    return guardrails(session.store.document, session.results)


@pytest.mark.parametrize("kind", [*m.DYNAMICS, *m.MORE_DYNAMICS])
def test_that_a_motion_with_its_own_settings_and_enough_steps_needs_no_note(kind: type) -> None:
    assert notes(opened(kind(), p.VPSpec())) == ()


@pytest.mark.parametrize("path", [p.CondOTSpec(), p.CosineSpec(), p.LinearVPSpec()], ids=lambda s: s.kind)
def test_that_noising_along_a_path_without_end_says_so_and_offers_vp(path: p.PathSpec) -> None:
    session = opened(m.NoisingSpec(), path)
    (note,) = notes(session)
    assert path.title in note.text
    apply(session, note)
    assert session.store.document.path == p.VPSpec()
    assert notes(session) == ()


@pytest.mark.parametrize(
    ("dynamics", "steps"),
    [
        (m.LinearFlowSpec(theta=10.0, duration=5.0), 49),
        (m.OrnsteinUhlenbeckSpec(theta=4.0, duration=10.0), 39),
        (m.LinearSDESpec(a_0=0.0, a_1=-5.0, duration=4.0), 79),
        (m.NoisingSpec(), 9),
        (m.ReverseSDESpec(), 9),
        (m.SDESpec(sigma=4.0), 100),
        (m.AnnealedLangevinSpec(sigma=3.0, duration=20.0), 30),
    ],
)
def test_that_steps_that_overshoot_are_noted_and_mended(dynamics: m.DynamicsSpec, steps: int) -> None:
    session = opened(dynamics, p.VPSpec(), steps)
    (note,) = notes(session)
    assert note.section is Section.MOTION
    apply(session, note)
    assert not notes(session) or session.store.document.simulation.steps == 100


def test_that_a_push_outwards_does_not_overshoot() -> None:
    assert pull(m.LinearFlowSpec(theta=-3.0), p.VPSpec()) == 0
    assert pull(m.ODESpec(), p.VPSpec()) == 0


def test_that_the_pull_of_noising_is_that_of_its_path() -> None:
    assert pull(m.NoisingSpec(), p.VPSpec(beta_max=12.0)) == pytest.approx(6.0, rel=0.02)
    assert pull(m.NoisingSpec(), p.VESpec()) == 0


def test_that_a_process_needs_no_closed_form_of_the_path() -> None:
    session = opened(m.BrownianMotionSpec())
    session.store.edit(lambda d: d.model_copy(update={"source": RingSpec()}), "Ring")
    assert notes(session) == ()
    session.tick(0.0)
    assert "trajectories/0" in session.planner.wanted


def test_that_a_process_that_ran_off_offers_more_steps() -> None:
    session = opened(m.OrnsteinUhlenbeckSpec(theta=0.1), steps=20)
    engine = session.engine
    assert isinstance(engine, FakeEngine)
    session.tick(0.0)
    engine.refuse(engine.in_lane("trajectories/0")[-1], "They ran off.", Refusal.BAD_INPUT)
    session.tick(0.0)
    assert notes(session) == (Guardrail(Section.MOTION, "They ran off.", Remedy.MORE_STEPS, 100),)
