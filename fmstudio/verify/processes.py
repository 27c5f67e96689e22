"""Laws of motions that know no target: linear flows, Brownian motion, Ornstein-Uhlenbeck, noising."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.motion.dynamics import FlowODE
from fmstudio.flows.motion.fields import ExactField
from fmstudio.flows.motion.linear import BrownianMotion, LinearFlow, LinearSDE, Noising, OrnsteinUhlenbeck
from fmstudio.flows.motion.processes import process_law
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import RK4, SOLVERS, Euler, EulerMaruyama, Heun, Solver, StochasticHeun
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.schedules import VE, VP, CondOT, Cosine, Schedule, SubVP
from fmstudio.flows.paths.shapes import five_modes
from fmstudio.verify.law import STANDARD_ERRORS, Measured, law, seeded, worst

PARTICLES = 40_000


def grid(duration: float, steps: int) -> list[float]:
    return [duration * k / steps for k in range(steps + 1)]


def variance_error(x: Tensor, variance: float) -> Measured:
    """The variance of 2 n coordinates, relative; its standard error is sqrt(2 / (2 n))."""
    measured = float(x.double().square().mean()) / variance - 1
    return Measured(abs(measured), STANDARD_ERRORS * math.sqrt(1 / len(x)))


# ---- linear-flow, euler-heun -------------------------------------------------------------------------


@law(
    "linear-flow",
    "X_t = exp(-θt) X_0 on a square grid (6.S184 notes, Ex 1.1)",
    "Runge-Kutta 4: 1.1 (θh)⁴ θt / 120",
)
def linear_flow_is_its_exponential() -> Measured:
    theta, duration, steps = 1.5, 2.0, 200
    axis = torch.linspace(-2, 2, 9, dtype=torch.float64)
    x_0 = torch.cartesian_prod(axis, axis)
    *_, end = simulate(LinearFlow(theta), RK4(), x_0, grid(duration, steps))
    exact = math.exp(-theta * duration) * x_0
    relative = worst(end - exact) / worst(exact)
    return Measured(relative, 1.1 * (theta * duration / steps) ** 4 * theta * duration / 120)


@law(
    "linear-flow",
    "A linear flow keeps the ratios of a grid's lines (6.S184 notes, Ex 1.1)",
    "rounding in float64",
)
def linear_flow_keeps_ratios() -> Measured:
    x_0 = torch.tensor([[1.0, 0.5], [2.0, 1.0], [-1.0, 3.0]], dtype=torch.float64)
    *_, end = simulate(LinearFlow(0.8), Euler(), x_0, grid(1.0, 50))
    ratios = end / x_0
    return Measured(worst(ratios - ratios[0, 0]), 1e-13)


@lru_cache(maxsize=1)
def _reference() -> tuple[FlowODE, Tensor, Tensor]:
    """The exact flow into five modes, where it starts, and where it is at t = 0.8.

    Closer to the target the field is steep, and the order shows at far smaller steps only.
    """
    target = five_modes()
    modes = GaussianMixture(target.weights.double(), target.means.double(), target.covs.double())
    flow = FlowODE(ExactField(marginal(GaussianMixture.standard_normal(torch.float64), modes, CondOT())))
    x_0 = torch.randn(400, 2, generator=seeded(1), dtype=torch.float64)
    *_, end = simulate(flow, RK4(), x_0, grid(0.8, 800))
    return flow, x_0, end


def _observed_order(solver: Solver, coarse_steps: int) -> float:
    """log2 of how the error at the end falls when the steps are halved."""
    flow, x_0, reference = _reference()
    errors = []
    for steps in (coarse_steps, 2 * coarse_steps):
        *_, end = simulate(flow, solver, x_0, grid(0.8, steps))
        errors.append(float((end - reference).square().sum(1).mean().sqrt()))
    return math.log2(errors[0] / errors[1])


@law(
    "euler-heun",
    "Euler converges with order 1 (6.S184 notes, sec 1.1)",
    "the order, up to its next term: 0.15",
)
def euler_has_order_1() -> Measured:
    return Measured(abs(_observed_order(SOLVERS["euler"](), 128) - 1), 0.15)


@law(
    "euler-heun",
    "Heun converges with order 2 (6.S184 notes, sec 1.1)",
    "the order, up to its next term: 0.15",
)
def heun_has_order_2() -> Measured:
    return Measured(abs(_observed_order(Heun(), 128) - 2), 0.15)


@law("euler-heun", "The midpoint rule converges with order 2", "the order, up to its next term: 0.15")
def midpoint_has_order_2() -> Measured:
    return Measured(abs(_observed_order(SOLVERS["midpoint"](), 128) - 2), 0.15)


@law("euler-heun", "Runge-Kutta 4 converges with order 4", "the order, up to its next term: 0.3")
def rk4_has_order_4() -> Measured:
    return Measured(abs(_observed_order(RK4(), 64) - 4), 0.3)


# ---- brownian-motion ---------------------------------------------------------------------------------


@law("brownian-motion", "Var X_t = t (6.S184 notes, eq 5)", "4 standard errors")
def brownian_variance_is_t() -> Measured:
    x_0 = torch.zeros(PARTICLES, 2)
    *_, end = simulate(BrownianMotion(), EulerMaruyama(), x_0, grid(2.0, 20), seeded(2))
    return variance_error(end, 2.0)


@law(
    "brownian-motion",
    "Increments are normal: their kurtosis is 3 (6.S184 notes, eq 5)",
    "4 standard errors, √(24/n)",
)
def brownian_increments_have_kurtosis_3() -> Measured:
    states = simulate(BrownianMotion(), EulerMaruyama(), torch.zeros(PARTICLES, 2), grid(1.0, 4), seeded(3))
    increments = torch.stack(list(states)).diff(dim=0).double().flatten()
    kurtosis = float(increments.pow(4).mean() / increments.square().mean() ** 2)
    return Measured(abs(kurtosis - 3), STANDARD_ERRORS * math.sqrt(24 / len(increments)))


@law(
    "brownian-motion",
    "Increments of different steps are uncorrelated (6.S184 notes, eq 5)",
    "4 standard errors, 1/√n",
)
def brownian_increments_are_independent() -> Measured:
    states = simulate(BrownianMotion(), EulerMaruyama(), torch.zeros(PARTICLES, 2), grid(1.0, 4), seeded(4))
    steps = torch.stack(list(states)).diff(dim=0).double().flatten(1)
    correlation = torch.corrcoef(steps) - torch.eye(4)
    return Measured(worst(correlation), STANDARD_ERRORS / math.sqrt(steps.shape[1]))


# ---- ornstein-uhlenbeck ------------------------------------------------------------------------------


@law(
    "ornstein-uhlenbeck",
    "It settles at N(0, σ²/2θ I) (6.S184 notes, Ex 1.2)",
    "4 standard errors + Euler bias θh/2",
)
def ou_settles() -> Measured:
    theta, sigma, duration, steps = 1.0, 0.8, 8.0, 400
    x_0 = torch.full((PARTICLES, 2), 2.0)
    *_, end = simulate(
        OrnsteinUhlenbeck(theta, sigma), EulerMaruyama(), x_0, grid(duration, steps), seeded(5)
    )
    found = variance_error(end, sigma**2 / (2 * theta))
    return Measured(found.value, found.limit + theta * duration / steps / 2)


@law(
    "ornstein-uhlenbeck", "σ = 0 leaves exp(-θt) X_0, a line (6.S184 notes, Ex 1.2)", "Euler: 1.1 θ² h t / 2"
)
def ou_without_noise_is_linear() -> Measured:
    theta, steps = 0.5, 1000
    x_0 = torch.randn(100, 2, generator=seeded(6), dtype=torch.float64)
    *_, end = simulate(OrnsteinUhlenbeck(theta, 0.0), EulerMaruyama(), x_0, grid(2.0, steps), seeded(7))
    exact = math.exp(-2 * theta) * x_0
    return Measured(worst(end - exact) / worst(exact), 0.55 * theta**2 * (2.0 / steps) * 2.0)


@law(
    "ornstein-uhlenbeck",
    "Euler-Maruyama converges weakly with order 1",
    "the order, up to its next term: 0.2",
)
def em_has_weak_order_1() -> Measured:
    return Measured(abs(_weak_order(EulerMaruyama()) - 1), 0.2)


@law(
    "ornstein-uhlenbeck",
    "Stochastic Heun converges weakly with order 2",
    "the order, up to its next term: 0.2",
)
def stochastic_heun_has_weak_order_2() -> Measured:
    return Measured(abs(_weak_order(StochasticHeun()) - 2), 0.2)


def _weak_order(solver: Solver) -> float:
    """Of the variance, with no sampling: from the linear map x -> m x + s noise that one step is."""
    theta, sigma, duration = 1.0, 0.8, 1.0
    exact = sigma**2 / (2 * theta) * (1 - math.exp(-2 * theta * duration))
    errors = []
    for steps in (16, 32):
        dt = duration / steps
        ones, zeros = torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
        process = OrnsteinUhlenbeck(theta, sigma)
        m = float(solver.step(process, ones, 0.0, dt, zeros))
        s = float(solver.step(process, zeros, 0.0, dt, ones))
        variance = s**2 * (1 - m ** (2 * steps)) / (1 - m**2)
        errors.append(abs(variance - exact))
    return math.log2(errors[0] / errors[1])


@law(
    "ornstein-uhlenbeck",
    "Euler-Maruyama converges strongly with order 1 (additive noise)",
    "the order, up to its next term: 0.2",
)
def em_has_strong_order_1() -> Measured:
    """One Brownian path, refined: the noise of a coarse step is the scaled sum of its fine steps."""
    process, fine_steps = OrnsteinUhlenbeck(1.0, 0.8), 2048
    noise = torch.randn(fine_steps, 2000, 1, generator=seeded(8), dtype=torch.float64)
    ends = [_path_end(process, noise, fine_steps // steps) for steps in (32, 64, fine_steps)]
    errors = [float((end - ends[-1]).square().mean().sqrt()) for end in ends[:-1]]
    return Measured(abs(math.log2(errors[0] / errors[1]) - 1), 0.2)


def _path_end(process: OrnsteinUhlenbeck, noise: Tensor, stride: int) -> Tensor:
    dt = stride / len(noise)
    x = torch.ones_like(noise[0])
    for chunk in torch.split(noise, stride):
        x = EulerMaruyama().step(process, x, 0.0, dt, chunk.sum(0) / math.sqrt(stride))
    return x


# ---- linear-sde --------------------------------------------------------------------------------------


def _linear_sde() -> LinearSDE:
    push = torch.tensor([1.0, 0.5], dtype=torch.float64)
    return LinearSDE(lambda t: -1 + 0.4 * t, lambda t: push + 0 * t, lambda t: 0.6 + 0.1 * t)


@law(
    "linear-sde",
    "The mean follows e^A (x_0 + ∫ e^-A b ds) (Chen 2024, eq 10)",
    "4 standard errors + step bias h",
)
def linear_sde_has_its_mean() -> Measured:
    process, duration, steps = _linear_sde(), 2.0, 400
    x_0 = torch.full((PARTICLES, 2), 1.5)
    *_, end = simulate(process, StochasticHeun(), x_0, grid(duration, steps), seeded(9))
    expected = process.mean(x_0[:1].double(), duration)
    error = math.sqrt(float(process.variance(duration)) / PARTICLES)
    return Measured(worst(end.double().mean(0) - expected), STANDARD_ERRORS * error + (duration / steps) ** 2)


@law(
    "linear-sde",
    "The variance follows ∫ e^(2A(t)-2A(s)) g² ds (Chen 2024, eq 13)",
    "4 standard errors + step bias h",
)
def linear_sde_has_its_variance() -> Measured:
    process, duration, steps = _linear_sde(), 2.0, 400
    x_0 = torch.full((PARTICLES, 2), 1.5)
    *_, end = simulate(process, StochasticHeun(), x_0, grid(duration, steps), seeded(10))
    found = variance_error(end - end.mean(0), float(process.variance(duration)))
    return Measured(found.value, found.limit + duration / steps)


@law("linear-sde", "Its closed-form law has mass 1 (Chen 2024, eq 15)", "quadrature on a fine grid: 1e-6")
def linear_sde_law_has_mass_1() -> Measured:
    start = five_modes()
    wide = GaussianMixture(start.weights.double(), start.means.double(), start.covs.double())
    axis = torch.linspace(-7, 7, 421, dtype=torch.float64)
    density = process_law(wide, _linear_sde(), 2.0).density_on_grid(axis, axis, 1.3)
    return Measured(abs(float(density.sum()) * float(axis[1] - axis[0]) ** 2 - 1), 1e-6)


# ---- noising-vp-ve-subvp -----------------------------------------------------------------------------


def _noised_variance(schedule: Schedule) -> Measured:
    """Var[X_s given X_0 = z] of simulated noising against beta^2 (Chen 2024, eq 19, 20, 22)."""
    process, s, steps = Noising(schedule), 0.7, 500
    z = torch.full((PARTICLES, 2), 1.2)
    *_, end = simulate(process, StochasticHeun(), z, grid(s, steps), seeded(11))
    gap = end - process.mean(z[:1].double(), s).to(end)
    found = variance_error(gap, float(process.variance(s)))
    return Measured(found.value, found.limit + s / steps)


_NOISING = "4 standard errors + step bias h"


@law("noising-vp-ve-subvp", "VP: Var[X_s|X_0] = 1 - e^-B (Chen 2024, eq 19)", _NOISING)
def vp_has_its_variance() -> Measured:
    return _noised_variance(VP())


@law("noising-vp-ve-subvp", "VE: Var[X_s|X_0] = σ_s² - σ_0² (Chen 2024, eq 20)", _NOISING)
def ve_has_its_variance() -> Measured:
    return _noised_variance(VE())


@law(
    "noising-vp-ve-subvp", "sub-VP: Var[X_s|X_0] = (1 - e^-B)² (Chen 2024, eq 21 with its x, eq 22)", _NOISING
)
def subvp_has_its_variance() -> Measured:
    return _noised_variance(SubVP())


@law(
    "noising-vp-ve-subvp",
    "The SDE's coefficients give d(β²)/ds = -2 a β² + g² (Chen 2024, eq 13)",
    "differences: 1e-6",
)
def noising_coefficients_agree() -> Measured:
    gaps = []
    for schedule in (VP(), SubVP(), VE(), Cosine()):
        for s in (0.2, 0.5, 0.8):
            h = 1e-5
            ahead, behind = (float(schedule.beta(1 - s - k * h)) ** 2 for k in (1, -1))
            rate = (ahead - behind) / (2 * h)
            t = torch.tensor(1 - s, dtype=torch.float64)
            a, g2 = float(schedule.alpha_rate(t)), float(schedule.noising_diffusion_squared(t))
            expected = -2 * a * float(schedule.beta(t)) ** 2 + g2
            gaps.append(abs(rate - expected) / max(1.0, abs(expected)))
    return Measured(max(gaps), 1e-6)
