"""Specs of motions become dynamics: one row each, with its clock, its start and its law."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch

from fmstudio.document.specs import distribution as d
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs import path as p
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.motion import FreeMotion, Motion, duration_of
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.spec import Spec
from fmstudio.document.specs.training import Coupling
from fmstudio.engine.client import InlineEngine, Job, JobState
from fmstudio.engine.messages import (
    DensityRequest,
    FieldRequest,
    Grid,
    PairsRequest,
    Refusal,
    Request,
    TrajectoriesRequest,
    WarpRequest,
)
from fmstudio.engine.worker import build, motions
from fmstudio.engine.worker.particles import _square_grid
from fmstudio.flows.motion.solvers import SOLVERS

ALL = (*m.DYNAMICS, *m.MORE_DYNAMICS)
NORMAL, MOONS, PATH = d.StandardNormalSpec(), d.TwoMoonsSpec(), p.CondOTSpec()
SHORT: tuple[m.FreeProcess, ...] = (
    m.LinearFlowSpec(theta=0.7, duration=1.5),
    m.BrownianMotionSpec(duration=0.8),
    m.OrnsteinUhlenbeckSpec(theta=0.8, sigma=0.6, duration=2.0),
    m.LinearSDESpec(a_1=0.5, g_1=0.1, duration=2.0),
)
"""Those that stay within a small grid, and others as they are."""
FREE: tuple[m.FreeProcess, ...] = tuple(
    next((spec for spec in SHORT if type(spec) is kind), kind()) for kind in get_args(m.FreeProcess)
)
GRID = Grid(0.3, 0.1, 6.0, 6.0, 121, 121)
CELL = 0.1**2


@pytest.fixture
def engine():
    engine = InlineEngine()
    yield engine
    engine.close()


def done(engine: InlineEngine, request: Request) -> np.ndarray:
    job = _run(engine, request)
    assert job.state is JobState.DONE, job.message
    assert job.result.values.shape == request.shape
    assert np.isfinite(job.result.values).all()
    return job.result.values


def _run(engine: InlineEngine, request: Request) -> Job:
    job = engine.submit("lane", request)
    engine.run_until_idle()
    return job


def request(
    dynamics: m.DynamicsSpec,
    path: p.PathSpec = PATH,
    source: d.DistributionSpec = NORMAL,
    target: d.DistributionSpec = MOONS,
    **simulation: int,
) -> TrajectoriesRequest:
    return TrajectoriesRequest(Problem(source, target, path), dynamics, m.SimulationSpec(**simulation))  # type: ignore[arg-type]


def motion(dynamics: m.DynamicsSpec, path: p.PathSpec = PATH, **simulation: int) -> motions.Motion:
    return motions.motion(request(dynamics, path, **simulation))


# ---- every motion ------------------------------------------------------------------------------------


def test_that_every_motion_has_a_builder_and_a_kind_of_its_own() -> None:
    assert set(motions._DYNAMICS) == set(ALL) - {m.InterpolantSpec}
    assert set(motions._PROCESSES) == set(get_args(m.FreeProcess))
    kinds = {*get_args(m.Transport), *get_args(m.Sampler), *get_args(m.FreeProcess)}
    assert kinds == set(ALL)


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind is not m.InterpolantSpec])
def test_that_every_solver_that_may_be_asked_for_is_there_and_takes_noise_where_there_is_some(
    kind: type[Motion],
) -> None:
    for name in get_args(kind.model_fields["solver"].annotation):
        assert SOLVERS[name].is_stochastic is kind.is_noisy


def test_that_no_solver_is_left_that_nobody_may_ask_for() -> None:
    asked = {name for kind in ALL for name in get_args(kind.model_fields["solver"].annotation)}
    assert set(SOLVERS) == asked - {"pairs"}


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("path", [p.CondOTSpec(), p.VPSpec(), p.VESpec()], ids=lambda s: s.kind)
def test_that_every_motion_runs_on_every_path(
    engine: InlineEngine, kind: type[Spec], path: p.PathSpec
) -> None:
    states = done(engine, request(kind(), path, steps=300, particles=100))
    assert np.abs(states).max() < 60


@pytest.mark.parametrize("path", [p.VESpec(), p.VESpec(sigma_max=0.1), p.VPSpec(beta_max=2), PATH])
@pytest.mark.parametrize("source", [NORMAL, d.RingSpec()], ids=lambda s: s.kind)
def test_that_particles_start_from_p_0(path: p.PathSpec, source: d.DistributionSpec) -> None:
    start = motions.motion(request(m.LangevinSpec(), path, source)).start
    ode = motions._start(request(m.ODESpec(), path, source, particles=3000))
    exact = build.probability_path(path).x_t(
        *(
            build.distribution(end).sample(3000, torch.Generator().manual_seed(k))
            for k, end in enumerate((source, MOONS))
        ),
        0.0,
    )
    torch.testing.assert_close(ode.std(0), exact.std(0), rtol=0.06, atol=0.02)
    torch.testing.assert_close(ode.mean(0), exact.mean(0), rtol=0, atol=0.08 * float(exact.std()))
    x_0 = motion(m.ODESpec()).start if source == NORMAL else start / float(build.schedule(path).beta(0.0))
    torch.testing.assert_close(start[:9], float(build.schedule(path).beta(0.0)) * x_0[:9])
    assert not torch.equal(motion(m.ODESpec(), path, start_seed=8).start, motion(m.ODESpec(), path).start)


@pytest.mark.parametrize("dynamics", FREE, ids=lambda s: s.kind)
def test_that_a_process_starts_at_its_source_as_it_is_and_noising_at_the_data(
    dynamics: m.FreeProcess,
) -> None:
    start = motion(dynamics, p.VESpec(sigma_max=5.0), particles=4000).start
    noising = isinstance(dynamics, m.NoisingSpec)
    expected = build.distribution(MOONS if noising else NORMAL)
    draws = expected.sample(4000, torch.Generator().manual_seed(99))
    torch.testing.assert_close(start.std(0), draws.std(0), atol=0.06, rtol=0)


@pytest.mark.parametrize(
    ("dynamics", "end"),
    [
        (m.ODESpec(), 1.0),
        (m.SDESpec(), 1.0),
        (m.ReverseSDESpec(), 1.0),
        (m.NoisingSpec(), 1.0),
        (m.LangevinSpec(duration=7.5), 7.5),
        (m.AnnealedLangevinSpec(duration=2.5), 2.5),
        (m.BrownianMotionSpec(duration=3.0), 3.0),
    ],
)
def test_that_times_run_over_the_whole_clock(dynamics: m.DynamicsSpec, end: float) -> None:
    built = motion(dynamics, steps=10)
    assert len(built.times) == 11
    assert (built.times[0], built.times[-1]) == (0.0, end)
    assert built.solver.name == dynamics.solver


def test_that_annealed_langevin_arrives_at_the_target(engine: InlineEngine) -> None:
    asked = request(m.AnnealedLangevinSpec(duration=12.0), steps=600, particles=600)
    last = torch.from_numpy(done(engine, asked)[-1].copy())
    moons = build.distribution(MOONS)
    ours = float(moons.log_prob(last).mean())
    theirs = float(moons.log_prob(moons.sample(4000, torch.Generator().manual_seed(1))).mean())
    assert ours == pytest.approx(theirs, abs=0.5)


def test_that_the_probability_flow_takes_the_ode_s_way(engine: InlineEngine) -> None:
    ode = done(engine, request(m.ODESpec(), p.VPSpec(), steps=80, particles=200))
    flow = done(engine, request(m.ProbabilityFlowSpec(), p.VPSpec(), steps=80, particles=200))
    np.testing.assert_allclose(flow, ode, atol=5e-3)


# ---- laws of processes -------------------------------------------------------------------------------


@pytest.mark.parametrize("dynamics", FREE, ids=lambda s: s.kind)
@pytest.mark.parametrize("path", [p.VPSpec(), p.VESpec(sigma_max=1.5)], ids=lambda s: s.kind)
def test_that_a_density_of_a_process_is_that_of_its_particles(
    engine: InlineEngine, dynamics: m.FreeProcess, path: p.PathSpec
) -> None:
    times = (0.0, 0.5, 1.0)
    source = d.GaussianMixtureSpec()
    density = done(engine, DensityRequest(Problem(source, MOONS, path), GRID, times, law=dynamics))
    states = done(engine, request(dynamics, path, source, steps=100, particles=4000))
    xs, ys = GRID.xs, GRID.ys
    for row, values in zip((0, 50, 100), density, strict=True):
        mass = float(values.sum()) * CELL
        assert mass == pytest.approx(1, abs=0.02)
        mean = np.array([(values.sum(0) * xs).sum(), (values.sum(1) * ys).sum()]) * CELL / mass
        second = np.array([(values.sum(0) * xs**2).sum(), (values.sum(1) * ys**2).sum()]) * CELL / mass
        particles = states[row].astype(np.float64)
        error = 5 * particles.std(0) / math.sqrt(4000) + 0.02
        assert (np.abs(particles.mean(0) - mean) < error).all()
        np.testing.assert_allclose(particles.std(0), np.sqrt(second - mean**2), rtol=0.07)


@pytest.mark.parametrize("dynamics", FREE, ids=lambda s: s.kind)
def test_that_arrows_of_a_process_are_its_drift(engine: InlineEngine, dynamics: m.FreeProcess) -> None:
    grid = Grid(0.0, 0.0, 2.0, 2.0, 5, 5)
    path = p.VPSpec()
    arrows = done(
        engine,
        FieldRequest(Problem(NORMAL, MOONS, path), grid, (0.25,), quantity=Quantity.DRIFT, law=dynamics),
    )
    at = 0.25 * duration_of(dynamics)
    x = torch.tensor([[grid.xs[3], grid.ys[1]]])
    expected = motions.process(dynamics, path).drift(x, at)
    np.testing.assert_allclose(arrows[0, 1, 3], expected[0].numpy(), atol=1e-6)


@pytest.mark.parametrize(
    "dynamics", [spec for spec in FREE if isinstance(spec, FreeMotion)], ids=lambda s: s.kind
)
def test_that_what_a_process_says_of_its_coefficients_is_how_it_moves(dynamics: FreeMotion) -> None:
    x = torch.tensor([[1.3, -0.4], [0.2, 2.0]], dtype=torch.float64)
    process = motions.process(dynamics, PATH)
    for t in (0.0, 0.4 * duration_of(dynamics)):
        a, b_x, b_y, g = dynamics.coefficients(t)
        torch.testing.assert_close(process.drift(x, t), a * x + torch.tensor([b_x, b_y], dtype=torch.float64))
        assert float(process.diffusion(t)) == pytest.approx(g)


def test_that_a_kde_of_a_process_is_near_its_law(engine: InlineEngine) -> None:
    dynamics = m.OrnsteinUhlenbeckSpec(duration=3.0)
    moving = request(dynamics, steps=60, particles=4000)
    ends = (Problem(NORMAL, MOONS, PATH), GRID, (1.0,))
    exact = done(engine, DensityRequest(*ends, law=dynamics))
    kde = done(engine, DensityRequest(*ends, method=DensityMethod.KDE, trajectories=moving))
    assert np.abs(exact - kde).sum() * CELL < 0.2


# ---- pairs -------------------------------------------------------------------------------------------


def _pairs(coupling: Coupling, n: int = 300, batch_size: int = 128, path: p.PathSpec = PATH) -> PairsRequest:
    return PairsRequest(Problem(NORMAL, MOONS, path), coupling, batch_size, n, start_seed=7, noise_seed=7)


@pytest.mark.parametrize("coupling", list(Coupling))
def test_that_couplings_pair_the_same_ends_and_transport_is_shorter(
    engine: InlineEngine, coupling: Coupling
) -> None:
    plain = done(engine, _pairs(Coupling.INDEPENDENT, n=256))
    paired = done(engine, _pairs(coupling, n=256))
    np.testing.assert_array_equal(paired[0], plain[0])
    for batch in (slice(0, 128), slice(128, 256)):
        assert {*map(tuple, paired[1, batch])} == {*map(tuple, plain[1, batch])}
    if coupling is not Coupling.INDEPENDENT:
        assert _cost(paired) < 0.6 * _cost(plain)


def _cost(pairs: np.ndarray) -> float:
    return float(((pairs[1] - pairs[0]) ** 2).sum(-1).mean())


def test_that_equal_seeds_do_not_tie_the_ends_of_independent_pairs(engine: InlineEngine) -> None:
    first, second = done(engine, _pairs(Coupling.INDEPENDENT, n=4000))
    correlation = np.corrcoef(first.T, second.T)[:2, 2:]
    assert np.abs(correlation).max() < 5 / math.sqrt(4000)


def test_that_fewer_pairs_are_the_first_of_more(engine: InlineEngine) -> None:
    many, few = done(engine, _pairs(Coupling.SINKHORN, n=300)), done(engine, _pairs(Coupling.SINKHORN, n=150))
    np.testing.assert_array_equal(many[:, :150], few)


@pytest.mark.parametrize(
    ("path", "coupling"),
    [(p.CondOTSpec(), Coupling.OT), (p.VESpec(), Coupling.INDEPENDENT), (p.VPSpec(), Coupling.INDEPENDENT)],
    ids=lambda value: getattr(value, "kind", str(value)),
)
def test_that_interpolants_run_between_their_pairs_from_where_the_ode_starts(
    engine: InlineEngine, path: p.PathSpec, coupling: Coupling
) -> None:
    asked = request(m.InterpolantSpec(coupling=coupling), path, steps=20, particles=300)
    states = done(engine, asked)
    x_0, z = done(engine, motions.pairs_request(asked, asked.dynamics.pairs))
    ode = done(engine, request(m.ODESpec(), path, steps=20, particles=300))
    np.testing.assert_allclose(states[0], ode[0], atol=1e-5)
    np.testing.assert_allclose(x_0, ode[0], atol=1e-5)
    beta_1 = float(build.schedule(path).beta(1.0))
    np.testing.assert_allclose(states[-1], z, atol=5 * max(beta_1, 1e-6))


def test_that_interpolants_are_samples_of_the_marginals(engine: InlineEngine) -> None:
    states = done(engine, request(m.InterpolantSpec(), steps=10, particles=4000))
    exact = build.marginal(Problem(NORMAL, MOONS, PATH))
    draws = exact.sample(4000, 0.5, torch.Generator().manual_seed(5))
    ours, theirs = (exact.log_prob(x, 0.5) for x in (torch.from_numpy(states[5].copy()), draws))
    assert float(ours.mean()) == pytest.approx(float(theirs.mean()), abs=5 * float(theirs.std() / 44))


def test_that_interpolants_need_no_closed_form(engine: InlineEngine) -> None:
    done(engine, request(m.InterpolantSpec(), source=d.RingSpec(), steps=5, particles=100))


# ---- warped grids ------------------------------------------------------------------------------------


def test_that_a_linear_flow_shrinks_its_grid_by_its_exponential(engine: InlineEngine) -> None:
    dynamics = m.LinearFlowSpec(theta=0.9, duration=1.5)
    warped = done(engine, WarpRequest(request(dynamics, steps=30, particles=100), 2.0, lines=5, points=9))
    np.testing.assert_array_equal(warped[0], _square_grid(2.0, 5, 9).numpy())
    np.testing.assert_allclose(warped[-1], math.exp(-1.35) * warped[0], atol=1e-4)


def test_that_grid_lines_go_across_then_up() -> None:
    lines = _square_grid(1.0, 3, 4).reshape(2, 3, 4, 2)
    assert torch.equal(lines[0, :, :, 1], torch.tensor([[-1.0] * 4, [0.0] * 4, [1.0] * 4]))
    assert torch.equal(lines[1, :, :, 0], torch.tensor([[-1.0] * 4, [0.0] * 4, [1.0] * 4]))


def test_that_a_motion_with_noise_warps_no_grid(engine: InlineEngine) -> None:
    job = _run(engine, WarpRequest(request(m.SDESpec(), particles=100), 2.0))
    assert job.state is JobState.FAILED
    assert job.reason is Refusal.BAD_INPUT
    assert "without noise" in job.message


def test_that_too_long_steps_of_a_process_are_told_with_their_cure(engine: InlineEngine) -> None:
    dynamics = m.OrnsteinUhlenbeckSpec(theta=10.0, duration=50.0)
    job = _run(engine, request(dynamics, steps=20, particles=100))
    assert job.state is JobState.FAILED
    assert "shorter duration" in job.message


def test_that_substeps_show_every_so_many_th_state_of_the_finer_run():
    coarse = TrajectoriesRequest(
        Problem(d.StandardNormalSpec(), d.EightGaussiansSpec(), p.CondOTSpec()),
        m.LangevinSpec(duration=0.5, substeps=5),
        m.SimulationSpec(steps=4, particles=100),
    )
    fine = replace(
        coarse,
        dynamics=m.LangevinSpec(duration=0.5, substeps=1),
        simulation=m.SimulationSpec(steps=20, particles=100),
    )
    shown, every = (torch.stack(list(_shown(request))) for request in (coarse, fine))
    assert torch.allclose(shown, every[::5], atol=1e-4)


def _shown(request: TrajectoriesRequest):
    noise = torch.Generator().manual_seed(1)
    return (state for state in motions.motion(request).states(noise, 4096) if state is not None)
