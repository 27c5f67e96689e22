"""Every path at both ends of its settings, every motion along it, few steps and many."""

from __future__ import annotations

import pytest

from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.path import CondOTSpec, PolynomialSpec, ScheduleSpec, VESpec, VPSpec
from fmstudio.verify.clocks import MOVING, distance, end_of
from fmstudio.verify.ranges import PATHS_AT_THEIR_RANGES, path_name

every_path = pytest.mark.parametrize("path", PATHS_AT_THEIR_RANGES, ids=path_name)


@every_path
def test_that_every_motion_ends_at_p_1_or_is_refused(path: ScheduleSpec) -> None:
    wrong = {}
    for dynamics in MOVING:
        end = end_of(path, dynamics, 10)
        if end is not None and not (ratio := distance(path, end)) < 2:
            wrong[str(dynamics)] = ratio
    assert wrong == {}


@every_path
def test_that_no_flow_of_second_order_and_no_gentle_noise_is_refused_in_100_steps(path: ScheduleSpec) -> None:
    flows = [m.ODESpec(solver=solver) for solver in ("euler", "midpoint", "heun", "rk4")]
    for dynamics in (*flows, m.ProbabilityFlowSpec(), m.SDESpec(sigma=1.0), m.ReverseSDESpec()):
        end = end_of(path, dynamics, 100)
        assert end is not None, dynamics
        assert distance(path, end) < 1.5, dynamics


THOUSAND = (m.SDESpec(sigma=5.0), m.SDESpec(sigma=2.0, profile=m.SigmaProfile.CONSTANT), m.ReverseSDESpec())


@pytest.mark.parametrize("path", [CondOTSpec(), VPSpec(), VESpec(), PolynomialSpec(n=0.25)], ids=path_name)
def test_that_a_thousand_steps_resolve_more_noise(path: ScheduleSpec) -> None:
    for dynamics in THOUSAND:
        end = end_of(path, dynamics, 1000)
        assert end is not None, dynamics
        assert distance(path, end) < 1.5, dynamics
