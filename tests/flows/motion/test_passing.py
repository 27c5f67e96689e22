"""Ways through given places: flows are taken back as they went, noise as the reversal of time says."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.motion.diffusion import ConstantSigma, Sigma, SqrtBetaSigma
from fmstudio.flows.motion.dynamics import FlowODE, SDEExtension
from fmstudio.flows.motion.fields import ExactField
from fmstudio.flows.motion.linear import LinearFlow, OrnsteinUhlenbeck
from fmstudio.flows.motion.passing import back_in_time, backward, onward, sweep
from fmstudio.flows.motion.processes import process_law
from fmstudio.flows.motion.simulate import FrozenNoise, simulate
from fmstudio.flows.motion.solvers import SOLVERS, EulerMaruyama
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.schedules import VP, CondOT, Schedule
from tests.flows.cases import standard_normal, three_modes

TIMES = [k / 20 for k in range(21)]
FINE = [k / 400 for k in range(401)]
WAYS = 20_000
FLOWS = [solver for solver in SOLVERS.values() if not solver.is_stochastic]


def _draws(seed: int):
    noise = FrozenNoise(torch.Generator().manual_seed(seed))
    return lambda number, n: noise.draw(number, n, 2, 2)


@pytest.mark.parametrize("solver", FLOWS, ids=lambda solver: solver.name)
@pytest.mark.parametrize("schedule", [CondOT(), VP()], ids=lambda schedule: type(schedule).__name__)
@pytest.mark.parametrize("t", [0.35, 0.42])
def test_that_the_solver_comes_from_the_pasts_start_to_the_place(solver, schedule: Schedule, t: float):
    """Also where its steps are coarse, and the place is between two of its states."""
    flow = FlowODE(ExactField(marginal(standard_normal(), three_modes(), schedule)))
    x = torch.tensor([[0.6, -0.3], [1.5, 1.0]], dtype=torch.float64)
    times = [at for at in TIMES if at < t - 1e-9] + [t]
    *_, start = sweep(backward(flow, solver()), x, [t] * 2, times[::-1])
    *_, there = simulate(flow, solver(), start, times)
    torch.testing.assert_close(there, x, rtol=0, atol=2e-5)


def test_that_points_join_when_their_time_comes_and_not_before() -> None:
    flow, x = LinearFlow(1.0), torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    states = list(sweep(onward(flow, SOLVERS["rk4"](), None, 1), x, [0.0, 0.12, 1.0], TIMES))
    known = torch.stack([~torch.isnan(state[:, 0]) for state in states])
    assert known.int().argmax(0).tolist() == [0, 3, 20]
    assert bool((known.int().diff(dim=0) >= 0).all())
    expected = x * torch.exp(torch.tensor([-1.0, -0.88, 0.0]))[:, None]
    torch.testing.assert_close(states[-1], expected, rtol=1e-4, atol=1e-4)


# ---- under noise ---------------------------------------------------------------------------------------


def _growth(schedule: Schedule, sigma: Sigma, width: float, grid: Tensor) -> tuple[Tensor, Tensor]:
    """From one normal to another p_t = N(0, v_t), and the SDE is linear: a = (v' - sigma^2) / 2v. The
    integral of a from the first of ``grid``, and v."""
    v = (schedule.alpha(grid) * width).square() + schedule.beta(grid).square()
    drift = torch.gradient(v, spacing=(grid,))[0] - sigma(grid).square()
    return torch.cat([torch.zeros(1).double(), torch.cumulative_trapezoid(drift / (2 * v), grid)]), v


@pytest.mark.parametrize(
    "sigma", [ConstantSigma(0.7), SqrtBetaSigma(1.0, CondOT())], ids=lambda s: type(s).__name__
)
def test_that_futures_and_pasts_have_the_law_of_the_sde_given_where_it_is(sigma: Sigma) -> None:
    """From N(0, 1) to N(0, w^2) any two moments are jointly normal: mean and variance are known."""
    width, t, place = 0.6, 0.5, torch.tensor([0.8, -0.5])
    target = GaussianMixture(torch.ones(1), torch.zeros(1, 2), width**2 * torch.eye(2)[None])
    field = ExactField(marginal(standard_normal(), target, CondOT()))
    sde, x = SDEExtension(field, sigma), place.repeat(WAYS, 1)
    grid = torch.linspace(t, 1, 2001, dtype=torch.float64)
    integral, v = _growth(CondOT(), sigma, width, grid)
    *_, ends = sweep(onward(sde, EulerMaruyama(), _draws(1), 1), x, [t] * WAYS, FINE)
    _require_law(ends, place * float(integral[-1].exp()), float(v[-1] - v[0] * (2 * integral[-1]).exp()))

    grid = torch.linspace(0, t, 2001, dtype=torch.float64)
    integral, v = _growth(CondOT(), sigma, width, grid)
    shrink = float(integral[-1].exp() * v[0] / v[-1])
    back = back_in_time(sde, field.score, _draws(2), lambda _t, _after: 1)
    *_, starts = sweep(back, x, [t] * WAYS, FINE[::-1])
    _require_law(starts, place * shrink, float(v[0] - shrink**2 * v[-1]))


def test_that_the_past_of_a_process_has_its_law() -> None:
    """Ornstein-Uhlenbeck from N(0, 1): X_0 given X_t is normal (6.S184 notes, Ex 1.2)."""
    process, place, t = OrnsteinUhlenbeck(1.5, 1.0), torch.tensor([0.4, 0.9]), 0.6
    law = process_law(standard_normal(), process, 1.0)
    growth = float(process.mean(torch.ones(1, 2), t)[0, 0])
    variance = growth**2 + float(process.variance(t))
    back = back_in_time(process, law.score, _draws(3), lambda _t, _after: 1)
    *_, starts = sweep(back, place.repeat(WAYS, 1), [t] * WAYS, FINE[::-1])
    _require_law(starts, place * growth / variance, 1 - growth**2 / variance)


def _require_law(x: Tensor, mean: Tensor, variance: float) -> None:
    spread = variance**0.5
    torch.testing.assert_close(x.mean(0), mean, rtol=0, atol=5 * spread / WAYS**0.5 + 4e-3)
    torch.testing.assert_close(x.var(0), torch.full((2,), variance), rtol=0.05, atol=2e-3)
