"""Law 1 for the conditional path: velocity and score are the derivatives that they claim to be."""

from __future__ import annotations

import pytest
import torch

from fmstudio.flows.paths.probability_path import ProbabilityPath
from fmstudio.flows.paths.schedules import CondOT, Schedule
from tests.flows.cases import SCHEDULES, schedule_name

every = pytest.mark.parametrize("schedule", SCHEDULES, ids=schedule_name)


def draws(n: int = 50) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(1)
    return tuple(torch.randn(2, n, 2, generator=g, dtype=torch.float64))  # type: ignore[return-value]


@every
def test_that_the_target_velocity_is_the_time_derivative_of_the_path(schedule: Schedule) -> None:
    x_0, z = draws()
    path = ProbabilityPath(schedule)
    t = torch.linspace(0.02, 0.98, 50, dtype=torch.float64, requires_grad=True)
    x = path.x_t(x_0, z, t)
    slope = torch.stack([torch.autograd.grad(x[:, i].sum(), t, retain_graph=True)[0] for i in (0, 1)], 1)
    x, t = x.detach(), t.detach()
    assert path.target_velocity(x_0, z, t) == pytest.approx(slope, rel=1e-9, abs=1e-10)
    assert path.conditional_velocity(x, z, t) == pytest.approx(slope, rel=1e-7, abs=1e-7)


@every
def test_that_the_conditional_score_is_the_gradient_of_the_log_density(schedule: Schedule) -> None:
    x, z = draws()
    path = ProbabilityPath(schedule)
    for t in (0.0, 0.4, 0.95):
        x = x.detach().requires_grad_()
        gap = (x - schedule.alpha(t) * z) / schedule.beta(t)
        (slope,) = torch.autograd.grad(-gap.square().sum() / 2, x)
        assert path.conditional_score(x, z, t).detach() == pytest.approx(slope, rel=1e-9)


@every
def test_that_the_conditional_field_and_score_are_finite_at_both_ends(schedule: Schedule) -> None:
    x_0, z = (a.float() for a in draws())
    path = ProbabilityPath(schedule)
    for t in (0.0, 1e-6, 1 - 1e-6, 1.0):
        x = path.x_t(x_0, z, t)
        assert x.dtype == torch.float32
        assert torch.isfinite(path.conditional_velocity(x, z, t)).all()
        assert torch.isfinite(path.conditional_score(x, z, t)).all()


def test_that_one_time_per_row_means_what_single_times_mean() -> None:
    x_0, z = draws(4)
    path = ProbabilityPath(CondOT())
    times = torch.tensor([0.0, 0.25, 0.5, 1.0], dtype=torch.float64)
    rows = torch.cat([path.x_t(x_0[i : i + 1], z[i : i + 1], float(t)) for i, t in enumerate(times)])
    assert path.x_t(x_0, z, times) == pytest.approx(rows)
    assert path.x_t(x_0, z, times[:, None]) == pytest.approx(rows)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=schedule_name)
def test_that_the_naive_average_is_the_mean_of_the_conditional_fields(schedule: Schedule) -> None:
    path = ProbabilityPath(schedule)
    x, z = draws()
    for t in (0.0, 0.4, 0.9):
        each = torch.stack([path.conditional_velocity(x, target.expand_as(x), t) for target in z])
        assert torch.allclose(path.naive_average(x, z.mean(0), t), each.mean(0), rtol=1e-4, atol=1e-4)
