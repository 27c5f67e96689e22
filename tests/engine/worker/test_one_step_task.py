"""One step, told: every number is one that the training itself would have."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fmstudio.document.specs.training import Coupling, ModelSpec, Objective
from fmstudio.engine.client import InlineEngine, JobState
from fmstudio.engine.messages import LearnedModel, OneStepRequest, Row, TrainingProgress, TrainRequest
from fmstudio.engine.worker import build, learning
from fmstudio.flows.motion.fields import LearnedField
from tests.engine.worker.test_training_job import models, progress, request, trained

KINDS = (Objective.CFM, Objective.DSM, Objective.EXACT, Objective.SF2M)


def told(asked: TrainRequest, learned: LearnedModel | None = None, pair: int = 0) -> Row:
    engine = InlineEngine()
    job = engine.submit("one", OneStepRequest(asked.problem, asked.model, asked.training, learned, pair))
    engine.run_until_idle()
    assert job.state is JobState.DONE, job.message
    return job.result.values


def first_loss(replies: list[object]) -> float:
    found = [reply for reply in replies if isinstance(reply, TrainingProgress) and len(reply.losses)]
    return float(found[0].losses[0])


@pytest.mark.parametrize("coupling", [Coupling.INDEPENDENT, Coupling.OT])
@pytest.mark.parametrize("objective", KINDS)
def test_that_the_loss_is_that_of_the_step_of_the_training(objective: Objective, coupling: Coupling) -> None:
    asked = request(steps=60, objective=objective, coupling=coupling)
    rows = told(asked)
    assert rows[7, 0] == pytest.approx(first_loss(list(trained(asked))), rel=1e-5)


@pytest.mark.parametrize("objective", KINDS)
def test_that_the_answer_after_it_is_that_of_the_network_after_one_step(objective: Objective) -> None:
    asked = request(steps=60, objective=objective)
    rows = told(asked)
    model = learning.model_for(asked)
    next(step for step in learning.steps_of(asked, model) if step is not None)
    flow = getattr(model, "flow", model)

    field = LearnedField(flow, build.schedule(asked.problem.path))
    x_t, t = torch.tensor(rows[2:3]), float(rows[6, 0])
    answer = field.noise(x_t, t) if objective is Objective.DSM else field.velocity(x_t, t)
    assert rows[5] == pytest.approx(answer[0].numpy(), abs=1e-5)
    assert not np.allclose(rows[4], rows[5])


def test_that_it_goes_on_from_the_weights_that_are_shown() -> None:
    asked = request(steps=60)
    end = models(trained(asked))[-1]
    fresh, later = told(asked), told(asked, end)
    assert later[7, 0] < fresh[7, 0]
    assert fresh[8, 0] == pytest.approx(asked.training.learning_rate)
    assert later[8, 0] == pytest.approx(asked.training.learning_rate / 2)  # half-way of twice as many steps


def test_that_the_place_lies_on_the_way_of_its_pair_and_the_target_is_its_velocity() -> None:
    rows = told(request(steps=60))
    (x_0, z, x_t, asked), (t, weight), (alpha, beta) = rows[:4], rows[6], rows[9]
    assert (alpha, beta) == pytest.approx((t, 1 - t), abs=1e-6)
    assert x_t == pytest.approx(t * z + (1 - t) * x_0, abs=1e-5)
    assert asked == pytest.approx(z - x_0, abs=1e-5)
    assert weight == 1.0
    assert rows[10] == pytest.approx(x_0, abs=1e-5)
    assert rows[-1] == pytest.approx(z, abs=1e-5)


def test_that_other_pairs_of_the_batch_have_other_times() -> None:
    found = [told(request(steps=60), pair=pair) for pair in range(4)]
    assert len({round(float(rows[6, 0]), 3) for rows in found}) == 4
    assert len({float(rows[7, 0]) for rows in found}) == 1


def test_that_a_conditional_network_is_asked_with_its_label() -> None:
    asked = request(steps=60)
    asked = TrainRequest(asked.problem, ModelSpec(width=16, layers=2, conditional=True), asked.training)
    rows = told(asked)
    assert np.isfinite(rows).all()
    assert rows[7, 0] == pytest.approx(first_loss(list(trained(asked))), rel=1e-5)


@pytest.mark.parametrize("objective", [Objective.REALNVP, Objective.CNF_ML])
def test_that_what_learns_otherwise_is_refused_in_a_sentence(objective: Objective) -> None:
    asked = request(objective=objective)
    engine = InlineEngine()
    job = engine.submit("one", OneStepRequest(asked.problem, asked.model, asked.training))
    engine.run_until_idle()
    assert job.state is JobState.FAILED
    assert job.message.endswith(".")
    assert not progress([])
