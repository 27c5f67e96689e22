"""The guards of conftest.py, tried on tests that leak, in a pytest of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

INNER = """
import os, subprocess, sys, threading, time
from multiprocessing import shared_memory
import numpy
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
keep = []

def test_thread():
    threading.Thread(target=time.sleep, args=(30,), name="lingering", daemon=True).start()

def test_process():
    keep.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"]))

def test_memory():
    keep.append(shared_memory.SharedMemory(create=True, size=64))

def test_randomness():
    numpy.random.rand()

def test_widget(qapp):
    keep.append(QWidget(objectName="orphan"))
    keep[-1].show()

def test_timer(qapp):
    keep.append(QTimer())
    keep[-1].start(100_000)

def test_clean(qapp):
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    QWidget().show()
    subprocess.run([sys.executable, "-c", ""])
    assert os.environ["FMSTUDIO_HOME"] != os.environ["HOME"]

def test_end():
    keep[0].kill()
    keep[0].wait()
    keep[1].close()
    keep[1].unlink()
"""

LEAKS = {
    "test_thread": "thread 'lingering'",
    "test_process": "time.sleep(30)",
    "test_memory": "shared memory psm_",
    "test_randomness": "global random state of numpy changed",
    "test_widget": "top-level widget QWidget 'orphan'",
    "test_timer": "running timer started at",
}


def run_inner(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    guards = (Path(__file__).parent / "conftest.py").read_text()
    (folder / "conftest.py").write_text(guards.replace("GRACE_SECONDS = 3.0", "GRACE_SECONDS = 0.2"))
    (folder / "test_inner.py").write_text(text)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        ".",
    ]
    environment = {**os.environ, "CI": "true", "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False
    )


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    return run_inner(tmp_path_factory.mktemp("inner"), INNER).stdout


@pytest.mark.parametrize("test", LEAKS)
def test_that_a_guard_names_what_a_test_leaves_behind(output: str, test: str) -> None:
    said = output.partition(f"::{test} left behind:")[2]
    assert LEAKS[test] in said.partition("___")[0], output


def test_that_a_clean_test_passes_the_guards(output: str) -> None:
    assert "::test_clean left behind" not in output
    assert f"{len(LEAKS) + 2} passed, {len(LEAKS)} errors" in output


@pytest.mark.parametrize("_order", ["sets it", "must not see it"])
def test_that_no_test_sees_another_flush_denormal_numbers(_order: str) -> None:
    import torch

    assert sys.float_info.min / 2 > 0
    torch.set_flush_denormal(True)


def test_that_a_skipped_test_fails_in_ci(tmp_path: Path) -> None:
    result = run_inner(tmp_path, "import pytest\n\ndef test_skips():\n    pytest.skip('no reason')\n")
    assert result.returncode == 1
    assert "in CI none may be" in result.stdout
