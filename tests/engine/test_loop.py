from __future__ import annotations

import pytest

from fmstudio.engine.messages import (
    DensityRequest,
    JobFailed,
    JobFinished,
    Refusal,
    TrainingCommand,
    TrajectoriesRequest,
)
from tests.engine.fakes import Bench, arrows, density, samples, training, trajectories, w2

FRAME = 1 / 60


def test_that_everything_asked_is_finished_and_the_loop_is_idle() -> None:
    bench = Bench()
    for job, request in enumerate((w2(), samples(), trajectories(), arrows(), density())):
        bench.submit(job, str(job), request)
    assert not bench.loop.idle
    bench.run()
    assert sorted(bench.of(JobFinished)) == [0, 1, 2, 3, 4]
    assert bench.loop.idle
    assert not bench.loop.advance()


def test_that_the_newest_request_replaces_the_one_that_waits() -> None:
    bench = Bench()
    bench.submit(1, "a", trajectories(seed=1))
    bench.loop.advance()
    bench.submit(2, "a", trajectories(seed=2))
    bench.submit(3, "a", trajectories(seed=3))
    assert bench.cancelled() == [2]
    bench.run()
    assert bench.of(JobFinished) == [1, 3]


def test_that_a_request_that_was_not_begun_is_replaced_at_once() -> None:
    bench = Bench()
    bench.submit(1, "a", trajectories(seed=1))
    bench.submit(2, "a", trajectories(seed=2))
    assert bench.cancelled() == [1]
    bench.run()
    assert bench.started() == [2]


def test_that_lanes_do_not_disturb_each_other() -> None:
    bench = Bench()
    for job in range(6):
        bench.submit(job, f"pane {job}", density())
    bench.run()
    assert sorted(bench.of(JobFinished)) == list(range(6))
    assert bench.cancelled() == []


def test_that_the_moment_looked_at_comes_before_everything_else_in_every_pane() -> None:
    bench = Bench()
    bench.submit(1, "trajectories", trajectories())
    bench.submit(2, "arrows", arrows())
    bench.submit(3, "left", density())
    bench.submit(4, "right", density())
    for _ in range(3):
        bench.loop.advance()
    assert [bench.results[job].ready for job in (3, 4, 2, 1)] == [1, 1, 1, 0]
    assert bench.workshop.log == ["DensityRequest", "DensityRequest", "FieldRequest"]


def test_that_panes_take_turns() -> None:
    bench = Bench()
    bench.submit(1, "left", density())
    bench.submit(2, "right", density())
    for _ in range(20):
        bench.loop.advance()
        assert abs(bench.results[1].ready - bench.results[2].ready) <= 1


def test_that_a_running_density_gives_way_once_its_first_row_is_there() -> None:
    bench = Bench()
    first = bench.submit(1, "density", density())
    bench.loop.advance()
    bench.submit(2, "density", density())
    bench.loop.advance()
    assert first.ready == 1
    assert bench.cancelled() == [1]
    bench.run()
    assert bench.of(JobFinished) == [2]


def test_that_a_density_without_its_first_row_is_not_given_up() -> None:
    bench = Bench()
    bench.workshop.errors = {}
    bench.submit(1, "density", density())
    work = bench.loop._lanes["density"].current
    assert work is not None
    work.task = iter([0.0, 0.0, 0.5, 1.0])
    bench.loop.advance()
    bench.submit(2, "density", density())
    bench.loop.advance()
    assert bench.cancelled() == []
    bench.loop.advance()
    bench.loop.advance()
    assert bench.cancelled() == [1]


def stroke(bench: Bench, seconds: float, job: int = 100) -> list[float]:
    """Density, arrows and trajectories asked anew each frame; how long each density's first row took."""
    waits = []
    end = bench.clock.now + seconds
    while bench.clock.now < end:
        frame = bench.clock.now
        shown = bench.submit(job, "density", density())
        bench.submit(job + 1, "arrows", arrows())
        bench.submit(job + 2, "trajectories", trajectories(seed=job))
        while bench.clock.now < frame + FRAME or not shown.ready:
            if shown.ready == 0 and not bench.loop.advance():
                break
            if shown.ready and len(waits) <= (job - 100) // 3:
                waits.append(bench.clock.now - frame)
            bench.loop.advance()
        job += 3
    return waits


@pytest.mark.parametrize("with_training", [False, True])
def test_that_during_a_stroke_the_density_keeps_up_and_nothing_starves(with_training: bool) -> None:
    bench = Bench(density=0.006, field=0.002, trajectories=0.005, training=0.001)
    if with_training:
        bench.loop.train(1, training())
    waits = stroke(bench, 6.0)
    assert len(waits) > 200
    assert sorted(waits)[-5] < 2 * FRAME
    finished = [job for job in bench.of(JobFinished) if (job - 100) % 3 == 2]
    # A trajectories job costs 0.3 s here and filling is guaranteed a fifth of 6 s: 4 of them, at the least 3.
    assert len(finished) >= 3
    if with_training:
        assert bench.workshop.runs[0].steps * 0.001 > 0.25 * bench.clock.now


def test_that_urgent_work_without_end_starves_neither_motion_nor_training() -> None:
    bench = Bench(density=0.01, trajectories=0.005, training=0.001)
    bench.loop.train(0, training())
    moving = bench.submit(1, "trajectories", trajectories(steps=1000))
    job = 1
    while bench.clock.now < 5:
        for pane in range(4):
            job += 1
            bench.submit(job, f"density {pane}", density())
        bench.run(0.02)
    assert bench.workshop.runs[0].steps * 0.001 > 0.25 * bench.clock.now
    assert moving.ready * 0.005 > 0.15 * bench.clock.now
    assert bench.workshop.log.count("DensityRequest") * 0.01 > 0.4 * bench.clock.now


def test_that_training_gets_its_share_beside_endless_requests_and_all_of_an_idle_engine() -> None:
    bench = Bench(trajectories=0.004, training=0.002)
    bench.loop.train(0, training())
    bench.submit(1, "a", trajectories(steps=2000))
    bench.run(4.0)
    share = bench.workshop.runs[0].steps * 0.002 / bench.clock.now
    assert 0.27 < share < 0.35
    bench.loop.cancel("a")
    steps = bench.workshop.runs[0].steps
    bench.run(1.0)
    assert bench.workshop.runs[0].steps - steps == pytest.approx(500, abs=1)


def test_that_filling_shares_by_weight_so_that_motion_does_not_wait_for_all_densities() -> None:
    bench = Bench(density=0.006, trajectories=0.006)
    bench.submit(1, "density", density())
    bench.submit(2, "trajectories", trajectories())
    bench.run(0.06)
    before = [bench.results[job].ready for job in (1, 2)]
    bench.run(0.12)
    rows = [bench.results[job].ready - was for job, was in zip((1, 2), before, strict=True)]
    assert sum(rows) == pytest.approx(20, abs=1)
    assert rows[0] == pytest.approx(20 * 3 / 7, abs=2)


def test_that_the_other_moments_wait_while_the_picture_is_changing() -> None:
    bench = Bench(density=0.004, trajectories=0.004)
    bench.submit(1, "density", density())
    bench.submit(2, "trajectories", trajectories())
    bench.run(0.04)
    assert bench.results[1].ready == 1
    assert bench.results[2].ready >= 8
    bench.loop.cancel("trajectories")
    bench.run(0.008)
    assert bench.results[1].ready == 3


def test_that_a_kind_that_was_away_claims_no_time_for_that() -> None:
    bench = Bench(density=0.01, trajectories=0.01)
    bench.submit(1, "trajectories", trajectories(steps=2000))
    bench.run(5.0)
    bench.submit(2, "density", density())
    before = bench.results[1].ready
    bench.run(0.2)
    assert bench.results[1].ready - before >= 8


def test_that_measures_wait_for_the_picture() -> None:
    bench = Bench()
    bench.submit(1, "w2", w2())
    bench.submit(2, "density", density())
    bench.submit(3, "samples", samples())
    bench.run()
    assert bench.workshop.log[-1] == "W2Request"


def test_that_a_long_job_is_given_up_only_when_the_hand_rests() -> None:
    bench = Bench(trajectories=0.01)
    bench.submit(1, "a", trajectories(steps=100, seed=1))
    bench.run(0.1)
    for job in range(2, 12):
        bench.submit(job, "a", trajectories(steps=100, seed=job))
        bench.run(FRAME)
    assert 1 not in bench.cancelled()
    bench.run(0.3)
    assert 1 in bench.cancelled()
    bench.run()
    assert bench.of(JobFinished) == [11]


def test_that_slow_edits_cannot_starve_a_lane() -> None:
    bench = Bench(trajectories=0.01)
    job = 0
    while bench.clock.now < 10:
        job += 1
        bench.submit(job, "a", trajectories(steps=100, seed=job))
        bench.run(0.3)
    assert len(bench.of(JobFinished)) >= 4


def test_that_cancelling_a_lane_forgets_what_runs_and_what_waits() -> None:
    bench = Bench()
    bench.submit(1, "a", trajectories(seed=1))
    bench.loop.advance()
    bench.submit(2, "a", trajectories(seed=2))
    bench.loop.cancel("a")
    assert bench.cancelled() == [1, 2]
    assert bench.loop.idle
    bench.loop.cancel("nobody's")


def test_that_a_foreseen_failure_is_told_in_its_own_words_and_the_lane_goes_on() -> None:
    bench = Bench()
    bench.workshop.errors[TrajectoriesRequest] = ValueError("The drawing is empty.")
    bench.submit(1, "a", trajectories())
    bench.submit(2, "b", density())
    bench.run()
    assert [n for n in bench.notices if isinstance(n, JobFailed)] == [
        JobFailed(1, Refusal.BAD_INPUT, "The drawing is empty.")
    ]
    assert bench.of(JobFinished) == [2]
    bench.workshop.errors.clear()
    bench.submit(3, "a", trajectories())
    bench.run()
    assert bench.of(JobFinished) == [2, 3]


def test_that_an_unforeseen_error_is_reported_not_swallowed(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.workshop.errors[DensityRequest] = KeyError("rho")
    bench.submit(1, "a", density())
    bench.run()
    (failed,) = (n for n in bench.notices if isinstance(n, JobFailed))
    assert failed.reason is Refusal.FAILURE
    assert "KeyError: 'rho'" in failed.message
    assert "a task failed" in caplog.text


def test_that_training_can_be_paused_resumed_stopped_and_replaced() -> None:
    bench = Bench()
    bench.loop.train(1, training())
    bench.run(0.01)
    bench.loop.command(TrainingCommand.PAUSE)
    assert bench.loop.idle
    assert not bench.loop.advance()
    bench.loop.command(TrainingCommand.RESUME)
    bench.run(0.01)
    bench.loop.train(2, training())
    assert bench.cancelled() == [1]
    bench.run(0.01)
    bench.loop.command(TrainingCommand.STOP)
    assert bench.loop.idle
    bench.loop.command(TrainingCommand.RESUME)
    assert len(bench.workshop.runs) == 2


def test_that_a_training_that_fails_says_why_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.loop.train(1, training())
    bench.workshop.runs[0].failure = "shapes do not match"
    bench.run(0.01)
    assert bench.workshop.runs[0].failure.endswith("RuntimeError: shapes do not match")
    assert bench.loop.idle
    assert "a task failed" in caplog.text
