"""A few seconds of damaged files of every kind; ``packaging/fuzz_files.py`` reads as many as one likes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.document.damage import damaged, outcome, samples


@pytest.mark.parametrize("kind", range(9))
def test_that_a_damaged_file_is_read_or_refused_in_one_sentence(tmp_path: Path, kind: int) -> None:
    luck = random.Random(kind)
    path, content = samples(tmp_path)[kind]
    told = 0
    for _ in range(30):
        path.write_bytes(damaged(content, luck))
        told += bool(outcome(path))
    assert told > 0


def test_that_whole_files_are_read(tmp_path: Path) -> None:
    found = samples(tmp_path)
    assert len(found) == 9
    for path, content in found:
        path.write_bytes(content)
        assert outcome(path) == ""
