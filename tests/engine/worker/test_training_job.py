from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.specs.coupling import IndependentSpec
from fmstudio.document.specs.distribution import DrawnSpec, RingSpec, StandardNormalSpec, TwoMoonsSpec
from fmstudio.document.specs.path import CondOTSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import Coupling, ModelSpec, Objective, TrainingSpec
from fmstudio.engine.client import InlineEngine, JobState
from fmstudio.engine.messages import (
    LearnedModel,
    Refusal,
    Reply,
    TrainingCommand,
    TrainingProgress,
    TrainingSnapshot,
    TrainingState,
    TrainRequest,
)
from fmstudio.engine.protocol import Notice
from fmstudio.engine.worker.training_job import TrainingJob

SMALL = ModelSpec(width=16, layers=2)


def request(**training: object) -> TrainRequest:
    spec = TrainingSpec(**{"steps": 60, "batch_size": 64, **training})  # type: ignore[arg-type]
    coupling = IndependentSpec(noise=0.5 if spec.objective.facts.needs_noise else 0.0)
    return TrainRequest(Problem(StandardNormalSpec(), TwoMoonsSpec(), CondOTSpec(), coupling), SMALL, spec)


def progress(replies: list[Reply] | list[Notice]) -> list[TrainingProgress]:
    return [reply for reply in replies if isinstance(reply, TrainingProgress)]


def models(replies: list[Reply] | list[Notice]) -> list[LearnedModel]:
    return [reply.learned for reply in replies if isinstance(reply, TrainingSnapshot)]


def trained(asked: TrainRequest) -> list[Reply]:
    engine = InlineEngine()
    engine.train(asked)
    return engine.run_until_idle()


def curve(replies: list[Reply] | list[Notice]) -> dict[int, float]:
    return {
        told.first_step + i: float(loss) for told in progress(replies) for i, loss in enumerate(told.losses)
    }


def test_that_every_step_is_told_once_and_the_end_comes_with_weights_and_floor() -> None:
    replies = trained(request())
    assert sorted(curve(replies)) == list(range(1, 61))
    last = progress(replies)[-1]
    assert (last.state, last.step, last.steps) == (TrainingState.FINISHED, 60, 60)
    assert last.floor is not None
    assert 1 < last.floor < 10
    assert models(replies)[-1].step == 60
    assert isinstance(replies[-1], TrainingProgress)


def test_that_the_same_seed_gives_the_same_weights_however_it_is_watched() -> None:
    first = models(trained(request()))[-1]
    engine = InlineEngine(budget=0.0)
    job = engine.train(request())
    replies: list[Reply] = []
    while job.unfinished:
        replies += engine.poll()
    assert models(replies)[-1] == first
    other = trained(request(seed=1))
    assert models(other)[-1] != first
    assert curve(other)[1] != curve(replies)[1]


def test_that_there_is_no_floor_where_none_is_known() -> None:
    assert progress(trained(request(coupling=Coupling.OT)))[-1].floor is None


def test_that_the_floor_is_known_between_any_two_ends() -> None:
    ring = TrainRequest(Problem(RingSpec(), TwoMoonsSpec(), CondOTSpec()), SMALL, TrainingSpec(steps=5))
    last = progress(trained(ring))[-1]
    assert last.state is TrainingState.FINISHED
    assert last.floor is not None
    assert last.floor > 0


@pytest.mark.parametrize("objective", list(Objective))
def test_that_every_objective_trains(objective: Objective) -> None:
    replies = trained(request(objective=objective))
    assert progress(replies)[-1].state is TrainingState.FINISHED
    assert np.isfinite(models(replies)[-1].parameters.values).all()


def test_that_pausing_shows_the_weights_and_resuming_loses_nothing() -> None:
    engine = InlineEngine(budget=0.001)
    job = engine.train(request(steps=400))
    replies: list[Reply] = []
    while not curve(replies):
        replies += engine.poll()
    engine.command(TrainingCommand.PAUSE)
    replies += engine.run_until_idle()
    assert progress(replies)[-1].state is TrainingState.PAUSED
    assert models(replies)[-1].step == progress(replies)[-1].step
    assert not engine.busy
    assert job.unfinished
    engine.command(TrainingCommand.RESUME)
    replies += engine.run_until_idle()
    assert job.state is JobState.DONE
    assert sorted(curve(replies)) == list(range(1, 401))
    assert models(replies)[-1] == models(trained(request(steps=400)))[-1]


def test_that_stopping_keeps_what_was_learned() -> None:
    engine = InlineEngine(budget=0.02)
    job = engine.train(request(steps=1_000_000))
    replies: list[Reply] = []
    while not curve(replies):
        replies += engine.poll()
    engine.command(TrainingCommand.STOP)
    replies += engine.poll()
    assert job.state is JobState.DONE
    assert progress(replies)[-1].state is TrainingState.STOPPED
    assert models(replies)[-1].step == progress(replies)[-1].step > 0


def test_that_a_training_can_be_stopped_before_its_first_step() -> None:
    engine = InlineEngine()
    job = engine.train(request())
    engine.command(TrainingCommand.STOP)
    replies = engine.poll()
    assert job.state is JobState.DONE
    assert models(replies) == []


def test_that_divergence_ends_in_one_sentence_and_the_last_finite_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from fmstudio.flows.learning import passes

    real = passes.BackwardPass.__call__
    calls = []

    def breaks(self: object, *args: object) -> object:
        calls.append(0)
        loss = real(self, *args)  # type: ignore[arg-type]
        return loss * float("nan") if len(calls) > 20 else loss

    monkeypatch.setattr(passes.BackwardPass, "__call__", breaks)
    engine = InlineEngine()
    job = engine.train(request())
    replies = engine.run_until_idle()
    last = progress(replies)[-1]
    assert last.state is TrainingState.FAILED
    assert job.state is JobState.FAILED
    assert job.reason is last.reason is Refusal.FAILURE
    assert "diverged" in job.message
    assert "learning rate" in job.message.lower()
    assert np.isfinite(models(replies)[-1].parameters.values).all()
    assert not engine.busy


def test_that_bad_input_fails_with_a_sentence() -> None:
    empty = TrainRequest(Problem(StandardNormalSpec(), DrawnSpec(), CondOTSpec()), SMALL, TrainingSpec())
    last = progress(trained(empty))[-1]
    assert last.state is TrainingState.FAILED
    assert last.reason is Refusal.BAD_INPUT
    assert "draw something" in last.message


def test_that_weights_of_another_shape_cannot_be_resumed() -> None:
    model = models(trained(request()))[-1]
    other = TrainRequest(model.problem, ModelSpec(width=24), TrainingSpec(steps=100), resume=model)
    last = progress(trained(other))[-1]
    assert last.state is TrainingState.FAILED
    assert "Train anew" in last.message


def test_that_a_resumed_training_takes_the_steps_that_remain() -> None:
    model = models(trained(request(steps=60)))[-1]
    spec = TrainingSpec(steps=100, batch_size=64)
    longer = TrainRequest(model.problem, SMALL, spec, resume=model)
    replies = trained(longer)
    assert sorted(curve(replies)) == list(range(61, 101))
    assert progress(replies)[-1].steps == 100


class TickingClock:
    """Each look at it costs a millisecond."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def test_that_progress_comes_ten_times_a_second_and_snapshots_ever_more_slowly() -> None:
    clock = TickingClock()
    notices: list[Notice] = []
    run = TrainingJob(1, request(steps=20_000, batch_size=2), notices.append, clock)
    shown, told = [], []
    while clock.now < 20:
        count = len(notices)
        run.advance()
        shown += [clock.now] * len(models(notices[count:]))
        told += [clock.now] * len(progress(notices[count:]))
    assert 0.09 < np.diff(told).mean() < 0.12
    gaps = np.diff(shown)
    assert gaps[0] < 0.3
    assert gaps[-1] > 0.8
    steps = len(curve(notices))
    assert progress(notices)[-1].steps_per_second == pytest.approx(steps / clock.now, rel=0.1)
