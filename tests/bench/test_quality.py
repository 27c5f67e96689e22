"""The protocol of the published table, in small."""

from __future__ import annotations

import pytest

from fmstudio.bench import run
from fmstudio.bench.quality import PUBLISHED_SAMPLES, Protocol, measure
from fmstudio.document.specs.training import TrainingSpec


def test_that_the_table_has_both_pairs_with_their_floors() -> None:
    rows = list(measure(Protocol(points=60, seeds=(42, 43), floors=2, steps=5)))
    names = [row.name for row in rows]
    for pair in ("eight Gaussians", "two moons"):
        assert sum(pair in name for name in names) == 7
        assert any(pair in name and "floor" in name for name in names)
    published = {row.name.split(" (")[0]: row.peer for row in rows if row.peer_name == "published"}
    assert published["N(0, I) to eight Gaussians, OT-CFM: W2"] == 0.303
    assert published["N(0, I) to two moons, I-CFM: W2"] == 0.178


def test_that_the_defaults_see_no_more_than_the_published_number_of_samples() -> None:
    assert TrainingSpec().steps * TrainingSpec().batch_size <= PUBLISHED_SAMPLES


def test_that_an_unknown_subject_is_named() -> None:
    with pytest.raises(ValueError, match=r"Unknown subject 'engin': bench takes all, start"):
        run("engin")
