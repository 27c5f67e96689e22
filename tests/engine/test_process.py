from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.specs.distribution import DrawnSpec, StandardNormalSpec, TwoMoonsSpec
from fmstudio.document.specs.dynamics import SDESpec, SimulationSpec
from fmstudio.document.specs.path import CondOTSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import ModelSpec, TrainingSpec
from fmstudio.engine import blocks, buffers, process
from fmstudio.engine.client import Engine, InlineEngine, Job, JobState, ProcessEngine
from fmstudio.engine.messages import (
    DensityRequest,
    EngineLost,
    EngineReady,
    JobFailed,
    LearnedModel,
    Refusal,
    Reply,
    TrainingCommand,
    TrainingProgress,
    TrainingSnapshot,
    TrainingState,
    TrainRequest,
    TrajectoriesRequest,
)
from tests.engine import fakes

pytestmark = pytest.mark.timeout(1200)
"""An engine takes five seconds of a processor to start, and some of these start three."""


def wait_for(engine: Engine, condition: Callable[[], bool], seconds: float = 600) -> list[Reply]:
    """Poll until ``condition``; everything that was said meanwhile."""
    replies: list[Reply] = []
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"still waiting after {replies}"
        replies += engine.poll()
        time.sleep(0.002)
    return replies


def of(kind: type, replies: list[Reply]) -> list[Reply]:
    return [reply for reply in replies if isinstance(reply, kind)]


def my_blocks() -> list[Path]:
    return blocks.mine()


def engine_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("engine-")]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessEngine]:
    monkeypatch.setattr(process, "DEATH_SECONDS", 1e9)  # a busy machine may take minutes for three starts
    engine = ProcessEngine()
    yield engine
    pid = engine.pid
    engine.close()
    assert engine_threads() == []
    assert pid is None or not is_running(pid)


@pytest.fixture
def drawing() -> DrawnSpec:
    raster = np.zeros((64, 64), np.float32)
    raster[20:40, 10:50] = 1
    return DrawnSpec(raster=FrozenArray(raster))


ROOT = Path(__file__).parents[2]
MOTION = (SDESpec(), SimulationSpec(steps=20, particles=300))
SDE = TrajectoriesRequest(Problem(StandardNormalSpec(), TwoMoonsSpec(), CondOTSpec()), *MOTION)


def test_that_results_equal_those_of_an_inline_engine_bit_for_bit(
    engine: ProcessEngine, drawing: DrawnSpec
) -> None:
    requests = [
        DensityRequest(
            Problem(StandardNormalSpec(), drawing, CondOTSpec()), fakes.GRID, fakes.TIMES, first=7
        ),
        fakes.arrows(3),
        SDE,
        fakes.samples(),
    ]
    inline = InlineEngine()
    expected = [inline.submit(str(i), request) for i, request in enumerate(requests)]
    training = fakes.training(steps=50)
    inline.train(training)
    snapshots = of(TrainingSnapshot, inline.run_until_idle())
    jobs = [engine.submit(str(i), request) for i, request in enumerate(requests)]
    trained = engine.train(training)
    replies = wait_for(engine, lambda: not engine.busy)
    assert isinstance(replies[0], EngineReady)
    assert engine.device == inline.device == replies[0].device
    for job, reference in zip(jobs, expected, strict=True):
        assert job.state is reference.state is JobState.DONE
        assert job.result.ready == job.request.shape[0]
        np.testing.assert_array_equal(job.result.values, reference.result.values)
        job.release()
    assert trained.state is JobState.DONE
    assert last_model(of(TrainingSnapshot, replies)) == last_model(snapshots)
    assert my_blocks() == []


def test_that_the_engine_gives_way_to_the_window(engine: ProcessEngine) -> None:
    engine.submit("density", fakes.samples())
    wait_for(engine, lambda: not engine.busy)
    assert engine.pid is not None
    assert os.getpriority(os.PRIO_PROCESS, engine.pid) > os.getpriority(os.PRIO_PROCESS, os.getpid())


def last_model(snapshots: list[Reply]) -> LearnedModel:
    last = snapshots[-1]
    assert isinstance(last, TrainingSnapshot)
    return last.learned


def test_that_a_killed_engine_is_replaced_and_goes_on(engine: ProcessEngine) -> None:
    wait_for(engine, lambda: engine.device != "")
    done = engine.submit("samples", fakes.samples())
    wait_for(engine, lambda: done.state is JobState.DONE)
    training = engine.train(fakes.training(steps=4000))
    replies: list[Reply] = []
    wait_for(engine, lambda: bool(of(TrainingSnapshot, collect(engine, replies))))
    shown = last_model(of(TrainingSnapshot, replies)).step
    running = engine.submit("long", fakes.trajectories(steps=2000))
    first_pid = engine.pid
    assert first_pid is not None
    os.kill(first_pid, signal.SIGKILL)
    replies = wait_for(engine, lambda: running.state is JobState.DONE)
    (lost,) = of(EngineLost, replies)
    assert isinstance(lost, EngineLost)
    assert "memory" in lost.message
    assert "last snapshot" in lost.message
    assert engine.pid != first_pid
    assert running.result.ready == running.request.shape[0]
    assert np.isfinite(running.result.values).all()
    replies += wait_for(engine, lambda: training.state is JobState.DONE)
    told = [reply for reply in of(TrainingProgress, replies) if isinstance(reply, TrainingProgress)]
    after = [reply for reply in told if reply.first_step <= told[-1].step][-1]
    assert after.step == 4000
    assert min(reply.first_step for reply in told if len(reply.losses)) > shown - 2
    np.testing.assert_array_equal(done.result.values.shape, (1, 10, 2))


def collect(engine: Engine, into: list[Reply]) -> list[Reply]:
    into += engine.poll()
    return into


def test_that_a_paused_training_stays_paused_through_a_death(engine: ProcessEngine) -> None:
    training = engine.train(fakes.training(steps=100_000))
    replies: list[Reply] = []
    wait_for(engine, lambda: bool(of(TrainingSnapshot, collect(engine, replies))))
    engine.command(TrainingCommand.PAUSE)
    wait_for(engine, lambda: not engine.busy)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGTERM)
    replies = []
    wait_for(engine, lambda: len(of(EngineReady, collect(engine, replies))) > 0)
    (lost,) = of(EngineLost, replies)
    assert isinstance(lost, EngineLost)
    assert "SIGTERM" in lost.message
    done = engine.submit("samples", fakes.samples())
    replies += wait_for(engine, lambda: done.state is JobState.DONE)
    states = [r.state for r in replies if isinstance(r, TrainingProgress)]
    assert states[-1] is TrainingState.PAUSED
    assert training.unfinished
    engine.command(TrainingCommand.STOP)
    wait_for(engine, lambda: training.state is JobState.DONE)


def test_that_after_three_deaths_it_gives_up_and_a_new_request_starts_afresh(engine: ProcessEngine) -> None:
    wait_for(engine, lambda: engine.device != "")
    job = engine.submit("long", fakes.trajectories(steps=2000))
    replies: list[Reply] = []
    for deaths in range(1, 4):
        assert engine.pid is not None
        os.kill(engine.pid, signal.SIGKILL)
        count = deaths
        wait_for(engine, lambda: len(of(EngineLost, collect(engine, replies))) == count)  # noqa: B023
        if engine.alive:
            wait_for(engine, lambda: len(of(EngineReady, collect(engine, replies))) == count)  # noqa: B023
    assert not engine.alive
    assert not engine.busy
    assert job.state is JobState.FAILED
    assert job.reason is Refusal.OUT_OF_MEMORY
    assert "fewer particles" in job.message
    assert [r.job for r in replies if isinstance(r, JobFailed)] == [job.id]
    again = engine.submit("samples", fakes.samples())
    wait_for(engine, lambda: again.state is JobState.DONE)
    assert engine.alive


def kill(engine: ProcessEngine, replies: list[Reply]) -> None:
    """End the engine, and wait until that was noticed."""
    assert engine.pid is not None
    deaths = len(of(EngineLost, replies))
    os.kill(engine.pid, signal.SIGKILL)
    wait_for(engine, lambda: len(of(EngineLost, collect(engine, replies))) > deaths)


def news_of(training: Job, replies: list[Reply]) -> list[TrainingProgress]:
    return [r for r in replies if isinstance(r, TrainingProgress) and r.job == training.id]


@pytest.mark.parametrize("begun", [False, True])
def test_that_a_training_given_up_is_said_to_have_failed_and_can_be_started_again(
    engine: ProcessEngine, begun: bool
) -> None:
    """Whoever follows a training hears of its progress alone."""
    training = engine.train(fakes.training(steps=100_000))
    replies: list[Reply] = []
    if begun:
        wait_for(engine, lambda: any(n.step for n in news_of(training, collect(engine, replies))))
    for _ in range(3):
        kill(engine, replies)
    last = news_of(training, replies)[-1]
    assert (last.state, last.reason) == (TrainingState.FAILED, Refusal.OUT_OF_MEMORY)
    assert (last.step > 0, last.steps, last.steps_per_second) == (begun, 100_000, 0)
    assert "3 times" in last.message
    assert training.state is JobState.FAILED
    assert of(JobFailed, replies) == []
    assert not engine.alive
    again = engine.train(fakes.training(steps=20))
    wait_for(engine, lambda: again.state is JobState.DONE)


def test_that_deaths_between_which_a_training_came_farther_are_no_row(engine: ProcessEngine) -> None:
    training = engine.train(fakes.training(steps=1_000_000))
    replies: list[Reply] = []
    for _ in range(5):
        far = max((n.step for n in news_of(training, replies)), default=0)
        wait_for(engine, lambda: any(n.step > far for n in news_of(training, collect(engine, replies))))  # noqa: B023
        kill(engine, replies)
    assert training.unfinished
    assert engine.alive
    engine.command(TrainingCommand.STOP)
    wait_for(engine, lambda: training.state is JobState.DONE)


def test_that_deaths_at_the_same_step_are(engine: ProcessEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training that ends its engine wherever it goes on is given up."""
    training = engine.train(fakes.training(steps=1_000_000))
    replies: list[Reply] = []
    wait_for(engine, lambda: bool(of(TrainingSnapshot, collect(engine, replies))))
    farthest = 10**9
    monkeypatch.setattr(engine._ledger, "steps_taken", lambda: {training.id: farthest})
    for _ in range(3):
        kill(engine, replies)
        if engine.alive:
            ready = len(of(TrainingProgress, replies))
            wait_for(engine, lambda: len(of(TrainingProgress, collect(engine, replies))) > ready)  # noqa: B023
    assert training.state is JobState.FAILED


FEW = """
import os, resource, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from pathlib import Path
from fmstudio.engine.client import JobState, ProcessEngine
from tests.engine import fakes
engine = ProcessEngine()
jobs = []
most = 0
for seed in range(300):
    lane = f"trajectories/{seed % 3}"
    jobs.append(engine.submit(lane, fakes.trajectories(steps=5, seed=seed)))
    while jobs[-1].unfinished:
        engine.poll()
        time.sleep(0.0005)
    most = max(most, *(len(os.listdir(f"/proc/{pid}/fd")) for pid in (os.getpid(), engine.pid)))
print({job.state.value for job in jobs}, all(job.result.ready == 6 for job in jobs), most < 40)
engine.close()
"""


def test_that_results_that_are_kept_take_no_descriptors_on_either_side() -> None:
    command = [sys.executable, "-W", "error", "-c", FEW]
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.stdout.strip() == "{'done'} True True"


def test_that_failures_are_replies_and_the_engine_lives_on(engine: ProcessEngine) -> None:
    pid = engine.pid
    empty = engine.submit(
        "b", TrajectoriesRequest(Problem(StandardNormalSpec(), DrawnSpec(), CondOTSpec()), *MOTION)
    )
    long = engine.submit("c", fakes.trajectories(steps=2000))
    wait_for(engine, lambda: not empty.unfinished)
    assert (empty.state, empty.reason) == (JobState.FAILED, Refusal.BAD_INPUT)
    assert "draw something" in empty.message
    engine.cancel("c")
    done = engine.submit("d", fakes.samples())
    wait_for(engine, lambda: not engine.busy)
    assert long.state is JobState.CANCELLED
    assert done.state is JobState.DONE
    assert engine.pid == pid


def test_that_a_result_without_room_is_refused_at_once(
    engine: ProcessEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(buffers, "_new_mapping", no_room)
    job = engine.submit("a", fakes.trajectories())
    assert job.state is JobState.FAILED
    assert job.reason is Refusal.NO_ROOM
    assert [type(reply) for reply in engine.poll()] == [JobFailed]
    assert not engine.busy


def test_that_blocks_do_not_pile_up_while_the_engine_starts(engine: ProcessEngine) -> None:
    jobs = [engine.submit(f"a/{k % 2}", fakes.trajectories(seed=k)) for k in range(40)]
    assert len(my_blocks()) <= 4
    wait_for(engine, lambda: not engine.busy)
    assert [job.state for job in jobs[-2:]] == [JobState.DONE] * 2
    assert all(job.state is JobState.CANCELLED for job in jobs[:-4])
    assert jobs[-1].result.ready == jobs[-1].request.shape[0]


def test_that_a_job_released_before_its_turn_is_cancelled(engine: ProcessEngine) -> None:
    job = engine.submit("a", fakes.trajectories())
    job.release()
    wait_for(engine, lambda: not engine.busy)
    assert job.state is JobState.CANCELLED


def test_that_a_closed_engine_cancels_keeps_results_and_refuses_requests(engine: ProcessEngine) -> None:
    done = engine.submit("a", fakes.samples())
    wait_for(engine, lambda: done.state is JobState.DONE)
    waiting = engine.submit("b", fakes.trajectories(steps=2000))
    engine.close()
    engine.close()
    assert waiting.state is JobState.CANCELLED
    assert np.isfinite(done.result.values).all()
    assert engine.poll() == []
    with pytest.raises(RuntimeError, match="closed"):
        engine.submit("a", fakes.samples())


WINDOW = """
import os, signal, sys, time
from fmstudio.engine import blocks
from fmstudio.engine.client import JobState, ProcessEngine
from tests.engine import fakes
assert "torch" not in sys.modules
engine = ProcessEngine()
job = engine.submit("a", fakes.trajectories())
while job.state is not JobState.DONE:
    engine.poll()
    time.sleep(0.01)
modules = sorted({name.split(".")[0] for name in sys.modules})
assert "torch" not in modules and "scipy" not in modules, modules
view = job.result.values
under_way = engine.submit("b", fakes.trajectories(steps=2000))
print(engine.pid, under_way.result.ref.name, blocks.word(), flush=True)
if sys.argv[1] != "end":
    number = getattr(signal, sys.argv[1])
    os.killpg(0, number) if len(sys.argv) > 2 else os.kill(os.getpid(), number)
"""


@pytest.mark.parametrize("reach", [[], ["group"]])
@pytest.mark.parametrize("how", ["end", "SIGKILL", "SIGTERM", "SIGHUP"])
def test_that_the_window_never_loads_torch_and_its_end_takes_the_engine_and_the_blocks_along(
    how: str,
    reach: list[str],
) -> None:
    command = [sys.executable, "-W", "error", "-c", WINDOW, how, *reach]
    window = subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=280, start_new_session=True
    )
    assert window.stderr == ""
    assert window.returncode == (0 if how == "end" else -getattr(signal, how))
    pid, block, word = window.stdout.split()
    end = time.monotonic() + 250
    while is_running(int(pid)):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert not Path(block).exists()
    assert not Path(block).with_name(f"fmstudio-{word}-owner").exists()


def test_that_the_engine_process_loads_nothing_of_the_window() -> None:
    script = (
        "import sys, fmstudio.engine.child, fmstudio.engine.worker.task_runner\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'PySide6', 'vispy', 'pyqtgraph', 'imageio_ffmpeg'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_that_a_training_can_be_resumed_from_its_weights(engine: ProcessEngine) -> None:
    spec = TrainingSpec(steps=40)
    request = TrainRequest(
        Problem(StandardNormalSpec(), TwoMoonsSpec(), CondOTSpec()), ModelSpec(width=16), spec
    )
    job: Job = engine.train(request)
    model = last_model(of(TrainingSnapshot, wait_for(engine, lambda: job.state is JobState.DONE)))
    assert model.step == 40
    more = engine.train(TrainRequest(request.problem, request.model, spec, resume=model))
    replies = wait_for(engine, lambda: more.state is JobState.DONE)
    assert last_model(of(TrainingSnapshot, replies)).step == 80
