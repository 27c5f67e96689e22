"""Densities that are computed, and maps: held against closed forms, and against what must be conserved."""

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
from fmstudio.document.specs.path import CondOTSpec, PathSpec, VPSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import ModelSpec, TrainingSpec
from fmstudio.engine.client import InlineEngine, JobState
from fmstudio.engine.messages import (
    DensityRequest,
    FieldRequest,
    Grid,
    LearnedModel,
    Row,
    TrainingSnapshot,
    TrainRequest,
    TrajectoriesRequest,
)
from fmstudio.engine.requests import FOKKER_PLANCK_CELLS
from fmstudio.engine.worker import build
from fmstudio.engine.worker.density_tasks import METHODS

NORMAL, PATH = d.StandardNormalSpec(), CondOTSpec()
MODES = d.FiveModesSpec(radius=1.6, std=0.35)
GRID = Grid(0.1, -0.1, 4.0, 3.8, 61, 57)
CELL = (2 * GRID.half_x / (GRID.nx - 1)) * (2 * GRID.half_y / (GRID.ny - 1))
TIMES = (0.0, 0.4, 0.8, 1.0)


@pytest.fixture(scope="module")
def engine() -> Iterator[InlineEngine]:
    engine = InlineEngine()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def learned(engine: InlineEngine) -> LearnedModel:
    engine.train(
        TrainRequest(Problem(NORMAL, MODES, PATH), ModelSpec(width=24, layers=2), TrainingSpec(steps=150))
    )
    snapshots = [reply for reply in engine.run_until_idle() if isinstance(reply, TrainingSnapshot)]
    return snapshots[-1].learned


def rows(engine: InlineEngine, request: DensityRequest | FieldRequest) -> Row:
    """The result by time, whatever order it came in."""
    job = engine.submit("lane", request)
    engine.run_until_idle()
    assert job.state is JobState.DONE, job.message
    assert np.isfinite(job.result.values).all()
    return np.array(job.result.values)[np.argsort(request.order)]


def asked(method: DensityMethod, path: PathSpec = PATH, **more: object) -> DensityRequest:
    return DensityRequest(Problem(NORMAL, MODES, path), GRID, TIMES, method, **more)  # type: ignore[arg-type]


def marched(dynamics: DynamicsSpec, path: PathSpec = PATH) -> DensityRequest:
    motion = TrajectoriesRequest(Problem(NORMAL, MODES, path), dynamics, SimulationSpec())
    return asked(DensityMethod.FOKKER_PLANCK, path, trajectories=motion)


def gap(a: Row, b: Row) -> Row:
    """The L1 distance of two densities at each time."""
    return np.abs(a - b).sum((1, 2)) * CELL


def test_that_every_method_has_a_task_but_the_choice_to_leave_it_open() -> None:
    assert set(METHODS) == set(DensityMethod) - {DensityMethod.AUTO}


# ---- Fokker-Planck -------------------------------------------------------------------------------------

STEP = 2 * 1.15 * 4.0 / (FOKKER_PLANCK_CELLS - 1)
"""About the cell of the solver's grid."""


@pytest.mark.parametrize(
    ("dynamics", "path"),
    [(ODESpec(), PATH), (SDESpec(sigma=1.0), PATH), (ReverseSDESpec(), VPSpec(beta_max=6.0))],
    ids=["ode", "sde", "reverse"],
)
def test_that_the_solution_on_the_grid_is_p_t_within_its_discretisation(
    engine: InlineEngine, dynamics: DynamicsSpec, path: PathSpec
) -> None:
    """A scheme of second order errs by about (cell / width)^2, the width being that of the narrowest mode.

    At t = 0 it starts where particles do, which VP's p_0 is not quite; that is soon forgotten."""
    solved, exact = rows(engine, marched(dynamics, path)), rows(engine, asked(DensityMethod.EXACT, path))
    assert gap(solved, exact)[1:].max() < (STEP / MODES.std) ** 2
    np.testing.assert_allclose(solved.sum((1, 2)) * CELL, exact.sum((1, 2)) * CELL, atol=2e-3)


def test_that_langevin_dynamics_settle_in_the_target_and_a_process_follows_its_law(
    engine: InlineEngine,
) -> None:
    settled = rows(engine, marched(LangevinSpec(sigma=1.2, duration=1.5)))
    target = rows(engine, asked(DensityMethod.EXACT))[-1]
    assert gap(settled, target[None])[-1] < 0.05 < gap(settled, target[None])[0]
    process = OrnsteinUhlenbeckSpec(theta=0.8, sigma=0.9, duration=2.0)
    law = asked(DensityMethod.EXACT, law=process)
    assert gap(rows(engine, marched(process)), rows(engine, law)).max() < 0.01


def test_that_a_march_comes_in_the_order_of_time_whatever_is_looked_at() -> None:
    motion = TrajectoriesRequest(Problem(NORMAL, MODES, PATH), ODESpec(), SimulationSpec())
    request = asked(DensityMethod.FOKKER_PLANCK, trajectories=motion, first=3)
    assert request.order == (0, 1, 2, 3)
    assert asked(DensityMethod.EXACT, first=3).order[0] == 3


# ---- along the flow ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PATH, VPSpec()], ids=["condot", "vp"])
def test_that_the_divergence_along_the_flow_gives_p_t(engine: InlineEngine, path: PathSpec) -> None:
    by_flow = rows(engine, asked(DensityMethod.LIKELIHOOD, path))
    exact = rows(engine, asked(DensityMethod.EXACT, path))
    np.testing.assert_allclose(by_flow.sum((1, 2)) * CELL, exact.sum((1, 2)) * CELL, atol=5e-3)
    assert gap(by_flow, exact).max() < 0.01


def test_that_a_learned_field_has_a_density_of_its_own(engine: InlineEngine, learned: LearnedModel) -> None:
    by_flow = rows(engine, asked(DensityMethod.LIKELIHOOD, learned=learned))
    np.testing.assert_allclose(by_flow.sum((1, 2)) * CELL, 1, atol=0.02)
    assert gap(by_flow, rows(engine, asked(DensityMethod.EXACT)))[-1] > 0.05


def test_that_hutchinson_is_right_on_average_in_log_p_and_noisy(engine: InlineEngine) -> None:
    exact, guessed = (
        rows(engine, asked(method))[1]
        for method in (DensityMethod.EXACT, DensityMethod.LIKELIHOOD_HUTCHINSON)
    )
    seen = exact > 0.01 * exact.max()
    off = np.log(guessed[seen]) - np.log(exact[seen])
    assert off.std() > 0.05
    assert abs(off.mean()) < 4 * off.std() / np.sqrt(off.size)


# ---- maps ----------------------------------------------------------------------------------------------


def test_that_what_flows_in_is_what_the_density_rises_by(engine: InlineEngine) -> None:
    rate, inflow, residual = (
        rows(engine, asked(method))
        for method in (DensityMethod.TIME_DERIVATIVE, DensityMethod.MINUS_DIVERGENCE, DensityMethod.RESIDUAL)
    )
    assert np.abs(rate).max((1, 2)).min() > 0.1
    assert np.abs(residual).max() < 0.05  # differences of fourth order, 2.6 cells to the narrowest mode
    assert np.abs(residual)[:3].max() < 0.01
    assert np.abs(rate.sum((1, 2))).max() * CELL < 0.02
    assert np.abs(inflow - rate).max() < 0.05 * np.abs(rate).max()


def test_that_a_learned_field_leaves_a_residual(engine: InlineEngine, learned: LearnedModel) -> None:
    exact, wrong = (rows(engine, asked(DensityMethod.RESIDUAL, learned=m))[1:3] for m in (None, learned))
    assert np.abs(wrong).max() > 10 * np.abs(exact).max()


def test_that_the_naive_average_is_right_at_the_source_alone(engine: InlineEngine) -> None:
    """At t = 0 x says nothing of z: the posterior is p_data."""
    wrong = rows(engine, asked(DensityMethod.NAIVE_ERROR)).max((1, 2))
    assert wrong[0] < 1e-4
    assert (wrong[1:] > 0.5).all()


def test_that_an_error_map_is_the_distance_of_the_fields_in_typical_speeds_faded_by_the_density(
    engine: InlineEngine, learned: LearnedModel
) -> None:
    image = rows(engine, asked(DensityMethod.ERROR, learned=learned))[1]
    exact = rows(engine, asked(DensityMethod.EXACT))[1]
    x = torch.tensor([[GRID.xs[40], GRID.ys[20]]])
    with torch.no_grad():
        fields = [
            build.field(Problem(NORMAL, MODES, PATH), model).velocity(x, TIMES[1])
            for model in (None, learned)
        ]
        law = build.marginal(Problem(NORMAL, MODES, PATH))
        draws = law.sample(20_000, TIMES[1], torch.Generator().manual_seed(0))
        speed = float(law.velocity(draws, TIMES[1]).square().sum(1).mean().sqrt())
    expected = float((fields[1] - fields[0]).norm()) / speed * np.sqrt(exact[20, 40] / exact.max())
    assert image[20, 40] == pytest.approx(expected, rel=0.02)


def test_that_an_error_map_without_a_model_is_refused(engine: InlineEngine) -> None:
    job = engine.submit("lane", asked(DensityMethod.ERROR))
    engine.run_until_idle()
    assert job.state is JobState.FAILED
    assert "train a model" in job.message


# ---- arrows --------------------------------------------------------------------------------------------


def test_that_a_flux_is_density_times_velocity(engine: InlineEngine, learned: LearnedModel) -> None:
    def arrows(quantity: Quantity, model: LearnedModel | None) -> Row:
        return rows(engine, FieldRequest(Problem(NORMAL, MODES, PATH), GRID, TIMES[:3], quantity, model))

    p = rows(engine, asked(DensityMethod.EXACT))[:3, ..., None]
    for model in (None, learned):
        flux, velocity = (arrows(quantity, model) for quantity in (Quantity.FLUX, Quantity.VELOCITY))
        np.testing.assert_allclose(flux, p * velocity, rtol=1e-3, atol=1e-5)


def test_that_naive_arrows_all_lead_to_the_mean_of_the_data(engine: InlineEngine) -> None:
    request = FieldRequest(Problem(NORMAL, MODES, PATH), GRID, TIMES[1:2], Quantity.NAIVE_AVERAGE)
    naive = rows(engine, request)[0]
    gx, gy = np.meshgrid(GRID.xs, GRID.ys)
    away = -np.stack([gx, gy], -1)  # the mean of modes on a ring is its centre
    turned = naive[..., 0] * away[..., 1] - naive[..., 1] * away[..., 0]
    assert np.abs(turned).max() < 1e-4
    assert (np.vecdot(naive, away) >= 0).all()
