"""The shell as a person types it: exit codes, sentences, files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fmstudio import __version__
from fmstudio.cli import COMMANDS, app
from fmstudio.document.document import Document
from fmstudio.document.editing import with_field
from fmstudio.document.files import save
from tests.videos import stream_of


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_that_the_version_is_told():
    assert run("--version").stdout.strip() == f"fmstudio {__version__}"


def test_that_a_name_that_is_no_command_means_a_document():
    assert {"gallery", "render", "doctor", "bench", "open"} <= COMMANDS
    assert "two-moons" not in COMMANDS


def test_that_the_gallery_is_listed_as_json():
    rows = json.loads(run("gallery", "--json").stdout)
    assert len(rows) >= 6
    assert all(set(row) == {"id", "group", "title", "source", "equations"} for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("size", "seconds", "fps"), [("320x200", 0.4, 10), ("201x151", 0.3, 10), ("160x240", 0.1, 30)]
)
def test_that_a_video_has_the_size_and_the_frames_asked_for(tmp_path, size, seconds, fps):
    out = tmp_path / "film.mp4"
    done = run("render", "two-moons", "-o", out, "--size", size, "--seconds", seconds, "--fps", fps)
    assert done.exit_code == 0, done.output
    width, height = (int(part) for part in size.split("x"))
    assert tuple(stream_of(out)) == (width, height, round(seconds * fps))


def test_that_a_seed_gives_the_same_film_and_another_seed_another(tmp_path):
    films = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        out = tmp_path / f"{name}.mp4"
        done = run("render", "two-moons", "-o", out, "--size", "160x120", "--seconds", 0.2, "--seed", seed)
        assert done.exit_code == 0, done.output
        films.append(out.read_bytes())
    assert films[0] == films[1]
    assert films[0] != films[2]


def test_that_a_saved_document_is_rendered(tmp_path):
    path = tmp_path / "mine.fmstudio"
    save(path, with_field(Document(), "simulation.particles", 200))
    done = run("render", path, "-o", tmp_path / "f.webm", "--size", "160x120", "--seconds", 0.1)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "f.webm").stat().st_size > 0


def test_that_a_moment_is_drawn_and_transparent_where_nothing_is(tmp_path):
    from PIL import Image

    out = tmp_path / "still.png"
    done = run("still", "two-moons", "-o", out, "--at", 1, "--size", "240x160", "--transparent", "--bare")
    assert done.exit_code == 0, done.output
    picture = Image.open(out)
    assert picture.size == (240, 160)
    alpha = picture.getchannel("A")
    assert alpha.getextrema()[0] == 0
    assert alpha.getextrema()[1] == 255
    picture.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("render", "two-mons", "-o", "f.mp4"), "did you mean 'two-moons'"),
        (("render", "nowhere.fmstudio", "-o", "f.mp4"), "nowhere.fmstudio"),
        (("render", "two-moons", "-o", "f.mp4", "--size", "big"), "1280x720"),
        (("render", "two-moons", "-o", "f.mp4", "--theme", "pink"), "dark or light"),
        (("bench", "nothing"), "bench takes"),
        (("sample", "two-moons", "-o", "f.npz", "-n", "1x"), "a whole number, not '1x'"),
        (("render", "two-moons", "-o", "f.mp4", "--seconds", "\x1b[31mred"), "a number, not '?[31mred'"),
        (("render", "two-moons", "--\x1b[31m", "1"), "No such option"),
        (("render", "two-moons", "--secnds", "1"), "--seconds"),
        (("render", "two-moons"), "--out"),
        (("render", "two-moons", "-o"), "-o"),
        (("stil", "two-moons"), "still"),
        (("still", "two-moons", "moons", "spirals", "-o", "f.png"), "moons"),
    ],
)
def test_that_bad_input_gets_one_sentence_and_exit_code_2(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.strip().isprintable()
    assert list(tmp_path.iterdir()) == []


def test_that_a_place_that_cannot_be_written_is_a_failure_with_one_sentence(tmp_path):
    done = run("render", "two-moons", "-o", tmp_path / "no-such-folder" / "f.mp4", "--seconds", 0.1)
    assert done.exit_code == 1
    assert len(done.stderr.strip().splitlines()) == 1


def test_that_doctor_finds_graphics_ffmpeg_and_an_engine_here():
    done = run("doctor", "--json")
    report = json.loads(done.stdout)
    assert done.exit_code == 0, report["problems"]
    assert report["engine_start_s"] > 0
    assert report["device"].startswith(("cpu", "cuda"))
    assert report["gl_renderer"] != "none"


def test_that_the_monkey_says_that_it_needs_a_display(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    done = CliRunner().invoke(app, ["bench", "monkey"])
    assert done.exit_code == 1
    assert "no display" in done.output
    assert "\n" not in done.output.strip()
