"""The probe: what it says is what the closed form and the network say, and the pulls explain the velocity."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from fmstudio.document.specs import distribution as d
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.motion import Motion, duration_of
from fmstudio.document.specs.path import CondOTSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import ModelSpec, TrainingSpec
from fmstudio.engine.client import InlineEngine, JobState
from fmstudio.engine.messages import (
    LearnedModel,
    ProbeRequest,
    TrainingSnapshot,
    TrainRequest,
    TrajectoriesRequest,
)
from fmstudio.engine.worker import build, motions
from fmstudio.studio.probing import Probed, probed, quantities

NORMAL, RING, MODES, PATH = d.StandardNormalSpec(), d.RingSpec(), d.FiveModesSpec(), CondOTSpec()
X, T = (0.7, -0.4), 0.55


@pytest.fixture(scope="module")
def engine() -> Iterator[InlineEngine]:
    engine = InlineEngine()
    yield engine
    engine.close()


def learned(engine: InlineEngine, source: d.DistributionSpec) -> LearnedModel:
    engine.train(
        TrainRequest(Problem(source, MODES, PATH), ModelSpec(width=16, layers=1), TrainingSpec(steps=20))
    )
    snapshots = [reply for reply in engine.run_until_idle() if isinstance(reply, TrainingSnapshot)]
    return snapshots[-1].learned


def asked(
    source: d.DistributionSpec = NORMAL,
    dynamics: m.DynamicsSpec | None = None,
    learned: LearnedModel | None = None,
    tells_score: bool = True,
) -> ProbeRequest:
    moving = TrajectoriesRequest(
        Problem(source, MODES, PATH), dynamics or m.ODESpec(), m.SimulationSpec(), learned
    )
    return ProbeRequest(moving, X, T, tells_score)


def told(engine: InlineEngine, request: ProbeRequest) -> Probed:
    job = engine.submit("probe", request)
    engine.run_until_idle()
    assert job.state is JobState.DONE, job.message
    return probed(job.result.values)


def test_that_the_velocity_is_what_the_pulls_sum_up_to(engine: InlineEngine) -> None:
    """“Vector fields” post; 6.S184 notes, eq 18: all five modes are named, so their weights sum to 1."""
    job = engine.submit("probe", asked())
    engine.run_until_idle()
    values = job.result.values
    answer = probed(values)
    assert answer.weights.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(answer.weights @ values[1:6, 3:5], answer.velocity, atol=1e-4)
    np.testing.assert_array_less(np.diff(answer.weights), 1e-9)


def test_that_the_exact_pane_is_told_by_the_closed_form(engine: InlineEngine) -> None:
    answer = told(engine, asked())
    exact, x = build.marginal(Problem(NORMAL, MODES, PATH)), torch.tensor([X])
    assert answer.density == pytest.approx(float(exact.log_prob(x, T).exp()), rel=1e-5)
    np.testing.assert_allclose(answer.score, exact.score(x, T)[0], rtol=1e-5)
    np.testing.assert_allclose(answer.mean, exact.posterior_mean(x, T)[0], rtol=1e-5)
    assert answer.divergence == pytest.approx(float(exact.divergence(x, T)), rel=1e-5)


def test_that_a_learned_pane_is_told_by_the_network_and_nothing_is_made_up(engine: InlineEngine) -> None:
    model = learned(engine, NORMAL)
    answer = told(engine, asked(learned=model))
    with torch.no_grad():
        field = build.field(Problem(NORMAL, MODES, PATH), model)
        np.testing.assert_allclose(answer.velocity, field.velocity(torch.tensor([X]), T)[0], rtol=1e-4)
        np.testing.assert_allclose(answer.score, field.score(torch.tensor([X]), T)[0], rtol=1e-4)
    silent = told(engine, asked(RING, learned=learned(engine, RING), tells_score=False))
    assert np.isfinite([*silent.velocity, silent.divergence]).all()
    assert np.isnan([*silent.score, *silent.mean]).all()
    assert silent.density > 0  # of the path, whatever the network has learned


@pytest.mark.parametrize("source", [RING, d.UniformSquareSpec(), d.TwoMoonsSpec()], ids=lambda s: s.kind)
def test_that_everything_is_told_between_any_two_ends(
    engine: InlineEngine, source: d.DistributionSpec
) -> None:
    answer = told(engine, asked(source))
    figures = [answer.density, answer.divergence, *answer.velocity, *answer.score, *answer.mean]
    assert np.isfinite(figures).all()
    assert answer.weights.sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("kind", [*m.DYNAMICS, *m.MORE_DYNAMICS], ids=lambda kind: kind.__name__)
def test_that_every_motion_is_told_what_moves_it_and_nothing_else(
    engine: InlineEngine, kind: type[Motion]
) -> None:
    """The drift told is that of the simulation, at the motion's own time; what plays no part is not told."""
    request = asked(dynamics=kind())  # type: ignore[arg-type]
    answer = told(engine, request)
    named = {quantity.key for quantity in quantities(kind())}
    known = {
        key
        for key in ("density", "drift", "velocity", "score", "divergence", "mean", "alpha", "beta", "sigma")
        if np.isfinite(getattr(answer, key)).all()
    }
    assert named - {"pull"} <= known
    assert ("pull" in named) is (len(answer.points) > 0)
    assert ("alpha" in known) is ("alpha" in named)
    assert ("sigma" in known) is ("sigma" in named)
    along_the_velocity = kind.moved_by == "velocity"
    for key in ("velocity", "divergence", "mean"):
        assert (key in known) is along_the_velocity
    if kind is m.InterpolantSpec:
        assert "drift" not in known
        return
    with torch.no_grad():
        moved = motions.dynamics_of(request.moving).drift(torch.tensor([X]), T * duration_of(kind()))
    np.testing.assert_allclose(answer.drift, moved[0], rtol=1e-5, atol=1e-6)


def test_that_langevin_is_told_the_score_of_the_target_and_its_drift(engine: InlineEngine) -> None:
    """6.S184 notes, eq 31: half of sigma squared times the score of p_data, from any source."""
    for source in (NORMAL, RING):
        answer = told(engine, asked(source, m.LangevinSpec(sigma=1.5)))
        p_data = build.marginal(Problem(NORMAL, MODES, PATH))
        score = p_data.score(torch.tensor([X]), 1.0)[0]
        np.testing.assert_allclose(answer.score, score, rtol=1e-4)
        np.testing.assert_allclose(answer.drift, 0.5 * 1.5**2 * score, rtol=1e-4)
        assert answer.density == pytest.approx(float(p_data.log_prob(torch.tensor([X]), 1.0).exp()), rel=1e-4)
