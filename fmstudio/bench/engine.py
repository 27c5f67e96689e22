"""The engine beside its peers: the same task, both warm, in turns, medians.

A training runs with the threads that the engine takes (one on two cores), its peer with those or with all,
whichever is faster for it. What the shell does with all cores and the window with the engine's is measured
with both, the same for both sides.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

import torch
from torch import Tensor

from fmstudio.bench import peers
from fmstudio.bench.interleaved import Work, largest_array, rates
from fmstudio.bench.row import Row, at_least, within
from fmstudio.engine.worker.task_runner import engine_threads
from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.learning.likelihood import log_density
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.training import train
from fmstudio.flows.motion.diffusion import ConstantSigma
from fmstudio.flows.motion.dynamics import Dynamics, FlowODE, SDEExtension
from fmstudio.flows.motion.fields import LearnedField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import Euler, EulerMaruyama, Solver
from fmstudio.flows.paths import shapes
from fmstudio.flows.paths.couplings import Coupling, ExactOT, Independent
from fmstudio.flows.paths.distributions import Cloud, GaussianMixture, Lattice
from fmstudio.flows.paths.schedules import CondOT

Task = Callable[["Sizes"], Iterable[Row]]

WIDTH, BATCH = 64, 256
TIME = 0.6
SIGMA = 1.0


@dataclass(frozen=True)
class Sizes:
    """How much of everything; tests take little."""

    particles: int = 100_000
    steps: int = 100
    divergence_points: int = 40_000
    divergence_steps: int = 20
    cloud: int = 10_000
    raster: int = 256
    seconds: float = 2.0
    turns: int = 3


def measure(sizes: Sizes | None = None, apart: bool = True) -> Iterator[Row]:
    """Row by row, each task ``apart``, in a process of its own: what one leaves in the allocator makes others
    faster or slower by half. A peer that is not installed leaves its row without a ratio."""
    sizes = sizes or Sizes()
    for task in _tasks():
        if not apart:
            yield from task(sizes)
            continue
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            yield from process.submit(_rows, task, sizes).result()


def _rows(task: Task, sizes: Sizes) -> list[Row]:
    return list(task(sizes))


def _tasks() -> Iterator[Task]:
    yield partial(_training, coupling=Independent(), ratio=8.0)
    yield partial(_training, coupling=ExactOT(), ratio=4.0)
    for threads in dict.fromkeys((OUR_THREADS, ALL_THREADS)):
        for task in (_sampling, _noisy_sampling, _divergence):
            yield partial(task, threads=threads)
    yield _cloud_rows
    yield _lattice_rows


@dataclass(frozen=True)
class _Duel:
    """What is compared, in which unit: ``scale`` times calls per second."""

    name: str
    peer_name: str
    libraries: tuple[str, ...]
    unit: str
    scale: float
    ratio: float
    peer_share: float = 1.0
    """the part of the task that the peer is given"""
    threads: int | None = None
    """of both sides; None: the engine's for us, the better choice for the peer"""

    def row(self, sizes: Sizes, ours: Work, peer: Callable[[], Work]) -> Row:
        rival = None
        if peers.is_there(*self.libraries):
            rival = _at_its_best(peer()) if self.threads is None else _threaded(peer(), self.threads)
        mine, theirs = rates(_threaded(ours, self.threads or OUR_THREADS), rival, sizes.seconds, sizes.turns)
        mine *= self.scale
        name = self.name if self.threads is None else f"{self.name}, threads: {self.threads}"
        if theirs is None:
            return Row(name, mine, self.unit, f"needs {self.peer_name}: {peers.INSTALL}")
        theirs *= self.scale * self.peer_share
        return at_least(name, mine, theirs, self.peer_name, self.unit, self.ratio)


# ---- threads -----------------------------------------------------------------------------------------

ALL_THREADS = torch.get_num_threads()
OUR_THREADS = engine_threads()


def _threaded(work: Work, count: int) -> Work:
    """``work`` with so many threads, and denormals flushed as the engine does."""

    def run() -> Any:
        before = torch.get_num_threads()
        torch.set_num_threads(count)
        torch.set_flush_denormal(True)
        try:
            return work()
        finally:
            torch.set_num_threads(before)

    return run


def _at_its_best(work: Work) -> Work:
    """With the engine's threads or with all: the faster of the two by their better run of two."""
    choices = [_threaded(work, count) for count in dict.fromkeys((OUR_THREADS, ALL_THREADS))]
    choices[0]()
    return min(choices, key=lambda choice: min(_seconds(choice) for _ in range(2)))


def _seconds(work: Work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


# ---- training ----------------------------------------------------------------------------------------

_STEPS_AT_ONCE = 20


def _training(sizes: Sizes, coupling: Coupling, ratio: float) -> Iterator[Row]:
    is_ot = isinstance(coupling, ExactOT)
    name = f"training, {'exact minibatch OT' if is_ot else 'independent pairs'} (w {WIDTH}, B {BATCH})"
    steps = _many_steps(_endless_training(coupling))
    duel = _Duel(name, "torchcfm's toy loop", ("torchcfm", "torchdyn"), "steps/s", _STEPS_AT_ONCE, ratio)

    def toy() -> Work:
        step = peers.toy_loop(WIDTH, BATCH, is_ot)
        return lambda: [step() for _ in range(_STEPS_AT_ONCE)]

    yield duel.row(sizes, steps, toy)


def _endless_training(coupling: Coupling) -> Iterator[object]:
    """The toy loop's task: eight Gaussians to moons, fresh data in every batch."""
    return train(
        shapes.eight_gaussians(5.0, 0.1**0.25),
        shapes.two_moons(0.2, 3.0, (-1.0, -1.0)),
        CondOT(),
        coupling,
        MLP(WIDTH, 3),
        steps=10_000_000,
        batch_size=BATCH,
        generator=torch.Generator().manual_seed(0),
    )


def _many_steps(run: Iterator[object]) -> Work:
    def work() -> None:
        for _ in range(_STEPS_AT_ONCE):
            next(run)

    return work


# ---- sampling and densities --------------------------------------------------------------------------


def _field() -> LearnedField:
    network = MLP(WIDTH, 3)
    network.trained.add_(0.05 * torch.randn(len(network.trained), generator=torch.Generator().manual_seed(1)))
    return LearnedField(network, CondOT())


def _normals(n: int) -> Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(2))


def _simulation(dynamics: Dynamics, solver: Solver, sizes: Sizes) -> Work:
    times = [k / sizes.steps for k in range(sizes.steps + 1)]
    start = _normals(sizes.particles)

    def run() -> None:
        for _ in simulate(dynamics, solver, start, times, torch.Generator().manual_seed(3)):
            pass

    return run


def _sampling(sizes: Sizes, threads: int) -> Iterator[Row]:
    name = f"sampling, {sizes.particles:,} particles, {sizes.steps} Euler steps (w {WIDTH})"
    duel = _Duel(name, "torchdiffeq", ("torchdiffeq",), "runs/s", 1.0, 2.0, threads=threads)
    ours = _simulation(FlowODE(_field()), Euler(), sizes)
    yield duel.row(
        sizes, ours, lambda: peers.torchdiffeq_euler(WIDTH, _normals(sizes.particles), sizes.steps)
    )


def _noisy_sampling(sizes: Sizes, threads: int) -> Iterator[Row]:
    name = f"Euler-Maruyama, {sizes.particles:,} particles, {sizes.steps} steps (w {WIDTH})"
    duel = _Duel(name, "torchsde", ("torchsde",), "runs/s", 1.0, 3.0, threads=threads)
    ours = _simulation(SDEExtension(_field(), ConstantSigma(SIGMA)), EulerMaruyama(), sizes)
    start = _normals(sizes.particles)
    yield duel.row(sizes, ours, lambda: peers.torchsde_euler(WIDTH, start, sizes.steps, SIGMA))


def _divergence(sizes: Sizes, threads: int) -> Iterator[Row]:
    n, steps = sizes.divergence_points, sizes.divergence_steps
    duel = _Duel(
        f"log-density by exact divergence, {n:,} points, {steps} midpoint steps",
        "flow_matching, exact",
        ("flow_matching", "torchdiffeq"),
        "runs/s",
        1.0,
        3.0,
        threads=threads,
    )
    field, x = _field(), _normals(n)
    source = GaussianMixture.standard_normal()

    def ours() -> None:
        log_density(field, source.log_prob, x, steps=steps)

    yield duel.row(sizes, ours, lambda: peers.flow_matching_likelihood(WIDTH, x, steps))


# ---- closed forms ------------------------------------------------------------------------------------


def _cloud_rows(sizes: Sizes) -> Iterator[Row]:
    n = sizes.cloud
    points, cloud, width = _normals(n), 1.5 * _normals(2 * n)[n:], 0.05
    path = marginal(GaussianMixture.standard_normal(), Cloud(cloud, None, width), CondOT())

    def ours() -> Tensor:
        return path.velocity(points, TIME)

    duel = _Duel(f"exact field, {n:,} points of a cloud of {n:,}", "naive broadcast", (), "calls/s", 1.0, 5.0)
    yield duel.row(sizes, ours, lambda: peers.broadcast_field(points, cloud, width, TIME))
    yield _memory("its largest array", ours, n * n)


def _lattice_rows(sizes: Sizes) -> Iterator[Row]:
    n, side = sizes.cloud, sizes.raster
    mass = torch.rand(side, side, generator=torch.Generator().manual_seed(4)) + 0.01
    drawing, points = Lattice(mass, 3.0), _normals(n)
    path = marginal(GaussianMixture.standard_normal(), drawing, CondOT())

    def ours() -> Tensor:
        return path.velocity(points, TIME)

    name = f"exact field, {n:,} points of a {side} x {side} drawing"
    few = max(1, n // 10)
    share = few / n
    duel = _Duel(name, "direct sum (of a tenth, times 10)", (), "calls/s", 1.0, 100.0, share)
    yield duel.row(sizes, ours, lambda: peers.direct_lattice_field(points[:few], mass, drawing.centres, TIME))
    yield _memory("its largest array", ours, n * side * side)


def _memory(name: str, work: Work, pairs: int) -> Row:
    """A tenth of one float for each pair of a point and a part of the target."""
    megabytes = largest_array(work) / 2**20
    return within(name, megabytes, "MB", 0.1 * 4 * pairs / 2**20)
