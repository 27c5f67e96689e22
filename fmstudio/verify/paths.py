"""Laws of conditional paths, schedules and posterior weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.closed_forms.marginals import Marginal
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.probability_path import ProbabilityPath
from fmstudio.flows.paths.schedules import (
    FMOT,
    VE,
    VP,
    CondOT,
    Cosine,
    LinearVP,
    Polynomial,
    Schedule,
    Spline,
    SubVP,
)
from fmstudio.flows.paths.shapes import five_modes
from fmstudio.verify.law import Measured, law, seeded, worst

SCHEDULES: tuple[Schedule, ...] = (
    *(CondOT(), FMOT(0.1), VP(), SubVP(), VE(), Cosine()),
    *(LinearVP(), Polynomial(2.0), Polynomial(0.5)),
    Spline(((0.0, 0.0, 1.0), (0.35, 0.1, 0.75), (0.7, 0.8, 0.4), (1.0, 1.0, 0.0))),
)
TIMES = (0.05, 0.3, 0.5, 0.8, 0.95)
ROUNDING = "rounding in float64"


def five_modes_double() -> GaussianMixture:
    """The target of most laws, in float64."""
    target = five_modes()
    return GaussianMixture(target.weights.double(), target.means.double(), target.covs.double())


def tilted() -> GaussianMixture:
    """Unequal, elongated components, in float64: nothing about it is round."""
    means = torch.tensor([[1.0, 0.0], [-1.0, 1.0], [0.2, -1.3]], dtype=torch.float64)
    covs = torch.tensor(
        [[[0.1, 0.05], [0.05, 0.2]], [[0.3, 0.0], [0.0, 0.1]], [[0.2, -0.1], [-0.1, 0.15]]],
        dtype=torch.float64,
    )
    return GaussianMixture(torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64), means, covs)


def exact(schedule: Schedule, target: GaussianMixture | None = None) -> Marginal:
    """The closed form from a standard normal, in float64."""
    source = GaussianMixture.standard_normal(torch.float64)
    return marginal(source, tilted() if target is None else target, schedule)


def points(n: int, seed: int, scale: float = 1.5) -> Tensor:
    return scale * torch.randn(n, 2, generator=seeded(seed), dtype=torch.float64)


# ---- conditional-path --------------------------------------------------------------------------------


@law(
    "conditional-path",
    "d/dt (α z + β x_0) = u_t(x_t | z), every schedule (Khungurn 2024, Thm 1; 6.S184 notes, Ex 2.1)",
    ROUNDING,
)
def conditional_velocity_is_the_derivative() -> Measured:
    x_0, z = points(64, 1), points(64, 2)
    gaps = []
    for schedule in SCHEDULES:
        path = ProbabilityPath(schedule)
        for at in TIMES:
            t = torch.full((len(z),), at, dtype=torch.float64, requires_grad=True)
            x_t = path.x_t(x_0, z, t)
            slopes = [torch.autograd.grad(x_t[:, i].sum(), t, retain_graph=True)[0] for i in range(2)]
            slope, at_once = torch.stack(slopes, 1), t.detach()
            velocity = path.conditional_velocity(x_t.detach(), z, at_once)
            gaps.append(worst(slope - velocity) / worst(slope))
    return Measured(max(gaps), 1e-9)


@law("conditional-path", "∇ log N(x; α z, β² I) = (α z - x)/β² (6.S184 notes, eq 24)", ROUNDING)
def conditional_score_is_the_gradient() -> Measured:
    z = points(64, 3)
    gaps = []
    for schedule in SCHEDULES:
        path = ProbabilityPath(schedule)
        for t in TIMES:
            x = path.x_t(points(64, 4), z, t).requires_grad_()
            alpha, beta = schedule.alpha(t), schedule.beta(t)
            log_p = -(x - alpha * z).square().sum() / (2 * beta**2)
            (slope,) = torch.autograd.grad(log_p, x)
            score = path.conditional_score(x.detach(), z, t)
            gaps.append(worst(slope - score) / worst(score))
    return Measured(max(gaps), 1e-9)


@law(
    "conditional-path",
    "FM-OT ends at N(z, σ_min² I): x_1 = z + σ_min x_0 (Khungurn 2024, Thm 1)",
    "Heun: h² = 1e-4",
)
def conditional_flow_ends_with_sigma_min() -> Measured:
    sigma_min, steps = 0.1, 100
    path, x_0, z = ProbabilityPath(FMOT(sigma_min)), points(64, 5), points(64, 6)
    x = x_0
    for k in range(steps):
        t, after = k / steps, (k + 1) / steps
        first = path.conditional_velocity(x, z, t)
        second = path.conditional_velocity(x + first / steps, z, after)
        x = x + (first + second) / (2 * steps)
    return Measured(worst(x - (z + sigma_min * x_0)), 1 / steps**2)


# ---- schedules ---------------------------------------------------------------------------------------

_QUANTITIES = ("alpha", "beta", "dalpha", "beta_dbeta", "beta_wronskian")


@law(
    "schedules",
    "float32 keeps its digits at t = 0, 1e-6, 1/2, 1 - 1e-6, 1 (Chen 2024, eq 19, 20, 22)",
    "8 roundings of float32, in VP of B = 10",
)
def schedules_keep_their_digits() -> Measured:
    gaps = []
    for schedule in SCHEDULES:
        for at in (0.0, 1e-6, 0.5, 1 - 1e-6, 1.0):
            narrow = torch.tensor(at, dtype=torch.float32)
            for name in _QUANTITIES:
                single = getattr(schedule, name)(narrow).double()
                double = getattr(schedule, name)(narrow.double())
                gaps.append(float((single - double).abs() / double.abs().clamp_min(1e-3)))
    value = max(gaps) if all(math.isfinite(gap) for gap in gaps) else math.inf
    # Eight roundings of 2^-24, ten times larger where they are of the exponent B(1) = 10 of VP.
    return Measured(value, 8 * 10 * 2.0**-24)


@law(
    "schedules",
    "α rises, β falls, α_1 = 1 (Khungurn 2024; Chen 2024; “Vector fields” post; Liao et al. 2024)",
    ROUNDING,
)
def schedules_are_monotone() -> Measured:
    t = torch.linspace(0, 1, 2001, dtype=torch.float64)
    wrong = []
    for schedule in SCHEDULES:
        wrong += [(-schedule.alpha(t).diff()).clamp_min(0).max(), schedule.beta(t).diff().clamp_min(0).max()]
        wrong.append((schedule.alpha(1.0) - 1).abs())
    return Measured(worst(*wrong), 1e-12)


@law("schedules", "VP keeps the variance: α² + β² = 1 (Chen 2024, eq 19)", ROUNDING)
def vp_keeps_the_variance() -> Measured:
    t = torch.linspace(0, 1, 101, dtype=torch.float64)
    gaps = [s.alpha(t) ** 2 + s.beta(t) ** 2 - 1 for s in (VP(), Cosine(), LinearVP())]
    return Measured(worst(*gaps), 1e-14)


@law(
    "schedules",
    "Every schedule reaches the target: p_1 = p_data blurred by β_1 (Chen 2024; Liao et al. 2024)",
    ROUNDING,
)
def schedules_end_at_the_target() -> Measured:
    x, gaps = points(200, 7), []
    for schedule in SCHEDULES:
        plain = tilted()
        blur = float(schedule.beta(1.0)) ** 2 * torch.eye(2, dtype=torch.float64)
        blurred = GaussianMixture(plain.weights, plain.means, plain.covs + blur)
        gaps.append(exact(schedule).log_prob(x, 1.0) - blurred.log_prob(x))
    return Measured(worst(*gaps), 1e-6)


# ---- posterior-weights -------------------------------------------------------------------------------


@law(
    "posterior-weights",
    "u_t(x) = Σ_z p_t(z | x) u_t(x | z): all pulls average to the field (“Vector fields” post)",
    ROUNDING,
)
def pulls_average_to_the_field() -> Measured:
    marginal_path, gaps = exact(CondOT(), five_modes_double()), []
    for t in TIMES:
        for x in points(12, 8):
            pull = marginal_path.pull(x, t, count=5)
            mean = (pull.weights[:, None] * pull.velocities).sum(0)
            gaps.append(mean - marginal_path.velocity(x[None], t)[0])
    return Measured(worst(*gaps), 1e-9)


@law(
    "posterior-weights",
    "The naive average over p_data carries everything to E[z] (“Vector fields” post)",
    ROUNDING,
)
def naive_average_collapses() -> Measured:
    target, path, steps = tilted(), ProbabilityPath(CondOT()), 50
    mean = (target.weights[:, None] * target.means).sum(0)
    x = points(100, 9)
    for k in range(steps):
        x = x + path.naive_average(x, mean, k / steps) / steps
    return Measured(worst(x - mean), 1e-9)


@law(
    "posterior-weights",
    "D_t and C_t obey Tweedie: D = (x + β² s)/α, tr C = β²/α div D (“Vector fields” post)",
    "rounding of autograd",
)
def posterior_obeys_tweedie() -> Measured:
    path, gaps = exact(Cosine()), []
    for t in TIMES:
        x = points(64, 10)
        alpha, beta = Cosine().alpha(t), Cosine().beta(t)
        mean = (x + beta**2 * path.score(x, t)) / alpha
        gaps.append(path.posterior_mean(x, t) - mean)
        slope = trace_of_jacobian(lambda y, at=t: path.posterior_mean(y, at), x)
        gaps.append(path.posterior_cov(x, t).diagonal(dim1=1, dim2=2).sum(1) - beta**2 / alpha * slope)
    return Measured(worst(*gaps), 1e-8)


def trace_of_jacobian(field: object, x: Tensor) -> Tensor:
    """div field at the rows of x, by autograd."""
    y = x.detach().requires_grad_()
    values = field(y)  # type: ignore[operator]
    slopes = [torch.autograd.grad(values[:, i].sum(), y, retain_graph=True)[0][:, i] for i in range(2)]
    return torch.stack(slopes).sum(0)
