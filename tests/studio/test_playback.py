import itertools

import pytest

from fmstudio.studio.playback import HOLD_SECONDS, Playback


def test_that_a_pass_takes_the_stated_seconds_whatever_the_frame_rate():
    for dt in (1 / 7, 1 / 30, 1 / 144):
        playback = Playback(seconds=2.0, loop="once")
        playback.play()
        elapsed = 0.0
        while playback.t < 1:
            playback.advance(dt)
            elapsed += dt
        assert elapsed == pytest.approx(2.0, abs=dt)


def test_that_a_loop_rests_at_the_target_and_starts_again():
    playback = Playback(seconds=1.0, loop="loop")
    playback.seek(1.0)
    playback.play()
    playback.advance(HOLD_SECONDS / 2)
    assert playback.t == 1.0
    playback.advance(HOLD_SECONDS)
    assert playback.t == 0.0


def test_that_back_and_forth_turns_at_both_ends():
    playback = Playback(seconds=1.0, loop="bounce")
    playback.play()
    times = []
    for _ in range(600):
        playback.advance(0.01)
        times.append(playback.t)
    turns = sum(a == 1.0 and b < 1.0 for a, b in itertools.pairwise(times))
    falls = max(abs(a - b) for a, b in itertools.pairwise(times))
    assert turns >= 1
    assert falls == pytest.approx(0.01)


def test_that_scrubbing_pauses_and_release_resumes_only_what_ran():
    playback = Playback()
    playback.play()
    playback.begin_scrub()
    playback.seek(0.3)
    playback.advance(0.5)
    assert playback.t == 0.3
    playback.end_scrub()
    assert playback.playing
    playback.pause()
    playback.begin_scrub()
    playback.end_scrub()
    assert not playback.playing


@pytest.mark.parametrize(
    ("t", "by", "expected"), [(0.0, 1, 0.1), (0.25, 1, 0.3), (0.25, -1, 0.2), (0.3, -1, 0.2)]
)
def test_that_steps_land_on_solver_states(t, by, expected):
    playback = Playback()
    playback.seek(t)
    playback.step(by, 10)
    assert playback.t == pytest.approx(expected)


def test_that_steps_stop_at_the_ends():
    playback = Playback()
    playback.step(-1, 10)
    assert playback.t == 0.0
    playback.seek(1.0)
    playback.step(1, 10)
    assert playback.t == 1.0


def _walk(playback: Playback, frames: int) -> list[float]:
    return [playback.t for _ in range(frames) if playback.advance(0.05) is None]


@pytest.mark.parametrize("loop", ["once", "loop", "bounce"])
def test_that_it_plays_between_its_marks_and_nowhere_else(loop):
    playback = Playback(seconds=1.0, loop=loop)
    for t, is_start in ((0.3, True), (0.7, False)):
        playback.seek(t)
        playback.mark(is_start)
    for begin in (0.0, 0.5, 1.0):
        playback.seek(begin)
        playback.play()
        seen = _walk(playback, 200)
        assert max(seen) == pytest.approx(0.7)
        assert min(seen) >= 0.3
        assert playback.playing is (loop != "once")
    playback.clear_marks()
    playback.seek(0.9)
    playback.play()
    assert max(_walk(playback, 10)) == 1.0


@pytest.mark.parametrize(
    ("acts", "marks"),
    [
        (((0.6, True), (0.4, False)), (0.0, 0.4)),
        (((0.4, False), (0.6, True)), (0.6, 1.0)),
        (((1.0, True),), (0.0, 1.0)),
        (((0.0, False),), (0.0, 1.0)),
        (((0.2, True), (0.2, False)), (0.0, 0.2)),
    ],
)
def test_that_a_mark_that_would_lie_behind_gives_way_to_the_new_one(acts, marks):
    playback = Playback()
    for t, is_start in acts:
        playback.seek(t)
        playback.mark(is_start)
    assert playback.marks == marks
