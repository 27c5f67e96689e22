"""Every kind of motion states what it follows, and what it does not follow changes nothing of a pane."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import ValidationError

from fmstudio.document.document import Document
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.distribution import RingSpec
from fmstudio.document.specs.guidance import GuidanceSpec
from fmstudio.document.specs.motion import Motion
from fmstudio.document.specs.path import VPSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec

KINDS = get_args(get_args(m.DynamicsSpec)[0])
FACTS = tuple(name for name in Motion.__annotations__ if name != "model_config")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_that_every_motion_states_every_fact(kind: type[Motion]) -> None:
    assert [fact for fact in FACTS if not hasattr(kind, fact)] == []
    assert kind in (*m.DYNAMICS, *m.MORE_DYNAMICS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_that_the_facts_of_a_motion_go_together(kind: type[Motion]) -> None:
    assert kind.follows_source or kind.follows_target
    assert not (kind.is_noisy and kind.is_flow)
    assert not kind.uses_field or (kind.follows_source and kind.follows_target and kind.follows_path)
    assert not kind.ends_at_target or kind.follows_target
    assert kind.is_process is (kind.moved_by == "drift")
    assert kind.by_equation is (kind().pairs is None)
    assert not (kind.is_steady and not kind.is_autonomous)
    assert not kind.fades or kind.follows_path


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_that_what_a_motion_does_not_follow_changes_nothing_of_its_pane(kind: type[Motion]) -> None:
    def same(**changes: object) -> bool:
        plain = Document(dynamics=kind())
        return plain.experiment(0) == plain.model_copy(update=changes).experiment(0)

    learned = ViewSpec(panes=(PaneSpec(field=FieldChoice.LEARNED),))
    assert same(source=RingSpec()) is not kind.follows_source
    assert same(target=RingSpec()) is not kind.follows_target
    assert same(path=VPSpec()) is not kind.follows_path
    assert same(guidance=GuidanceSpec()) is not kind.uses_field
    assert same(view=learned) is not kind.uses_field
    assert same(simulation=m.SimulationSpec(noise_seed=99)) is kind.is_flow


def test_that_every_solver_that_may_be_asked_for_has_a_title_of_its_own() -> None:
    asked = {name for kind in KINDS for name in get_args(kind.model_fields["solver"].annotation)}
    assert set(m.SOLVER_TITLES) == asked
    assert len(set(m.SOLVER_TITLES.values())) == len(asked)


def test_that_noise_of_size_zero_needs_no_seed() -> None:
    assert m.SDESpec().draws_noise
    assert not m.SDESpec(sigma=0.0).draws_noise
    assert not m.OrnsteinUhlenbeckSpec(sigma=0.0).draws_noise


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_that_every_motion_may_be_as_short_as_a_tenth(kind: type[Motion]) -> None:
    duration = kind.model_fields.get("duration")
    if duration is not None:
        assert kind(duration=0.1).duration == 0.1  # type: ignore[attr-defined, call-arg]
        with pytest.raises(ValidationError):
            kind(duration=0.09)  # type: ignore[call-arg]
