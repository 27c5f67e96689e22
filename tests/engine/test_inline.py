from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from fmstudio.engine.buffers import LocalArray
from fmstudio.engine.client import InlineEngine, JobState
from fmstudio.engine.jobs import Ledger
from fmstudio.engine.messages import (
    EngineReady,
    JobFailed,
    JobFinished,
    Refusal,
    TrainingProgress,
    TrainingState,
)
from fmstudio.engine.protocol import JobCancelled, JobStarted
from tests.engine import fakes


def test_that_a_poll_works_for_a_slice_and_the_job_follows() -> None:
    engine = InlineEngine(budget=0.0)
    assert engine.alive
    job = engine.submit("a", fakes.density())
    assert job.state is JobState.PENDING
    first = engine.poll()
    assert [type(reply) for reply in first] == [EngineReady]
    assert job.state is JobState.RUNNING
    assert job.result.ready == 1
    assert engine.busy
    replies = engine.run_until_idle()
    assert replies == [JobFinished(job.id, job.seconds)]
    assert job.state is JobState.DONE
    assert job.seconds > 0
    assert not engine.busy
    job.release()


def test_that_the_newest_request_of_a_lane_wins() -> None:
    engine = InlineEngine(budget=0.0)
    jobs = [engine.submit("a", fakes.trajectories(seed=seed)) for seed in range(3)]
    engine.run_until_idle()
    assert [job.state for job in jobs] == [JobState.CANCELLED, JobState.CANCELLED, JobState.DONE]


def test_that_jobs_have_numbers_of_their_own() -> None:
    engine = InlineEngine()
    jobs = [engine.submit(lane, fakes.samples()) for lane in "abc"]
    assert len({job.id for job in (*jobs, engine.train(fakes.training()))}) == 4


def test_that_cancelling_and_closing_end_jobs() -> None:
    engine = InlineEngine(budget=0.0)
    jobs = [engine.submit(lane, fakes.density()) for lane in "ab"]
    training = engine.train(fakes.training())
    engine.cancel("a")
    assert jobs[0].state is JobState.CANCELLED
    engine.close()
    engine.close()
    assert jobs[1].state is training.state is JobState.CANCELLED
    assert not engine.alive
    assert not engine.busy
    with pytest.raises(RuntimeError, match="closed"):
        engine.submit("a", fakes.samples())


def test_that_a_result_without_room_is_a_failed_job() -> None:
    def no_room(shape: tuple[int, ...]) -> LocalArray:
        raise MemoryError(f"no room for {shape}")

    ledger = Ledger(no_room)
    job = ledger.open("a", fakes.samples())
    assert (job.state, job.reason) == (JobState.FAILED, Refusal.NO_ROOM)
    assert ledger.busy
    assert ledger.take_refused() == [JobFailed(job.id, Refusal.NO_ROOM, "no room for (1, 10, 2)")]
    assert not ledger.busy


def test_that_started_and_cancelled_are_for_the_handle_alone() -> None:
    ledger = Ledger(LocalArray)
    job = ledger.open("a", fakes.samples())
    assert ledger.apply(JobStarted(job.id)) is None
    assert job.state is JobState.RUNNING
    assert ledger.apply(JobCancelled(job.id)) is None
    assert job.state is JobState.CANCELLED
    finished = JobFinished(job.id, 1.0)
    assert ledger.apply(finished) is finished
    assert job.state is JobState.CANCELLED


def test_that_a_paused_training_is_not_busy() -> None:
    ledger = Ledger(LocalArray)
    job = ledger.open_training(fakes.training())
    told = [
        TrainingProgress(job.id, state, 1, 2, 1, np.zeros(1, np.float32), 1.0, 1.0)
        for state in (TrainingState.RUNNING, TrainingState.PAUSED, TrainingState.RUNNING)
    ]
    busy = []
    for progress in told:
        ledger.apply(progress)
        busy.append(ledger.busy)
    assert busy == [True, False, True]


def test_that_importing_the_client_loads_no_torch_and_making_an_inline_engine_does() -> None:
    script = (
        "import sys\nfrom fmstudio.engine.client import InlineEngine\n"
        "assert 'torch' not in sys.modules\nInlineEngine()\nassert 'torch' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
