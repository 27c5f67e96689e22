"""Law 6: every schedule at the ends in float32 against float64; and that derivatives are derivatives."""

from __future__ import annotations

import math

import pytest
import torch

from fmstudio.flows.paths.schedules import END, FMOT, VE, VP, CondOT, Polynomial, Schedule, SubVP
from fmstudio.flows.paths.spline import Spline
from tests.flows.cases import SCHEDULES, schedule_name

ENDS = (0.0, 1e-6, 0.5, 1 - 1e-6, 1.0)
METHODS = ("alpha", "beta", "dalpha", "dbeta", "beta_dbeta", "wronskian", "beta_wronskian")

every = pytest.mark.parametrize("schedule", SCHEDULES, ids=schedule_name)


@every
@pytest.mark.parametrize("method", [*METHODS, "noising_diffusion_squared"])
def test_that_float32_agrees_with_float64_up_to_the_ends(schedule: Schedule, method: str) -> None:
    t = torch.tensor(ENDS, dtype=torch.float32)
    single = getattr(schedule, method)(t)
    double = getattr(schedule, method)(t.double())
    assert single.dtype == torch.float32
    assert torch.isfinite(single).all()
    assert torch.isfinite(double).all()
    # END itself is rounded to float32, which moves an infinite slope by as much.
    assert single.double() == pytest.approx(double, rel=0.05 if method != "beta" else 1e-5, abs=1e-12)
    inner = slice(1, 4)
    assert single[inner].double() == pytest.approx(double[inner], rel=2e-5, abs=1e-12)


@every
@pytest.mark.parametrize("derivative", ["alpha", "beta"])
def test_that_derivatives_are_those_of_autograd(schedule: Schedule, derivative: str) -> None:
    t = torch.linspace(0.01, 0.99, 197, dtype=torch.float64, requires_grad=True)
    value = getattr(schedule, derivative)(t)
    slope = torch.zeros_like(t)
    if value.requires_grad:
        (slope,) = torch.autograd.grad(value.sum(), t)
    assert getattr(schedule, f"d{derivative}")(t.detach()) == pytest.approx(slope, rel=1e-9, abs=1e-12)


@every
def test_that_alpha_rises_to_one_and_beta_falls(schedule: Schedule) -> None:
    t = torch.linspace(0, 1, 1001)
    alpha, beta = schedule.alpha(t), schedule.beta(t)
    assert (alpha.diff() >= 0).all()
    assert (beta.diff() <= 1e-7).all()
    assert float(alpha[-1]) == 1
    assert float(alpha[0]) == pytest.approx(schedule.source_error()[0], rel=1e-5)
    assert float(beta[0]) == pytest.approx(schedule.source_scale, rel=1e-6)


@every
def test_that_products_are_products_where_all_is_finite(schedule: Schedule) -> None:
    t = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)
    alpha, beta = schedule.alpha(t), schedule.beta(t)
    dalpha, dbeta = schedule.dalpha(t), schedule.dbeta(t)
    w = dalpha * beta - alpha * dbeta
    assert (w > -1e-12).all()
    assert schedule.beta_dbeta(t) == pytest.approx(beta * dbeta, rel=1e-9)
    assert schedule.beta_wronskian(t) == pytest.approx(beta * w, rel=1e-9)
    assert schedule.noising_diffusion_squared(t) == pytest.approx(2 * beta * w / alpha, rel=1e-6, abs=1e-9)


def test_that_the_noising_diffusion_of_vp_is_its_rate_and_of_condot_2_s_over_t() -> None:
    t = torch.linspace(0.05, 1, 20, dtype=torch.float64)
    assert VP().noising_diffusion_squared(t) == pytest.approx(VP().rate(t), rel=1e-9)
    assert CondOT().noising_diffusion_squared(t) == pytest.approx(2 * (1 - t) / t, rel=1e-9)
    sub = SubVP()
    twice = 2 * sub.integrated(t)
    assert sub.noising_diffusion_squared(t) == pytest.approx(-sub.rate(t) * torch.expm1(-twice), rel=1e-8)


def test_that_vp_keeps_its_digits_near_the_target() -> None:
    s = 2.0**-20
    t = torch.tensor(1 - s)
    assert float(VP().beta(t)) == pytest.approx(math.sqrt(0.1 * s), rel=1e-4)


def test_that_sources_that_are_only_approximated_say_so() -> None:
    assert CondOT().source_error() == (0, 0)
    assert VP().source_error()[0] == pytest.approx(math.exp(-10.05 / 2))
    assert 0 < VP().source_error()[1] < 1e-4
    assert VE(0.02, 5.0).source_scale == pytest.approx(5)


def test_that_a_float_time_does_not_promote_a_float32_batch() -> None:
    for schedule in SCHEDULES:
        assert (schedule.alpha(0.3) * torch.ones(3, 2)).dtype == torch.float32


@pytest.mark.parametrize("t", [-0.1, 1.5, math.nan])
def test_that_a_time_outside_the_unit_interval_is_refused(t: float) -> None:
    with pytest.raises(ValueError, match=r"t must lie in \[0, 1\], got"):
        CondOT().alpha(t)
    with pytest.raises(ValueError, match=r"t must lie in \[0, 1\], got"):
        VP().beta(torch.tensor([0.5, t]))


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: FMOT(1.0), "sigma_min"),
        (lambda: VP(1.0, 0.5), "beta_max"),
        (lambda: SubVP(0.0, 0.5), "beta_min"),
        (lambda: VE(2.0, 1.0), "sigma_max"),
        (lambda: VE(0.0, 1.0), "0 < sigma_min"),
        (lambda: VE(1.0, 1.0), "sigma_min < sigma_max"),
        (lambda: VE(1.0, math.inf), "sigma_max"),
        (lambda: Polynomial(0.0), "n must"),
        (lambda: Spline(((0.0, 0.0, 1.0),)), "handles"),
        (lambda: Spline(((0.0, 0.1, 1.0), (1.0, 1.0, 0.0))), "start"),
        (lambda: Spline(((0.0, 0.0, 1.0), (1.0, 0.9, 0.0))), "end"),
        (lambda: Spline(((0.0, 0.0, 1.0), (0.5, 0.7, 1.2), (1.0, 1.0, 0.0))), "not rising"),
    ],
)
def test_that_impossible_schedules_are_refused(make: object, argument: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=argument):
        make()


def test_that_a_straight_spline_is_condot() -> None:
    t = torch.linspace(0, 1, 33, dtype=torch.float64)
    assert Spline().alpha(t) == pytest.approx(t, abs=1e-14)
    assert Spline().dbeta(t) == pytest.approx(-torch.ones(33), abs=1e-13)


def test_that_a_spline_passes_through_its_handles_and_stays_between_them() -> None:
    handles = ((0.0, 0.0, 1.0), (0.2, 0.7, 0.9), (0.25, 0.71, 0.1), (1.0, 1.0, 0.05))
    spline = Spline(handles)
    for t, alpha, beta in handles:
        assert float(spline.alpha(t)) == pytest.approx(alpha, abs=1e-14)
        assert float(spline.beta(t)) == pytest.approx(beta, abs=1e-14)
    t = torch.linspace(0, 1, 4001, dtype=torch.float64)
    assert (spline.dalpha(t) >= 0).all()
    assert (spline.dbeta(t) <= 0).all()
    assert spline.dalpha(t).diff().abs().max() < 0.1, "the derivative is continuous"


def test_that_schedules_are_values() -> None:
    assert VP() == VP()
    assert hash(Spline()) == hash(Spline())
    assert Spline() != Spline(((0.0, 0.0, 1.0), (1.0, 1.0, 0.0)))
    assert END < 1e-5
