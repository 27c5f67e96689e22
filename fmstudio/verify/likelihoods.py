"""Laws of densities by change of variables: continuous flows, RealNVP, maximum likelihood."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fmstudio.flows.learning.likelihood import (
    HutchinsonTrace,
    entropy,
    flow_states,
    log_density,
    train_by_likelihood,
)
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.realnvp import RealNVP, train_realnvp
from fmstudio.flows.motion.fields import ExactField, LearnedField
from fmstudio.flows.motion.solvers import RK4
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.schedules import VP, CondOT, Cosine
from fmstudio.flows.paths.shapes import five_modes
from fmstudio.verify.law import STANDARD_ERRORS, Measured, law, seeded, worst
from fmstudio.verify.paths import exact, five_modes_double, points
from fmstudio.verify.processes import grid


def _learned(seed: int) -> LearnedField:
    """A network with some random field, in float64."""
    network = MLP(16, 2, seeded(seed))
    network.trained.add_(0.2 * torch.randn(len(network.trained), generator=seeded(seed + 1)))
    return LearnedField(network.to("cpu", torch.float64), CondOT())


# ---- change-of-variables, log-density ----------------------------------------------------------------


@law(
    "change-of-variables",
    "log p along the exact flow is the closed form (Khungurn 2024, eq 2-3; Liao et al. 2024)",
    "Runge-Kutta 4, 200 steps: 1e-5",
)
def density_along_the_flow() -> Measured:
    gaps = []
    for schedule in (CondOT(), Cosine(), VP()):
        path = exact(schedule)
        initial = GaussianMixture.standard_normal(torch.float64)
        x = path.sample(60, 0.8, seeded(171))
        start = (lambda y, p=path: p.log_prob(y, 0.0)) if isinstance(schedule, VP) else initial.log_prob
        found = log_density(ExactField(path), start, x, t=0.8, steps=200, solver=RK4())
        gaps.append(found - path.log_prob(x, 0.8))
    return Measured(worst(*gaps), 1e-5)


@law(
    "change-of-variables",
    "The integral of div u is log |det| of the flow map (Khungurn 2024, eq 2; Liao et al. 2024)",
    "Runge-Kutta 4, 100 steps, and differences: 1e-6",
)
def log_det_is_that_of_the_jacobian() -> Measured:
    field, x, h = ExactField(exact(CondOT())), points(30, 173), 1e-5
    times = grid(0.8, 100)

    def carried(start: Tensor) -> Tensor:
        *_, end = flow_states(field, start, times, RK4())
        return end.x

    units = torch.eye(2, dtype=torch.float64)
    columns = [(carried(x + h * e) - carried(x - h * e)) / (2 * h) for e in units]
    expected = torch.linalg.slogdet(torch.stack(columns, -1)).logabsdet
    *_, state = flow_states(field, x, times, RK4())
    return Measured(worst(state.log_det - expected), 1e-6)


@law("change-of-variables", "Hutchinson's estimate is unbiased (Liao et al. 2024)", "4 standard errors")
def hutchinson_is_unbiased() -> Measured:
    field, n = _learned(174), 4000
    x = points(1, 175).expand(n, 2)
    probes = (2 * torch.randint(0, 2, (n, 2), generator=seeded(176)) - 1).double()
    _, estimates = HutchinsonTrace().of(field, x, 0.4, probes)
    truth = float(field.divergence(x[:1], 0.4)[0])
    return Measured(
        abs(float(estimates.mean()) - truth), STANDARD_ERRORS * float(estimates.std()) / math.sqrt(n)
    )


@law(
    "change-of-variables",
    "exp of a learned flow's log-density integrates to 1 (Khungurn 2024, eq 2)",
    "quadrature and 100 midpoint steps: 1e-3",
)
def learned_density_has_mass_1() -> Measured:
    axis = torch.linspace(-8, 8, 129, dtype=torch.float64)
    mesh = torch.cartesian_prod(axis, axis)
    source = GaussianMixture.standard_normal(torch.float64)
    density = log_density(_learned(177), source.log_prob, mesh, steps=100).exp()
    return Measured(abs(float(density.sum()) * float(axis[1] - axis[0]) ** 2 - 1), 1e-3)


# ---- cnf-likelihood ----------------------------------------------------------------------------------


@law(
    "cnf-likelihood",
    "No model's mean NLL is below the target's entropy (Liao et al. 2024)",
    "4 standard errors below it",
)
def likelihood_stays_above_the_entropy() -> Measured:
    floor, nll, error = _cnf()
    return Measured(floor - nll, STANDARD_ERRORS * error)


@law(
    "cnf-likelihood",
    "Training halves the way from a Gaussian to the entropy (Liao et al. 2024)",
    "asked of 150 steps: 0.5",
)
def likelihood_training_learns() -> Measured:
    floor, nll, _ = _cnf()
    target = five_modes_double()
    moments = target.sample(20_000, seeded(180)).double()
    gaussian = 0.5 * float(torch.logdet(2 * math.pi * math.e * torch.cov(moments.T)))
    return Measured((nll - floor) / (gaussian - floor), 0.5)


def _cnf() -> tuple[float, float, float]:
    """The entropy of five modes, the mean NLL of a briefly trained CNF, and its standard error."""
    if not _CNF:
        source, target = GaussianMixture.standard_normal(), five_modes()
        network = MLP(32, 2, seeded(181))
        run = train_by_likelihood(source, target, network, steps=150, batch_size=256, generator=seeded(182))
        for _ in run:
            pass
        tests = target.sample(3000, seeded(183))
        logs = log_density(LearnedField(network, CondOT()), source.log_prob, tests, steps=60).double()
        _CNF.append(
            (entropy(target, seeded(184)), -float(logs.mean()), float(logs.std()) / math.sqrt(len(logs)))
        )
    return _CNF[0]


_CNF: list[tuple[float, float, float]] = []

# ---- realnvp -----------------------------------------------------------------------------------------


def _flow() -> RealNVP:
    """A random flow in float64."""
    flow = RealNVP(12, 5, seeded(190))
    flow.fit_scale(3 + 2 * torch.randn(500, 2, generator=seeded(191)))
    flow.trained.add_(0.3 * torch.randn(len(flow.trained), generator=seeded(192)))
    return RealNVP.from_flat(12, 5, flow.flat.double())


@law("realnvp", "Inverse undoes forward, and their log-dets cancel (Liao et al. 2024)", "rounding in float64")
def realnvp_inverts() -> Measured:
    flow, x = _flow(), points(100, 193)
    there = flow.forward(x)
    back = flow.inverse(there.x)
    return Measured(worst(back.x - x, back.log_det + there.log_det), 1e-8)


@law(
    "realnvp",
    "Its log-det is that of its Jacobian (Liao et al. 2024; Khungurn 2024, eq 2)",
    "differences: 1e-6",
)
def realnvp_log_det_is_right() -> Measured:
    flow, x, h = _flow(), points(100, 194), 1e-6
    units = torch.eye(2, dtype=torch.float64)
    columns = [(flow.forward(x + h * e).x - flow.forward(x - h * e).x) / (2 * h) for e in units]
    expected = torch.linalg.slogdet(torch.stack(columns, -1)).logabsdet
    return Measured(worst(flow.forward(x).log_det - expected), 1e-6)


@law(
    "realnvp",
    "Trained by maximum likelihood its mass is 1 and its NLL above the entropy (Liao et al. 2024)",
    "4 standard errors; mass within 1e-2",
)
def realnvp_learns() -> Measured:
    source, target = GaussianMixture.standard_normal(), five_modes()
    flow = RealNVP(24, 6, seeded(195))
    for _ in train_realnvp(source, target, flow, steps=300, generator=seeded(196)):
        pass
    tests = target.sample(4000, seeded(197))
    logs = flow.log_prob(source, tests).double()
    below = entropy(target, seeded(198)) + float(logs.mean())
    axis = torch.linspace(-6, 6, 401)
    mesh = torch.cartesian_prod(axis, axis)
    mass = float(flow.log_prob(source, mesh).exp().sum()) * float(axis[1] - axis[0]) ** 2
    error = STANDARD_ERRORS * float(logs.std()) / math.sqrt(len(logs))
    return Measured(max(below / error, abs(mass - 1) / 1e-2), 1.0)
