"""Files that were made to break the reader: one sentence, soon, at little cost, and nothing passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases import DATA
from tests.shells import cost_of, is_a_sentence

HOSTILE = DATA / "hostile"
FILES = sorted(path.name for path in HOSTILE.iterdir())
MOST_MEGABYTES = 400
REFUSED = 2


def asked(name: str) -> tuple[str, ...]:
    """A command that opens a document, or imports what is none."""
    file = str(HOSTILE / name)
    return (file,) if name.endswith(".fmstudio") else ("two-moons", "--target", file)


@pytest.mark.parametrize("command", ["sample", "still", "train"])
@pytest.mark.parametrize("name", FILES)
def test_that_hostile_files_are_one_sentence(name: str, command: str, tmp_path: Path) -> None:
    out = tmp_path / {"sample": "o.npz", "still": "s.png", "train": "t.fmstudio"}[command]
    cost = cost_of(command, *asked(name), "-o", str(out), cwd=tmp_path)
    assert cost.code == REFUSED, cost
    assert is_a_sentence(cost.said), cost
    assert cost.megabytes < MOST_MEGABYTES
    assert list(tmp_path.iterdir()) == []
