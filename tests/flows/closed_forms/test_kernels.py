"""Law 11: lattice, mixture and cloud agree on a common case; the fast sums equal the direct ones."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms import cloud as cloud_module
from fmstudio.flows.closed_forms.cloud import CloudKernel
from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.closed_forms.kernels import Axis, Kernel, grid_points
from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture, Lattice
from fmstudio.flows.paths.schedules import VP, CondOT
from tests.flows.cases import small_cloud, small_lattice, standard_normal, three_modes


def scalar(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def as_cloud(lattice: Lattice) -> Cloud:
    """The same law: a point on each cell that has mass."""
    points = grid_points(lattice.centres, lattice.centres).reshape(-1, 2)
    mass = lattice.mass.flatten()
    return Cloud(points[mass > 0], mass[mass > 0], lattice.cell)


def as_mixture(cloud: Cloud) -> GaussianMixture:
    eye = torch.eye(2, dtype=cloud.points.dtype)
    # Unequal by a hair, so that the general code runs, not the round one.
    covs = cloud.width**2 * eye * (1 + 1e-5 * torch.arange(len(cloud.points))[:, None, None])
    return GaussianMixture(cloud.weights, cloud.points, covs.to(cloud.points))


@pytest.mark.parametrize("t", [0.0, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("schedule", [CondOT(), VP()], ids=str)
def test_that_lattice_cloud_and_mixture_agree_on_a_common_case(schedule: CondOT | VP, t: float) -> None:
    lattice = small_lattice()
    cloud = as_cloud(lattice)
    targets: list[Distribution] = [lattice, cloud, as_mixture(cloud)]
    laws = [marginal(standard_normal(torch.float64), target, schedule) for target in targets]
    x = laws[0].sample(200, t, torch.Generator().manual_seed(0))
    for law, tolerance in zip(laws[1:], (1e-9, 2e-3), strict=True):
        for name in ("log_prob", "velocity", "score", "posterior_mean", "posterior_cov", "divergence"):
            one, other = getattr(laws[0], name)(x, t), getattr(law, name)(x, t)
            assert other == pytest.approx(one, rel=tolerance, abs=tolerance * (1 + float(one.abs().max())))


@pytest.mark.parametrize("t", [0.2, 0.6, 0.9])
def test_that_cloning_a_target_as_lattice_changes_p_t_by_no_more_than_the_cell_explains(t: float) -> None:
    """Gathering mass on cell centres and blurring it by a cell changes a density that is smooth on the scale
    s = sqrt(v) by an order (t h/s)^2 of its peak."""
    target = three_modes(torch.float64)
    cells = 120
    h = 6.0 / cells
    centres = (torch.arange(cells, dtype=torch.float64) - (cells - 1) / 2) * h
    points = grid_points(centres, centres)
    mass = target.log_prob(points.reshape(-1, 2)).exp().reshape(cells, cells)
    exact, cloned = (
        marginal(standard_normal(torch.float64), d, CondOT()) for d in (target, Lattice(mass, 3.0))
    )
    x = exact.sample(300, t, torch.Generator().manual_seed(1))
    p, q = exact.log_prob(x, t).exp(), cloned.log_prob(x, t).exp()
    scale = math.sqrt((t * 0.4) ** 2 + (1 - t) ** 2)
    bound = 2 * (t * h / scale) ** 2
    assert (p - q).abs().max() < bound * p.max()
    assert (p - q).abs().max() > 0


def test_that_a_drawn_target_is_lattice_and_law_at_once() -> None:
    lattice = small_lattice(torch.float32)
    x = torch.randn(100, 2, generator=torch.Generator().manual_seed(0))
    exact = as_cloud(lattice).log_prob(x)
    near = exact > -50  # further away the lattice takes its nearest cell alone
    assert lattice.log_prob(x)[near] == pytest.approx(exact[near], rel=1e-4, abs=1e-4)
    assert lattice.log_prob(x) == pytest.approx(exact, abs=3)
    assert marginal(standard_normal(), lattice, CondOT()).log_prob(x, 1.0) == pytest.approx(
        lattice.log_prob(x), rel=1e-5, abs=1e-5
    )


def test_that_tiles_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.randn(3000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    law = marginal(standard_normal(torch.float64), small_cloud(), CondOT())
    whole = law.first_order(x, 0.9)
    monkeypatch.setattr(cloud_module, "TILE", 1000)
    tiled = law.first_order(x, 0.9)
    assert tiled.velocity == pytest.approx(whole.velocity, rel=1e-12)
    lattice = marginal(standard_normal(torch.float64), small_lattice(), CondOT())
    one_by_one = torch.cat([lattice.velocity(row, 0.9) for row in x.split(700)])
    assert lattice.velocity(x, 0.9) == pytest.approx(one_by_one, rel=1e-9, abs=1e-12)


def direct(kernel: Kernel, points: Tensor, weights: Tensor, x: Tensor, variance: float) -> None:
    """Holds a kernel at alpha = 1 against the sum over all points, by log-sum-exp in float64."""
    gap = points.double() - x.double()[:, None]
    logits = weights.double().log() - gap.square().sum(2) / (2 * variance)
    share = torch.softmax(logits, 1)
    moments = kernel.moments(x, scalar(1.0), scalar(variance), 2)
    log_prob = torch.logsumexp(logits, 1) - math.log(2 * math.pi * variance)
    assert moments.log_prob.double() == pytest.approx(log_prob, rel=1e-4, abs=1e-4)
    mean = torch.einsum("nk,nkd->nd", share, gap)
    assert moments.gap.double() == pytest.approx(mean, rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("variance", [1.0, 0.05, 1e-3])
def test_that_a_cloud_is_exact_where_plain_sums_underflow(variance: float) -> None:
    cloud = small_cloud(torch.float32)
    x = 4 * torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    direct(cloud.kernel, cloud.points, cloud.weights, x, variance)


@pytest.mark.parametrize("variance", [0.05, 1e-3])
def test_that_a_large_cloud_far_away_is_its_nearest_points(variance: float) -> None:
    g = torch.Generator().manual_seed(0)
    points = torch.randn(3000, 2, generator=g)
    weights = torch.full((3000,), 1 / 3000)
    x = 3 * torch.randn(100, 2, generator=g)
    direct(CloudKernel(points, weights), points, weights, x, variance)


def test_that_a_lattice_far_away_is_its_nearest_cell() -> None:
    lattice = small_lattice(torch.float32)
    points = grid_points(lattice.centres, lattice.centres).reshape(-1, 2)[lattice.mass.flatten() > 0]
    g = torch.Generator().manual_seed(0)
    for x in (1.9 * (2 * torch.rand(400, 2, generator=g) - 1), 8 * torch.randn(400, 2, generator=g)):
        moments = lattice.kernel.moments(x, scalar(1.0), scalar(1e-4), 2)
        least = torch.cdist(x.double(), points.double()).amin(1)
        far = least > 0.2
        assert far.any()
        # The cell that holds x asks on behalf of x: it may err by its own diagonal.
        reached = moments.gap.norm(dim=1).double()
        assert (reached - least).abs()[far].max() < lattice.cell * math.sqrt(2)


def test_that_centred_differences_keep_their_digits_near_the_target() -> None:
    """At t = 1 with a narrow kernel away from the origin, expanding |x - c|^2 would lose four digits."""
    points = torch.tensor([[2.7, -2.9], [2.71, -2.9]])
    cloud = Cloud(points, None, 0.01)
    law = marginal(standard_normal(), cloud, CondOT())
    x = points[:1] + 0.02 * torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    double = law.first_order(x.double(), 1.0)
    assert law.log_prob(x, 1.0).double() == pytest.approx(double.log_prob, abs=1e-4)
    assert law.score(x, 1.0).double() == pytest.approx(double.score, rel=1e-3, abs=0.05)


def test_that_a_single_cell_is_one_normal() -> None:
    mass = torch.zeros(16, 16)
    mass[3, 12] = 2.0
    lattice = Lattice(mass, 2.0)
    centre = torch.stack([lattice.centres[12], lattice.centres[3]])
    one = GaussianMixture.isotropic(centre[None], lattice.cell)
    x = centre + 0.5 * torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    assert lattice.log_prob(x) == pytest.approx(one.log_prob(x), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("t", [0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9])
def test_that_a_coarser_raster_does_not_show(t: float) -> None:
    """Float32 sees the raster as coarse as the kernel allows, float64 every cell: on noise, the worst."""
    g = torch.Generator().manual_seed(0)
    mass = torch.rand(128, 128, generator=g) * (torch.rand(128, 128, generator=g) < 0.02)
    mass[50:70, 30:32] = 1.0
    law = marginal(standard_normal(), Lattice(mass, 3.0), CondOT())
    x = torch.cat([law.sample(500, t, g), 4 * torch.randn(300, 2, generator=g)])
    single, double = law.first_order(x, t), law.first_order(x.double(), t)
    near = double.log_prob > -50  # beyond, float32 takes the nearest cell
    assert single.log_prob[near].double() == pytest.approx(double.log_prob[near], rel=1e-4, abs=1e-4)
    for name in ("velocity", "posterior_mean"):
        one, other = getattr(single, name)[near].double(), getattr(double, name)[near]
        assert (one - other).abs().max() < 2e-4 * (1 + float(other.abs().max()))


def test_that_halving_a_raster_keeps_its_moments() -> None:
    mass, cx, cy = small_lattice().kernel._level(0)
    coarse, wx, wy = small_lattice().kernel._level(2)
    assert coarse.numel() < mass.numel()
    for i in range(4):
        for j in range(4):
            fine_moment = (cy**i) @ mass @ (cx**j)
            assert (wy**i) @ coarse @ (wx**j) == pytest.approx(float(fine_moment), abs=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_that_a_point_beyond_the_floor_weighs_nothing_at_all(dtype: torch.dtype) -> None:
    x, points = torch.tensor([0.0, 1.0], dtype=dtype), torch.tensor([0.0, 200.0], dtype=dtype)
    one, small = torch.ones((), dtype=dtype), torch.full((), 0.01, dtype=dtype)
    axis = Axis.of(x, points, one, small, order=1)
    assert [float(power[0, 1]) for power in axis.powers] == [0.0, 0.0]
    assert float(axis.powers[0][0, 0]) == pytest.approx(1.0, abs=1e-6)
