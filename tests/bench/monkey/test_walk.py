"""A short walk over the real window, on the real engine."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from fmstudio.bench.monkey.acts import ACTS
from fmstudio.bench.monkey.acts.registry import chosen
from fmstudio.bench.monkey.walk import Walk

pytestmark = [
    pytest.mark.display,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # vispy asks a mouse event for its pos()
]


@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("qapp")
def test_that_a_short_walk_acts_looks_and_leaves_nothing_behind(own_home, capfd):
    home = os.environ["FMSTUDIO_HOME"]
    with capfd.disabled():
        report = Walk(seed=5, seconds=1000.0, most_acts=9).run()
    assert sum(report.acts.values()) >= 6
    assert report.audits > 10
    assert report.tracebacks == []
    assert report.leaks == []
    assert report.stalls
    assert os.environ["FMSTUDIO_HOME"] == home
    assert list(Path(own_home).iterdir()) == []


def test_that_a_seed_repeats_its_choices_and_every_act_is_taken_by_some():
    def acts(seed: int) -> list[str]:
        return [chosen(Random(f"{seed}/act {number}")).name for number in range(400)]

    assert acts(3) == acts(3)
    assert acts(3) != acts(4)
    counted = Counter(name for seed in range(10) for name in acts(seed))
    assert set(counted) == set(ACTS)
