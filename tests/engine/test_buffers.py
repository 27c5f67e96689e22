from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fmstudio.engine import buffers
from fmstudio.engine.buffers import BufferRef, SharedArray, remove_blocks_of, sweep


def block_of(array: SharedArray) -> Path:
    return Path(array.ref.name)


def test_that_rows_written_through_one_handle_are_read_through_the_other() -> None:
    mine = SharedArray.create((3, 2))
    theirs = SharedArray.attach(mine.ref)
    theirs.write(0, np.array([1, 2], np.float32))
    theirs.write(1, np.array([3, 4], np.float32))
    assert mine.ready == 2
    np.testing.assert_array_equal(mine.values[:2], [[1, 2], [3, 4]])
    mine.close()


def test_that_ready_never_falls_when_rows_are_written_again() -> None:
    array = SharedArray.create((3, 1))
    for row in (0, 1, 0):
        array.write(row, np.ones(1, np.float32))
    assert array.ready == 2
    array.close()


def test_that_closing_removes_the_block_and_leaves_views_valid() -> None:
    array = SharedArray.create((1000, 2))
    array.write(0, np.full(2, 7, np.float32))
    view = array.values
    path = block_of(array)
    array.close()
    array.close()
    assert not path.exists()
    assert view[0, 0] == 7
    assert array.ready == 0
    with pytest.raises(ValueError, match="closed"):
        _ = array.values


def test_that_a_dropped_handle_leaves_no_block() -> None:
    array = SharedArray.create((4, 4))
    path = block_of(array)
    assert path.exists()
    del array
    assert not path.exists()


def test_that_the_borrower_never_removes_the_block() -> None:
    array = SharedArray.create((4, 4))
    SharedArray.attach(array.ref).close()
    assert block_of(array).exists()
    array.close()


def test_that_attaching_to_a_closed_block_says_so() -> None:
    array = SharedArray.create((2, 2))
    ref = array.ref
    array.close()
    with pytest.raises(FileNotFoundError):
        SharedArray.attach(ref)


def test_that_more_than_there_is_raises_memory_error_and_leaves_nothing() -> None:
    before = set(buffers._blocks())
    with pytest.raises(MemoryError, match="fewer particles"):
        SharedArray.create((2**50,))
    assert set(buffers._blocks()) == before


CHILD = """
import os, signal, sys
from fmstudio.engine.buffers import SharedArray
array = SharedArray.create((10, 2))
view = array.values
print(array.ref.name, flush=True)
if sys.argv[1] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
"""


def run_child(how: str) -> tuple[subprocess.CompletedProcess[str], BufferRef]:
    command = [sys.executable, "-W", "error", "-c", CHILD, how]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done, BufferRef(done.stdout.strip(), (10, 2))


def test_that_a_process_that_ends_leaves_no_block_and_no_warning() -> None:
    done, ref = run_child("end")
    assert done.returncode == 0
    assert done.stderr == ""
    assert not Path(ref.name).exists()


def test_that_what_a_killed_process_left_is_swept_and_what_others_hold_is_not() -> None:
    mine = SharedArray.create((2, 2))
    _, ref = run_child("kill")
    assert Path(ref.name).exists()
    sweep()
    assert not Path(ref.name).exists()
    assert block_of(mine).exists()
    mine.close()


def test_that_blocks_of_one_process_can_be_removed_by_another() -> None:
    mine = SharedArray.create((2, 2))
    _, ref = run_child("kill")
    remove_blocks_of(int(Path(ref.name).name.split("-")[1]))
    assert not Path(ref.name).exists()
    assert block_of(mine).exists()
    remove_blocks_of(os.getpid())
    assert not block_of(mine).exists()
    mine.close()
