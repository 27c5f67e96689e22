"""Files that were made to break the reader: one sentence, soon, at little cost, and nothing passed over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cases import DATA
from tests.shells import cost_of, is_a_sentence

HOSTILE = DATA / "hostile"
FILES = sorted(path.name for path in HOSTILE.iterdir())
MOST_MEGABYTES = 400
REFUSED = 2
READ = {"1e300.csv", "npy-max.fmstudio", "denormal.fmstudio"}
"""Extreme numbers, but points and rasters: they may be taken as such."""


def asked(name: str) -> tuple[str, ...]:
    """A command that opens a document, or imports what is none."""
    file = str(HOSTILE / name)
    return (file,) if name.endswith(".fmstudio") else ("two-moons", "--target", file)


@pytest.mark.parametrize("name", sorted(set(FILES) - READ))
def test_that_hostile_files_are_one_sentence(name: str, tmp_path: Path) -> None:
    cost = cost_of("sample", *asked(name), "-n", "10", "-o", str(tmp_path / "o.npz"), cwd=tmp_path)
    assert cost.code == REFUSED, cost
    assert is_a_sentence(cost.said), cost
    assert cost.megabytes < MOST_MEGABYTES
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(READ))
def test_that_hostile_numbers_give_samples_or_a_sentence(name: str, tmp_path: Path) -> None:
    out = tmp_path / "o.npz"
    cost = cost_of("sample", *asked(name), "-n", "10", "-o", str(out), cwd=tmp_path)
    assert "Traceback" not in cost.said
    if cost.code == 0:
        with np.load(out) as arrays:
            assert np.isfinite(arrays["x"]).all()
    else:
        assert cost.code in (1, REFUSED), cost
        assert is_a_sentence(cost.said), cost
        assert list(tmp_path.iterdir()) == []
