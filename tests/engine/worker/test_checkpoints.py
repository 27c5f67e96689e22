"""Checkpoints are the weights of their step, log-spaced and few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fmstudio.document.saved_model import MOST_CHECKPOINTS, Checkpoint
from fmstudio.document.specs.training import ModelSpec, Objective, TrainingSpec
from fmstudio.engine.client import InlineEngine
from fmstudio.engine.messages import TrainingCheckpoint, TrainingSnapshot, TrainRequest
from fmstudio.engine.worker import learning
from fmstudio.engine.worker.checkpoints import MOST_NUMBERS, kept_steps
from tests.engine.worker.test_training_job import request, trained


def checkpoints(asked: TrainRequest) -> dict[int, Checkpoint]:
    replies = (reply for reply in trained(asked) if isinstance(reply, TrainingCheckpoint))
    return {reply.checkpoint.step: reply.checkpoint for reply in replies}


def test_that_they_come_early_and_often_and_end_before_the_newest() -> None:
    assert sorted(checkpoints(request(steps=60))) == [0, 1, 2, 5, 10, 20, 50]


@pytest.mark.parametrize("objective", [Objective.CFM, Objective.DSM, Objective.SF2M, Objective.REALNVP])
def test_that_training_to_that_step_alone_gives_the_same_bits(objective: Objective) -> None:
    asked = request(steps=60, objective=objective)
    kept = checkpoints(asked)
    for step in (1, 20, 50):
        model = learning.model_for(asked)
        steps = learning.steps_of(asked, model)
        for _ in range(step):
            next(steps)
        steps.close()  # type: ignore[attr-defined]
        assert np.array_equal(model.flat.numpy(), kept[step].parameters.values)


def test_that_the_first_is_the_network_before_any_step() -> None:
    asked = request(steps=60)
    model = learning.model_for(asked)
    next(learning.steps_of(replace(asked, training=asked.training), learning.model_for(asked)))
    learning.steps_of(asked, model)
    assert np.array_equal(model.flat.numpy(), checkpoints(asked)[0].parameters.values)


def test_that_what_goes_on_keeps_only_what_is_new() -> None:
    engine = InlineEngine()
    asked = request(steps=60)
    engine.train(asked)
    end = [reply for reply in engine.run_until_idle() if isinstance(reply, TrainingSnapshot)][-1].learned
    engine.train(replace(asked, resume=end))
    told = [reply for reply in engine.run_until_idle() if isinstance(reply, TrainingCheckpoint)]
    assert [reply.checkpoint.step for reply in told] == [100]


@pytest.mark.parametrize("steps", [1, 2, 60, 4000, 1_000_000])
@pytest.mark.parametrize("reflow", [0, 3])
@pytest.mark.parametrize("parameters", [100, 10_000, 200_000, 2_000_000])
def test_that_they_are_bounded_in_number_and_in_size(steps: int, reflow: int, parameters: int) -> None:
    asked = request(steps=steps, reflow=reflow)
    kept = kept_steps(asked, parameters)
    assert len(kept) <= MOST_CHECKPOINTS
    assert len(kept) == 1 or len(kept) * parameters <= MOST_NUMBERS
    assert all(step < asked.training.total_steps for step in kept)


def test_that_a_classifier_keeps_none() -> None:
    asked = replace(
        request(), model=ModelSpec(), training=TrainingSpec.model_construct(objective=Objective.CLASSIFIER)
    )
    assert not kept_steps(asked, 100)
