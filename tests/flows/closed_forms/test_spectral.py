"""The marginal of any two ends: the other closed forms where they exist, and its laws where none does."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.closed_forms.spectral import SpectralMarginal
from fmstudio.flows.measures.metrics import sliced_w2
from fmstudio.flows.motion.diffusion import ConstantSigma
from fmstudio.flows.motion.dynamics import FlowODE, SDEExtension
from fmstudio.flows.motion.fields import ExactField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import SOLVERS
from fmstudio.flows.paths import shapes
from fmstudio.flows.paths.distributions import Distribution, GaussianMixture, Lattice, UniformBox
from fmstudio.flows.paths.schedules import VE, VP, CondOT, Cosine, LinearVP, Schedule

SCHEDULES: dict[str, Schedule] = {
    "condot": CondOT(),
    "vp": VP(),
    "cosine": Cosine(),
    "ve": VE(sigma_max=3.0),
    "linear-vp": LinearVP(),
}


def drawing() -> Lattice:
    y, x = torch.meshgrid(torch.linspace(-1, 1, 96), torch.linspace(-1, 1, 96), indexing="ij")
    return Lattice((1.2 - (torch.hypot(x, y) - 0.6).abs() / 0.08).clamp(0, 1), 2.5)


def two_normals() -> GaussianMixture:
    return GaussianMixture.isotropic(torch.tensor([[1.0, 0.0], [-1.0, 0.5]]), 0.5)


PAIRS: dict[str, tuple[Distribution, Distribution]] = {
    "ring to moons": (shapes.ring(), shapes.two_moons()),
    "drawing to spirals": (drawing(), shapes.two_spirals()),
    "box to eight": (UniformBox(1.7), shapes.eight_gaussians()),
    "checkerboard to ring": (shapes.checkerboard(), shapes.ring()),
}
every_pair = pytest.mark.parametrize("pair", PAIRS)
TIMES = (0.0, 0.1, 0.5, 0.9, 0.999)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("source", [GaussianMixture.standard_normal(), two_normals()], ids=["one", "two"])
@pytest.mark.parametrize(
    "target", [shapes.two_moons(), shapes.eight_gaussians(), drawing()], ids=["moons", "eight", "drawing"]
)
def test_that_it_is_the_closed_form_of_a_normal_source(
    schedule: str, source: GaussianMixture, target: Distribution
) -> None:
    path = SCHEDULES[schedule]
    known, found = marginal(source, target, path), SpectralMarginal(source, target, path)
    for t in TIMES:
        x = known.sample(300, t, torch.Generator().manual_seed(5)).double()
        right, ours = known.first_order(x, t), found.first_order(x, t)
        speed = right.velocity.norm(dim=1).mean()
        assert (right.log_prob - ours.log_prob).abs().median() < 2e-4
        assert (right.velocity - ours.velocity).norm(dim=1).mean() < 2e-3 * (0.01 + speed)
        assert (right.posterior_mean - ours.posterior_mean).norm(dim=1).mean() < 1e-3
        score = right.score.norm(dim=1)
        assert ((right.score - ours.score).norm(dim=1) / (1 + score)).mean() < 2e-3
        spread = known.second_order(x, t).divergence
        gap = (spread - found.second_order(x, t).divergence).abs()
        assert (gap / (1 + spread.abs())).median() < 1e-3


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_that_all_is_finite_at_both_ends_of_time(schedule: str) -> None:
    path = SpectralMarginal(shapes.ring(), shapes.two_moons(), SCHEDULES[schedule])
    for t in (0.0, 1.0):
        x = path.sample(100, t, torch.Generator().manual_seed(5))
        first = path.first_order(x, t)
        assert all(bool(torch.isfinite(v).all()) for v in (first.log_prob, first.velocity, first.score))


@every_pair
@pytest.mark.parametrize(("schedule", "noise"), [("condot", 0.0), ("vp", 0.0), ("condot", 0.7)])
def test_that_the_continuity_equation_holds(pair: str, schedule: str, noise: float) -> None:
    path = SpectralMarginal(*PAIRS[pair], SCHEDULES[schedule], noise)
    h = 1e-4
    for t in (0.3, 0.7):
        x = path.sample(200, t, torch.Generator().manual_seed(6)).double()
        log_rate = (path.log_prob(x, t + h) - path.log_prob(x, t - h)) / (2 * h)
        first = path.first_order(x, t)
        residual = log_rate + (first.velocity * first.score).sum(1) + path.divergence(x, t)
        scale = log_rate.abs() + path.divergence(x, t).abs() + 1
        assert float((residual.abs() / scale).median()) < 1e-3


@every_pair
def test_that_its_mass_is_1_at_every_time(pair: str) -> None:
    path = SpectralMarginal(*PAIRS[pair], CondOT())
    axis = torch.linspace(-6, 6, 601, dtype=torch.float64)
    for t in TIMES:
        mass = path.density_on_grid(axis, axis, t).sum() * (axis[1] - axis[0]) ** 2
        assert float(mass) == pytest.approx(1, abs=2e-3 if t == 0 and pair.startswith("box") else 1e-6)


@every_pair
def test_that_density_on_a_grid_is_that_of_points(pair: str) -> None:
    path = SpectralMarginal(*PAIRS[pair], CondOT())
    xs, ys = torch.linspace(-2, 2, 23).double(), torch.linspace(-1.5, 2, 17).double()
    grid = path.density_on_grid(xs, ys, 0.6)
    points = path.on_grid(xs, ys, 0.6).density
    assert torch.allclose(grid, points, atol=1e-4 * float(grid.max()))


@pytest.mark.parametrize("pair", ["ring to moons", "box to eight"])
def test_that_fields_on_a_grid_are_those_of_points(pair: str) -> None:
    path = SpectralMarginal(*PAIRS[pair], CondOT())
    for half in (9.0, 0.7):  # beyond all mass, and a part of it
        xs, ys = torch.linspace(-half, half, 31).double(), torch.linspace(-half, 0.8 * half, 21).double()
        x = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), -1).reshape(-1, 2)
        grid, points = path.on_grid(xs, ys, 0.4), path.first_order(x, 0.4)
        assert torch.allclose(grid.velocity.reshape(-1, 2), points.velocity)
        assert torch.allclose(grid.score.reshape(-1, 2), points.score)
        assert torch.allclose(grid.log_density.flatten(), points.log_prob)


def carried(pair: str, sigma: float, until: float) -> Tensor:
    """Particles moved from the source to ``until``."""
    source, _ = PAIRS[pair]
    generator = torch.Generator().manual_seed(7)
    field = ExactField(SpectralMarginal(*PAIRS[pair], CondOT()))
    motion = SDEExtension(field, ConstantSigma(sigma)) if sigma else FlowODE(field)
    solver = SOLVERS["stochastic-heun" if sigma else "midpoint"]()
    grid = [until * k / 30 for k in range(31)]
    *_, state = simulate(motion, solver, source.sample(1000, generator), grid, generator)
    return state


@pytest.mark.parametrize("pair", ["ring to moons", "drawing to spirals"])
def test_that_flow_and_sde_carry_one_law(pair: str) -> None:
    path = SpectralMarginal(*PAIRS[pair], CondOT())
    generator = torch.Generator().manual_seed(8)
    for sigma, until in ((0.0, 0.97), (0.5, 0.5)):
        drawn, again = (path.sample(1000, until, generator) for _ in range(2))
        floor = sliced_w2(drawn, again, torch.Generator().manual_seed(9))
        got = sliced_w2(carried(pair, sigma, until), again, torch.Generator().manual_seed(9))
        assert got < 2.2 * floor + 0.01


def test_that_an_interpolant_is_the_path_with_noise_on_the_way() -> None:
    """Of normals in closed form; of any ends by the continuity equation and its own samples."""
    one, other = (GaussianMixture.isotropic(torch.tensor([[m, 0.0]]), s) for m, s in ((0.0, 0.5), (1.5, 0.8)))
    path = SpectralMarginal(one, other, CondOT(), noise=0.9)
    for t in (0.0, 0.3, 0.5, 0.8, 1.0):
        variance = (t * 0.8) ** 2 + ((1 - t) * 0.5) ** 2 + 0.81 * t * (1 - t)
        rate = t * 0.64 - (1 - t) * 0.25 + 0.81 * (1 - 2 * t) / 2
        x = path.sample(4000, t, torch.Generator().manual_seed(13)).double()
        assert float(x[:, 1].var()) == pytest.approx(variance, rel=0.12)
        gap = x - torch.tensor([1.5 * t, 0.0])
        first = path.first_order(x, t)
        velocity = torch.tensor([1.5, 0.0]) + rate / variance * gap
        assert torch.allclose(first.velocity, velocity, atol=1e-3)
        assert torch.allclose(first.score, -gap / variance, atol=5e-3)
        assert torch.allclose(path.divergence(x, t), torch.full_like(x[:, 0], 2 * rate / variance), atol=1e-2)


def test_that_an_interpolant_s_loss_has_the_floor_of_its_own_draws() -> None:
    """E |alpha' z + beta' x_0 + gamma' W - u|^2 by draws of all three."""
    path, n, t = SpectralMarginal(shapes.ring(), shapes.two_moons(), CondOT(), noise=0.6), 20_000, 0.3
    generator = torch.Generator().manual_seed(14)
    x_0, z = (end.sample(n, generator).double() for end in (path.source, path.target))
    noise = torch.randn(n, 2, generator=generator, dtype=torch.float64)
    x = t * z + (1 - t) * x_0 + 0.6 * (t * (1 - t)) ** 0.5 * noise
    wanted = z - x_0 + 0.6 * (1 - 2 * t) / (2 * (t * (1 - t)) ** 0.5) * noise
    missed = (wanted - path.velocity(x, t)).square().sum(1)
    known = path.second_order(x, t).target_variance
    assert float((missed - known).mean().abs()) < 4.5 * float((missed - known).std()) / n**0.5
    assert torch.allclose(((wanted - path.velocity(x, t)) * x).mean(0), torch.zeros(2).double(), atol=0.05)


@pytest.mark.parametrize("noise", [-0.1, float("nan"), float("inf")])
def test_that_noise_on_the_way_is_a_number_of_at_least_0(noise: float) -> None:
    with pytest.raises(ValueError, match="noise must be at least 0"):
        SpectralMarginal(shapes.ring(), shapes.two_moons(), CondOT(), noise)


def test_that_turning_the_ends_about_turns_the_flow() -> None:
    a, b = shapes.ring(), shapes.two_moons()
    there, back = SpectralMarginal(a, b, CondOT()), SpectralMarginal(b, a, CondOT())
    x = there.sample(200, 0.3, torch.Generator().manual_seed(10)).double()
    assert torch.allclose(there.velocity(x, 0.3), -back.velocity(x, 0.7), atol=1e-3)
    assert torch.allclose(there.log_prob(x, 0.3), back.log_prob(x, 0.7), atol=1e-4)


def test_that_far_away_the_field_is_that_of_the_nearest_mass() -> None:
    path = SpectralMarginal(shapes.ring(), shapes.two_moons(), CondOT())
    x = torch.tensor([[40.0, 0.0], [-25.0, 30.0], [0.0, 1e4]], dtype=torch.float64)
    first = path.first_order(x, 0.5)
    assert bool(torch.isfinite(first.velocity).all())
    assert bool((first.log_prob < -100).all())
    assert bool(((first.score * x).sum(1) < 0).all())  # back to where mass is


def test_that_a_time_for_each_row_is_that_rows_time() -> None:
    path = SpectralMarginal(shapes.ring(), shapes.two_moons(), CondOT())
    x = path.sample(6, 0.5, torch.Generator().manual_seed(11)).double()
    t = torch.tensor([0.1, 0.5, 0.9, 0.1, 0.5, 0.9]).double()[:, None]
    rows = torch.cat([path.velocity(x[i : i + 1], float(t[i])) for i in range(6)])
    assert torch.allclose(path.velocity(x, t), rows, atol=1e-9)


def test_that_pulls_average_to_the_velocity() -> None:
    for target in (shapes.two_moons(), shapes.eight_gaussians(), drawing()):
        path = SpectralMarginal(shapes.ring(), target, CondOT())
        x = path.sample(1, 0.5, torch.Generator().manual_seed(12)).double()[0]
        pull = path.pull(x, 0.5, 10_000)
        assert float(pull.weights.sum()) == pytest.approx(1, abs=1e-3)
        mean = pull.weights @ pull.velocities
        assert torch.allclose(mean, path.velocity(x[None], 0.5)[0], atol=5e-3)
