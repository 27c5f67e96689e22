"""The engine's rows: every figure there, fair turns, peers that are missing said so."""

from __future__ import annotations

import time

import pytest
import torch

from fmstudio.bench import engine, peers
from fmstudio.bench.interleaved import largest_array, rates
from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.paths.distributions import Cloud, GaussianMixture, Lattice
from fmstudio.flows.paths.schedules import CondOT

TINY = engine.Sizes(
    particles=200,
    steps=3,
    divergence_points=50,
    divergence_steps=2,
    cloud=200,
    raster=16,
    seconds=0.01,
    turns=1,
)


def test_that_without_peers_the_rows_say_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "is_there", lambda *libraries: not libraries)
    rows = list(engine.measure(TINY, apart=False))
    with_threads = 3 * len({engine.OUR_THREADS, engine.ALL_THREADS})
    assert len(rows) == 6 + with_threads
    lacking = [row for row in rows if "pip install '.[bench]'" in row.target]
    assert len(lacking) == 2 + with_threads
    assert all(row.peer is None and row.met is None and row.ours > 0 for row in lacking)
    assert all(row.ours > 0 for row in rows)


def test_that_both_sides_take_turns() -> None:
    order: list[str] = []

    def ours() -> None:
        order.append("ours")
        time.sleep(0.002)

    def peer() -> None:
        order.append("peer")
        time.sleep(0.008)

    mine, theirs = rates(ours, peer, 0.004, 3)
    assert theirs is not None
    assert mine > theirs
    assert order.count("peer") == 3
    assert "".join(name[0] for name in dict.fromkeys(order)) == "op"
    assert order.index("peer") < len(order) - 1 - order[::-1].index("ours")


def test_that_the_largest_array_is_seen() -> None:
    assert largest_array(lambda: torch.zeros(10, 10)[:, None] - torch.zeros(7, 10)) == 4 * 700


def test_that_the_peers_of_closed_forms_answer_the_same_question() -> None:
    points = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    cloud = torch.randn(30, 2, generator=torch.Generator().manual_seed(1))
    source = GaussianMixture.standard_normal()
    exact = marginal(source, Cloud(cloud, None, 0.05), CondOT()).velocity(points, 0.6)
    torch.testing.assert_close(peers.broadcast_field(points, cloud, 0.05, 0.6)(), exact, atol=1e-4, rtol=1e-4)
    mass = torch.rand(16, 16, generator=torch.Generator().manual_seed(2)) + 0.01
    drawing = Lattice(mass, 3.0)
    exact = marginal(source, drawing, CondOT()).velocity(points, 0.6)
    direct = peers.direct_lattice_field(points, mass, drawing.centres, 0.6, rows=7)()
    torch.testing.assert_close(direct, exact, atol=1e-4, rtol=1e-4)
