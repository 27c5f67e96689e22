"""The Schroedinger bridge: its ends, its laws at every time, a closed form, its two limits, bad input."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.bridge import SchroedingerBridgeMarginal
from fmstudio.flows.closed_forms.marginals import NoClosedForm
from fmstudio.flows.closed_forms.spectral import SpectralMarginal
from fmstudio.flows.measures.metrics import sliced_w2
from fmstudio.flows.motion.diffusion import ConstantSigma
from fmstudio.flows.motion.dynamics import FlowODE, SDEExtension
from fmstudio.flows.motion.fields import ExactField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import SOLVERS
from fmstudio.flows.paths import shapes
from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture, Lattice, UniformBox
from fmstudio.flows.paths.schedules import CondOT


def drawing(kind: int) -> Lattice:
    y, x = torch.meshgrid(torch.linspace(-1, 1, 64), torch.linspace(-1, 1, 64), indexing="ij")
    far = torch.hypot(x, y) - 0.6 if kind == 0 else y - 0.4 * torch.sin(4 * x)
    return Lattice((1.2 - far.abs() / 0.12).clamp(0, 1), 2.0)


PAIRS: dict[str, tuple[Distribution, Distribution]] = {
    "ring to moons": (shapes.ring(), shapes.two_moons()),
    "drawing to drawing": (drawing(0), drawing(1)),
    "box to checkerboard": (UniformBox(1.7), shapes.checkerboard(cells=64)),
    "normal to eight": (GaussianMixture.standard_normal(), shapes.eight_gaussians()),
    "tilted to ring": (
        GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.tensor([[[0.5, 0.3], [0.3, 0.4]]])),
        shapes.ring(),
    ),
}
every_pair = pytest.mark.parametrize("pair", PAIRS)
SIGMA = 0.7
TIMES = (0.0, 0.01, 0.25, 0.5, 0.99, 1.0)


@pytest.fixture(scope="module")
def bridges() -> dict[str, SchroedingerBridgeMarginal]:
    return {name: SchroedingerBridgeMarginal(*pair, SIGMA) for name, pair in PAIRS.items()}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@every_pair
def test_that_both_ends_are_met(pair: str, bridges: dict[str, SchroedingerBridgeMarginal]) -> None:
    bridge = bridges[pair]
    assert bridge.scaling.error <= 1e-6
    assert bridge.marginal_error <= 2e-4
    for nodes, t in ((bridge.scaling.source, 0.0), (bridge.scaling.target, 1.0)):
        found = bridge.density_on_grid(nodes.x, nodes.y, t) * nodes.spacing**2
        assert float((found - nodes.mass).abs().sum()) < 1.1 * bridge.marginal_error + 1e-6


@every_pair
def test_that_its_mass_is_1_at_every_time(pair: str, bridges: dict[str, SchroedingerBridgeMarginal]) -> None:
    axis = torch.linspace(-6, 6, 501, dtype=torch.float64)
    for t in TIMES:
        density = bridges[pair].density_on_grid(axis, axis, t)
        assert float(density.sum()) * float(axis[1] - axis[0]) ** 2 == pytest.approx(1, abs=2e-5)


@every_pair
def test_that_continuity_and_fokker_planck_hold(
    pair: str, bridges: dict[str, SchroedingerBridgeMarginal]
) -> None:
    bridge, h = bridges[pair], 4e-3
    for t in (0.3, 0.7):
        x = bridge.sample(200, t, seeded(1)).double()
        ahead = [bridge.log_prob(x, t + k * h) for k in (-2, -1, 1, 2)]
        log_rate = (ahead[0] - 8 * ahead[1] + 8 * ahead[2] - ahead[3]) / (12 * h)
        first = bridge.first_order(x, t)
        divergence = bridge.divergence(x, t)
        residual = log_rate + (first.velocity * first.score).sum(1) + divergence
        scale = 1 + log_rate.abs() + divergence.abs()
        assert float((residual.abs() / scale).median()) < 1e-3
        assert float((residual.abs() / scale).max()) < 0.03
        forward = first.velocity + SIGMA**2 / 2 * first.score
        assert torch.allclose(bridge.drift(x, t), forward, atol=1e-9)
        assert torch.allclose(bridge.backward_drift(x, t), SIGMA**2 * first.score - forward, atol=1e-9)


@every_pair
def test_that_grids_are_points(pair: str, bridges: dict[str, SchroedingerBridgeMarginal]) -> None:
    xs, ys = torch.linspace(-9, 8, 23).double(), torch.linspace(-1.5, 2, 17).double()
    x = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), -1).reshape(-1, 2)
    for t in (0.0, 0.4, 1.0):
        grid, first = bridges[pair].on_grid(xs, ys, t, divergence=True), bridges[pair].first_order(x, t)
        assert torch.allclose(grid.log_density.flatten(), first.log_prob)
        assert torch.allclose(grid.velocity.reshape(-1, 2), first.velocity)
        assert grid.divergence is not None
        assert torch.allclose(grid.divergence.flatten(), bridges[pair].divergence(x, t))
        density = bridges[pair].density_on_grid(xs, ys, t)
        assert torch.allclose(density, grid.density, atol=2e-3 * float(density.max()))


@every_pair
def test_that_all_is_finite_far_away(pair: str, bridges: dict[str, SchroedingerBridgeMarginal]) -> None:
    x = torch.tensor([[40.0, 0.0], [-25.0, 30.0], [0.0, 1e4], [0.0, 0.0]])
    for t in TIMES:
        first = bridges[pair].first_order(x, t)
        assert all(bool(torch.isfinite(v).all()) for v in (first.log_prob, first.velocity, first.score))
        assert bool(((first.score[:3] * x[:3]).sum(1) < 0).all())  # back to where mass is


def carried(bridge: SchroedingerBridgeMarginal, sigma: float, until: float) -> Tensor:
    field = ExactField(bridge)
    motion = SDEExtension(field, ConstantSigma(sigma)) if sigma else FlowODE(field)
    grid = [until * k / 24 for k in range(25)]
    start = bridge.source.sample(1000, seeded(2))
    *_, end = simulate(motion, SOLVERS["stochastic-heun" if sigma else "midpoint"](), start, grid, seeded(3))
    return end


@pytest.mark.parametrize("pair", ["ring to moons", "drawing to drawing"])
@pytest.mark.parametrize("sigma", [0.0, SIGMA])
def test_that_flow_and_sde_carry_the_law_of_exact_pairs(
    pair: str, sigma: float, bridges: dict[str, SchroedingerBridgeMarginal]
) -> None:
    bridge = bridges[pair]
    for until in (0.5, 0.95):
        draws = [bridge.sample(1000, until, seeded(k)) for k in (4, 5)]
        floor = sliced_w2(draws[0], draws[1], seeded(6))
        assert sliced_w2(carried(bridge, sigma, until), draws[1], seeded(6)) < 2 * floor + 0.02


@every_pair
def test_that_posterior_means_are_those_of_exact_pairs(
    pair: str, bridges: dict[str, SchroedingerBridgeMarginal]
) -> None:
    """E[z . h(x_t)] = E[D(x_t) . h(x_t)], h = x_t, and so for x_0."""
    bridge, n, t = bridges[pair], 20_000, 0.4
    x_0, z = (p.double() for p in bridge.pairs(n, seeded(7)))
    noise = torch.randn(n, 2, generator=seeded(8), dtype=torch.float64)
    x = (1 - t) * x_0 + t * z + SIGMA * math.sqrt(t * (1 - t)) * noise
    for end, mean in ((z, bridge.posterior_mean(x, t)), (x_0, bridge.source_mean(x, t))):
        gap = (end - mean)[:, :, None] * torch.stack([torch.ones_like(x), x], 1)[:, :, None, 0]
        assert float((gap.mean(0).abs() / (gap.std(0) / math.sqrt(n))).max()) < 4.5
    residual = (z - bridge.posterior_mean(x, t)).square().sum(1)
    trace = bridge.posterior_cov(x, t).diagonal(dim1=1, dim2=2).sum(1)
    assert float((residual - trace).mean().abs()) < 4.5 * float(residual.std()) / math.sqrt(n)


def test_that_pulls_average_to_the_velocity(bridges: dict[str, SchroedingerBridgeMarginal]) -> None:
    for bridge in bridges.values():
        for t in (0.0, 0.5, 1.0):
            x = bridge.sample(1, t, seeded(9))[0].double()
            pull = bridge.pull(x, t, 1_000_000)
            assert float(pull.weights.sum()) == pytest.approx(1, abs=1e-9)
            mean = pull.weights @ pull.velocities
            assert torch.allclose(mean, bridge.velocity(x[None], t)[0], atol=5e-3)


def test_that_between_normals_it_is_the_closed_form() -> None:
    """Bunne et al. 2022, eq 7: between N(0, a^2) and N(m, b^2), in every coordinate."""
    a, b, sigma, shift = 0.5, 0.8, 0.6, 1.5
    bridge = SchroedingerBridgeMarginal(
        GaussianMixture.isotropic(torch.zeros(1, 2), a),
        GaussianMixture.isotropic(torch.tensor([[shift, 0.0]]), b),
        sigma,
    )
    c = (math.sqrt(4 * a**2 * b**2 + sigma**4) - sigma**2) / 2
    assert bridge.transport_cost == pytest.approx(shift**2 + 2 * (a**2 + b**2 - 2 * c), rel=1e-5)
    for t in (0.0, 0.2, 0.7, 1.0):
        r = 1 - t
        variance = r**2 * a**2 + t**2 * b**2 + 2 * r * t * c + sigma**2 * t * r
        rate = t * b**2 - r * a**2 + (1 - 2 * t) * c + sigma**2 * (1 - 2 * t) / 2
        x = bridge.sample(500, t, seeded(10)).double()
        gap = x - torch.tensor([t * shift, 0.0])
        first = bridge.first_order(x, t)
        log_prob = -gap.square().sum(1) / (2 * variance) - math.log(2 * math.pi * variance)
        assert torch.allclose(first.log_prob, log_prob, atol=1e-3)
        velocity = torch.tensor([shift, 0.0]) + rate / variance * gap
        assert torch.allclose(first.velocity, velocity, atol=2e-3)
        assert torch.allclose(bridge.divergence(x, t), torch.tensor(2 * rate / variance).double(), atol=2e-2)


def test_that_a_large_sigma_pairs_independently() -> None:
    a, b = PAIRS["ring to moons"]
    bridge, apart = SchroedingerBridgeMarginal(a, b, 30.0), SpectralMarginal(a, b, CondOT())
    x_0, z = bridge.pairs(20_000, seeded(11))
    assert float((x_0 * z).mean(0).abs().max()) < 0.03
    independent = float(a.sample(20_000, seeded(1)).square().sum(1).mean())
    independent += float(b.sample(20_000, seeded(2)).square().sum(1).mean())
    assert bridge.transport_cost == pytest.approx(independent, rel=0.03)
    assert apart.target is bridge.target


def test_that_turning_the_ends_about_turns_the_flow(bridges: dict[str, SchroedingerBridgeMarginal]) -> None:
    there = bridges["ring to moons"]
    back = SchroedingerBridgeMarginal(there.target, there.source, SIGMA)
    x = there.sample(200, 0.3, seeded(12)).double()
    assert torch.allclose(there.log_prob(x, 0.3), back.log_prob(x, 0.7), atol=1e-3)
    assert float((there.velocity(x, 0.3) + back.velocity(x, 0.7)).abs().median()) < 1e-4
    assert float((there.drift(x, 0.3) - back.backward_drift(x, 0.7)).abs().median()) < 1e-4


def test_that_a_warm_start_leads_to_the_same_bridge_sooner() -> None:
    a, b = PAIRS["ring to moons"]
    near = SchroedingerBridgeMarginal(a, b, 0.3)
    cold = SchroedingerBridgeMarginal(a, b, 0.28)
    warm = SchroedingerBridgeMarginal(a, b, 0.28, warm=near.scaling)
    assert warm.scaling.iterations - near.scaling.iterations < cold.scaling.iterations
    assert warm.transport_cost == pytest.approx(cold.transport_cost, rel=1e-4)
    moved = SchroedingerBridgeMarginal(shapes.ring(radius=1.4), b, 0.3, warm=near.scaling)
    assert moved.scaling.error <= 1e-6


def test_that_a_time_for_each_row_is_that_rows_time(bridges: dict[str, SchroedingerBridgeMarginal]) -> None:
    bridge = bridges["ring to moons"]
    x = bridge.sample(6, 0.5, seeded(13)).double()
    t = torch.tensor([0.1, 0.5, 0.9, 0.1, 0.5, 0.9]).double()[:, None]
    rows = torch.cat([bridge.velocity(x[i : i + 1], float(t[i])) for i in range(6)])
    assert torch.allclose(bridge.velocity(x, t), rows, atol=1e-9)


FAR: dict[str, tuple[Distribution, Distribution, float]] = {
    "far apart": (shapes.ring(), Cloud(shapes.two_moons().points + 200, None, 0.1), 0.7),
    "of another scale": (shapes.ring(), Cloud(50 * shapes.two_moons().points, None, 5.0), 10.0),
    "with far mass": (
        GaussianMixture(
            torch.tensor([0.99, 0.01]),
            torch.tensor([[0.0, 0.0], [9.0, 9.0]]),
            (0.09 * torch.eye(2)).expand(2, 2, 2),
        ),
        shapes.ring(),
        0.8,
    ),
}


@pytest.mark.parametrize("case", FAR)
def test_that_distant_and_unlike_ends_have_the_right_bridge(case: str) -> None:
    source, target, sigma = FAR[case]
    bridge = SchroedingerBridgeMarginal(source, target, sigma)
    assert bridge.scaling.error <= 1e-6
    x_0, z = bridge.pairs(4000, seeded(14))
    size = float(target.sample(4000, seeded(15)).std(0).max())
    floor = sliced_w2(target.sample(4000, seeded(16)), target.sample(4000, seeded(17)), seeded(18))
    assert sliced_w2(z, target.sample(4000, seeded(19)), seeded(18)) < 3 * floor + 0.01 * size
    middle = bridge.sample(4000, 0.5, seeded(20))
    expected = (x_0.mean(0) + z.mean(0)) / 2
    assert torch.allclose(middle.mean(0), expected, atol=0.1 * size)
    first = bridge.first_order(middle, 0.5)
    assert bool(torch.isfinite(first.velocity).all())
    mean = (target.mean() - source.mean()).to(first.velocity)
    assert torch.allclose(first.velocity.mean(0), mean, atol=0.1 * size)


@pytest.mark.parametrize("sigma", [1e-6, 1e-3, 0.02])
def test_that_a_sigma_that_underflows_is_one_sentence(sigma: float) -> None:
    with pytest.raises(NoClosedForm, match=r"take at\s+least|take at least") as told:
        SchroedingerBridgeMarginal(*PAIRS["ring to moons"], sigma)
    assert str(told.value).count(".  ") == 0
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf])
def test_that_sigma_must_be_a_positive_number(sigma: float) -> None:
    with pytest.raises(ValueError, match="sigma must be positive and finite"):
        SchroedingerBridgeMarginal(*PAIRS["ring to moons"], sigma)
