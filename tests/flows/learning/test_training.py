"""Laws 9, 10 and 12: FM and CFM have one gradient, the loss tends to its floor, and it stays finite."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.learning.batches import BatchSource, Problem
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.objectives import (
    EXACT_FIELD,
    FLOW_MATCHING,
    REGRESSIONS,
    Regression,
    loss_floor,
)
from fmstudio.flows.learning.training import Adam, TrainingDiverged, train
from fmstudio.flows.paths.assignment import WarmAssignment
from fmstudio.flows.paths.couplings import ExactOT, Independent, Sinkhorn
from fmstudio.flows.paths.schedules import VE, VP, CondOT, Cosine, LinearVP, Polynomial, Schedule, SubVP
from fmstudio.flows.paths.shapes import ring
from tests.flows.cases import standard_normal, three_modes

SCHEDULES = [CondOT(), Cosine(), VP(), SubVP(), VE(), LinearVP(), Polynomial(2.0)]


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _batches(
    network: MLP, schedule: Schedule, objective: Regression, n: int = 256, seed: int = 0
) -> BatchSource:
    problem = Problem(standard_normal(), three_modes(), schedule, Independent(), objective)
    return BatchSource(problem, network, n, _generator(seed))


def _losses(
    schedule: Schedule, objective: Regression = FLOW_MATCHING, steps: int = 800
) -> tuple[MLP, list[float]]:
    network = MLP(32, 2)
    run = train(
        standard_normal(),
        three_modes(),
        schedule,
        Independent(),
        network,
        objective=objective,
        steps=steps,
        generator=_generator(),
    )
    return network, [step.loss for step in run]


# ---- law 9 -------------------------------------------------------------------------------------------


def _gradients(network: MLP, batches: BatchSource, count: int) -> Tensor:
    """(count, P): the gradient of each of ``count`` batches."""
    gradient = torch.zeros_like(network.trained)
    backward = network.backward_pass(network.trained, gradient, 256)
    block = batches.draw(count)
    rows = []
    for inputs, y, w in zip(block.inputs, block.y, block.w, strict=True):
        backward(inputs, y, w)
        rows.append(gradient.clone())
    return torch.stack(rows)


@pytest.mark.parametrize("schedule", [CondOT(), VP()], ids=lambda s: type(s).__name__)
def test_that_the_gradients_of_fm_and_cfm_agree_up_to_their_monte_carlo_error(schedule: Schedule) -> None:
    """Khungurn 2024, Thm 3. On the same points; the gap in standard errors, coordinate by coordinate: its
    square averages 1."""
    network = MLP(16, 2)
    _batches(network, schedule, FLOW_MATCHING).normalise()
    network.trained.add_(0.3 * torch.randn(len(network.trained), generator=_generator(2)))
    cfm = _gradients(network, _batches(network, schedule, FLOW_MATCHING, seed=3), 400)
    fm = _gradients(network, _batches(network, schedule, EXACT_FIELD, seed=3), 400)
    gap, error = (cfm - fm).mean(0), (cfm - fm).std(0) / 20
    moves = error > 1e-6 * error.max()
    assert float((gap / error)[moves].square().mean()) < 1.6
    assert float(fm.mean(0).norm()) > 20 * float(error.norm())


def test_that_the_trained_loss_tends_to_the_floor_from_above() -> None:
    exact = marginal(standard_normal(), three_modes(), CondOT())
    for objective in REGRESSIONS.values():
        floor = loss_floor(exact, CondOT(), objective, draws=20_000, generator=_generator(1))
        _, losses = _losses(CondOT(), objective, steps=1500)
        end = np.array(losses[-400:])
        error = 3 * end.std() / 20
        start = float(np.mean(losses[:20]))
        assert floor - 0.01 - error < end.mean() < floor + 0.15 * (start - floor)


def test_that_the_published_network_is_close_to_the_exact_field() -> None:
    exact = marginal(standard_normal(), three_modes(), CondOT())
    network, _ = _losses(CondOT(), steps=1000)
    for t in (0.2, 0.6, 0.9):
        x = exact.sample(1000, t, _generator(4))
        u = exact.velocity(x, t)
        assert float((network(x, t) - u).square().mean()) < 0.05 * float(u.square().mean())


# ---- law 12 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", REGRESSIONS.values(), ids=REGRESSIONS)
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
def test_that_no_draw_weighs_more_than_a_bounded_multiple_of_the_mean(
    schedule: Schedule, objective: Regression
) -> None:
    network = MLP(8, 1)
    batches = _batches(network, schedule, objective, n=4096)
    batches.normalise()
    block = batches.draw(8)
    terms = (block.w * block.y.square()).sum(1)
    assert bool(torch.isfinite(terms).all())
    assert float(terms.max()) < 1000 * float(terms.mean())


@pytest.mark.parametrize("objective", REGRESSIONS.values(), ids=REGRESSIONS)
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
def test_that_training_stays_finite_and_improves_on_every_schedule(
    schedule: Schedule, objective: Regression
) -> None:
    network, losses = _losses(schedule, objective, steps=300)
    assert bool(torch.isfinite(network.flat).all())
    assert np.mean(losses[-50:]) < np.mean(losses[:10])


# ---- law 10 and the run ------------------------------------------------------------------------------


def test_that_the_same_seed_trains_the_same_bits_and_leaves_the_global_state() -> None:
    before = torch.get_rng_state()
    first, losses = _losses(CondOT(), steps=60)
    second, again = _losses(CondOT(), steps=60)
    assert torch.equal(first.flat, second.flat)
    assert losses == again
    assert torch.equal(torch.get_rng_state(), before)


def test_that_steps_count_from_one_and_a_run_may_be_left_and_taken_up() -> None:
    network = MLP(16, 1)

    def run(first: int) -> list[int]:
        steps = train(
            standard_normal(),
            three_modes(),
            CondOT(),
            Independent(),
            network,
            steps=90,
            generator=_generator(first),
            first_step=first,
        )
        return [next(steps).step for _ in range(45)]

    assert run(0) == list(range(1, 46))
    table = network.table.clone()
    assert run(45) == list(range(46, 91))
    assert torch.equal(network.table, table)


def test_that_a_diverging_training_says_to_lower_the_rate_and_keeps_finite_weights() -> None:
    network = MLP(16, 2)
    run = train(
        standard_normal(), three_modes(), CondOT(), Independent(), network, steps=500, learning_rate=1e18
    )
    with pytest.raises(TrainingDiverged, match="Lower the learning rate"):
        list(run)
    assert bool(torch.isfinite(network.flat).all())


@pytest.mark.parametrize(
    ("argument", "value"),
    [("steps", 0), ("batch_size", 1), ("learning_rate", 0.0), ("learning_rate", math.nan)],
)
def test_that_a_run_out_of_range_is_named(argument: str, value: float) -> None:
    with pytest.raises(ValueError, match=argument):
        train(standard_normal(), three_modes(), CondOT(), Independent(), MLP(8, 1), **{argument: value})  # type: ignore[arg-type]


def test_that_the_exact_objective_learns_from_any_source() -> None:
    network = MLP(8, 1)
    ends = ring(1.0, 0.1), three_modes()
    steps = train(*ends, CondOT(), Independent(), network, objective=EXACT_FIELD, steps=5, batch_size=64)
    assert all(math.isfinite(step.loss) for step in steps)


def test_that_adam_agrees_with_the_optimiser_of_torch() -> None:
    mine, theirs = torch.ones(5, dtype=torch.float64), torch.ones(5, dtype=torch.float64, requires_grad=True)
    adam, reference = Adam(mine), torch.optim.Adam([theirs], lr=0.1)
    for seed in range(20):
        gradient = torch.randn(5, generator=_generator(seed), dtype=torch.float64)
        theirs.grad = gradient.clone()
        reference.step()
        adam.step(gradient, 0.1)
    torch.testing.assert_close(mine, theirs.detach())


# ---- couplings in training ---------------------------------------------------------------------------


def test_that_the_warm_assignment_is_as_cheap_as_the_cold_one() -> None:
    generator = _generator()
    warm = WarmAssignment(standard_normal().sample(256, generator), three_modes().sample(256, generator))
    for n in (2, 64, 256):
        x, z = standard_normal().sample(n, generator), three_modes().sample(n, generator)
        best = ExactOT().permutation(x, z, generator)
        with ThreadPoolExecutor(1) as pool:
            (found,) = (search.result() for search in warm.permutations([x], [z], pool))
        assert sorted(found.tolist()) == list(range(n))
        costs = [float((x - z[p]).double().square().sum()) for p in (found, best)]
        assert costs[0] == pytest.approx(costs[1], rel=1e-5)


@pytest.mark.parametrize("coupling", [ExactOT(), Sinkhorn(iterations=20)])
def test_that_coupled_training_has_a_lower_loss_than_independent(coupling: ExactOT | Sinkhorn) -> None:
    network = MLP(16, 1)
    run = train(
        standard_normal(),
        three_modes(),
        CondOT(),
        coupling,
        network,
        steps=40,
        batch_size=64,
        generator=_generator(),
    )
    coupled = np.mean([step.loss for step in run])
    assert coupled < 0.5 * np.mean(_losses(CondOT(), steps=40)[1])
