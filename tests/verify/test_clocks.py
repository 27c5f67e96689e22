"""Every path at both ends of its settings, every motion along it, few steps and many."""

from __future__ import annotations

import pytest

from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.distribution import (
    BUILT_INS,
    DistributionSpec,
    StandardNormalSpec,
    TwoMoonsSpec,
)
from fmstudio.document.specs.path import (
    CondOTSpec,
    CosineSpec,
    PolynomialSpec,
    ScheduleSpec,
    VESpec,
    VPSpec,
)
from fmstudio.document.specs.problem import Problem
from fmstudio.engine.messages import TrajectoriesRequest
from fmstudio.engine.worker.motions import motion
from fmstudio.flows.motion.resolution import TooCoarse
from fmstudio.verify.clocks import MOVING, distance, end_of
from fmstudio.verify.ranges import PATHS_AT_THEIR_RANGES, path_name

EVERY_TARGET = [target() for target in BUILT_INS]
every_path = pytest.mark.parametrize("path", PATHS_AT_THEIR_RANGES, ids=path_name)


@every_path
def test_that_every_motion_ends_at_p_1_or_is_refused(path: ScheduleSpec) -> None:
    wrong = {}
    for dynamics in MOVING:
        end = end_of(path, dynamics, 10)
        if end is not None and not (ratio := distance(path, end)) < 2:
            wrong[str(dynamics)] = ratio
    assert wrong == {}


SECOND_ORDER = (
    *(m.ODESpec(solver=solver) for solver in ("midpoint", "heun", "rk4")),
    m.ProbabilityFlowSpec(solver="heun"),
)
FIRST_ORDER = (
    m.ODESpec(solver="euler"),
    m.ProbabilityFlowSpec(solver="euler"),
    m.SDESpec(sigma=1.0),
    m.ReverseSDESpec(),
)
SPENT_IN_ONE_STEP = PolynomialSpec(n=0.25)
"""A hundred steps go a third of this way in the first."""


@every_path
def test_that_no_flow_of_second_order_and_no_gentle_noise_is_refused_in_100_steps(path: ScheduleSpec) -> None:
    for dynamics in (*SECOND_ORDER, *(FIRST_ORDER if path != SPENT_IN_ONE_STEP else ())):
        end = end_of(path, dynamics, 100)
        assert end is not None, dynamics
        assert distance(path, end) < 1.5, dynamics


@pytest.mark.parametrize("path", [CondOTSpec(), VPSpec(), VESpec(), CosineSpec()], ids=path_name)
@pytest.mark.parametrize("target", EVERY_TARGET, ids=lambda target: target.kind)
def test_that_euler_is_not_refused_from_ten_steps_on(path: ScheduleSpec, target: DistributionSpec) -> None:
    for steps in (10, 20, 50, 100):
        assert not is_refused(path, target, steps)


@pytest.mark.parametrize("target", EVERY_TARGET, ids=lambda target: target.kind)
def test_that_steps_that_are_taken_are_never_too_few_because_there_are_more(target: DistributionSpec) -> None:
    """Where some steps are enough, twice as many are, for every schedule that spends them unevenly."""
    for n in (0.25, 0.3, 0.5, 0.7, 2.0, 3.0, 8.0):
        refused = [is_refused(PolynomialSpec(n=n), target, steps) for steps in (8, 16, 32, 64, 128, 256, 512)]
        assert refused == sorted(refused, reverse=True)
        assert not refused[-1]


@pytest.mark.parametrize(
    ("n", "steps", "refused"),
    [
        (0.25, 100, True),
        (0.25, 500, False),
        (0.5, 10, True),
        (0.5, 20, False),
        (2.0, 10, False),
        (8.0, 20, True),
    ],
)
def test_that_uneven_steps_are_refused_where_they_miss_the_two_moons(
    n: float, steps: int, refused: bool
) -> None:
    """Twice the distance of exact draws, measured with 1,000 particles, is between."""
    assert is_refused(PolynomialSpec(n=n), TwoMoonsSpec(), steps) == refused


def is_refused(path: ScheduleSpec, target: DistributionSpec, steps: int) -> bool:
    simulation = m.SimulationSpec(steps=steps)
    request = TrajectoriesRequest(
        Problem(StandardNormalSpec(), target, path), m.ODESpec(solver="euler"), simulation
    )
    try:
        motion(request)
    except TooCoarse:
        return True
    return False


THOUSAND = (m.SDESpec(sigma=5.0), m.SDESpec(sigma=2.0, profile=m.SigmaProfile.CONSTANT), m.ReverseSDESpec())


@pytest.mark.parametrize("path", [CondOTSpec(), VPSpec(), VESpec(), PolynomialSpec(n=0.25)], ids=path_name)
def test_that_a_thousand_steps_resolve_more_noise(path: ScheduleSpec) -> None:
    for dynamics in THOUSAND:
        end = end_of(path, dynamics, 1000)
        assert end is not None, dynamics
        assert distance(path, end) < 1.5, dynamics
