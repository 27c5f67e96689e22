"""Whatever ends a training, what was learned is on disk, and the same command goes on from it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fmstudio.cli import checkpoints, training
from fmstudio.engine.worker import learning
from fmstudio.studio.opening import open_document
from tests.cli.test_learning import SMALL, run, sentence

LONG = 1_000_000
"""Steps: a minute of them, however small the model."""
SHELL = """
from fmstudio.__main__ import main
from fmstudio.cli import checkpoints
checkpoints.SECONDS = 0.5
main()
"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "moons.fmstudio"


def beside(out: Path) -> Path:
    return out.with_name("moons.checkpoint.fmstudio")


def start(out: Path, *options: object) -> subprocess.Popen[str]:
    """A shell's training, in a group of its own."""
    command = [sys.executable, "-c", SHELL, "train", "-o", out, "--json", *SMALL, *options]
    return subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until(process: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
    """While the training runs. A machine may be busy: only a hang is ended, by the limit of a test."""
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def wait_for_checkpoint(process: subprocess.Popen[str], out: Path) -> None:
    wait_until(process, beside(out).exists)


def test_that_a_killed_training_goes_on_from_its_checkpoint(out: Path) -> None:
    process = start(out, "--steps", LONG)
    wait_for_checkpoint(process, out)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not out.exists()
    _, (kept,) = open_document(str(beside(out)))
    assert 0 < kept.step < LONG
    written = beside(out).stat().st_mtime_ns
    again = start(out, "--steps", LONG)
    assert again.stderr is not None
    told = again.stderr.readline()
    assert f"at step {kept.step} is there" in told
    assert "--fresh" in told
    wait_until(again, lambda: beside(out).stat().st_mtime_ns > written)
    os.killpg(again.pid, signal.SIGINT)
    report, _ = again.communicate(timeout=280)
    assert again.returncode == 0
    _, (model,) = open_document(str(out))
    assert model.step == json.loads(report)["steps"] > kept.step
    assert not beside(out).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("more", [0, 5])
def test_that_no_number_of_signals_loses_the_training(out: Path, number: signal.Signals, more: int) -> None:
    process = start(out, "--steps", LONG)
    wait_for_checkpoint(process, out)
    for _ in range(1 + more):
        os.killpg(process.pid, number)
        time.sleep(0.02)
    _, errors = process.communicate(timeout=280)
    # The last may come when all is done and the system's own answer is in force again.
    well = 0 if number is signal.SIGINT else 128 + number
    assert process.returncode in (well, 128 + number, -number)
    assert "Traceback" not in errors
    _, (model,) = open_document(str(out))
    assert model.step > 0
    assert not beside(out).exists()


@pytest.fixture
def checkpoint(out: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a kill at step 30 of 50 leaves."""
    monkeypatch.setattr(checkpoints, "SECONDS", 0.0)
    snapshot = training._snapshot

    class Killed(BaseException):
        pass

    def killed(request: Any, model: Any, step: int) -> Any:
        if step > 30:
            raise Killed
        return snapshot(request, model, step)

    with monkeypatch.context() as patch:
        patch.setattr(training, "_snapshot", killed)
        with pytest.raises(Killed):
            run_here(out)
    assert beside(out).exists()
    return beside(out)


def run_here(out: Path) -> None:
    document, models = open_document("two-moons")
    document = document.model_copy(update={"training": document.training.model_copy(update={"steps": 50})})
    training.train_and_save(out, document, models, None)


FIFTY = ["two-moons", "--steps", 50, "--json"]


def test_that_a_checkpoint_is_taken_up_by_default_and_on_request(out: Path, checkpoint: Path) -> None:
    result = run("train", "-o", out, *FIFTY)
    assert result.exit_code == 0
    assert "at step 30 is there" in result.stderr
    assert json.loads(result.stdout)["steps"] == 50
    assert not checkpoint.exists()
    assert [kept.step for kept in open_document(str(out))[1][0].checkpoints] == [0, 1, 2, 5, 10, 20]
    again = run("train", "-o", out, "--resume", *FIFTY)
    assert again.exit_code == 2
    assert "no checkpoint" in sentence(again)


def test_that_a_fresh_start_drops_it(out: Path, checkpoint: Path) -> None:
    result = run("train", "-o", out, "--fresh", *FIFTY)
    assert result.exit_code == 0
    assert "is there" not in result.stderr
    assert not checkpoint.exists()


@pytest.mark.parametrize("other", [["--steps", 60], ["--path", "vp"], ["--seed", 9], ["--target", "ring"]])
def test_that_a_checkpoint_of_another_training_is_not_lost_without_a_word(
    out: Path, checkpoint: Path, other: list[object]
) -> None:
    result = run("train", "-o", out, *FIFTY, *other)
    assert result.exit_code == 2
    assert "--fresh" in sentence(result)
    assert checkpoint.exists()
    assert not out.exists()


def test_that_a_damaged_checkpoint_is_a_sentence(out: Path) -> None:
    beside(out).write_bytes(b"no zip")
    result = run("train", "-o", out, *FIFTY)
    assert result.exit_code == 2
    assert "--fresh" in sentence(result)


def test_that_a_finished_training_that_was_not_saved_is_only_saved(
    out: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: object) -> Iterator[None]:
        raise AssertionError("no step is left")
        yield

    run_here(out)
    out.replace(checkpoint)
    monkeypatch.setattr(learning, "steps_of", none_left)
    result = run("train", "-o", out, *FIFTY)
    assert result.exit_code == 0
    assert open_document(str(out))[1][0].step == 50


def test_that_a_signal_while_the_floor_is_computed_costs_the_floor_alone(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def floor_terms(_: object) -> Iterator[float]:
        assert out.exists()
        os.kill(os.getpid(), signal.SIGINT)
        while True:
            yield 1.0

    monkeypatch.setattr(learning, "floor_terms", floor_terms)
    result = run("train", "-o", out, *FIFTY)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["loss_floor"] is None


def test_that_a_checkpoint_that_cannot_be_written_is_told_once_and_ends_nothing(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "SECONDS", 0.0)
    save = training.save_trained

    def full(path: Path, *rest: Any) -> None:
        if path != out:
            raise ValueError("The disk is full.")
        save(path, *rest)

    monkeypatch.setattr(training, "save_trained", full)
    result = run("train", "-o", out, *FIFTY)
    assert result.exit_code == 0
    assert result.stderr.count("The disk is full") == 1
    assert out.exists()
