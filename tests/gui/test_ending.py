"""The real window, in a process of its own, ended by the system: no traceback, nothing left, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fmstudio.document.preferences import state_folder
from fmstudio.engine import blocks
from fmstudio.studio.opening import Opened, open_file, save_models
from tests.export.test_film import far, misfit

pytestmark = [pytest.mark.display, pytest.mark.timeout(1200)]

Open = Callable[..., subprocess.Popen[str]]


def wait_until(condition: Callable[[], object], seconds: float = 600) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Open]:
    """Starts a window as the leader of a group, and waits until it keeps what is unsaved."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        before = set(state_folder().glob("*.lock"))
        with (tmp_path / "errors").open("w") as errors:
            command = [sys.executable, "-m", "fmstudio", *arguments]
            process = subprocess.Popen(command, stderr=errors, text=True, start_new_session=True)
        started.append(process)
        wait_until(lambda: set(state_folder().glob("*.lock")) - before or process.poll() is not None)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def engine_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its number and its window's word."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes().decode().split("\0")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process.pid and "fmstudio.engine.child" in command:
                return int(folder.name), command[command.index("fmstudio.engine.child") + 1]
    raise AssertionError("no engine")


def left_of(word: str) -> list[str]:
    return [name for folder in blocks.directories() for name in os.listdir(folder) if word in name]


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_that_a_signal_to_the_group_ends_all_and_leaves_nothing(
    window: Open, tmp_path: Path, number: signal.Signals
) -> None:
    process = window()
    engine, word = engine_of(process)
    wait_until(lambda: left_of(word))
    os.killpg(process.pid, number)
    assert process.wait(600) == 128 + number
    wait_until(lambda: is_gone(engine))
    assert left_of(word) == []
    assert (tmp_path / "errors").read_text() == ""
    assert list(state_folder().iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_that_a_training_under_way_is_offered_at_the_next_start(
    window: Open, tmp_path: Path, number: signal.Signals
) -> None:
    process = window("cfm-training", "--train")
    engine, word = engine_of(process)
    wait_until(lambda: list(state_folder().glob("*.fmstudio")))
    os.killpg(process.pid, number)
    process.wait(600)
    wait_until(lambda: is_gone(engine))
    assert left_of(word) == []
    assert (tmp_path / "errors").read_text() == ""
    (copy,) = state_folder().glob("*.fmstudio")
    _, models = open_file(copy)
    assert models
    assert models[0].step > 0


@pytest.mark.parametrize(("make", "words"), [(misfit, "do not fit"), (far, "infinity")])
def test_that_a_picture_of_what_was_refused_is_taken_and_told(
    tmp_path: Path, make: Callable[[], Opened], words: str
) -> None:
    document, models = make()
    save_models(tmp_path / "refused.fmstudio", document, models)
    picture = tmp_path / "picture.png"
    command = [
        sys.executable,
        "-m",
        "fmstudio",
        str(tmp_path / "refused.fmstudio"),
        "--screenshot",
        str(picture),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert picture.exists()
