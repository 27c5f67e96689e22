"""Laws 1, 2 and 7 for every closed form: gradient, continuity, Fokker-Planck, mass; and what is refused."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import NoClosedForm, marginal
from fmstudio.flows.closed_forms.kernels import grid_points
from fmstudio.flows.closed_forms.marginals import Coefficients, Marginal
from fmstudio.flows.paths import shapes
from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture, UniformBox
from fmstudio.flows.paths.schedules import VE, VP, CondOT, Cosine, LinearVP, Schedule
from tests.flows.cases import (
    PAIRS,
    SCHEDULES,
    exact,
    schedule_name,
    small_lattice,
    standard_normal,
    three_modes,
    tilted,
    two_round,
)

every_schedule = pytest.mark.parametrize("schedule", SCHEDULES, ids=schedule_name)
every_pair = pytest.mark.parametrize(("source", "target"), PAIRS, ids=lambda p: p)
TIMES = (0.05, 0.5, 0.9)


def places(law: Marginal, t: float, n: int = 24) -> Tensor:
    """Points where the marginal lives, and a little beside."""
    return law.sample(n, t, torch.Generator().manual_seed(5)).double() + 0.05


def gradient(law: Marginal, x: Tensor, t: float) -> Tensor:
    x = x.clone().requires_grad_()
    return torch.autograd.grad(law.log_prob(x, t).sum(), x)[0]


def jacobian_trace(law: Marginal, x: Tensor, t: float, quantity: str) -> Tensor:
    x = x.clone().requires_grad_()
    value = getattr(law, quantity)(x, t)
    return sum(
        (torch.autograd.grad(value[:, i].sum(), x, retain_graph=True)[0][:, i] for i in (0, 1)),
        torch.zeros(()),
    )


def time_slope(law: Marginal, x: Tensor, t: float, h: float = 1e-4) -> Tensor:
    """d log p_t / dt by the five-point rule."""
    one = law.log_prob(x, t + h) - law.log_prob(x, t - h)
    two = law.log_prob(x, t + 2 * h) - law.log_prob(x, t - 2 * h)
    return (8 * one - two) / (12 * h)


@every_schedule
@every_pair
def test_that_the_score_is_the_gradient_of_log_p(schedule: Schedule, source: str, target: str) -> None:
    law = exact(source, target, schedule)
    for t in (0.0, *TIMES):
        x = places(law, t)
        score = law.score(x, t)
        assert score == pytest.approx(gradient(law, x, t), rel=1e-6, abs=1e-7 * float(score.abs().max()))


@every_schedule
@every_pair
def test_that_the_continuity_equation_holds(schedule: Schedule, source: str, target: str) -> None:
    """d_t log p + div u + u . grad log p = 0, and the divergence is the trace of the Jacobian."""
    law = exact(source, target, schedule)
    for t in TIMES:
        x = places(law, t)
        first, second = law.first_order(x, t), law.second_order(x, t)
        terms = [time_slope(law, x, t), second.divergence, (first.velocity * first.score).sum(1)]
        size = float(torch.stack(terms).abs().max())
        assert torch.stack(terms).sum(0).abs().max() < 1e-6 * size + 1e-6
        assert second.divergence == pytest.approx(
            jacobian_trace(law, x, t, "velocity"), abs=1e-8 * size + 1e-8
        )


@pytest.mark.parametrize("sigma", [0.3, 1.5])
@every_schedule
def test_that_the_fokker_planck_equation_holds_for_any_sigma(schedule: Schedule, sigma: float) -> None:
    """d_t p = -div(p b) + sigma^2/2 lap p with b = u + sigma^2/2 s, each term divided by p (6.S184 notes, Thm
    2.4)."""
    law = exact("normal", "tilted", schedule)
    for t in TIMES:
        x = places(law, t)
        first = law.first_order(x, t)
        spread = jacobian_trace(law, x, t, "score")
        half = sigma**2 / 2
        drift = first.velocity + half * first.score
        divergence = law.divergence(x, t) + half * spread
        laplacian = spread + first.score.square().sum(1)
        terms = [time_slope(law, x, t), divergence, (drift * first.score).sum(1), -half * laplacian]
        size = float(torch.stack(terms).abs().max())
        assert torch.stack(terms).sum(0).abs().max() < 1e-6 * size + 1e-6


@every_pair
def test_that_the_posterior_obeys_tweedie(source: str, target: str) -> None:
    """For a standard normal source D = (x + beta^2 s)/alpha and u follows from D (notation, section 3)."""
    if source != "normal":
        return
    law = exact(source, target, Cosine())
    t = 0.6
    x = places(law, t)
    alpha, beta = Cosine().alpha(t), Cosine().beta(t)
    mean = (x + beta**2 * law.score(x, t)) / alpha
    assert law.posterior_mean(x, t) == pytest.approx(mean, rel=1e-9, abs=1e-9)
    rate = Cosine().dbeta(t) / beta
    velocity = (Cosine().dalpha(t) - alpha * rate) * mean + rate * x
    assert law.velocity(x, t) == pytest.approx(velocity, rel=1e-9, abs=1e-9)
    cov = law.posterior_cov(x, t)
    slope = jacobian_trace(law, x, t, "posterior_mean")
    trace = cov.diagonal(dim1=1, dim2=2).sum(1)
    assert trace == pytest.approx(beta**2 / alpha * slope, rel=1e-7, abs=1e-9), "C = beta^2/alpha grad D"
    assert (torch.linalg.eigvalsh(cov) > -1e-12).all()


@every_pair
@pytest.mark.parametrize("t", [0.0, 0.4, 1.0])
def test_that_the_density_holds_mass_one(source: str, target: str, t: float) -> None:
    law = exact(source, target, CondOT())
    axis = torch.linspace(-8, 8, 161, dtype=torch.float64)
    mass = law.on_grid(axis, axis, t).density.sum() * (axis[1] - axis[0]) ** 2
    assert float(mass) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    "law",
    [
        shapes.two_moons(),
        shapes.two_spirals(),
        shapes.rings(),
        shapes.ring(),
        shapes.pinwheel(),
        shapes.s_curve(),
        shapes.checkerboard(),
        shapes.square(),
        shapes.eight_gaussians(),
        shapes.five_modes(),
        tilted(torch.float32),
    ],
    ids=lambda law: law.name,
)
def test_that_the_density_of_every_distribution_holds_mass_one(law: Distribution) -> None:
    axis = torch.linspace(-4, 4, 201)
    density = law.log_prob(grid_points(axis, axis).reshape(-1, 2)).double().exp()
    assert float(density.sum() * 0.04**2) == pytest.approx(1, abs=2e-4)


@every_schedule
@every_pair
def test_that_the_grid_holds_what_the_points_hold(schedule: Schedule, source: str, target: str) -> None:
    law = exact(source, target, schedule)
    xs = torch.linspace(-2, 2, 7, dtype=torch.float64)
    ys = torch.linspace(-1.5, 2.5, 5, dtype=torch.float64)
    x = grid_points(xs, ys).reshape(-1, 2)
    for t in (0.0, 0.5, 1.0):
        grid = law.on_grid(xs, ys, t, divergence=True)
        first, spread = law.first_order(x, t), law.divergence(x, t)
        assert grid.density.flatten() == pytest.approx(first.log_prob.exp(), rel=1e-6, abs=1e-30)
        assert grid.velocity.reshape(-1, 2) == pytest.approx(first.velocity, rel=1e-5, abs=1e-6)
        assert grid.score.reshape(-1, 2) == pytest.approx(first.score, rel=1e-5, abs=1e-6)
        assert grid.divergence is not None
        assert grid.divergence.flatten() == pytest.approx(spread, rel=1e-4, abs=1e-4)


@every_pair
def test_that_one_time_per_row_means_what_single_times_mean(source: str, target: str) -> None:
    law = exact(source, target, VP())
    times = torch.tensor([0.0, 0.3, 0.7, 0.98], dtype=torch.float64)
    x = places(law, 0.5, 4)
    rows, spread = law.first_order(x, times), law.second_order(x, times[:, None])
    for i, t in enumerate(times.tolist()):
        one, wide = law.first_order(x[i : i + 1], t), law.second_order(x[i : i + 1], t)
        assert rows.log_prob[i : i + 1] == pytest.approx(one.log_prob, rel=1e-9)
        assert rows.velocity[i : i + 1] == pytest.approx(one.velocity, rel=1e-7, abs=1e-9)
        assert spread.divergence[i : i + 1] == pytest.approx(wide.divergence, rel=1e-7, abs=1e-9)
        assert spread.posterior_cov[i : i + 1] == pytest.approx(wide.posterior_cov, rel=1e-7, abs=1e-12)


@every_pair
def test_that_the_pull_of_all_components_averages_to_the_velocity(source: str, target: str) -> None:
    law = exact(source, target, CondOT())
    x = torch.tensor([0.3, -0.2], dtype=torch.float64)
    pull = law.pull(x, 0.6, count=10_000)
    assert float(pull.weights.sum()) == pytest.approx(1)
    average = (pull.weights[:, None] * pull.velocities).sum(0)
    assert average == pytest.approx(law.velocity(x[None], 0.6)[0], rel=1e-9, abs=1e-9)
    few = law.pull(x, 0.6, count=3)
    assert len(few.points) == 3
    assert (few.weights.diff() <= 0).all()


@pytest.mark.parametrize("schedule", [CondOT(), VP(), VE(0.1, 3.0)], ids=schedule_name)
@pytest.mark.parametrize("source", ["normal", "two round", "tilted"])
def test_that_the_irreducible_loss_is_what_the_exact_field_leaves(schedule: Schedule, source: str) -> None:
    law = exact(source, "modes" if source != "tilted" else "tilted", schedule)
    g = torch.Generator().manual_seed(2)
    t, n = 0.4, 60_000
    x_0, z = law.source.sample(n, g), law.target.sample(n, g)
    x = schedule.alpha(t) * z + schedule.beta(t) * x_0
    left = (schedule.dalpha(t) * z + schedule.dbeta(t) * x_0 - law.velocity(x, t)).square().sum(1)
    error = float(left.std()) / math.sqrt(n)
    assert law.irreducible_loss(t, g, n) == pytest.approx(float(left.mean()), abs=5 * error)


@every_schedule
def test_that_samples_belong_to_the_density(schedule: Schedule) -> None:
    """E[log p_t] and E|x|^2 over samples against the same by quadrature."""
    law, t = exact("normal", "lattice", schedule), 0.7
    x = law.sample(40_000, t, torch.Generator().manual_seed(8))
    reach = 4.5 + 4 * float(schedule.beta(t))
    axis = torch.linspace(-reach, reach, 301, dtype=torch.float64)
    p = law.on_grid(axis, axis, t).density * (axis[1] - axis[0]) ** 2
    squares = grid_points(axis, axis).square().sum(-1)
    for at_samples, on_grid in (
        (law.log_prob(x, t), (p * (p / (axis[1] - axis[0]) ** 2).clamp(min=1e-300).log()).sum()),
        (x.square().sum(1), (p * squares).sum()),
    ):
        error = float(at_samples.std()) / 200
        assert float(at_samples.mean()) == pytest.approx(float(on_grid), abs=4.5 * error)


def test_that_a_general_and_a_round_closed_form_agree() -> None:
    """The same law as round mixture, as cloud and as pairs: three codes, one answer."""
    modes = three_modes(torch.float64)
    nearly = modes.covs + torch.tensor([[0, 1e-5], [1e-5, 0]], dtype=torch.float64)
    laws = [
        marginal(standard_normal(torch.float64), target, LinearVP())
        for target in (
            modes,
            Cloud(modes.means, modes.weights, 0.4),
            GaussianMixture(modes.weights, modes.means, nearly),
        )
    ]
    assert len({type(law) for law in laws}) == 2
    for t in (0.0, 0.5, 0.9, 1.0):
        x = places(laws[0], t)
        for other in laws[1:]:
            assert other.velocity(x, t) == pytest.approx(laws[0].velocity(x, t), abs=2e-3)
            assert other.divergence(x, t) == pytest.approx(laws[0].divergence(x, t), abs=5e-3)


def test_that_a_target_time_beyond_the_interval_is_refused() -> None:
    law = exact("normal", "modes", CondOT())
    x = torch.zeros(3, 2)
    with pytest.raises(ValueError, match=r"t must lie in \[0, 1\], got 1.5"):
        law.velocity(x, 1.5)
    with pytest.raises(ValueError, match=r"t must be one time or one per point \(3\), got"):
        law.velocity(x, torch.tensor([0.1, 0.2]))
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        law.sample(0, 0.5, torch.Generator())


ALL_ENDS: tuple[Distribution, ...] = (
    standard_normal(),
    three_modes(),
    tilted(torch.float32),
    small_lattice(torch.float32),
    shapes.ring(),
    shapes.two_moons(),
    UniformBox(1.0),
)


@pytest.mark.parametrize("source", ALL_ENDS, ids=lambda law: law.name)
@pytest.mark.parametrize("target", ALL_ENDS, ids=lambda law: law.name)
def test_that_any_two_ends_have_their_closed_form(source: Distribution, target: Distribution) -> None:
    """The velocity carries the mean: E u_t(x_t) = alpha' E z + beta' E x_0, whatever the ends are."""
    law = marginal(source, target, Cosine())
    x = law.sample(4000, 0.4, torch.Generator().manual_seed(3))
    first = law.first_order(x, 0.4)
    wanted = Cosine().dalpha(0.4) * target.mean() + Cosine().dbeta(0.4) * source.mean()
    spread = float(first.velocity.std()) / math.sqrt(len(x))
    torch.testing.assert_close(first.velocity.mean(0).double(), wanted.double(), rtol=0, atol=5 * spread)
    assert bool(torch.isfinite(first.log_prob).all())
    at_ends = (law.velocity(x, t) for t in (0.0, 1.0))
    assert all(bool(torch.isfinite(velocity).all()) for velocity in at_ends)


def test_that_a_law_of_ones_own_without_any_closed_form_is_not_faked() -> None:
    class Own(Distribution):
        name = "law of my own"
        narrowest = 1.0

        def sample_labelled(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
            raise NotImplementedError

        def log_prob(self, x: Tensor) -> Tensor:
            raise NotImplementedError

        def mean(self) -> Tensor:
            raise NotImplementedError

    for ends in ((Own(), three_modes()), (standard_normal(), Own())):
        with pytest.raises(NoClosedForm, match="No closed form for a law of my own: train a model"):
            marginal(*ends, CondOT())


@pytest.mark.parametrize("t", [0.0, 1e-6, 0.5, 1 - 1e-6, 1.0])
@every_pair
@every_schedule
def test_that_float32_is_finite_and_right_up_to_the_ends(
    schedule: Schedule, source: str, target: str, t: float
) -> None:
    law = exact(source, target, schedule)
    x = places(law, t, 64).float()
    one, two = law.first_order(x, t), law.first_order(x.double(), t)
    spread, wide = law.second_order(x, t), law.second_order(x.double(), t)
    for single, double, tolerance in (
        (one.log_prob, two.log_prob, 1e-5),
        (one.velocity, two.velocity, 2e-5),
        (one.score, two.score, 2e-5),
        (one.posterior_mean, two.posterior_mean, 2e-5),
        (spread.posterior_cov, wide.posterior_cov, 5e-4),
        (spread.divergence, wide.divergence, 5e-4),
        (spread.target_variance, wide.target_variance, 5e-4),
    ):
        assert single.dtype == torch.float32
        assert torch.isfinite(single).all()
        assert single.double() == pytest.approx(double, abs=tolerance * (1 + float(double.abs().max())))


@every_pair
@pytest.mark.parametrize("t", [0.0, 0.5, 1.0])
def test_that_nothing_is_nan_far_from_all_mass(source: str, target: str, t: float) -> None:
    law = exact(source, target, CondOT())
    far = torch.tensor([[30.0, -40.0], [0.0, 9.0], [-100.0, 0.0], [1e3, 1e3]])
    first, second = law.first_order(far, t), law.second_order(far, t)
    for value in (*vars(first).values(), *vars(second).values()):
        assert torch.isfinite(value).all()
    double = law.first_order(far.double(), t)
    assert first.velocity.double() == pytest.approx(double.velocity, rel=0.05, abs=0.05)


@pytest.mark.parametrize("make", [two_round, tilted])
def test_that_the_source_is_met_at_the_start(make: object) -> None:
    assert callable(make)
    source = make()
    law = marginal(source, three_modes(torch.float64), CondOT())
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert law.log_prob(x, 0.0) == pytest.approx(source.log_prob(x), rel=1e-9)
    assert law.log_prob(x, 1.0) == pytest.approx(three_modes(torch.float64).log_prob(x), rel=1e-9)


def test_that_coefficients_at_one_time_can_be_differentiated() -> None:
    """Also after they were remembered, and remembered where no gradient can follow."""
    schedule, x = VP(3.0, 11.0), torch.zeros(2, 2, dtype=torch.float64)
    with torch.inference_mode():
        Coefficients.at(schedule, 0.37, x)
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    at = Coefficients.at(schedule, 0.37, x)
    (slope,) = torch.autograd.grad(at.alpha * weight.square(), weight)
    torch.testing.assert_close(slope, 2 * at.alpha)
    t = torch.tensor(0.37, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(Coefficients.at(schedule, t, x).alpha, t)
    torch.testing.assert_close(slope, at.dalpha)
