"""Law 4 (observed order of convergence) and the algorithm behind each name."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.motion.dynamics import Dynamics, FlowODE, Langevin
from fmstudio.flows.motion.fields import ExactField
from fmstudio.flows.motion.linear import LinearFlow, OrnsteinUhlenbeck
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import MALA, SOLVERS, EulerMaruyama, Solver, StochasticHeun
from fmstudio.flows.paths.schedules import CondOT
from tests.flows.cases import standard_normal, three_modes


def _end(dynamics: Dynamics, solver: Solver, x: Tensor, steps: int, duration: float) -> Tensor:
    *_, last = simulate(dynamics, solver, x, torch.linspace(0, duration, steps + 1, dtype=torch.float64))
    return last


@pytest.mark.parametrize("name", [name for name, solver in SOLVERS.items() if not solver.is_stochastic])
def test_that_an_ode_solver_converges_with_its_order(name: str) -> None:
    field = ExactField(marginal(standard_normal(torch.float64), three_modes(torch.float64), CondOT()))
    x = torch.randn(64, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    dynamics, solver = FlowODE(field), SOLVERS[name]()
    reference = _end(dynamics, SOLVERS["rk4"](), x, 400, 0.8)
    steps = (40, 80) if solver.order >= 4 else (80, 160)
    coarse, fine = ((_end(dynamics, solver, x, n, 0.8) - reference).abs().mean() for n in steps)
    observed = math.log2(float(coarse / fine))
    assert observed == pytest.approx(solver.order, abs=0.25)


def _step_is_linear(solver: Solver, dynamics: Dynamics, t: float, dt: float) -> tuple[float, float]:
    """(a, b) of x' = a x + b noise, read off the solver."""
    one, nothing = torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    return (
        float(solver.step(dynamics, one, t, dt, nothing)),
        float(solver.step(dynamics, nothing, t, dt, one)),
    )


@pytest.mark.parametrize(
    "name", [name for name, solver in SOLVERS.items() if solver.is_stochastic and solver is not MALA]
)
def test_that_an_sde_solver_converges_weakly_with_its_order(name: str) -> None:
    """All but the one that moves no other dynamics than Langevin's."""
    solver = SOLVERS[name]()
    theta, sigma, duration = 1.3, 0.8, 1.0
    exact = sigma**2 / (2 * theta) * (1 - math.exp(-2 * theta * duration))

    def variance(steps: int) -> float:
        a, b = _step_is_linear(solver, OrnsteinUhlenbeck(theta, sigma), 0.0, duration / steps)
        v = 0.0
        for _ in range(steps):
            v = a * a * v + b * b
        return v

    observed = math.log2(abs(variance(50) - exact) / abs(variance(100) - exact))
    assert observed == pytest.approx(solver.order, abs=0.1)


@pytest.mark.parametrize("solver", [EulerMaruyama(), StochasticHeun()])
def test_that_an_sde_solver_converges_strongly_with_order_one_for_additive_noise(solver: Solver) -> None:
    dynamics = OrnsteinUhlenbeck(1.0, 1.0)
    finest = 1024
    noise = torch.randn(finest, 200, 1, generator=torch.Generator().manual_seed(3), dtype=torch.float64)

    def end(steps: int) -> Tensor:
        """The same Brownian path at every resolution: normals summed in groups."""
        grouped = noise.view(steps, finest // steps, 200, 1).sum(1) / math.sqrt(finest // steps)
        x = torch.ones(200, 1, dtype=torch.float64)
        for k in range(steps):
            x = solver.step(dynamics, x, k / steps, 1 / steps, grouped[k])
        return x

    reference = end(finest)
    errors = [float((end(n) - reference).abs().mean()) for n in (16, 32)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(1.0, abs=0.2)


def test_that_ode_solvers_run_backward_to_where_they_came_from() -> None:
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    there = _end(LinearFlow(1.0), SOLVERS["rk4"](), x, 50, 1.0)
    *_, back = simulate(
        LinearFlow(1.0), SOLVERS["rk4"](), there, torch.linspace(1, 0, 51, dtype=torch.float64)
    )
    torch.testing.assert_close(there, math.exp(-1.0) * x, atol=1e-8, rtol=0)
    torch.testing.assert_close(back, x, atol=1e-7, rtol=0)


def _langevin_on_modes(sigma: float = 1.0) -> tuple[Langevin, Tensor]:
    target = three_modes(torch.float64)
    p = marginal(standard_normal(torch.float64), target, CondOT())
    dynamics = Langevin(lambda x: p.score(x, 1.0), sigma, lambda x: p.log_prob(x, 1.0))
    return dynamics, target.sample(3000, torch.Generator().manual_seed(5)).double()


def _spread_after(name: str, dt: float) -> tuple[Tensor, Tensor]:
    """Mean squared distance to the nearest mode before and after 25 large steps from stationarity."""
    dynamics, x = _langevin_on_modes()
    modes = three_modes(torch.float64).means
    times = [dt * k for k in range(26)]
    *_, end = simulate(dynamics, SOLVERS[name](), x, times, torch.Generator().manual_seed(9))
    return tuple(torch.cdist(y, modes).amin(1).square().mean() for y in (x, end))  # type: ignore[return-value]


def test_that_mala_keeps_the_law_at_a_step_at_which_ula_does_not() -> None:
    before, after = _spread_after("mala", 0.12)
    assert float(after / before) == pytest.approx(1.0, abs=0.1)
    before, after = _spread_after("ula", 0.12)
    assert float(after / before) > 1.12


def test_that_mala_accepts_some_and_rejects_some_and_rejected_particles_stay() -> None:
    dynamics, x = _langevin_on_modes()
    noise = torch.randn(len(x), 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    y = MALA().step(dynamics, x, 0.0, 0.12, noise)
    stayed = (y == x).all(1).double().mean()
    assert 0.05 < float(stayed) < 0.6


def test_that_mala_accepts_nearly_everything_at_a_tiny_step() -> None:
    dynamics, x = _langevin_on_modes()
    noise = torch.randn(len(x), 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    y = MALA().step(dynamics, x, 0.0, 1e-4, noise)
    assert float((y == x).all(1).double().mean()) < 0.01


def test_that_mala_never_enters_where_the_density_is_zero() -> None:
    def log_prob(x: Tensor) -> Tensor:
        return torch.where(x[:, 0] > 0, torch.zeros_like(x[:, 0]), torch.full_like(x[:, 0], -math.inf))

    dynamics = Langevin(torch.zeros_like, 1.0, log_prob)
    x = torch.full((500, 2), 0.1)
    *_, end = simulate(dynamics, MALA(), x, [0.1 * k for k in range(20)], torch.Generator().manual_seed(0))
    assert bool((end[:, 0] > 0).all())
    assert float(end[:, 0].std()) > 0.1


def test_that_mala_refuses_what_has_no_density() -> None:
    with pytest.raises(ValueError, match="log_prob"):
        MALA().step(Langevin(torch.zeros_like, 1.0), torch.zeros(2, 2), 0.0, 0.1, torch.zeros(2, 3))


def test_that_the_registry_names_each_solver_by_its_own_name() -> None:
    assert {name: solver.name for name, solver in SOLVERS.items()} == {name: name for name in SOLVERS}
