"""Every program that fmstudio starts is started by fmstudio.children, and none runs code that lies about."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import fmstudio
from fmstudio import children

PACKAGE = Path(fmstudio.__file__).parent
STARTERS = re.compile(
    r"subprocess\.(Popen|run|call|check_call|check_output|getoutput)\(|\bos\.(system|popen|spawn\w+|exec\w+)\(|multiprocessing|create_subprocess"
)
EVIL = "open('ran', 'w').close()\n"


def test_that_nothing_else_starts_a_program() -> None:
    """The bench, which runs peers for comparison, is no part of the studio."""
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "bench" not in path.parts and STARTERS.search(path.read_text())
    }
    assert found == {"children.py"}


@pytest.mark.parametrize("path", ["", ".", os.pathsep, "relative", f"relative{os.pathsep}"])
def test_that_no_code_of_the_working_folder_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Names that Python, its site module and ours import."""
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, tmp_path / "relative"):
        folder.mkdir(exist_ok=True)
        for name in ("fmstudio", "typer", "json", "queue", "sitecustomize", "usercustomize"):
            (folder / f"{name}.py").write_text(EVIL)
    monkeypatch.setenv("PYTHONPATH", path)
    child = children.python("fmstudio", "--version")
    process = child.start(stdout=subprocess.PIPE)
    out, _ = process.communicate(timeout=280)
    assert out.decode().startswith("fmstudio ")
    assert not (tmp_path / "ran").exists()


def test_that_a_path_of_the_person_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}")
    path = children.program("ffmpeg").environment["PYTHONPATH"].split(os.pathsep)
    assert path == [str(PACKAGE.parent), str(tmp_path)]


def test_that_a_signal_to_our_group_does_not_reach_a_child() -> None:
    child = children.program(sys.executable, "-c", "input(); print('alive')")
    process = child.start(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert os.getpgid(process.pid) != os.getpgid(0)
    assert os.getsid(process.pid) == os.getsid(0)
    out, _ = process.communicate(b"\n", timeout=280)
    assert out == b"alive\n"
    assert process.returncode == 0 != -signal.SIGTERM
