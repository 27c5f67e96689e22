"""Reflow keeps both marginals and straightens the paths."""

from __future__ import annotations

import pytest
import torch

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.reflow import PairPool, reflow_pairs
from fmstudio.flows.learning.training import train
from fmstudio.flows.motion.dynamics import FlowODE
from fmstudio.flows.motion.fields import ExactField, Field, LearnedField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import Euler, Heun
from fmstudio.flows.paths.probability_path import ProbabilityPath
from fmstudio.flows.paths.schedules import FMOT, VE, VP, CondOT, Schedule, SubVP
from tests.flows.cases import standard_normal, three_modes


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _one_step_error(field: Field, x: torch.Tensor) -> float:
    """How far one Euler step ends from where the flow does: 0 for straight paths."""
    *_, coarse = simulate(FlowODE(field), Euler(), x, [0.0, 1.0])
    *_, fine = simulate(FlowODE(field), Heun(), x, [k / 50 for k in range(51)])
    return float((coarse - fine).square().sum(1).mean())


def test_that_reflow_straightens_the_paths_and_keeps_the_target() -> None:
    source, target, schedule = standard_normal(), three_modes(), CondOT()
    exact = ExactField(marginal(source, target, schedule))
    *waits, pool = reflow_pairs(exact, source.sample(6000, _generator(1)), steps=25)
    assert len(waits) == 26
    assert isinstance(pool, PairPool)
    network = MLP(32, 2)
    for _ in train(source, target, schedule, pool, network, steps=800, generator=_generator(2)):
        pass
    x = torch.randn(1000, 2, generator=_generator(3))
    straight = LearnedField(network, schedule)
    assert _one_step_error(straight, x) < 0.25 * _one_step_error(exact, x)
    *_, end = simulate(FlowODE(straight), Heun(), x, [k / 20 for k in range(21)])
    torch.testing.assert_close(end.std(0), target.sample(1000, _generator(4)).std(0), atol=0.12, rtol=0)


@pytest.mark.parametrize(
    "schedule",
    [CondOT(), FMOT(0.3), VP(0.1, 2.0), SubVP(0.1, 5.0), VE(0.1, 2.0)],
    ids=lambda s: type(s).__name__,
)
def test_that_the_paths_of_the_pairs_run_between_the_ends_of_the_flow(schedule: Schedule) -> None:
    source, target = standard_normal(), three_modes()
    path = ProbabilityPath(schedule)
    x_0, z = source.sample(4000, _generator(1)), target.sample(4000, _generator(2))
    start = path.x_t(x_0, z, 0.0)
    exact = ExactField(marginal(source, target, schedule))
    *_, pool = reflow_pairs(exact, start, steps=25)
    assert isinstance(pool, PairPool)
    torch.testing.assert_close(path.x_t(pool.x_0, pool.z, 0.0), start, atol=1e-4, rtol=1e-4)
    end, drawn = path.x_t(pool.x_0, pool.z, 1.0), path.x_t(x_0, z, 1.0)
    torch.testing.assert_close(end.mean(0), drawn.mean(0), atol=0.08, rtol=0)
    torch.testing.assert_close(end.std(0), drawn.std(0), atol=0.08, rtol=0)


def test_that_drawn_pairs_stay_together() -> None:
    x = torch.randn(50, 2, generator=_generator())
    a, b = PairPool(x, 2 * x).draw(200, _generator(1))
    assert torch.equal(b, 2 * a)


def test_that_bad_arguments_are_named() -> None:
    exact = ExactField(marginal(standard_normal(), three_modes(), CondOT()))
    with pytest.raises(ValueError, match="steps"):
        next(reflow_pairs(exact, torch.zeros(10, 2), steps=0))
    with pytest.raises(ValueError, match="shape"):
        PairPool(torch.zeros(3, 2), torch.zeros(4, 2))
