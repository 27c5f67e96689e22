"""The exact laws of linear processes, against their own particles and against each other."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, final

import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.motion.linear import (
    BrownianMotion,
    LinearDynamics,
    LinearFlow,
    LinearSDE,
    Noising,
    OrnsteinUhlenbeck,
)
from fmstudio.flows.motion.processes import Moments, ProcessSchedule, process_law
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import SOLVERS
from fmstudio.flows.paths.distributions import Distribution, UniformBox
from fmstudio.flows.paths.schedules import VE, VP, SubVP
from tests.flows.cases import small_cloud, small_lattice, standard_normal, three_modes, tilted

PROCESSES: dict[str, tuple[LinearDynamics, float]] = {
    "linear flow": (LinearFlow(0.8), 1.0),
    "brownian": (BrownianMotion(), 1.5),
    "ornstein-uhlenbeck": (OrnsteinUhlenbeck(0.7, 0.9), 2.0),
    "ou without pull": (OrnsteinUhlenbeck(0.0, 0.6), 1.0),
    "linear sde": (
        LinearSDE(lambda t: 0.5 - t, lambda t: torch.stack([1 + t, -(t**2)]), lambda t: 0.3 + 0.4 * t),
        1.6,
    ),
    "vp": (Noising(VP()), 0.7),
    "sub-vp": (Noising(SubVP()), 0.7),
    "ve": (Noising(VE(sigma_max=2.0)), 1.0),
}
STARTS: dict[str, Callable[[], Distribution]] = {
    "cloud": lambda: small_cloud(torch.float32),
    "tilted": lambda: tilted(torch.float32),
    "lattice": lambda: small_lattice(torch.float32),
    "box": lambda: UniformBox(1.2),
}
each_process = pytest.mark.parametrize("name", PROCESSES)
each_start = pytest.mark.parametrize("start", STARTS)
N = 20_000


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _grid(half: float, n: int) -> tuple[Tensor, float]:
    xs = torch.linspace(-half, half, n)
    return xs, (2 * half / (n - 1)) ** 2


@each_process
@each_start
def test_that_a_law_has_mass_1_and_the_moments_of_its_process(name: str, start: str) -> None:
    dynamics, duration = PROCESSES[name]
    law = process_law(STARTS[start](), dynamics, duration)
    xs, cell = _grid(14.0, 281)
    for t in (0.0, 0.4 * duration, duration):
        density = law.density_on_grid(xs, xs, t).double()
        assert bool((density >= 0).all())
        sharp_edges = start == "box" and float(dynamics.variance(t)) < cell
        assert float(density.sum() * cell) == pytest.approx(1, abs=0.15 if sharp_edges else 1e-3)
        draws = law.start.sample(N, _generator(1))
        mean = torch.stack([(density.sum(0) * xs).sum(), (density.sum(1) * xs).sum()]) * cell
        expected = dynamics.mean(draws, t).mean(0)
        spread = float((draws.var(0) * Moments.at(dynamics, t).growth ** 2).max().sqrt())
        torch.testing.assert_close(mean.float(), expected, atol=5 * spread / math.sqrt(N) + 2e-2, rtol=0)


@each_process
def test_that_particles_of_the_process_follow_its_law(name: str) -> None:
    """The mean of log p over particles is that over exact draws: -entropy, which no wrong scale leaves."""
    dynamics, duration = PROCESSES[name]
    law = process_law(three_modes(), dynamics, duration)
    solver = SOLVERS["stochastic-heun" if dynamics.is_stochastic else "rk4"]()
    times = torch.linspace(0, duration, 161, dtype=torch.float64)
    x = three_modes().sample(N, _generator(2))
    *_, end = simulate(dynamics, solver, x, times, _generator(3))
    exact = law.sample(N, duration, _generator(4))
    ours, theirs = law.log_prob(end, duration), law.log_prob(exact, duration)
    error = 5 * float(theirs.std()) * math.sqrt(2 / N)
    assert float(ours.mean()) == pytest.approx(float(theirs.mean()), abs=error)
    covariances = torch.cov(end.T), torch.cov(exact.T)
    torch.testing.assert_close(*covariances, rtol=0.06, atol=0.06 * float(covariances[1].trace()))


@each_start
def test_that_a_law_on_a_grid_is_the_law_at_its_points(start: str) -> None:
    dynamics, duration = PROCESSES["linear sde"]
    law = process_law(STARTS[start](), dynamics, duration)
    xs, ys = torch.linspace(-2, 3, 23), torch.linspace(-2.5, 2, 19)
    for t in (0.0, 0.7, duration):
        at = torch.cartesian_prod(ys, xs).flip(1)
        expected = law.log_prob(at, t).exp().reshape(19, 23)
        peak = float(expected.max())
        torch.testing.assert_close(law.density_on_grid(xs, ys, t), expected, atol=2e-3 * peak, rtol=2e-3)


def test_that_noising_passes_through_the_marginals_of_its_path_backwards() -> None:
    """VP: alpha_1 = 1 and beta_1 = 0, so that the law at s is p_t at t = 1 - s."""
    start, x = three_modes(), torch.randn(200, 2, generator=_generator(5))
    law, path = process_law(start, Noising(VP()), 1.0), marginal(standard_normal(), start, VP())
    for s in (0.0, 0.2, 0.6, 1.0):
        torch.testing.assert_close(law.log_prob(x, s), path.log_prob(x, 1 - s), atol=2e-3, rtol=1e-3)


def test_that_a_box_tends_to_itself_without_noise_and_to_a_normal_with_much() -> None:
    x = torch.tensor([[0.2, -1.0], [1.3, 0.0], [0.5, 0.5]])
    still = process_law(UniformBox(1.2), LinearFlow(0.5), 1.0)
    shrunk = 1.2 * math.exp(-0.5)
    inside = (x.abs() < shrunk).all(1)
    torch.testing.assert_close(still.log_prob(x, 1.0).exp(), torch.where(inside, (2 * shrunk) ** -2, 0.0))
    settled = process_law(UniformBox(1.2), OrnsteinUhlenbeck(1.0, 1.0), 12.0)
    normal = -x.square().sum(1) - math.log(math.pi)
    torch.testing.assert_close(settled.log_prob(x, 12.0), normal, atol=1e-4, rtol=1e-4)


@final
@dataclass(frozen=True)
class _Turning(LinearDynamics):
    """dX = J X dt, J a quarter turn: linear, and yet not by a number."""

    is_stochastic: ClassVar[bool] = False

    def drift(self, x: Tensor, t: float | Tensor) -> Tensor:  # noqa: ARG002
        return torch.stack([-x[:, 1], x[:, 0]], 1)

    def diffusion(self, t: float | Tensor) -> Tensor:  # noqa: ARG002
        return torch.tensor(0.0)

    def mean(self, x_0: Tensor, t: float) -> Tensor:
        return math.cos(t) * x_0 + math.sin(t) * self.drift(x_0, t)

    def variance(self, t: float) -> Tensor:  # noqa: ARG002
        return torch.tensor(0.0)


def test_that_what_turns_has_no_law_of_a_schedule_and_says_so() -> None:
    with pytest.raises(ValueError, match="_Turning multiplies X_0 by a matrix"):
        process_law(three_modes(), _Turning(), 1.0).log_prob(torch.zeros(1, 2), 0.5)


@each_process
def test_that_the_process_schedule_knows_its_own_slopes(name: str) -> None:
    dynamics, duration = PROCESSES[name]
    schedule, h = ProcessSchedule(dynamics, duration), 1e-5
    t = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64)
    for value, slope in (
        (schedule.alpha, schedule.dalpha),
        (lambda at: schedule.beta(at) ** 2 / 2, schedule.beta_dbeta),
    ):
        torch.testing.assert_close((value(t + h) - value(t - h)) / (2 * h), slope(t), rtol=2e-4, atol=2e-5)
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    assert bool(torch.isfinite(torch.stack([schedule.dbeta(ends), schedule.beta_wronskian(ends)])).all())


@pytest.mark.parametrize("duration", [0.0, -1.0, math.inf, math.nan])
def test_that_a_duration_must_be_positive(duration: float) -> None:
    with pytest.raises(ValueError, match="duration"):
        process_law(three_modes(), BrownianMotion(), duration)


def test_that_a_time_outside_the_duration_is_refused() -> None:
    law = process_law(three_modes(), BrownianMotion(), 2.0)
    with pytest.raises(ValueError, match=r"t must lie in \[0, 2\], got 2.5"):
        law.log_prob(torch.zeros(1, 2), 2.5)
