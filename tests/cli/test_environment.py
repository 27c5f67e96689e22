"""What stands around a command: displays, graphics, consoles, names. Each is judged by trial."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fmstudio import startup
from fmstudio.document.gallery import ENTRIES
from fmstudio.studio.opening import file_named
from tests.shells import NO_VARIABLES, sentence_of, shell

# ---- displays ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "variables",
    [
        {"DISPLAY": ":7777"},
        {"DISPLAY": "nonsense"},
        {"DISPLAY": "127.0.0.1:99"},
        {"WAYLAND_DISPLAY": "wayland-9"},
        {"WAYLAND_DISPLAY": "/nonexistent/socket"},
        {"DISPLAY": ":7777", "WAYLAND_DISPLAY": "wayland-9"},
        {"DISPLAY": ":7777", "QT_QPA_PLATFORM": "xcb"},
        {},
    ],
    ids=str,
)
def test_that_a_window_without_an_answering_display_is_one_sentence(
    variables: dict[str, str], tmp_path: Path
) -> None:
    done = shell(cwd=tmp_path, XDG_RUNTIME_DIR=str(tmp_path), **variables)
    assert done.returncode == 1
    told = sentence_of(done)
    assert all(f"{name}={value}" in told for name, value in variables.items() if not name.startswith("QT"))


@pytest.fixture
def compositor(tmp_path: Path) -> Iterator[str]:
    """Something that takes connections as a compositor does."""
    path = str(tmp_path / "wayland-5")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(path)
        server.listen()
        yield path


def test_that_a_compositor_that_answers_is_a_display(
    compositor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NO_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WAYLAND_DISPLAY", compositor)
    assert startup.display_problem() == ""
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")  # then Qt would not ask it
    assert startup.display_problem() != ""


@pytest.mark.display
def test_that_the_display_of_the_tests_answers() -> None:
    assert startup.display_problem() == ""


def test_that_the_doctor_sees_a_display_that_does_not_answer(tmp_path: Path) -> None:
    done = shell("doctor", "--json", cwd=tmp_path, DISPLAY=":7777")
    problems = json.loads(done.stdout)["problems"]
    assert any("DISPLAY=:7777" in row["problem"] and row["cure"] for row in problems)


# ---- graphics ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("display", [{}, {"DISPLAY": ":7777"}], ids=["none", "stale"])
@pytest.mark.parametrize("command", ["still", "render"])
def test_that_no_opengl_is_one_sentence(command: str, display: dict[str, str], tmp_path: Path) -> None:
    out = tmp_path / ("s.png" if command == "still" else "s.mp4")
    short = ["--seconds", "0.1"] if command == "render" else []
    arguments = [command, "linear-flow", "-o", str(out), "--size", "64x64", *short]
    nowhere = {"__EGL_VENDOR_LIBRARY_FILENAMES": "/nonexistent.json", **display}
    done = shell(*arguments, cwd=tmp_path, **nowhere)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"There is no OpenGL to draw with" in done.stderr
    assert not out.exists()


# ---- consoles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1", "cp437", "utf-8", "utf-16"])
def test_that_any_console_encoding_is_spoken(encoding: str, tmp_path: Path) -> None:
    legacy = {"PYTHONUTF8": "0", "PYTHONIOENCODING": encoding}
    listed = shell("gallery", cwd=tmp_path, **legacy)
    assert listed.returncode == 0, listed.stderr
    assert "two-moons" in listed.stdout.decode(encoding)
    as_json = shell("gallery", "--json", cwd=tmp_path, **legacy)
    assert {row["id"] for row in json.loads(as_json.stdout.decode())} == {entry.id for entry in ENTRIES}


# ---- names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_that_a_folder_or_file_called_like_an_entry_changes_nothing(
    entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / entry.id).mkdir()
    assert file_named(entry.id) is None
    (tmp_path / entry.id).rmdir()
    (tmp_path / entry.id).write_text("not a document")
    assert file_named(entry.id) is None
    assert file_named(f"./{entry.id}") == Path(entry.id)
    assert file_named(f"{entry.id}.FMSTUDIO") == Path(f"{entry.id}.FMSTUDIO")


def test_that_a_command_without_a_document_does_not_look_at_the_folder(tmp_path: Path) -> None:
    (tmp_path / "two-moons").mkdir()
    done = shell("sample", "-o", "s.npz", "-n", "10", "--steps", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "s.npz").exists()
