"""Laws of learning: what the objectives tend to, couplings, reflow."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.closed_forms.marginals import Marginal
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.normalisation import Normalisation, PairMoments
from fmstudio.flows.learning.objectives import FLOW_MATCHING, SCORE_MATCHING, Regression, loss_floor
from fmstudio.flows.learning.reflow import PairPool, reflow_pairs
from fmstudio.flows.learning.training import train
from fmstudio.flows.measures.metrics import field_error, straightness
from fmstudio.flows.motion.dynamics import FlowODE
from fmstudio.flows.motion.fields import ExactField, Field, LearnedField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import Euler
from fmstudio.flows.paths.couplings import Coupling, ExactOT, Independent, Sinkhorn
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.probability_path import ProbabilityPath
from fmstudio.flows.paths.schedules import VP, CondOT, Schedule
from fmstudio.flows.paths.shapes import five_modes
from fmstudio.verify.law import STANDARD_ERRORS, Measured, law, seeded, worst
from fmstudio.verify.processes import grid

STEPS = 1500
TESTS = 40_000
TIMES = tuple((k + 0.5) / 20 for k in range(20))


def _exact(schedule: Schedule) -> Marginal:
    return marginal(GaussianMixture.standard_normal(), five_modes(), schedule)


@lru_cache(maxsize=4)
def _trained(schedule: Schedule, objective: Regression) -> MLP:
    network = MLP(64, 3, seeded(71))
    run = train(
        GaussianMixture.standard_normal(),
        five_modes(),
        schedule,
        Independent(),
        network,
        objective=objective,
        steps=STEPS,
        generator=seeded(72),
    )
    for _ in run:
        pass
    return network


def _field_error(network: MLP, schedule: Schedule) -> float:
    """E|v - u|^2 under p_t, averaged over t."""
    errors = field_error(network, _exact(schedule), TIMES, seeded(73), n=1000)
    return float(errors.mean())


# ---- cfm-training, fm-equals-cfm ---------------------------------------------------------------------


def _losses(network: MLP, schedule: Schedule, objective: Regression, seed: int) -> tuple[Tensor, Tensor]:
    """Weighted |v - target|^2 and |v - u|^2 on the same draws of (t, x_0, z)."""
    path, exact = ProbabilityPath(schedule), _exact(schedule)
    x_0 = exact.source.sample(TESTS, seeded(seed))
    z = exact.target.sample(TESTS, seeded(seed + 1))
    t = torch.rand(TESTS, generator=seeded(seed + 2))
    x_t = path.x_t(x_0, z, t)
    velocity = network(x_t, t)
    weight = objective.weight(schedule, t)
    conditional = (velocity - path.target_velocity(x_0, z, t)).square().sum(1)
    to_marginal = (velocity - exact.velocity(x_t, t)).square().sum(1)
    return (weight * conditional).double(), (weight * to_marginal).double()


def _split(schedule: Schedule, objective: Regression, seed: int) -> Measured:
    """|loss - floor - field error|, in its own units."""
    conditional, to_marginal = _losses(_trained(schedule, objective), schedule, objective, seed)
    floor = loss_floor(_exact(schedule), schedule, objective, draws=TESTS, generator=seeded(seed + 3))
    gap = conditional - to_marginal
    error = math.sqrt(2 * float(gap.var()) / TESTS)  # the floor is a mean of as many draws
    return Measured(abs(float(gap.mean()) - floor), STANDARD_ERRORS * error)


@law(
    "cfm-training",
    "CFM loss = its floor + E|v - u|² (Khungurn 2024, Thm 3; Liao et al. 2024, Thm 2)",
    "4 standard errors",
)
def cfm_loss_splits() -> Measured:
    return _split(CondOT(), FLOW_MATCHING, 80)


@law(
    "cfm-training",
    "The trained field is near: E|v - u|² below 3 % of the floor (Liao et al. 2024, Alg 1, 2)",
    "asked of the defaults: 3 %",
)
def training_learns() -> Measured:
    floor = loss_floor(_exact(CondOT()), CondOT(), draws=TESTS, generator=seeded(84))
    return Measured(_field_error(_trained(CondOT(), FLOW_MATCHING), CondOT()) / floor, 0.03)


@law(
    "fm-equals-cfm",
    "∇ FM = ∇ CFM in the mean (Khungurn 2024, Thm 3; Liao et al. 2024, Thm 2)",
    "4 standard errors along the gradient",
)
def gradients_agree() -> Measured:
    conditional, to_marginal = (torch.stack(rows) for rows in zip(*_gradients(200, 256), strict=True))
    along = to_marginal.mean(0) / to_marginal.mean(0).norm()
    gaps = (conditional - to_marginal) @ along
    return Measured(abs(float(gaps.mean())), STANDARD_ERRORS * float(gaps.std()) / math.sqrt(len(gaps)))


@law(
    "fm-equals-cfm",
    "The angle between them falls as 1/√batch (Khungurn 2024, Thm 3)",
    "64 times the batch: an eighth, measured over a few batches at most a quarter",
)
def angle_falls_with_the_batch() -> Measured:
    angles = []
    for count, batch in ((40, 64), (10, 64 * 64)):
        pairs = _gradients(count, batch)
        cosines = torch.stack([torch.cosine_similarity(a, b, dim=0) for a, b in pairs])
        angles.append(float(torch.arccos(cosines.clamp(-1, 1)).mean()))
    return Measured(angles[1] / angles[0], 0.25)


def _gradients(count: int, batch: int) -> list[tuple[Tensor, Tensor]]:
    """(CFM, FM) gradients of one network on batches of the same draws."""
    exact, path = _exact(CondOT()), ProbabilityPath(CondOT())
    network, generator = MLP(16, 2, seeded(90)), seeded(91)
    pairs = exact.source.sample(4000, generator), exact.target.sample(4000, generator)
    network.normalise(Normalisation.of(CondOT(), PairMoments.of(*pairs)))
    network.trained.add_(0.3 * torch.randn(len(network.trained), generator=generator))
    found = []
    for _ in range(count):
        x_0, z = exact.source.sample(batch, generator), exact.target.sample(batch, generator)
        t = torch.rand(batch, generator=generator)
        x_t = path.x_t(x_0, z, t)
        targets = path.target_velocity(x_0, z, t), exact.velocity(x_t, t)
        weights = network.trained.clone().requires_grad_()
        with torch.enable_grad():
            velocity = network.velocity_of(weights, x_t, network.coefficients(t))
            losses = [(velocity - target).square().sum(1).mean() for target in targets]
            first, second = (torch.autograd.grad(loss, weights, retain_graph=True)[0] for loss in losses)
        found.append((first, second))
    return found


# ---- score-matching, flow-or-diffusion ---------------------------------------------------------------


@law(
    "score-matching", "DSM loss = its floor + E β²|s_θ - ∇log p|² (Chen 2024, eq 29-34)", "4 standard errors"
)
def dsm_loss_splits() -> Measured:
    return _split(VP(), SCORE_MATCHING, 100)


@law(
    "score-matching",
    "The noise network's score is near: E β²|s_θ - ∇log p_t|² below 3 % of E β²|∇log p_t|²",
    "asked: 3 %",
)
def dsm_learns_the_score() -> Measured:
    exact, field = _exact(VP()), LearnedField(_trained(VP(), SCORE_MATCHING), VP())
    gaps, sizes = [], []
    for k, t in enumerate(TIMES):
        x = exact.sample(1000, t, seeded(110 + k))
        weight, score = float(VP().beta(t)) ** 2, exact.score(x, t)
        gaps.append(weight * float((field.score(x, t) - score).square().sum(1).mean()))
        sizes.append(weight * float(score.square().sum(1).mean()))
    return Measured(sum(gaps) / sum(sizes), 0.03)


@law(
    "flow-or-diffusion",
    "One network answers velocity, score, noise and data alike (Liao et al. 2024)",
    "rounding in float32: 1e-4",
)
def predictions_are_one() -> Measured:
    network, schedule = _trained(VP(), SCORE_MATCHING), VP()
    by_velocity, gaps = LearnedField(network, schedule), []
    for t in (0.2, 0.5, 0.8):
        x = _exact(schedule).sample(200, t, seeded(120))
        noise, data = by_velocity.noise(x, t), by_velocity.data(x, t)
        at = schedule.alpha(t) * data + schedule.beta(t) * noise
        gaps.append((at - x).abs().max() / x.abs().max())
        rebuilt = schedule.dalpha(t) * data + schedule.dbeta(t) * noise
        velocity = by_velocity.velocity(x, t)
        gaps.append((rebuilt - velocity).abs().max() / velocity.abs().max())
    return Measured(worst(*gaps), 1e-4)


@law(
    "flow-or-diffusion",
    "At equal steps the flow's field is no farther from exact than the diffusion's (Liao et al. 2024)",
    "E|v - u|² over its floor, each on its own path",
)
def flow_learns_as_well_as_diffusion() -> Measured:
    """Relative to the spread of what each regresses on, weighted as it was trained."""
    parts = []
    for schedule, objective in ((CondOT(), FLOW_MATCHING), (VP(), SCORE_MATCHING)):
        conditional, to_marginal = _losses(_trained(schedule, objective), schedule, objective, 130)
        parts.append(float(to_marginal.mean() / conditional.mean()))
    return Measured(parts[0], parts[1])


# ---- minibatch-ot ------------------------------------------------------------------------------------


def _batch(n: int, seed: int) -> tuple[Tensor, Tensor]:
    return GaussianMixture.standard_normal().sample(n, seeded(seed)), five_modes().sample(n, seeded(seed + 1))


@law(
    "minibatch-ot",
    "Every coupling keeps both ends: it is a permutation (Liao et al. 2024)",
    "exact: none twice, none missing",
)
def couplings_are_permutations() -> Measured:
    wrong = 0
    for coupling, n in itertools.product((Independent(), ExactOT(), Sinkhorn()), (2, 37, 256)):
        found = coupling.permutation(*_batch(n, 140), seeded(141))
        wrong += int((found.sort().values != torch.arange(n)).sum())
    return Measured(float(wrong), 0.0)


@law(
    "minibatch-ot",
    "Exact OT is the cheapest of all permutations (Liao et al. 2024)",
    "rounding: brute force over 7!",
)
def ot_is_the_cheapest() -> Measured:
    x_0, z = (points.double() for points in _batch(7, 142))
    found = float((x_0 - z[ExactOT().permutation(x_0, z, seeded(143))]).square().sum())
    best = min(float((x_0 - z[list(p)]).square().sum()) for p in itertools.permutations(range(7)))
    return Measured(found - best, 1e-9)


@law("minibatch-ot", "Costs are ordered: exact OT ≤ Sinkhorn ≤ independent (Liao et al. 2024)", "their order")
def costs_are_ordered() -> Measured:
    x_0, z = _batch(256, 144)

    def cost(coupling: Coupling) -> float:
        return float((x_0 - z[coupling.permutation(x_0, z, seeded(145))]).square().sum(1).mean())

    exact, sinkhorn, independent = (cost(c) for c in (ExactOT(), Sinkhorn(), Independent()))
    return Measured(max(exact - sinkhorn, sinkhorn - independent), 0.0)


@law(
    "minibatch-ot",
    "OT pairs are nearer to straight paths: their CFM targets spread less (Liao et al. 2024)",
    "less than independent pairs'",
)
def ot_targets_spread_less() -> Measured:
    spreads = []
    for coupling in (ExactOT(), Independent()):
        network = MLP(32, 2, seeded(146))
        run = train(
            GaussianMixture.standard_normal(),
            five_modes(),
            CondOT(),
            coupling,
            network,
            steps=300,
            batch_size=128,
            generator=seeded(147),
        )
        losses = [step.loss for step in run]
        spreads.append(sum(losses[-100:]) / 100)
    return Measured(spreads[0] / spreads[1], 0.5)


# ---- reflow ------------------------------------------------------------------------------------------


@law(
    "reflow",
    "A flow trained on its own pairs is straighter (Liu et al. 2023)",
    "asked: a quarter of the bend",
)
def reflow_straightens() -> Measured:
    source, target, schedule = GaussianMixture.standard_normal(), five_modes(), CondOT()
    exact = ExactField(marginal(source, target, schedule))
    *_, pool = reflow_pairs(exact, source.sample(6000, seeded(160)), steps=25)
    assert isinstance(pool, PairPool)
    network = MLP(64, 3, seeded(161))
    for _ in train(source, target, schedule, pool, network, steps=800, generator=seeded(162)):
        pass
    return Measured(_bend(LearnedField(network, schedule)) / _bend(exact), 0.25)


def _bend(field: Field) -> float:
    start = torch.randn(2000, 2, generator=seeded(163))
    times = grid(1.0, 50)
    states = torch.stack(list(simulate(FlowODE(field), Euler(), start, times)))
    return straightness(states, torch.tensor(times))
