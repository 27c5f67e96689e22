"""Law 10 (same seed, same bits; no global state) and the frozen noise."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fmstudio.flows.motion.linear import BrownianMotion, LinearFlow, OrnsteinUhlenbeck
from fmstudio.flows.motion.simulate import TILE, FrozenNoise, simulate, starting_points
from fmstudio.flows.motion.solvers import Euler, EulerMaruyama, Midpoint, StochasticHeun
from fmstudio.flows.paths.schedules import VE, CondOT
from tests.flows.cases import standard_normal, three_modes

TIMES = [k / 10 for k in range(11)]


def _generator(seed: int = 11) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _walk(n: int, seed: int = 11, sigma: float = 1.0) -> Tensor:
    dynamics = OrnsteinUhlenbeck(0.5, sigma)
    return torch.stack(list(simulate(dynamics, EulerMaruyama(), torch.zeros(n, 2), TIMES, _generator(seed))))


def test_that_n_steps_give_n_plus_one_states_of_which_the_first_is_the_start() -> None:
    x = torch.randn(5, 2, generator=_generator())
    states = list(simulate(LinearFlow(1.0), Euler(), x, TIMES))
    assert len(states) == 11
    assert torch.equal(states[0], x)


def test_that_the_same_seed_gives_the_same_bits_and_another_seed_does_not() -> None:
    assert torch.equal(_walk(100), _walk(100))
    assert not torch.equal(_walk(100), _walk(100, seed=12))


def test_that_no_global_random_state_is_touched() -> None:
    before = torch.get_rng_state()
    _walk(50)
    starting_points(three_modes(), CondOT(), 50, _generator())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("more", [101, 1000, TILE + 5])
def test_that_more_particles_leave_the_noise_of_the_first_as_it_was(more: int) -> None:
    assert torch.equal(_walk(more)[:, :100], _walk(100))


def test_that_the_noise_does_not_depend_on_sigma() -> None:
    """From 0 the OU path is linear in its noise: sigma scales it and does nothing else."""
    torch.testing.assert_close(_walk(100, sigma=2.0), 2 * _walk(100, sigma=1.0))


def test_that_the_noise_does_not_depend_on_the_number_of_threads() -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = FrozenNoise(_generator()).draw(3, 50_000, 2, 2)
        torch.set_num_threads(2)
        two = FrozenNoise(_generator()).draw(3, 50_000, 2, 2)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(one, two)


def test_that_further_columns_leave_the_first_as_they_were() -> None:
    noise = FrozenNoise(_generator())
    assert torch.equal(noise.draw(4, 30, 3, 2)[:, :2], noise.draw(4, 30, 2, 2))


def test_that_steps_and_columns_are_independent_standard_normals() -> None:
    noise = FrozenNoise(_generator())
    draws = torch.stack([noise.draw(k, 2000, 3, 2) for k in range(20)]).permute(1, 0, 2).reshape(2000, 60)
    correlation = torch.corrcoef(draws.T) - torch.eye(60)
    assert float(correlation.abs().max()) < 5.5 / 2000**0.5
    z = draws.flatten()
    n = len(z)
    assert abs(float(z.mean())) < 5 / n**0.5
    assert float(z.var()) == pytest.approx(1, abs=5 * (2 / n) ** 0.5)
    assert float(z.pow(4).mean()) == pytest.approx(3, abs=5 * (96 / n) ** 0.5)


def test_that_tiles_give_what_one_piece_gives() -> None:
    x = torch.randn(2 * TILE + 7, 2, generator=_generator())
    *_, whole = simulate(LinearFlow(1.0), Midpoint(), x, TIMES)
    *_, part = simulate(LinearFlow(1.0), Midpoint(), x[TILE - 3 : TILE + 3], TIMES)
    assert torch.equal(whole[TILE - 3 : TILE + 3], part)


def test_that_starting_points_begin_with_the_fewer_and_are_scaled_by_beta_zero() -> None:
    few = starting_points(three_modes(), None, 10, _generator())
    many = starting_points(three_modes(), None, 9000, _generator())
    assert torch.equal(many[:10], few)
    exploding = VE(sigma_max=5.0)
    torch.testing.assert_close(starting_points(three_modes(), exploding, 10, _generator()), 5 * few)
    spread = starting_points(standard_normal(), exploding, 8000, _generator()).std(0)
    torch.testing.assert_close(spread, torch.full((2,), 5.0), rtol=0.05, atol=0)


@pytest.mark.parametrize(
    ("times", "x", "match"),
    [
        ([0.0], torch.zeros(3, 2), "times"),
        ([0.0, 0.5, 0.5], torch.zeros(3, 2), "times"),
        ([0.0, 1.0], torch.zeros(0, 2), "x_0"),
        ([0.0, 1.0], torch.zeros(3), "x_0"),
    ],
)
def test_that_bad_times_and_shapes_are_named(times: list[float], x: Tensor, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        simulate(LinearFlow(1.0), Euler(), x, times)


def test_that_an_ode_solver_refuses_an_sde_and_noise_runs_forward_with_a_generator() -> None:
    x = torch.zeros(3, 2)
    with pytest.raises(ValueError, match="euler solves ODEs"):
        simulate(BrownianMotion(), Euler(), x, TIMES)
    with pytest.raises(ValueError, match=r"torch\.Generator"):
        simulate(BrownianMotion(), EulerMaruyama(), x, TIMES)
    with pytest.raises(ValueError, match="forward in time"):
        simulate(BrownianMotion(), StochasticHeun(), x, TIMES[::-1], _generator())
    with pytest.raises(ValueError, match="n must be"):
        starting_points(standard_normal(), None, 0, _generator())
