"""Figures between two ends: every row is there, in its unit, beside its limit or its peer."""

from __future__ import annotations

import pytest

from fmstudio.bench import ends


def test_that_every_figure_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {
        "SIDE": 48,
        "MOMENTS": 3,
        "PARTICLES": 50,
        "STEPS": 4,
        "SIDE_OF_PEERS": 24,
        "LIMITS": {0.5: 150.0},
    }
    monkeypatch.setattr(ends.peers, "is_there", lambda library: library == "ot")
    for name, value in small.items():
        monkeypatch.setattr(ends, name, value)
    rows = list(ends.measure())
    assert [row.unit for row in rows] == ["ms", "s", "ms", "s", "ms", "ms", "1/s", "1/s", "s", "s"]
    assert all(row.ours > 0 and row.target for row in rows)
    assert [row.peer_name for row in rows if row.peer] == ["POT's sinkhorn"]
    assert [row.target for row in rows if "OTT" in row.name] == ["needs ott: pip install '.[bench]'"]
