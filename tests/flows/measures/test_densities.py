"""KDE, the balance of mass, and the Fokker-Planck solver against what is known exactly (laws 2 and 7)."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.kernels import grid_points
from fmstudio.flows.measures import densities
from fmstudio.flows.measures.densities import (
    balance,
    flux_divergence,
    kde_on_grid,
    likelihood_bandwidth,
    scott_bandwidth,
)
from fmstudio.flows.motion.fokker_planck import solve_continuity, solve_fokker_planck
from fmstudio.flows.paths.schedules import CondOT, Cosine, Schedule
from fmstudio.flows.paths.shapes import two_moons
from tests.flows.cases import exact, schedule_name, three_modes


def axis(n: int, half: float = 4.0) -> Tensor:
    """Centres of n cells on [-half, half]."""
    return (torch.arange(n, dtype=torch.float64) - (n - 1) / 2) * (2 * half / n)


def normal(xs: Tensor, ys: Tensor, mean: Tensor, variance: float) -> Tensor:
    gap = grid_points(xs, ys) - mean
    return torch.exp(-gap.square().sum(-1) / (2 * variance)) / (2 * math.pi * variance)


def swirl(x: Tensor, t: float) -> Tensor:
    del t
    return torch.stack([-x[:, 1], x[:, 0]], 1)


def shrink(x: Tensor, t: float) -> Tensor:
    del t
    return -x


# ---- KDE -------------------------------------------------------------------------------------------------


def test_that_a_kde_is_the_sum_of_its_kernels() -> None:
    points = torch.randn(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    xs, ys = axis(20), axis(24)
    width = likelihood_bandwidth(points)
    gap = (grid_points(xs, ys)[:, :, None] - points) / width
    want = torch.exp(-gap.square().sum(-1) / 2).mean(-1) / (2 * math.pi * width.prod())
    assert kde_on_grid(points, xs, ys) == pytest.approx(want, rel=1e-9)


def test_that_many_points_spread_over_a_grid_give_the_same_density(monkeypatch: pytest.MonkeyPatch) -> None:
    points = three_modes().sample(20_000, torch.Generator().manual_seed(0))
    xs, ys = axis(64, 2.0).float(), axis(48, 3.0).float()
    binned = kde_on_grid(points, xs, ys)
    monkeypatch.setattr(densities, "BINNED_FROM", 10**9)
    direct = kde_on_grid(points, xs, ys)
    assert (binned - direct).abs().max() < 2e-3 * direct.max()
    assert (binned != direct).any()


def test_that_points_far_from_the_grid_do_not_weigh_on_it() -> None:
    points = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0)) + torch.tensor([40.0, 0.0])
    assert float(kde_on_grid(points, axis(32).float(), axis(32).float()).max()) < 1e-12


def test_that_points_that_are_not_finite_carry_no_mass() -> None:
    points = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0))
    half_lost = torch.cat([points, torch.full((1000, 2), math.nan)])
    xs = axis(64).float()
    assert kde_on_grid(half_lost, xs, xs) == pytest.approx(kde_on_grid(points, xs, xs) / 2, rel=1e-5)
    with pytest.raises(ValueError, match="at least two finite points, got 1"):
        kde_on_grid(points[:1], xs, xs)


@pytest.mark.parametrize("n", [500, 20_000])
def test_that_a_kde_holds_mass_one(n: int) -> None:
    points = three_modes().sample(n, torch.Generator().manual_seed(1))
    xs = axis(160, 6.0).float()
    assert float(kde_on_grid(points, xs, xs).sum() * (12 / 160) ** 2) == pytest.approx(1, abs=1e-4)


# ---- the balance of mass ----------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", [CondOT(), Cosine()], ids=schedule_name)
@pytest.mark.parametrize("t", [0.0, 0.3, 0.8])
def test_that_mass_changes_by_what_flows_in(schedule: Schedule, t: float) -> None:
    xs, ys = axis(160, 4.0), axis(120, 4.0)
    maps = balance(exact("normal", "modes", schedule), xs, ys, t)
    size = float(maps.rate.abs().max())
    assert size > 0.01 or t == 0  # the cosine path starts at rest: all that is left is rounding
    assert maps.residual[3:-3, 3:-3].abs().max() < 2e-3 * max(size, 0.01)


def test_that_the_divergence_of_a_flux_is_of_fourth_order() -> None:
    errors = []
    for n in (40, 80):
        xs = axis(n, 2.0)
        x = grid_points(xs, xs)
        flux = torch.stack([torch.sin(x[..., 0]) * x[..., 1], torch.cos(x[..., 1]) * x[..., 0]], -1)
        want = torch.cos(x[..., 0]) * x[..., 1] - torch.sin(x[..., 1]) * x[..., 0]
        errors.append(float((flux_divergence(flux, xs, xs) - want)[3:-3, 3:-3].abs().max()))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.4)


def test_that_an_uneven_grid_is_refused() -> None:
    bent = axis(20) ** 3
    with pytest.raises(ValueError, match="xs must rise in even steps"):
        flux_divergence(torch.zeros(20, 20, 2), bent, axis(20))
    with pytest.raises(ValueError, match="at least 5"):
        flux_divergence(torch.zeros(3, 3, 2), axis(3), axis(3))


# ---- Fokker-Planck ----------------------------------------------------------------------------------------


def last(density: Tensor, *arguments: object) -> Tensor:
    *_, end = solve_fokker_planck(density, *arguments)  # type: ignore[arg-type]
    return end


def test_that_diffusion_alone_is_the_heat_equation() -> None:
    xs = axis(80, 5.0)
    start, end = normal(xs, xs, torch.zeros(2), 0.3), normal(xs, xs, torch.zeros(2), 0.3 + 0.8)
    p = last(start, xs, xs, lambda x, _: 0 * x, lambda _: 1.0, [0.0, 0.8])
    assert (p - end).abs().max() < 5e-3 * end.max()


def test_that_transport_alone_turns_a_bump_and_gains_an_order_with_the_grid() -> None:
    """A quarter turn of a rigid rotation; the error falls by about four when the step is halved."""
    errors = []
    for n in (40, 80):
        xs = axis(n, 3.0)
        start = normal(xs, xs, torch.tensor([1.2, 0.0]), 0.15)
        end = normal(xs, xs, torch.tensor([0.0, 1.2]), 0.15)
        for p in solve_continuity(start, xs, xs, swirl, [0.0, math.pi / 2]):
            density = p
        errors.append(float((density - end).abs().mean()))
    assert math.log2(errors[0] / errors[1]) > 1.6


def test_that_ornstein_uhlenbeck_settles_in_its_stationary_law() -> None:
    xs = axis(60, 4.0)
    sigma = 0.9
    start = normal(xs, xs, torch.tensor([1.5, -1.0]), 0.2)
    p = last(start, xs, xs, shrink, lambda _: sigma, [0.0, 2.0, 6.0])
    end = normal(xs, xs, torch.zeros(2), sigma**2 / 2)
    assert (p - end).abs().max() < 0.02 * end.max()


def test_that_a_steady_drift_is_asked_once_and_gives_the_same() -> None:
    xs = axis(40, 4.0)
    start = normal(xs, xs, torch.tensor([1.0, 0.5]), 0.3)
    asked = []

    def counted(x: Tensor, t: float) -> Tensor:
        asked.append(t)
        return shrink(x, t)

    once = last(start, xs, xs, counted, lambda _: 0.5, [0.0, 0.5, 1.0], True)
    assert len(asked) == 2  # across and along
    again = last(start, xs, xs, counted, lambda _: 0.5, [0.0, 0.5, 1.0])
    assert (once - again).abs().max() < 1e-6 * again.max()


@pytest.mark.parametrize("sigma", [0.0, 0.7])
def test_that_mass_is_kept_and_never_negative(sigma: float) -> None:
    """A step-edged density in a field that tears it apart: the hard case for positivity."""
    xs, ys = axis(50, 2.0), axis(40, 2.0)
    start = ((grid_points(xs, ys) - 0.3).abs().amax(-1) < 0.5).double()

    def tear(x: Tensor, t: float) -> Tensor:
        return torch.stack([torch.sign(x[:, 0] - 0.3) * 3, -4 * x[:, 1] * math.cos(9 * t)], 1)

    for p in solve_fokker_planck(start, xs, ys, tear, lambda _: sigma, [0.0, 0.2, 0.5]):
        assert float(p.sum()) == pytest.approx(float(start.sum()), rel=1e-12)
        assert (p >= -1e-15).all()


@pytest.mark.parametrize("sigma", [0.0, 1.0])
def test_that_the_solution_is_p_t_whatever_sigma(sigma: float) -> None:
    """Law 3 on a grid: u + sigma^2/2 s with noise sigma carries p_0 to the same p_t (6.S184 notes, Thm 2.3,
    2.4)."""
    law = exact("normal", "modes", CondOT())
    xs = axis(72, 4.5)

    def drift(x: Tensor, t: float) -> Tensor:
        first = law.first_order(x, t)
        return first.velocity + sigma**2 / 2 * first.score

    times = [0.0, 0.3, 0.6]
    for t, p in zip(
        times,
        solve_fokker_planck(law.density_on_grid(xs, xs, 0.0), xs, xs, drift, lambda _: sigma, times),
        strict=True,
    ):
        want = law.density_on_grid(xs, xs, t)
        assert (p - want).abs().max() < 0.02 * want.max()


def test_that_impossible_problems_are_refused() -> None:
    xs = axis(20)
    p = normal(xs, xs, torch.zeros(2), 0.3)
    with pytest.raises(ValueError, match="times must rise"):
        list(solve_continuity(p, xs, xs, swirl, [0.5, 0.2]))
    with pytest.raises(ValueError, match=r"density must have shape \(20, 20\), got \(19, 20\)"):
        list(solve_continuity(p[1:], xs, xs, swirl, [0.0, 0.2]))
    with pytest.raises(ValueError, match="at least 0"):
        list(solve_continuity(-p, xs, xs, swirl, [0.0, 0.2]))
    with pytest.raises(ValueError, match="sigma must be finite and at least 0, got -1"):
        list(solve_fokker_planck(p, xs, xs, swirl, lambda _: -1.0, [0.0, 0.2]))


def test_that_the_bandwidth_is_near_scott_s_for_one_gaussian_and_narrower_for_two_moons():
    generator = torch.Generator().manual_seed(3)
    gaussian = torch.randn(2000, 2, generator=generator)
    assert float((likelihood_bandwidth(gaussian) / scott_bandwidth(gaussian)).min()) >= 0.7
    moons = two_moons(0.07, 1.6, (-0.8, -0.4)).sample(2000, generator)
    assert float((likelihood_bandwidth(moons) / scott_bandwidth(moons)).max()) <= 0.5
