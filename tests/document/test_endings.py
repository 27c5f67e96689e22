from pathlib import Path

import pytest

from fmstudio.document.endings import asked_for, named

VIDEO = (".mp4", ".webm", ".gif")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("take", "take.mp4"),
        ("sigma 0.5", "sigma 0.5.mp4"),
        ("take.v2", "take.v2.mp4"),
        ("take.gif", "take.gif"),
        ("TAKE.MP4", "TAKE.MP4"),
        ("a.b/take", "a.b/take.mp4"),
        (".hidden", ".hidden.mp4"),
    ],
)
def test_that_a_name_gets_its_ending_whatever_dots_are_in_it(typed, name):
    assert named(Path(typed), VIDEO) == Path(name)
    assert asked_for(Path(typed), VIDEO) == Path(name)


def test_that_in_the_shell_another_kind_of_file_is_left_to_be_refused():
    assert asked_for(Path("film.avi"), VIDEO) == Path("film.avi")
    assert named(Path("film.avi"), VIDEO) == Path("film.avi.mp4")
