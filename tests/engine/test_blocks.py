"""Whose a shared block is: the dead leave nothing, the living lose nothing, strange names stop nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fmstudio.engine import blocks
from fmstudio.engine.blocks import remove_blocks_of, sweep
from fmstudio.engine.buffers import SharedArray

WORD = "0123456789abcdef"

CHILD = """
import os, signal, sys
from fmstudio.engine import blocks
from fmstudio.engine.buffers import SharedArray
array = SharedArray.create((10, 2))
view = array.values
print(array.ref.name, blocks.word(), flush=True)
if sys.argv[1] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "wait":
    sys.stdin.read()
"""


HOLDER = """
import fcntl, sys
held = open(sys.argv[1], "w")
fcntl.flock(held, fcntl.LOCK_EX)
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of blocks that no other test sees."""
    folder = tmp_path / "blocks"
    folder.mkdir()
    monkeypatch.setattr(blocks, "directories", lambda: (folder,))
    return folder


def run_child(how: str) -> tuple[subprocess.CompletedProcess[str], Path, str]:
    command = [sys.executable, "-W", "error", "-c", CHILD, how]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    name, word = done.stdout.split()
    return done, Path(name), word


def owner_of(block: Path, word: str) -> Path:
    return block.with_name(f"fmstudio-{word}-owner")


def test_that_a_process_that_ends_leaves_nothing_and_no_warning() -> None:
    done, block, word = run_child("end")
    assert done.returncode == 0
    assert done.stderr == ""
    assert not block.exists()
    assert not owner_of(block, word).exists()


def test_that_what_a_killed_process_left_is_swept_and_what_is_held_is_not() -> None:
    mine = SharedArray.create((2, 2))
    _, block, word = run_child("kill")
    assert block.exists()
    sweep()
    assert not block.exists()
    assert not owner_of(block, word).exists()
    assert Path(mine.ref.name).exists()
    mine.close()


@pytest.mark.parametrize("words", [1, 2])
def test_that_blocks_are_removed_once_their_process_is_gone_and_not_before(words: int) -> None:
    command = [sys.executable, "-W", "error", "-c", CHILD, "wait"]
    for _ in range(words):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            name, word = child.stdout.readline().split()
            assert not remove_blocks_of(word)
            sweep()
            assert Path(name).exists()
            child.kill()
            child.wait()
            assert remove_blocks_of(word)
            assert not Path(name).exists()


def test_that_the_owner_is_known_by_its_lock_and_not_by_a_number(folder: Path) -> None:
    """A process of another container, whose number means nothing here, holds its file as ours do."""
    block, owner = folder / f"fmstudio-{WORD}-{'0' * 12}", folder / f"fmstudio-{WORD}-owner"
    block.touch()
    command = [sys.executable, "-c", HOLDER, str(owner)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        sweep()
        assert block.exists()
    sweep()
    assert not block.exists()
    assert not owner.exists()


STRANGE = [
    "fmstudio-1x-" + "0" * 12,
    "fmstudio-" + "9" * 20 + "-" + "0" * 12,
    "fmstudio--" + "0" * 12,
    f"fmstudio-{WORD}",
    f"fmstudio-{WORD}-",
    f"fmstudio-{WORD}-{'0' * 13}",
    f"fmstudio-{WORD.upper()}-{'0' * 12}",
    f"fmstudio-{WORD}-{'0' * 12}\n",
    f"fmstudio-{WORD}-owner-owner",
    f"fmstudio-{WORD}-{'٣' * 12}",
    "fmstudio-\udcff-" + "0" * 12,
]


@pytest.mark.parametrize("name", [*STRANGE, f"fmstudio-{WORD}-{'0' * 12}", f"fmstudio-{WORD}-owner"])
@pytest.mark.parametrize("kind", ["file", "folder", "link", "pipe"])
def test_that_nothing_that_lies_there_stops_a_start(folder: Path, name: str, kind: str) -> None:
    path = folder / os.fsdecode(os.fsencode(name))
    make = {
        "file": path.touch,
        "folder": path.mkdir,
        "link": lambda: path.symlink_to("/dev/zero"),
        "pipe": lambda: os.mkfifo(path),
    }
    make[kind]()
    sweep()
    array = SharedArray.create((2, 2))
    array.write(0, np.ones(2, np.float32))
    array.close()
    left = name in STRANGE or kind != "file"
    assert os.path.lexists(path) is left
    assert blocks.mine() == []


def test_that_files_of_other_users_are_passed_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / f"fmstudio-{WORD}-{'0' * 12}"
    path.touch()
    monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)
    sweep()
    assert path.exists()
