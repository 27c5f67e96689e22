"""Any two ends: moments, a bridge's potentials beside POT's, particles between two drawings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch

from fmstudio.bench import peers
from fmstudio.bench.row import Row, at_least, within
from fmstudio.engine.worker.task_runner import prepare_torch
from fmstudio.flows.closed_forms.bridge import SchroedingerBridgeMarginal
from fmstudio.flows.closed_forms.marginals import Marginal
from fmstudio.flows.closed_forms.spectral import SpectralMarginal
from fmstudio.flows.motion.dynamics import FlowODE
from fmstudio.flows.motion.fields import ExactField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import Euler
from fmstudio.flows.paths.schedules import CondOT
from fmstudio.verify.ends import ring_drawn, wave_drawn

SIDE = 256
MOMENTS = 49
PARTICLES, STEPS = 10_000, 100
LIMITS = {0.5: 150.0, 0.1: 1500.0}
"""sigma -> milliseconds"""
NEARER = 0.95
"""The sigma of a warm start beside that of the start."""
SIDE_OF_PEERS = 256
"""The largest that POT, which holds every pair of inked cells, has room for: .6 GB an array; 512 x 512 would
be 10 GB each."""
SIGMA_OF_PEERS = 0.5


def measure() -> Iterator[Row]:
    prepare_torch()
    yield from _moments()
    for sigma in LIMITS:
        yield from _potentials(sigma)
    yield from _beside_peers()
    for name, path in (
        ("independent", SpectralMarginal(ring_drawn(SIDE), wave_drawn(SIDE), CondOT())),
        ("bridge, σ 0.5", SchroedingerBridgeMarginal(ring_drawn(SIDE), wave_drawn(SIDE), 0.5)),
    ):
        what = f"{PARTICLES:,} particles, {STEPS} Euler steps between two drawings, {name}"
        yield within(what, _seconds(lambda path=path: _run(path), 1), "s", 2.0)  # type: ignore[misc]


def _moments() -> Iterator[Row]:
    """Density and velocity on a grid, as a picture asks for them."""
    axis = torch.linspace(-3, 3, SIDE)
    ends = ring_drawn(SIDE), wave_drawn(SIDE)
    paths: dict[str, Callable[[], Marginal]] = {
        "independent": lambda: SpectralMarginal(*ends, CondOT()),
        "bridge, σ 0.5": lambda: SchroedingerBridgeMarginal(*ends, 0.5),
    }
    for name, make in paths.items():
        path = make()
        times = [(k + 1) / (MOMENTS + 1) for k in range(MOMENTS)]
        each = [_seconds(lambda t=t, path=path: path.on_grid(axis, axis, t), 1) for t in times]  # type: ignore[misc]
        what = f"drawn to drawn, {SIDE} x {SIDE}, density and velocity"
        yield within(f"{what}, one moment, {name}", 1e3 * sorted(each)[MOMENTS // 2], "ms", 15.0)
        yield within(f"{what}, {MOMENTS} moments, {name}", sum(each), "s", 1.0)


def _potentials(sigma: float) -> Iterator[Row]:
    ends = ring_drawn(SIDE), wave_drawn(SIDE)
    what, limit = f"bridge of two drawings, σ {sigma:g}, to 1e-6", LIMITS[sigma]
    yield within(what, 1e3 * _seconds(lambda: SchroedingerBridgeMarginal(*ends, sigma)), "ms", limit)
    warm = SchroedingerBridgeMarginal(*ends, sigma).scaling
    moved = 1e3 * _seconds(lambda: SchroedingerBridgeMarginal(*ends, NEARER * sigma, warm))
    yield within(f"{what}, warm from another σ", moved, "ms", limit)


def _beside_peers() -> Iterator[Row]:
    """Solutions per second to an error of 1e-6 between the same drawings. Ours has its potentials fitted for
    every time and place too; the peers' are those of the drawings' own nodes."""
    ends = ring_drawn(SIDE_OF_PEERS), wave_drawn(SIDE_OF_PEERS)
    ours = 1 / _seconds(lambda: SchroedingerBridgeMarginal(*ends, SIGMA_OF_PEERS))
    for name, library, make in (
        ("POT's sinkhorn", "ot", peers.pot_sinkhorn),
        ("OTT-JAX's sinkhorn on a grid", "ott", peers.ott_sinkhorn),
    ):
        sizes = " by ".join(f"{int((end.mass > 0).sum()):,}" for end in ends)
        what = (
            f"bridge of two {SIDE_OF_PEERS} x {SIDE_OF_PEERS} drawings ({sizes} inked cells), beside {name}"
        )
        if not peers.is_there(library):
            yield Row(what, ours, "1/s", f"needs {library}: {peers.INSTALL}")
            continue
        peer = make(*ends, SIGMA_OF_PEERS)
        peer()  # a first call compiles
        yield at_least(what, ours, 1 / _seconds(peer, 1), name, "1/s", 1.0)


def _run(path: Marginal) -> None:
    start = path.source.sample(PARTICLES, torch.Generator().manual_seed(1))
    for _ in simulate(FlowODE(ExactField(path)), Euler(), start, [k / STEPS for k in range(STEPS + 1)]):
        pass


def _seconds(work: Callable[[], Any], runs: int = 3) -> float:
    """The median of some runs."""
    found = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return sorted(found)[runs // 2]
