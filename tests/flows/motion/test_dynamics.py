"""Laws 3 and 5: marginals that do not depend on sigma, increments and stationary laws."""

from __future__ import annotations

import math
from functools import cache

import ot
import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.motion.diffusion import ConstantSigma, NoisingSigma, Sigma, SqrtBetaSigma
from fmstudio.flows.motion.dynamics import (
    AnnealedLangevin,
    Dynamics,
    FlowODE,
    Langevin,
    ProbabilityFlow,
    ReverseSDE,
    SDEExtension,
)
from fmstudio.flows.motion.fields import ExactField
from fmstudio.flows.motion.linear import BrownianMotion, LinearFlow, LinearSDE, Noising, OrnsteinUhlenbeck
from fmstudio.flows.motion.simulate import simulate, starting_points
from fmstudio.flows.motion.solvers import SOLVERS
from fmstudio.flows.paths.schedules import FMOT, VE, VP, CondOT, Cosine, LinearVP, Schedule, SubVP
from tests.flows.cases import standard_normal, three_modes

N = 800
"""Particles of a W2: its sampling floor is about 0.1 here."""


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _field(schedule: Schedule) -> ExactField:
    return ExactField(marginal(standard_normal(), three_modes(), schedule))


def _end(dynamics: Dynamics, solver: str, x: Tensor, steps: int, duration: float = 1.0) -> Tensor:
    times = torch.linspace(0, duration, steps + 1, dtype=torch.float64)
    *_, last = simulate(dynamics, SOLVERS[solver](), x, times, _generator(21))
    return last


def _w2(x: Tensor, y: Tensor) -> float:
    cost = torch.cdist(x.double(), y.double()).square().numpy()
    return math.sqrt(ot.emd2([], [], cost, numItermax=1_000_000))


def _require_target(x: Tensor) -> None:
    """W2 to fresh draws within 1.6 of what two sets of draws differ by."""
    assert _w2(x, three_modes().sample(N, _generator(31))) < 1.6 * _floor()


@cache
def _floor() -> float:
    return _w2(three_modes().sample(N, _generator(31)), three_modes().sample(N, _generator(32)))


# ---- along a path ----------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", [CondOT(), VP(), Cosine()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("profile", [ConstantSigma, SqrtBetaSigma])
@pytest.mark.parametrize("sigma", [0.7, 2.0])
def test_that_the_sde_ends_at_the_target_whatever_sigma_is(
    schedule: Schedule, profile: type, sigma: float
) -> None:
    along: Sigma = ConstantSigma(sigma) if profile is ConstantSigma else SqrtBetaSigma(sigma, schedule)
    x = starting_points(standard_normal(), schedule, N, _generator(1))
    _require_target(_end(SDEExtension(_field(schedule), along), "euler-maruyama", x, 100))


@pytest.mark.parametrize(
    "schedule", [CondOT(), VP(), SubVP(), VE(), LinearVP()], ids=lambda s: type(s).__name__
)
@pytest.mark.parametrize("solver", ["euler-maruyama", "stochastic-heun"])
def test_that_the_reverse_sde_ends_at_the_target(schedule: Schedule, solver: str) -> None:
    x = starting_points(standard_normal(), schedule, N, _generator(2))
    _require_target(_end(ReverseSDE(_field(schedule), schedule), solver, x, 300))


@pytest.mark.parametrize("schedule", [CondOT(), VP(), VE()], ids=lambda s: type(s).__name__)
def test_that_the_flow_passes_through_the_marginals(schedule: Schedule) -> None:
    field = _field(schedule)
    x = starting_points(standard_normal(), schedule, N, _generator(3))
    times = torch.linspace(0, 1, 101, dtype=torch.float64)
    states = list(simulate(FlowODE(field), SOLVERS["heun"](), x, times))
    _require_target(states[-1])
    half = field.marginal.sample(N, 0.5, _generator(4)), field.marginal.sample(N, 0.5, _generator(5))
    assert _w2(states[50], half[0]) < 1.6 * _w2(*half)


def test_that_without_noise_the_extension_is_the_flow() -> None:
    field, x = _field(CondOT()), torch.randn(50, 2, generator=_generator())
    flow = _end(FlowODE(field), "euler", x, 20)
    assert torch.equal(_end(SDEExtension(field, ConstantSigma(0.0)), "euler-maruyama", x, 20), flow)


@pytest.mark.parametrize("schedule", [CondOT(), VP(), Cosine(), FMOT()], ids=lambda s: type(s).__name__)
def test_that_the_probability_flow_is_the_flow(schedule: Schedule) -> None:
    field = ExactField(marginal(standard_normal(torch.float64), three_modes(torch.float64), schedule))
    x = torch.randn(50, 2, generator=_generator(), dtype=torch.float64)
    for t in (0.0, 1e-4, 0.3, 0.9, 1.0):
        torch.testing.assert_close(
            ProbabilityFlow(field, schedule).drift(x, t), field.velocity(x, t), atol=1e-6, rtol=1e-6
        )


# ---- increments and stationary laws -----------------------------------------------------------------


def test_that_brownian_increments_have_variance_dt_and_the_kurtosis_of_a_normal() -> None:
    x = torch.zeros(40_000, 2)
    a, b = list(simulate(BrownianMotion(), SOLVERS["euler-maruyama"](), x, [0.0, 0.3, 0.5], _generator(6)))[
        1:
    ]
    for step, dt in ((a, 0.3), (b - a, 0.2)):
        z = (step / math.sqrt(dt)).flatten()
        assert abs(float(z.mean())) < 5 / math.sqrt(len(z))
        assert float(z.var()) == pytest.approx(1, abs=5 * math.sqrt(2 / len(z)))
        assert float(z.pow(4).mean() / z.var() ** 2) == pytest.approx(3, abs=5 * math.sqrt(24 / len(z)))
    assert abs(float((a * (b - a)).mean())) < 5 * math.sqrt(0.06 / 80_000)


def test_that_ornstein_uhlenbeck_settles_at_its_stationary_variance() -> None:
    theta, sigma = 1.5, 0.9
    x = 3 + torch.zeros(20_000, 2)
    end = _end(OrnsteinUhlenbeck(theta, sigma), "stochastic-heun", x, 100, duration=6.0)
    expected = sigma**2 / (2 * theta)
    assert float(end.var()) == pytest.approx(expected, rel=5 * math.sqrt(2 / 40_000) + 2e-3)
    assert abs(float(end.mean())) < 5 * math.sqrt(expected / 40_000) + 3 * math.exp(-6 * theta)


def test_that_langevin_settles_at_its_target_for_any_sigma() -> None:
    p = marginal(standard_normal(), three_modes(std=0.6), CondOT())
    x = 2 * torch.randn(N, 2, generator=_generator(7))
    draws = three_modes(std=0.6).sample(N, _generator(8)), three_modes(std=0.6).sample(N, _generator(9))
    for sigma in (1.0, 2.0):
        dynamics = Langevin(lambda y: p.score(y, 1.0), sigma)
        end = _end(dynamics, "ula", x, 300, duration=12 / sigma**2)
        assert _w2(end, draws[0]) < 1.6 * _w2(*draws)


def test_that_annealed_langevin_finds_all_modes_from_one_side() -> None:
    """Plain Langevin dynamics of the same duration leaves its start's mode for none of the others."""
    schedule, target = CondOT(), three_modes(std=0.15)
    field = ExactField(marginal(standard_normal(), target, schedule))
    start = target.means[:1] + 0.15 * torch.randn(600, 2, generator=_generator(10))

    def shares(dynamics: Dynamics, duration: float) -> Tensor:
        end = _end(dynamics, "ula", start, 600, duration)
        return torch.bincount(torch.cdist(end, target.means).argmin(1), minlength=3) / 600

    annealed = AnnealedLangevin(field, SqrtBetaSigma(2.0, schedule), 6.0)
    assert float(shares(annealed, 6.0).min()) > 0.25
    assert float(shares(Langevin(lambda x: field.score(x, 1.0), 1.0), 6.0).max()) > 0.95


def test_that_the_linear_flow_shrinks_by_its_exponential() -> None:
    x = torch.randn(10, 2, generator=_generator(), dtype=torch.float64)
    torch.testing.assert_close(_end(LinearFlow(2.0), "rk4", x, 100), math.exp(-2) * x, atol=1e-8, rtol=0)


# ---- linear SDEs ------------------------------------------------------------------------------------


def _linear() -> LinearSDE:
    return LinearSDE(lambda t: 1 - 3 * t, lambda t: torch.stack([t, -(t**2)]), lambda t: 0.5 + t)


def test_that_the_moments_of_a_linear_sde_are_those_of_its_particles() -> None:
    x = torch.tensor([[1.0, -0.5]]).expand(40_000, 2)
    end = _end(_linear(), "stochastic-heun", x, 100)
    mean, variance = _linear().mean(x[:1], 1.0)[0], float(_linear().variance(1.0))
    error = 5 * math.sqrt(variance / 40_000) + 2e-3
    torch.testing.assert_close(end.mean(0), mean, atol=error, rtol=0)
    torch.testing.assert_close(
        end.var(0), torch.full((2,), variance), rtol=5 * math.sqrt(2 / 40_000) + 2e-3, atol=0
    )


def test_that_the_moments_of_ornstein_uhlenbeck_follow_from_the_linear_sde() -> None:
    theta, sigma, t = 1.5, 0.9, 0.7
    linear = LinearSDE(
        lambda s: -theta * torch.ones_like(s), torch.zeros_like, lambda s: sigma * torch.ones_like(s)
    )
    x = torch.tensor([[2.0, -1.0]], dtype=torch.float64)
    torch.testing.assert_close(linear.mean(x, t), math.exp(-theta * t) * x, atol=1e-6, rtol=0)
    expected = sigma**2 / (2 * theta) * (1 - math.exp(-2 * theta * t))
    assert float(linear.variance(t)) == pytest.approx(expected, rel=1e-6)


def test_that_the_noising_sdes_are_those_of_document_002() -> None:
    x = torch.ones(1, 2, dtype=torch.float64)
    for s in (0.05, 0.5, 0.95):
        integral, rate = 0.1 * s + 19.9 * s * s / 2, 0.1 + 19.9 * s
        ends = 1 - math.exp(-2 * integral)
        for noising, squared in ((Noising(VP()), rate), (Noising(SubVP()), rate * ends)):
            assert float(noising.drift(x, s)[0, 0]) == pytest.approx(-rate / 2, rel=1e-9)
            assert float(noising.diffusion(s)) ** 2 == pytest.approx(squared, rel=1e-9)


@pytest.mark.parametrize("schedule", [VP(), SubVP(), VE(), CondOT(), FMOT()], ids=lambda s: type(s).__name__)
def test_that_noised_particles_have_the_closed_form_moments(schedule: Schedule) -> None:
    z = torch.tensor([[1.0, -2.0]]).expand(20_000, 2)
    noising, s = Noising(schedule), 0.6
    end = _end(noising, "stochastic-heun", z, 120, duration=s)
    variance = float(noising.variance(s))
    torch.testing.assert_close(
        end.mean(0), noising.mean(z[:1], s)[0], atol=5 * math.sqrt(variance / 2e4), rtol=2e-3
    )
    torch.testing.assert_close(end.var(0), torch.full((2,), variance), rtol=0.06, atol=0)


# ---- sigma ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schedule", [CondOT(), VP(), VE(), SubVP(), Cosine()], ids=lambda s: type(s).__name__
)
def test_that_sigmas_are_finite_and_not_negative_at_all_times(schedule: Schedule) -> None:
    t = torch.tensor([0, 1e-6, 0.5, 1 - 1e-6, 1], dtype=torch.float64)
    for sigma in (ConstantSigma(1.0), SqrtBetaSigma(1.0, schedule), NoisingSigma(schedule)):
        values = sigma(t)
        assert bool(torch.isfinite(values).all())
        assert bool((values >= 0).all())


def test_that_the_noising_sigma_is_g_where_it_is_not_cut() -> None:
    t = torch.linspace(0.1, 1, 10, dtype=torch.float64)
    torch.testing.assert_close(NoisingSigma(CondOT())(t), (2 * (1 - t) / t).sqrt())


@pytest.mark.parametrize("bad", [-0.1, math.nan, math.inf])
def test_that_a_negative_or_infinite_sigma_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="sigma"):
        ConstantSigma(bad)
    with pytest.raises(ValueError, match="sigma"):
        SqrtBetaSigma(bad, CondOT())


def test_that_langevin_dynamics_needs_noise() -> None:
    with pytest.raises(ValueError, match="sigma"):
        Langevin(torch.zeros_like, 0.0)
    with pytest.raises(ValueError, match="duration"):
        AnnealedLangevin(_field(CondOT()), ConstantSigma(1.0), 0.0)
