"""Laws of every path over the whole range of its settings: the map is that of the curve, whatever its clock,
and particles that start from p_0 end at p_1, or are refused in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import get_args

import torch
from torch import Tensor

from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.distribution import DistributionSpec, FiveModesSpec, StandardNormalSpec
from fmstudio.document.specs.path import ScheduleSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.engine.messages import TrajectoriesRequest
from fmstudio.engine.worker import build, motions
from fmstudio.flows.measures.metrics import w2
from fmstudio.flows.motion.dynamics import FlowODE
from fmstudio.flows.motion.fields import ExactField
from fmstudio.flows.motion.resolution import TooCoarse
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import RK4, SOLVERS
from fmstudio.flows.paths.schedules import CondOT, Cosine, LinearVP, Polynomial, Schedule
from fmstudio.verify.law import Measured, law, seeded, worst
from fmstudio.verify.paths import exact, points
from fmstudio.verify.ranges import PATHS_AT_THEIR_RANGES

PARTICLES = 300
ODE_SOLVERS, SDE_SOLVERS = get_args(m.ODESolver), get_args(m.SDESolver)
MOVING: tuple[m.DynamicsSpec, ...] = (
    *(m.ODESpec(solver=solver) for solver in ODE_SOLVERS),
    m.ProbabilityFlowSpec(),
    *(
        m.SDESpec(solver=solver, sigma=sigma, profile=profile)
        for solver in SDE_SOLVERS
        for sigma in (1.0, 5.0)
        for profile in m.SigmaProfile
    ),
    *(m.ReverseSDESpec(solver=solver) for solver in SDE_SOLVERS),
)
"""Every motion along a path, by every solver and profile."""
TARGET: DistributionSpec = FiveModesSpec()


def end_of(path: ScheduleSpec, dynamics: m.DynamicsSpec, steps: int) -> Tensor | None:
    """Where the engine's particles end, or None if it refuses these steps."""
    simulation = m.SimulationSpec(steps=steps, particles=PARTICLES)
    request = TrajectoriesRequest(Problem(StandardNormalSpec(), TARGET, path), dynamics, simulation)  # type: ignore[arg-type]
    try:
        motion = motions.motion(request)
    except TooCoarse:
        return None
    *_, end = (state for state in motion.states(seeded(3), PARTICLES) if state is not None)
    return end


@cache
def _drawn(beta: float) -> tuple[Tensor, float]:
    """Exact draws of p_1 = p_data blurred by ``beta``, and the W2 floor of so many."""
    target = build.distribution(TARGET)
    draws = [
        target.sample(PARTICLES, seeded(seed)) + beta * torch.randn(PARTICLES, 2, generator=seeded(seed + 9))
        for seed in range(5)
    ]
    floors = [w2(draws[0], other) for other in draws[1:]]
    return draws[0], max(floors)


def distance(path: ScheduleSpec, end: Tensor) -> float:
    """W2 to p_1 in units of what exact draws score. Infinite for what ran away."""
    if not bool((end.abs() < 1e4).all()):
        return float("inf")
    draws, floor = _drawn(float(build.schedule(path).beta(1.0)))
    return w2(end, draws) / floor


def _ratios(steps: int) -> Iterator[float]:
    for path in PATHS_AT_THEIR_RANGES:
        for dynamics in MOVING:
            end = end_of(path, dynamics, steps)
            yield 0.0 if end is None else distance(path, end)


@law(
    "schedules",
    "All paths at both ends of their settings, every solver and σ: 30 steps end at p_1 or are refused",
    "twice the largest of 4 floors",
)
def paths_end_at_their_target() -> Measured:
    return Measured(max(_ratios(30)), 2.0)


@law(
    "schedules",
    "The same in 10 steps",
    "twice the largest of 4 floors",
)
def paths_end_at_their_target_in_few_steps() -> Measured:
    return Measured(max(_ratios(10)), 2.0)


def _end(schedule: Schedule, solver: str, x: Tensor, times: list[float]) -> Tensor:
    *_, end = simulate(FlowODE(ExactField(exact(schedule))), SOLVERS[solver](), x, times)
    return end


SAME = [
    *((Polynomial(n), CondOT()) for n in (0.25, 0.5, 2.0, 8.0)),
    (LinearVP(), Cosine()),
]


@law(
    "schedules",
    "A schedule with its clock changed has the same map: tⁿ and CondOT, linear VP and cosine",
    "error of 100 Heun steps that are uneven by the clock",
)
def maps_do_not_depend_on_the_clock() -> Measured:
    x, times, gaps = points(64, 12), [k / 100 for k in range(101)], []
    for schedule, other in SAME:
        gaps.append(_end(schedule, "heun", x, times) - _end(other, RK4.name, x, times))
    return Measured(worst(*gaps), 0.1)
