"""What the time read-out says, and what it does not pretend."""

from __future__ import annotations

import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.motion import Motion
from fmstudio.document.specs.view import PaneSpec, ViewSpec
from fmstudio.studio.clocks import PATH_CLOCK, clock, clock_of, finest_steps, path_time


def side_by_side(*dynamics: m.DynamicsSpec) -> Document:
    return Document(view=ViewSpec(panes=tuple(PaneSpec(dynamics=d) for d in dynamics)))


@pytest.mark.parametrize(
    ("dynamics", "words"),
    [
        (m.ODESpec(), "t = 0.50"),
        (m.InterpolantSpec(), "t = 0.50"),
        (m.LangevinSpec(duration=6.0), "s = 3.0 of 6"),
        (m.AnnealedLangevinSpec(duration=1.5), "s = 0.75 of 1.5"),
        (m.NoisingSpec(), "s = 0.50"),
        (m.BrownianMotionSpec(duration=3.0), "t = 1.5 of 3"),
        (m.OrnsteinUhlenbeckSpec(duration=1.0), "t = 0.50"),
    ],
)
def test_that_every_motion_tells_its_own_time(dynamics: m.DynamicsSpec, words: str) -> None:
    assert clock_of(dynamics).words(0.5) == words


@pytest.mark.parametrize("dynamics", [*m.DYNAMICS, *m.MORE_DYNAMICS])
def test_that_no_moment_needs_more_room_than_the_last(dynamics: type) -> None:
    own = clock_of(dynamics())
    assert all(len(own.words(k / 40)) <= len(own.words(1.0)) for k in range(41))


def test_that_noising_goes_from_the_data_to_the_noise() -> None:
    own = clock_of(m.NoisingSpec())
    assert (own.start, own.end) == ("data", "init")
    assert (own.start_role, own.end_role) == ("target", "source")


def test_that_a_process_ends_at_no_data() -> None:
    assert clock_of(m.LinearFlowSpec()).end != "data"


def test_that_panes_of_one_clock_share_it_and_others_count_parts_of_the_way() -> None:
    langevin = m.LangevinSpec(duration=5.0)
    assert clock(side_by_side(langevin, langevin.model_copy(update={"solver": "mala"}))) == clock_of(langevin)
    assert clock(side_by_side(m.ODESpec(), m.SDESpec(), langevin)) == PATH_CLOCK
    mixed = clock(side_by_side(m.BrownianMotionSpec(duration=3.0), m.BrownianMotionSpec(duration=2.0)))
    assert (mixed.words(0.42), mixed.end) == ("42 %", "T")
    assert clock(side_by_side(m.NoisingSpec(), m.BrownianMotionSpec())).words(1.0) == "100 %"


def test_that_the_span_is_told_where_it_is_not_that_of_a_path() -> None:
    assert clock_of(m.ODESpec()).span() == ""
    assert clock_of(m.LangevinSpec(duration=6.0)).span() == "s from 0 to 6"


def test_that_single_steps_are_those_of_the_pane_that_takes_most() -> None:
    panes = tuple(PaneSpec(simulation=m.SimulationSpec(steps=n)) for n in (8, 200, 20))
    assert finest_steps(Document(view=ViewSpec(panes=panes))) == 200


@pytest.mark.parametrize("kind", [*m.DYNAMICS, *m.MORE_DYNAMICS], ids=lambda kind: kind.__name__)
def test_that_the_time_of_the_path_runs_only_with_what_follows_it(kind: type[Motion]) -> None:
    document = Document(dynamics=kind())
    expected = None if not kind.follows_path else 0.75 if kind is m.NoisingSpec else 0.25
    assert path_time(document, 0.25) == expected


def test_that_beside_a_sampler_the_time_is_that_of_the_pane_that_follows_the_path() -> None:
    assert path_time(side_by_side(m.LangevinSpec(), m.ODESpec()), 0.25) == 0.25
    assert path_time(side_by_side(m.LangevinSpec(), m.NoisingSpec()), 0.25) == 0.75
    assert path_time(side_by_side(m.LangevinSpec(), m.BrownianMotionSpec()), 0.25) is None
