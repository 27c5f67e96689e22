"""Hostile and damaged files that were reported: one sentence, little memory, and no program is started."""

from __future__ import annotations

import subprocess
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from fmstudio.document.files import load
from fmstudio.document.imports import import_target
from fmstudio.document.specs.distribution import DrawnSpec, PointsSpec
from fmstudio.engine.worker import build
from tests.document.damage import outcome

CASES = Path(__file__).parents[1] / "data" / "cases" / "hostile"
REFUSED = {
    "esc.csv": "line 2",
    "loop.png": "no picture",
    "unclosed.npy": "header",
    "npy-unclosed.fmstudio": "header",
    "bool-4x-64MB.fmstudio": "numbers",
    "weights-name-flip.fmstudio": "weighus/000.safetensors",
}


@pytest.mark.parametrize("name", REFUSED)
def test_that_hostile_files_are_refused_in_a_sentence_and_in_little_memory(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*_: object, **__: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "Popen", start)
    tracemalloc.start()
    try:
        assert REFUSED[name] in outcome(CASES / name)
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


def test_that_a_raster_as_high_as_numbers_go_is_a_law() -> None:
    document, _ = load(CASES / "npy-max.fmstudio")
    assert isinstance(document.target, DrawnSpec)
    assert float(build.distribution(document.target).mass.sum()) == pytest.approx(1)  # type: ignore[attr-defined]


def test_that_points_as_far_as_numbers_go_are_seen() -> None:
    spec = import_target(CASES / "1e300.csv")
    assert isinstance(spec, PointsSpec)
    assert np.abs(spec.points.values).max() <= 4
