"""Laws of marginal paths: samples, continuity, Fokker-Planck, reverse time, drawings."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.closed_forms.marginals import Marginal
from fmstudio.flows.measures.densities import balance
from fmstudio.flows.measures.metrics import energy_distance, w2
from fmstudio.flows.motion.diffusion import ConstantSigma, SqrtBetaSigma
from fmstudio.flows.motion.dynamics import Dynamics, FlowODE, ProbabilityFlow, ReverseSDE, SDEExtension
from fmstudio.flows.motion.fields import ExactField
from fmstudio.flows.motion.fokker_planck import solve_fokker_planck
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import SOLVERS
from fmstudio.flows.paths.distributions import GaussianMixture, Lattice
from fmstudio.flows.paths.schedules import VP, CondOT, Cosine, Schedule
from fmstudio.flows.paths.shapes import five_modes, two_moons
from fmstudio.verify.law import STANDARD_ERRORS, Measured, law, seeded, worst
from fmstudio.verify.paths import SCHEDULES, TIMES, exact, points, trace_of_jacobian
from fmstudio.verify.processes import grid

PARTICLES = 3000
FEW_PARTICLES = 1000
"""where exact transport is solved for"""
FLOOR_REPEATS = 12
FLOOR = "energy distance of two exact samples, + 4 of its standard deviations"

Distance = Callable[[Tensor, Tensor], float]


def _against_draws(
    path: Marginal, x: Tensor, t: float, seed: int, distance: Distance = energy_distance
) -> Measured:
    """The distance of particles from as many exact draws of p_t, beside what two sets of draws score."""
    draws = [path.sample(len(x), t, seeded(seed + k)) for k in range(1 + 2 * FLOOR_REPEATS)]
    pairs = zip(draws[1::2], draws[2::2], strict=True)
    floor = torch.tensor([distance(one, other) for one, other in pairs])
    return Measured(distance(x, draws[0]), float(floor.mean() + STANDARD_ERRORS * floor.std()))


def _moved(
    dynamics: Dynamics, solver: str, path: Marginal, t: float, steps: int = 200, n: int = PARTICLES
) -> Tensor:
    start = path.source.sample(n, seeded(21)) * path.schedule.source_scale
    *_, end = simulate(dynamics, SOLVERS[solver](), start, grid(t, steps), seeded(22))
    return end


def _moons(schedule: Schedule) -> Marginal:
    return marginal(GaussianMixture.standard_normal(), two_moons(), schedule)


# ---- conditional-marginal-ode, -sde, reverse-sde -----------------------------------------------------


@law(
    "conditional-marginal-ode",
    "X_t of the flow ODE has the law p_t, at t = 1/2 (6.S184 notes, Thm 2.1)",
    FLOOR,
)
def ode_follows_p_t_half_way() -> Measured:
    path = _moons(CondOT())
    return _against_draws(path, _moved(FlowODE(ExactField(path)), "heun", path, 0.5), 0.5, 30)


@law(
    "conditional-marginal-ode", "X_1 of the flow ODE has the law p_data (6.S184 notes, Thm 2.1, Fig 2)", FLOOR
)
def ode_ends_at_the_target() -> Measured:
    path = _moons(CondOT())
    return _against_draws(path, _moved(FlowODE(ExactField(path)), "heun", path, 1.0), 1.0, 130)


@law(
    "conditional-marginal-ode",
    "W2 of the flow's ends from p_data is that of exact samples (6.S184 notes, Thm 2.1)",
    "W2 of two exact samples, + 4 of its standard deviations",
)
def ode_ends_within_the_floor_of_w2() -> Measured:
    path = _moons(CondOT())
    ends = _moved(FlowODE(ExactField(path)), "heun", path, 1.0, n=FEW_PARTICLES)
    return _against_draws(path, ends, 1.0, 630, w2)


@law(
    "conditional-marginal-sde",
    "X_1 of the SDE has the law p_data at σ = 1 (6.S184 notes, Thm 2.3, Fig 3)",
    FLOOR,
)
def sde_ends_at_the_target() -> Measured:
    path = _moons(CondOT())
    sde = SDEExtension(ExactField(path), SqrtBetaSigma(1.0, CondOT()))
    return _against_draws(path, _moved(sde, "euler-maruyama", path, 1.0, 400), 1.0, 230)


@law(
    "conditional-marginal-sde",
    "σ does not change the marginals: σ = 0.5, 1, 2 at t = 1/2 (6.S184 notes, Thm 2.3)",
    FLOOR,
)
def sde_marginals_do_not_depend_on_sigma() -> Measured:
    path, found = _moons(CondOT()), []
    for sigma in (0.5, 1.0, 2.0):
        sde = SDEExtension(ExactField(path), ConstantSigma(sigma))
        found.append(_against_draws(path, _moved(sde, "stochastic-heun", path, 0.5), 0.5, 330))
    return max(found, key=lambda measured: measured.value - measured.limit)


@law("reverse-sde", "The reverse SDE of VP ends at the target (Chen 2024, eq 26-28)", FLOOR)
def reverse_sde_ends_at_the_target() -> Measured:
    path = _moons(VP())
    reverse = ReverseSDE(ExactField(path), VP())
    return _against_draws(path, _moved(reverse, "stochastic-heun", path, 1.0, 400), 1.0, 430)


@law(
    "reverse-sde",
    "The probability flow is the flow: (α'/α) x + g²/2 s = u (Chen 2024, sec 6-7)",
    "rounding in float64",
)
def probability_flow_is_the_flow() -> Measured:
    gaps = []
    for schedule in SCHEDULES:
        path = exact(schedule)
        flow = ProbabilityFlow(ExactField(path), schedule)
        for t in TIMES:
            x = points(100, 23)
            velocity = path.velocity(x, t)
            gaps.append(worst(flow.drift(x, t) - velocity) / worst(velocity))
    return Measured(max(gaps), 1e-8)


# ---- continuity --------------------------------------------------------------------------------------


def _time_slope(path: Marginal, x: Tensor, t: float, h: float = 1e-4) -> Tensor:
    """d log p_t / dt by differences of fourth order."""
    one = path.log_prob(x, t + h) - path.log_prob(x, t - h)
    two = path.log_prob(x, t + 2 * h) - path.log_prob(x, t - 2 * h)
    return (8 * one - two) / (12 * h)


_DIFFERENCES = "differences in time, float64: 1e-6 of the largest term"


@law(
    "continuity",
    "∂_t p + div(p u) = 0, every schedule (Khungurn 2024, App A; 6.S184 notes, Thm 2.2; “Vector fields” "
    "post; Liao et al. 2024)",
    _DIFFERENCES,
)
def continuity_holds() -> Measured:
    residuals = []
    for schedule in SCHEDULES:
        path = exact(schedule)
        for t in TIMES:
            x = path.sample(50, t, seeded(24))
            first = path.first_order(x, t)
            turn = (first.velocity * first.score).sum(1)
            terms = torch.stack([_time_slope(path, x, t), path.divergence(x, t), turn])
            residuals.append(worst(terms.sum(0)) / worst(terms))
    return Measured(max(residuals), 1e-6)


@law(
    "continuity",
    "The closed-form divergence is the trace of the Jacobian (“Vector fields” post)",
    "rounding of autograd",
)
def divergence_is_the_trace() -> Measured:
    gaps = []
    for schedule in SCHEDULES:
        path = exact(schedule)
        for t in TIMES:
            x = path.sample(50, t, seeded(25))
            trace = trace_of_jacobian(lambda y, p=path, at=t: p.velocity(y, at), x)
            gaps.append(worst(path.divergence(x, t) - trace) / max(1.0, worst(trace)))
    return Measured(max(gaps), 1e-8)


@law(
    "continuity",
    "Both maps agree on a grid: d_t p and -div(p u)",
    "fourth order: falls 8 times as the grid doubles",
)
def maps_agree_on_a_grid() -> Measured:
    path = exact(CondOT())
    errors = []
    for n in (81, 161):
        axis = torch.linspace(-5, 5, n, dtype=torch.float64)
        both = balance(path, axis, axis, 0.5, dt=1e-4)
        errors.append(worst(both.residual) / worst(both.rate))
    return Measured(errors[1] / errors[0], 1 / 8)


# ---- fokker-planck -----------------------------------------------------------------------------------


@law(
    "fokker-planck",
    "∂_t p = -div(p b) + σ²/2 Δp for b = u + σ²/2 s, any σ (6.S184 notes, Thm 2.4)",
    _DIFFERENCES,
)
def fokker_planck_holds() -> Measured:
    residuals = []
    for schedule in SCHEDULES:
        path = exact(schedule)
        for t in TIMES:
            residuals += [_fokker_planck_residual(path, t, sigma) for sigma in (0.3, 1.5)]
    return Measured(max(residuals), 1e-6)


def _fokker_planck_residual(path: Marginal, t: float, sigma: float) -> float:
    """Each term divided by p, the sum relative to the largest."""
    x, half = path.sample(50, t, seeded(26)), sigma**2 / 2
    first = path.first_order(x, t)
    spread = trace_of_jacobian(lambda y: path.score(y, t), x)
    drift = first.velocity + half * first.score
    divergence = path.divergence(x, t) + half * spread
    laplacian = spread + first.score.square().sum(1)
    terms = [_time_slope(path, x, t), divergence, (drift * first.score).sum(1), -half * laplacian]
    return worst(torch.stack(terms).sum(0)) / worst(torch.stack(terms))


def _solved(n: int, sigma: float) -> tuple[float, float]:
    """(L1 distance of the grid solution from p_t at t = 1/2, |mass - 1|)."""
    target = five_modes()
    path = marginal(GaussianMixture.standard_normal(), target, Cosine())
    axis = torch.linspace(-5, 5, n)
    cell = float(axis[1] - axis[0]) ** 2
    noise = SDEExtension(ExactField(path), ConstantSigma(sigma))
    start = path.density_on_grid(axis, axis, 0.0)
    *_, end = solve_fokker_planck(start, axis, axis, noise.drift, lambda _: sigma, [0.0, 0.25, 0.5])
    gap = (end - path.density_on_grid(axis, axis, 0.5)).abs().sum()
    return float(gap) * cell, abs(float(end.sum() - start.sum())) * cell


@law(
    "fokker-planck",
    "The solution on a grid tends to p_t (6.S184 notes, Thm 2.4; Liao et al. 2024)",
    "second order: falls 3 times as the grid doubles",
)
def grid_solution_tends_to_p_t() -> Measured:
    return Measured(_solved(96, 1.0)[0] / _solved(48, 1.0)[0], 1 / 3)


@law("fokker-planck", "No mass is lost on the grid (Liao et al. 2024)", "rounding in float32: 1e-5")
def grid_keeps_mass() -> Measured:
    return Measured(max(_solved(48, sigma)[1] for sigma in (0.0, 1.0)), 1e-5)


# ---- drawn-target ------------------------------------------------------------------------------------


def _drawing() -> Lattice:
    mass = torch.zeros(24, 24, dtype=torch.float64)
    mass[7:15, 3:8] = 1.0
    mass[18:22, 14:22] = 0.5
    return Lattice(mass, 2.0)


def _as_mixture(drawing: Lattice) -> GaussianMixture:
    y, x = torch.meshgrid(drawing.centres, drawing.centres, indexing="ij")
    inked = drawing.mass > 0
    means = torch.stack([x[inked], y[inked]], 1)
    cov = drawing.cell**2 * torch.eye(2, dtype=torch.float64)
    return GaussianMixture(drawing.mass[inked], means, cov.expand(len(means), 2, 2))


@law(
    "drawn-target",
    "Two products of matrices are the sum over all cells (“Vector fields” post; Khungurn 2024, eq 10)",
    "rounding in float64",
)
def lattice_is_the_sum_over_cells() -> Measured:
    drawing, x, gaps = _drawing(), points(200, 27), []
    source = GaussianMixture.standard_normal(torch.float64)
    quick, slow = marginal(source, drawing, CondOT()), marginal(source, _as_mixture(drawing), CondOT())
    for t in (0.0, 0.3, 0.7, 0.95):
        gaps.append(quick.velocity(x, t) - slow.velocity(x, t))
        gaps.append(quick.log_prob(x, t) - slow.log_prob(x, t))
    return Measured(worst(*gaps), 1e-7)


@law(
    "drawn-target",
    "A curve cloned as a drawing changes p_t by what its cells explain",
    "α²h²/2 max|Δp_t|, + a tenth",
)
def cloning_costs_a_cell() -> Measured:
    t, half, cells = 0.7, 4.0, 96
    moons = two_moons()
    centres = (torch.arange(cells, dtype=torch.float64) - (cells - 1) / 2) * (2 * half / cells)
    mesh = torch.cartesian_prod(centres, centres).flip(1)
    drawing = Lattice(moons.log_prob(mesh).exp().reshape(cells, cells), half)
    source = GaussianMixture.standard_normal(torch.float64)
    axis = torch.linspace(-3, 3, 121, dtype=torch.float64)
    step = float(axis[1] - axis[0])
    plain = marginal(source, moons, CondOT()).density_on_grid(axis, axis, t)
    drawn = marginal(source, drawing, CondOT()).density_on_grid(axis, axis, t)
    laplacian = (
        plain[1:-1, 2:] + plain[1:-1, :-2] + plain[2:, 1:-1] + plain[:-2, 1:-1] - 4 * plain[1:-1, 1:-1]
    ) / step**2
    return Measured(worst(drawn - plain), 1.1 * (t * drawing.cell) ** 2 / 2 * worst(laplacian))


@law("drawn-target", "Its density holds mass 1 at every t", "quadrature: 1e-6")
def drawing_has_mass_1() -> Measured:
    path = marginal(GaussianMixture.standard_normal(torch.float64), _drawing(), CondOT())
    axis = torch.linspace(-8, 8, 641, dtype=torch.float64)
    cell = float(axis[1] - axis[0]) ** 2
    masses = [float(path.density_on_grid(axis, axis, t).sum()) * cell - 1 for t in (0.0, 0.5, 1.0)]
    return Measured(max(abs(mass) for mass in masses), 1e-6)


@law("drawn-target", "The flow carries noise onto the drawing (6.S184 notes, Thm 2.1)", FLOOR)
def flow_ends_at_the_drawing() -> Measured:
    drawing = _drawing()
    path = marginal(GaussianMixture.standard_normal(), Lattice(drawing.mass.float(), 2.0), CondOT())
    return _against_draws(path, _moved(FlowODE(ExactField(path)), "heun", path, 1.0), 1.0, 530)
