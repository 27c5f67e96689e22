from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fmstudio.engine import blocks
from fmstudio.engine.buffers import SMALL_BYTES, AbsentArray, LocalArray, SharedArray


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
    before = blocks.mine()
    with pytest.raises(MemoryError, match="fewer particles"):
        SharedArray.create((2**50,))
    assert blocks.mine() == before


@pytest.mark.parametrize("rows", [0, 2, 5])
def test_that_a_small_result_gives_its_descriptor_back_and_keeps_its_rows(rows: int) -> None:
    array = SharedArray.create((5, 2))
    for row in range(rows):
        array.write(row, np.full(2, row + 1, np.float32))
    path = block_of(array)
    kept = array.settled()
    assert isinstance(kept, LocalArray)
    assert not path.exists()
    assert (kept.shape, kept.ready) == ((5, 2), rows)
    np.testing.assert_array_equal(kept.values[:rows, 0], np.arange(1, rows + 1))


def test_that_a_large_result_stays_where_it_is() -> None:
    array = SharedArray.create((2, SMALL_BYTES))
    assert array.settled() is array
    array.close()
    assert array.settled() is array


def test_that_a_refused_result_has_its_shape_and_never_a_row() -> None:
    absent = AbsentArray((7, 3, 2))
    assert (absent.shape, absent.ready, absent.values.shape) == ((7, 3, 2), 0, (0, 3, 2))
    assert absent.settled() is absent
    with pytest.raises(ValueError, match="refused"):
        absent.write(0, np.zeros((3, 2), np.float32))


LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
from fmstudio.engine import blocks
from fmstudio.engine.buffers import SharedArray
held = []
try:
    while True:
        held.append(SharedArray.create((2, 2)))
except MemoryError as error:
    print(error)
held.pop()  # looking takes a descriptor
print(len(blocks.mine()) == len(held) > 8)
held.clear()
SharedArray.create((2, 2)).close()
print(blocks.mine())
"""


def test_that_too_many_open_files_are_called_so_and_leave_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LIMITED], check=True, capture_output=True, text=True
    )
    sentence, whole, left = done.stdout.splitlines()
    assert sentence.startswith("Too many files are open")
    assert (whole, left) == ("True", "[]")
    assert done.stderr == ""
