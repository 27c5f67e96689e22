"""A bridge pulls hard near its ends where they are narrow: its steps come to the target all the same."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from fmstudio.document.document import Document
from fmstudio.document.gallery_ends import heart
from fmstudio.document.portrait import cat
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.coupling import BridgeSpec, IndependentSpec, JoiningSpec, OptimalTransportSpec
from fmstudio.document.specs.distribution import RingSpec, StandardNormalSpec, TwoMoonsSpec
from fmstudio.document.specs.dynamics import ODESpec, SDESpec, SimulationSpec
from fmstudio.document.specs.motion import Motion
from fmstudio.document.specs.path import CondOTSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.engine.messages import TrajectoriesRequest
from fmstudio.engine.worker import build, motions
from fmstudio.flows.measures.metrics import w2
from fmstudio.flows.motion.clock import bridge_curve
from fmstudio.flows.motion.resolution import TooCoarse
from fmstudio.render.words import subtitle
from fmstudio.studio.resolve import Known, Look, resolve

MANY = 800
ENDS = {
    "heart to cat": (heart(), cat()),
    "cat to ring": (cat(), RingSpec()),
    "ring to heart": (RingSpec(), heart()),
    "moons to normal": (TwoMoonsSpec(), StandardNormalSpec()),
}


def off(request: TrajectoriesRequest) -> float:
    """W2 of the last state to the target, in floors."""
    *_, last = motions.motion(request).states(torch.Generator().manual_seed(1), 1 << 20)
    law, draws = build.distribution(request.problem.target), torch.Generator().manual_seed(5)
    y = law.sample(MANY, draws)
    return w2(last, y) / w2(law.sample(MANY, draws), y)


def asked(pair: str, sigma: float, motion: ODESpec | SDESpec, steps: int) -> TrajectoriesRequest:
    problem = Problem(*ENDS[pair], CondOTSpec()).joined(BridgeSpec(sigma=sigma))
    return TrajectoriesRequest(problem, motion, SimulationSpec(steps=steps, particles=MANY))


@pytest.mark.parametrize("pair", ENDS)
@pytest.mark.parametrize("sigma", [0.3, 1.5, 3.0])
@pytest.mark.parametrize("solver", ["euler", "heun", "rk4"])
def test_that_few_steps_of_a_bridge_come_to_the_target(pair: str, sigma: float, solver: str) -> None:
    assert off(asked(pair, sigma, ODESpec(solver=solver), 20)) < 1.5


@pytest.mark.parametrize("pair", ENDS)
@pytest.mark.parametrize("sigma", [0.3, 1.5])
@pytest.mark.parametrize("solver", ["euler-maruyama", "stochastic-heun"])
def test_that_a_noisy_bridge_comes_to_the_target_or_is_refused(pair: str, sigma: float, solver: str) -> None:
    try:
        far = off(asked(pair, sigma, SDESpec(sigma=sigma, solver=solver), 60))
    except TooCoarse:
        return
    assert far < 1.5


def test_that_the_states_of_a_bridge_are_those_at_the_times_asked_for() -> None:
    request = asked("cat to ring", 1.5, ODESpec(solver="heun"), 20)
    states = [s for s in motions.motion(request).states(torch.Generator(), 1 << 20) if s is not None]
    assert len(states) == 21
    bridge, draws = build.bridge(request.problem), torch.Generator().manual_seed(3)
    middle, others = (bridge.sample(MANY, 0.5, draws) for _ in range(2))
    assert w2(states[10], middle) < 1.5 * w2(others, middle)


def most_pieces(request: TrajectoriesRequest) -> int:
    """Solver steps that are taken from one state to the next, at most."""
    motion = motions.motion(request)
    strides = (motion.dynamics.stride(*pair) for pair in pairwise(motion.times))
    return max(1 if motion.solver.is_stochastic else stepped.pieces(at, dt) for stepped, at, dt in strides)


MOVING = [kind for kind in (*m.DYNAMICS, *m.MORE_DYNAMICS) if kind.by_equation]


@pytest.mark.parametrize("kind", MOVING, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("coupling", [IndependentSpec(), BridgeSpec(sigma=1.5), OptimalTransportSpec()])
def test_that_more_steps_than_are_shown_are_told_wherever_they_are_taken(
    kind: type[Motion], coupling: JoiningSpec
) -> None:
    document = Document(source=heart(), target=cat(), dynamics=kind(), coupling=coupling)
    experiment = document.experiment(0)
    simulation = SimulationSpec(steps=20, particles=100)
    try:
        taken = most_pieces(TrajectoriesRequest(experiment.problem, experiment.dynamics, simulation))
    except ValueError:
        return  # refused: nothing is shown
    told = subtitle(resolve(document, 0, Known(), Look()))
    assert ("steps or more" in told) is experiment.breaks_steps
    assert experiment.breaks_steps or taken == 1
    assert taken > 1 or (kind, coupling) != (ODESpec, BridgeSpec(sigma=1.5))


@pytest.mark.parametrize("sigma", [0.05, 1.0, 5.0])
@pytest.mark.parametrize("widths", [(1.0, 0.02), (0.02, 0.02), (0.02, 1.0)])
def test_that_a_bridge_s_clock_goes_there_and_back(sigma: float, widths: tuple[float, float]) -> None:
    curve = bridge_curve(sigma, widths)
    times = [k / 20 for k in range(21)]
    ticks = [curve.of(t) for t in times]
    assert [curve.back(tick) for tick in ticks] == pytest.approx(times, abs=1e-9)
    assert (ticks[0], ticks[-1]) == pytest.approx((0, 1))
    assert all(before < after for before, after in pairwise(ticks))
    slope = (curve.schedule.alpha(0.5 + 1e-6) - curve.schedule.alpha(0.5 - 1e-6)) / 2e-6
    assert float(curve.schedule.dalpha(0.5)) == pytest.approx(float(slope), rel=1e-4)
