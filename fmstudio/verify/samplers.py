"""Laws of samplers that know only a score or a density: Langevin dynamics, plain, adjusted and annealed."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.motion.diffusion import SqrtBetaSigma
from fmstudio.flows.motion.dynamics import AnnealedLangevin, Langevin
from fmstudio.flows.motion.fields import ExactField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import MALA, Solver, UnadjustedLangevin
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.schedules import CondOT
from fmstudio.flows.paths.shapes import five_modes
from fmstudio.verify.law import STANDARD_ERRORS, Measured, law, seeded
from fmstudio.verify.processes import grid, variance_error

PARTICLES = 20_000


def _langevin(target: GaussianMixture, sigma: float) -> Langevin:
    path = marginal(GaussianMixture.standard_normal(), target, CondOT())
    return Langevin(lambda x: path.score(x, 1.0), sigma, lambda x: path.log_prob(x, 1.0))


def _from(target: GaussianMixture, solver: Solver, dt: float, steps: int, sigma: float = 1.0) -> Tensor:
    """Where exact samples of the target go."""
    start = target.sample(PARTICLES, seeded(51))
    *_, end = simulate(_langevin(target, sigma), solver, start, grid(dt * steps, steps), seeded(52))
    return end


def _distance_to_modes(x: Tensor, target: GaussianMixture) -> Tensor:
    """Squared distance to the nearest mode: 2 std^2 on average while modes do not overlap."""
    return torch.cdist(x, target.means).amin(1).square().double()


@law(
    "langevin-five-modes",
    "p_data is stationary under dX = σ²/2 ∇log p dt + σ dW (6.S184 notes, eq 31, Fig 4)",
    "4 standard errors + bias σ²h/(2 std²) of a step",
)
def langevin_keeps_its_target() -> Measured:
    target, dt, std = five_modes(1.8, 0.3), 0.004, 0.3
    end = _from(target, UnadjustedLangevin(), dt, 250)
    before = _distance_to_modes(target.sample(PARTICLES, seeded(53)), target)
    after = _distance_to_modes(end, target)
    error = math.sqrt(float(before.var() + after.var()) / PARTICLES)
    bias = dt / (2 * std**2) * float(before.mean())
    return Measured(abs(float(after.mean() - before.mean())), STANDARD_ERRORS * error + bias)


@law(
    "langevin-five-modes",
    "From N(0, I) every mode gets its share, 1/5, by symmetry (6.S184 notes, Fig 4)",
    "4 standard errors of a share",
)
def langevin_finds_five_modes() -> Measured:
    target = five_modes()
    start = torch.randn(PARTICLES, 2, generator=seeded(54))
    *_, end = simulate(_langevin(target, 1.0), UnadjustedLangevin(), start, grid(2.0, 400), seeded(55))
    nearest = torch.cdist(end, target.means).argmin(1)
    shares = torch.bincount(nearest, minlength=5) / len(end)
    return Measured(float((shares - 0.2).abs().max()), STANDARD_ERRORS * math.sqrt(0.2 * 0.8 / PARTICLES))


@law(
    "langevin-five-modes",
    "Its noise is normal: the kurtosis of a step's noise is 3",
    "4 standard errors, √(24/n)",
)
def langevin_noise_is_normal() -> Measured:
    target, dt = five_modes(), 0.01
    process, start = _langevin(target, 1.0), target.sample(PARTICLES, seeded(56))
    *_, end = simulate(process, UnadjustedLangevin(), start, [0.0, dt], seeded(57))
    noise = (end - start - dt * process.drift(start, 0.0)).double().flatten()
    kurtosis = float(noise.pow(4).mean() / noise.square().mean() ** 2)
    return Measured(abs(kurtosis - 3), STANDARD_ERRORS * math.sqrt(24 / len(noise)))


@law(
    "langevin-five-modes",
    "Unadjusted steps h settle N(0, I) at variance 1/(1 - σ²h/4), not 1",
    "4 standard errors",
)
def unadjusted_steps_have_their_bias() -> Measured:
    """The chain x (1 - σ²h/2) + σ√h noise of a standard normal target, from its own stationary law."""
    dt = 0.4
    variance = 1 / (1 - dt / 4)
    start = math.sqrt(variance) * torch.randn(PARTICLES, 2, generator=seeded(58))
    process = _langevin(GaussianMixture.standard_normal(), 1.0)
    *_, end = simulate(process, UnadjustedLangevin(), start, grid(20 * dt, 20), seeded(59))
    return variance_error(end, variance)


@law("mala", "MALA keeps p_data at a step at which unadjusted Langevin does not", "4 standard errors")
def mala_keeps_its_target() -> Measured:
    target, dt = five_modes(1.8, 0.3), 0.1
    end = _from(target, MALA(), dt, 60)
    before = _distance_to_modes(target.sample(PARTICLES, seeded(60)), target)
    after = _distance_to_modes(end, target)
    error = math.sqrt(float(before.var() + after.var()) / PARTICLES)
    return Measured(abs(float(after.mean() - before.mean())), STANDARD_ERRORS * error)


@law("mala", "MALA accepts N(0, I) as often as the Metropolis rule says", "4 standard errors")
def mala_accepts_as_it_should() -> Measured:
    """Against min(1, ratio) on proposals drawn independently of the solver."""
    dt, n = 1.0, PARTICLES
    process = _langevin(GaussianMixture.standard_normal(), 1.0)
    start = torch.randn(n, 2, generator=seeded(61))
    *_, end = simulate(process, MALA(), start, [0.0, dt], seeded(62))
    accepted = float((end != start).any(1).double().mean())
    y = start * (1 - dt / 2) + math.sqrt(dt) * torch.randn(n, 2, generator=seeded(63))
    back = (start - (1 - dt / 2) * y).square().sum(1) / (2 * dt)
    forth = (y - (1 - dt / 2) * start).square().sum(1) / (2 * dt)
    ratio = (start.square().sum(1) - y.square().sum(1)) / 2 + forth - back
    expected = ratio.clamp(max=0).exp().double()
    error = math.sqrt(accepted * (1 - accepted) / n + float(expected.var()) / n)
    return Measured(abs(accepted - float(expected.mean())), STANDARD_ERRORS * error)


@law(
    "annealed-langevin",
    "From one mode, annealing fills all five where plain Langevin dynamics stays",
    "shares within 0.05 of 1/5; plain: 0.8 off",
)
def annealing_crosses_between_modes() -> Measured:
    target = five_modes(1.8, 0.2)
    field = ExactField(marginal(GaussianMixture.standard_normal(), target, CondOT()))
    start = target.means[:1] + 0.2 * torch.randn(4000, 2, generator=seeded(64))
    duration = 12.0
    process = AnnealedLangevin(field, SqrtBetaSigma(2.0, CondOT()), duration)
    *_, end = simulate(process, UnadjustedLangevin(), start, grid(duration, 1200), seeded(65))
    shares = torch.bincount(torch.cdist(end, target.means).argmin(1), minlength=5) / len(end)
    return Measured(float((shares - 0.2).abs().max()), 0.05)
