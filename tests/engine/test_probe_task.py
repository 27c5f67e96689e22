"""The probe: what it says is what the closed form and the network say, and the pulls explain the velocity."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from fmstudio.document.specs import distribution as d
from fmstudio.document.specs.path import CondOTSpec
from fmstudio.document.specs.training import ModelSpec, TrainingSpec
from fmstudio.engine import build
from fmstudio.engine.client import InlineEngine, JobState
from fmstudio.engine.messages import LearnedModel, ProbeRequest, Refusal, TrainingSnapshot, TrainRequest
from fmstudio.studio.probing import Probed, probed

NORMAL, RING, MODES, PATH = d.StandardNormalSpec(), d.RingSpec(), d.FiveModesSpec(), CondOTSpec()
X, T = (0.7, -0.4), 0.55


@pytest.fixture(scope="module")
def engine() -> Iterator[InlineEngine]:
    engine = InlineEngine()
    yield engine
    engine.close()


def learned(engine: InlineEngine, source: d.DistributionSpec) -> LearnedModel:
    engine.train(TrainRequest(source, MODES, PATH, ModelSpec(width=16, layers=1), TrainingSpec(steps=20)))
    snapshots = [reply for reply in engine.run_until_idle() if isinstance(reply, TrainingSnapshot)]
    return snapshots[-1].learned


def told(engine: InlineEngine, request: ProbeRequest) -> Probed:
    job = engine.submit("probe", request)
    engine.run_until_idle()
    assert job.state is JobState.DONE, job.message
    return probed(job.result.values)


def test_that_the_velocity_is_what_the_pulls_sum_up_to(engine: InlineEngine) -> None:
    """“Vector fields” post; 6.S184 notes, eq 18: all five modes are named, so their weights sum to 1."""
    job = engine.submit("probe", ProbeRequest(NORMAL, MODES, PATH, X, T))
    engine.run_until_idle()
    values = job.result.values
    answer = probed(values)
    assert answer.weights.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(answer.weights @ values[1:6, 3:5], answer.velocity, atol=1e-4)
    np.testing.assert_array_less(np.diff(answer.weights), 1e-9)


def test_that_the_exact_pane_is_told_by_the_closed_form(engine: InlineEngine) -> None:
    answer = told(engine, ProbeRequest(NORMAL, MODES, PATH, X, T))
    exact, x = build.marginal(NORMAL, MODES, PATH), torch.tensor([X])
    assert answer.density == pytest.approx(float(exact.log_prob(x, T).exp()), rel=1e-5)
    np.testing.assert_allclose(answer.score, exact.score(x, T)[0], rtol=1e-5)
    np.testing.assert_allclose(answer.mean, exact.posterior_mean(x, T)[0], rtol=1e-5)
    assert answer.divergence == pytest.approx(float(exact.divergence(x, T)), rel=1e-5)


def test_that_a_learned_pane_is_told_by_the_network_and_nothing_is_made_up(engine: InlineEngine) -> None:
    model = learned(engine, NORMAL)
    answer = told(engine, ProbeRequest(NORMAL, MODES, PATH, X, T, model))
    with torch.no_grad():
        field = build.field(NORMAL, MODES, PATH, model)
        np.testing.assert_allclose(answer.velocity, field.velocity(torch.tensor([X]), T)[0], rtol=1e-4)
        np.testing.assert_allclose(answer.score, field.score(torch.tensor([X]), T)[0], rtol=1e-4)
    silent = told(engine, ProbeRequest(RING, MODES, PATH, X, T, learned(engine, RING), tells_score=False))
    assert np.isfinite([*silent.velocity, silent.divergence]).all()
    assert np.isnan([silent.density, *silent.score, *silent.mean]).all()
    assert len(silent.points) == 0


def test_that_without_closed_form_and_network_it_is_refused(engine: InlineEngine) -> None:
    job = engine.submit("probe", ProbeRequest(RING, MODES, PATH, X, T))
    engine.run_until_idle()
    assert job.state is JobState.FAILED
    assert job.reason is Refusal.NO_CLOSED_FORM
