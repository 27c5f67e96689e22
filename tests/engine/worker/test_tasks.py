from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from fmstudio.document.specs import distribution as d
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.dynamics import (
    DynamicsSpec,
    LangevinSpec,
    ODESpec,
    OrnsteinUhlenbeckSpec,
    ReverseSDESpec,
    SDESpec,
    SimulationSpec,
)
from fmstudio.document.specs.path import CondOTSpec, PathSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import ModelSpec, TrainingSpec
from fmstudio.engine.client import InlineEngine, Job, JobState
from fmstudio.engine.messages import (
    DensityRequest,
    FieldErrorRequest,
    FieldRequest,
    Grid,
    LearnedModel,
    LogDensityRequest,
    Refusal,
    Request,
    SamplesRequest,
    TrainingSnapshot,
    TrainRequest,
    TrajectoriesRequest,
    W2Request,
)
from fmstudio.engine.worker import build, density_tasks, motions, tasks
from fmstudio.engine.worker.task_runner import _without_gradients
from fmstudio.flows.motion.simulate import simulate
from fmstudio.studio.motions import reference_request

NORMAL, MOONS, PATH = d.StandardNormalSpec(), d.TwoMoonsSpec(), CondOTSpec()
GRID = Grid(0.2, -0.1, 4.5, 4.0, 61, 51)
TIMES = (0.0, 0.25, 0.5, 0.75, 1.0)
FEW = SimulationSpec(steps=12, particles=400)
CELL = (2 * GRID.half_x / (GRID.nx - 1)) * (2 * GRID.half_y / (GRID.ny - 1))


@pytest.fixture(scope="module")
def engine() -> Iterator[InlineEngine]:
    engine = InlineEngine()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def learned(engine: InlineEngine) -> LearnedModel:
    engine.train(
        TrainRequest(Problem(NORMAL, MOONS, PATH), ModelSpec(width=32, layers=2), TrainingSpec(steps=300))
    )
    snapshots = [reply for reply in engine.run_until_idle() if isinstance(reply, TrainingSnapshot)]
    return snapshots[-1].learned


def done(engine: InlineEngine, request: Request) -> Job:
    job = engine.submit("lane", request)
    engine.run_until_idle()
    assert job.state is JobState.DONE, job.message
    assert job.result.ready == request.shape[0]
    assert job.result.values.shape == request.shape
    assert np.isfinite(job.result.values).all()
    return job


def refused(engine: InlineEngine, request: Request) -> Job:
    job = engine.submit("lane", request)
    engine.run_until_idle()
    assert job.state is JobState.FAILED
    return job


def run(
    dynamics: DynamicsSpec, path: PathSpec = PATH, simulation: SimulationSpec = FEW
) -> TrajectoriesRequest:
    return TrajectoriesRequest(Problem(NORMAL, MOONS, path), dynamics, simulation)


# ---- particles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("particles", [400, 3000])
def test_that_states_are_those_of_the_simulation(engine: InlineEngine, particles: int) -> None:
    request = run(SDESpec(), simulation=SimulationSpec(steps=5, particles=particles))
    states = done(engine, request).result.values
    motion = motions.motion(request)
    noise = torch.Generator().manual_seed(request.simulation.noise_seed)
    with torch.no_grad():
        expected = list(simulate(motion.dynamics, motion.solver, motion.start, motion.times, noise))
    np.testing.assert_allclose(states, torch.stack(expected).numpy(), atol=2e-5)


def test_that_sigma_0_is_the_flow_and_more_noise_deforms_the_same_paths(engine: InlineEngine) -> None:
    flow = done(engine, run(ODESpec(solver="euler"))).result.values
    still, little, more = (done(engine, run(SDESpec(sigma=s))).result.values for s in (0.0, 0.01, 1.0))
    np.testing.assert_allclose(still, flow, atol=1e-5)
    assert 0 < np.abs(little - flow).mean() < 0.1 * np.abs(more - flow).mean()


def test_that_the_two_dice_are_independent(engine: InlineEngine) -> None:
    first = done(engine, run(SDESpec())).result.values
    noise = done(engine, run(SDESpec(), simulation=FEW.model_copy(update={"noise_seed": 12}))).result.values
    start = done(engine, run(SDESpec(), simulation=FEW.model_copy(update={"start_seed": 8}))).result.values
    np.testing.assert_array_equal(noise[0], first[0])
    assert np.abs(noise[-1] - first[-1]).mean() > 0.01
    assert np.abs(start[0] - first[0]).mean() > 0.1


@pytest.mark.parametrize(
    "dynamics", [ODESpec(), SDESpec(), ReverseSDESpec(), LangevinSpec(sigma=0.5, duration=20.0)]
)
def test_that_all_dynamics_arrive_at_the_target(engine: InlineEngine, dynamics: DynamicsSpec) -> None:
    request = run(dynamics, simulation=SimulationSpec(steps=200, particles=400))
    last = torch.from_numpy(done(engine, request).result.values[-1].copy())
    target = build.distribution(MOONS)
    fresh = target.sample(400, torch.Generator().manual_seed(5))
    assert float(target.log_prob(last).median()) > float(target.log_prob(fresh).median()) - 0.7


def test_that_steps_too_long_for_the_target_are_told_with_a_cure(engine: InlineEngine) -> None:
    request = TrajectoriesRequest(Problem(NORMAL, d.CheckerboardSpec(), PATH), LangevinSpec(), FEW)
    job = refused(engine, request)
    assert job.reason is Refusal.BAD_INPUT
    assert "more substeps, a smaller σ" in job.message


ENDS = (d.RingSpec(), d.UniformSquareSpec(), d.CheckerboardSpec(), d.TwoSpiralsSpec())


@pytest.mark.parametrize("dynamics", [ODESpec(), SDESpec(sigma=0.5)], ids=lambda s: s.kind)
@pytest.mark.parametrize("source", ENDS, ids=lambda s: s.kind)
def test_that_particles_go_from_any_end_to_any_other(
    engine: InlineEngine, source: d.DistributionSpec, dynamics: DynamicsSpec
) -> None:
    few = SimulationSpec(steps=140, particles=200)
    ends = done(engine, TrajectoriesRequest(Problem(source, MOONS, PATH), dynamics, few)).result.values[-1]
    law = build.distribution(MOONS)
    fresh = law.sample(400, torch.Generator().manual_seed(5))
    typical = float(law.log_prob(fresh).median())
    assert float(law.log_prob(torch.from_numpy(ends.copy())).median()) > typical - 0.7


def test_that_a_learned_field_moves_particles_from_any_source(
    engine: InlineEngine, learned: LearnedModel
) -> None:
    done(engine, TrajectoriesRequest(Problem(d.RingSpec(), MOONS, PATH), ODESpec(), FEW, learned))


def test_that_a_recent_simulation_is_copied_not_run_again(engine: InlineEngine) -> None:
    request = run(ODESpec(), simulation=SimulationSpec(steps=50, particles=500, start_seed=99))
    first = done(engine, request)
    again = done(engine, request)
    np.testing.assert_array_equal(again.result.values, first.result.values)
    assert again.seconds < first.seconds / 3


def test_that_recent_simulations_stay_within_their_memory() -> None:
    recent = tasks.RecentTrajectories(capacity=1000)
    requests = [run(ODESpec(), simulation=SimulationSpec(start_seed=seed)) for seed in range(4)]
    for request in requests[:3]:
        recent.put(request, np.zeros(100, np.float32))
    assert [recent.get(request) is not None for request in requests[:3]] == [False, True, True]
    recent.put(requests[3], np.zeros(1000, np.float32))
    assert all(recent.get(request) is None for request in requests)


# ---- densities ---------------------------------------------------------------------------------------


def test_that_rows_are_densities_in_the_order_of_looking(engine: InlineEngine) -> None:
    request = DensityRequest(Problem(NORMAL, MOONS, PATH), GRID, TIMES, first=3)
    rows = done(engine, request).result.values
    np.testing.assert_allclose(rows.sum((1, 2)) * CELL, 1, atol=0.02)
    exact = build.marginal(Problem(NORMAL, MOONS, PATH))
    x = torch.tensor([[GRID.xs[40], GRID.ys[10]]])
    for row, index in zip(rows, request.order, strict=True):
        expected = float(exact.log_prob(x, TIMES[index]).exp()[0])
        assert row[10, 40] == pytest.approx(expected, rel=1e-3, abs=1e-6)
    assert request.order[0] == 3


@pytest.mark.parametrize("dynamics", [ODESpec(), SDESpec()])
def test_that_smoothed_particles_resemble_the_exact_density(
    engine: InlineEngine, dynamics: DynamicsSpec
) -> None:
    particles = run(dynamics, simulation=SimulationSpec(steps=40, particles=4000))
    smoothed = DensityRequest(Problem(NORMAL, MOONS, PATH), GRID, TIMES, DensityMethod.KDE, particles)
    rows = done(engine, smoothed).result.values
    exact = done(engine, DensityRequest(Problem(NORMAL, MOONS, PATH), GRID, TIMES)).result.values
    np.testing.assert_allclose(rows.sum((1, 2)) * CELL, 1, atol=0.03)
    # At t <= 1/2 the law is smooth on the scale of the kernel.
    assert np.abs(rows[:3] - exact[:3]).sum((1, 2)).max() * CELL < 0.2


@pytest.mark.parametrize("blend", [True, False])
def test_that_between_two_states_a_flow_is_blended_and_noise_is_not(blend: bool) -> None:
    states = np.arange(3, dtype=np.float32).reshape(3, 1, 1) * np.ones((1, 4, 2), np.float32)
    at = [density_tasks._state_at(states, t, blend)[0, 0] for t in (0.0, 0.2, 0.5, 0.7, 1.0)]
    assert at == pytest.approx([0, 0.4, 1, 1.4, 2] if blend else [0, 0, 1, 1, 2], abs=1e-6)


# ---- fields ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", [Quantity.VELOCITY, Quantity.SCORE])
def test_that_arrows_are_the_field_at_the_points_of_the_grid(
    engine: InlineEngine, learned: LearnedModel, quantity: Quantity
) -> None:
    grid = Grid(0.5, 0.0, 2.0, 1.0, 7, 5)
    x = torch.tensor([[grid.xs[6], grid.ys[1]]])
    for model in (None, learned):
        request = FieldRequest(Problem(NORMAL, MOONS, PATH), grid, (0.1, 0.6), quantity, model)
        rows = done(engine, request).result.values
        field = build.field(Problem(NORMAL, MOONS, PATH), model)
        expected = field.velocity(x, 0.6) if quantity is Quantity.VELOCITY else field.score(x, 0.6)
        np.testing.assert_allclose(rows[1, 1, 6], expected[0].numpy(), rtol=1e-3, atol=1e-4)


# ---- samples and measures ----------------------------------------------------------------------------


def test_that_samples_depend_on_the_seed_alone(engine: InlineEngine) -> None:
    a, b, c = (done(engine, SamplesRequest(MOONS, 50, seed)).result.values for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 0.1


def test_that_w2_of_a_good_flow_is_near_its_floor_and_of_no_flow_far(engine: InlineEngine) -> None:
    good = run(ODESpec(), simulation=SimulationSpec(steps=60, particles=500))
    w2, floor, energy, straightness = done(engine, W2Request(good, n=300)).result.values[0]
    assert 0 < straightness < energy
    assert 0 < floor < 0.5
    assert w2 < 1.8 * floor
    bad = run(ODESpec(solver="euler"), simulation=SimulationSpec(steps=1, particles=500))
    far, same_floor, _, bent = done(engine, W2Request(bad, n=300)).result.values[0]
    assert bent == pytest.approx(0, abs=1e-9)
    assert same_floor == floor
    assert far > 2 * w2


def test_that_the_field_error_falls_with_training(engine: InlineEngine, learned: LearnedModel) -> None:
    engine.train(
        TrainRequest(
            Problem(NORMAL, MOONS, PATH), ModelSpec(width=32, layers=2), TrainingSpec(steps=5, batch_size=32)
        )
    )
    early = [r for r in engine.run_until_idle() if isinstance(r, TrainingSnapshot)][-1].learned
    errors = [
        done(engine, FieldErrorRequest(model, (0.2, 0.5, 0.8))).result.values for model in (early, learned)
    ]
    assert errors[0].mean() > 2 * errors[1].mean() > 0


def test_that_gradients_are_off_in_tasks_and_untouched_outside() -> None:
    seen = []

    def spying() -> Iterator[float]:
        seen.append(torch.is_grad_enabled())
        yield 0.5
        seen.append(torch.is_grad_enabled())

    for _ in _without_gradients(spying()):
        seen.append(torch.is_grad_enabled())
    assert seen == [False, True, False]


def test_that_running_out_of_memory_comes_with_advice(
    engine: InlineEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(*_: object) -> Iterator[float]:
        torch.empty(10**15)
        yield 1.0

    monkeypatch.setitem(tasks._TASKS, SamplesRequest, greedy)
    job = refused(engine, SamplesRequest(MOONS, 1, 0))
    assert job.reason is Refusal.OUT_OF_MEMORY
    assert "fewer particles" in job.message


def test_that_errors_of_torch_are_reported(
    engine: InlineEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong(*_: object) -> Iterator[float]:
        torch.ones(2, 3) @ torch.ones(2, 3)
        yield 1.0

    monkeypatch.setitem(tasks._TASKS, SamplesRequest, wrong)
    job = refused(engine, SamplesRequest(MOONS, 1, 0))
    assert job.reason is Refusal.FAILURE
    assert "shapes cannot be multiplied" in job.message
    assert "a task failed" in caplog.text


@pytest.mark.parametrize("dynamics", [ODESpec(), LangevinSpec(), OrnsteinUhlenbeckSpec(duration=2.0)])
def test_that_log_density_is_that_of_the_law_where_each_particle_is(
    engine: InlineEngine, dynamics: DynamicsSpec
) -> None:
    problem = Problem(d.StandardNormalSpec(), d.FiveModesSpec(), CondOTSpec())
    moving = TrajectoriesRequest(problem, dynamics, SimulationSpec(steps=20, particles=100))
    moved, told = engine.submit("trajectories", moving), engine.submit("log", LogDensityRequest(moving))
    engine.run_until_idle()
    x = torch.from_numpy(moved.result.values[10].copy())
    if dynamics.is_process:
        expected = motions.law(dynamics, problem).log_prob(x, 1.0)
    else:
        expected = build.marginal(problem).log_prob(x, 1.0 if dynamics.is_steady else 0.5)
    np.testing.assert_allclose(told.result.values[10], expected, rtol=1e-4, atol=1e-4)


def test_that_reference_paths_begin_where_the_particles_do_and_end_where_they_should(
    engine: InlineEngine,
) -> None:
    """A coarse path leaves its reference, a fine one of order 4 does not."""
    problem = Problem(NORMAL, d.FiveModesSpec(), PATH)
    gaps = []
    for solver, steps in (("euler", 5), ("heun", 60)):
        simulation = SimulationSpec(steps=steps, particles=400)
        moving = TrajectoriesRequest(problem, ODESpec(solver=solver), simulation)
        asked = reference_request(moving)
        assert asked is not None
        jobs = [engine.submit(f"trajectories/{solver}{k}", one) for k, one in enumerate((moving, asked))]
        engine.run_until_idle()
        own, reference = (job.result.values for job in jobs)
        np.testing.assert_allclose(own[0, : reference.shape[1]], reference[0])
        gaps.append(np.abs(own[-1, : reference.shape[1]] - reference[-1]).mean())
    assert gaps[0] > 10 * gaps[1]
    assert gaps[1] < 5e-3
