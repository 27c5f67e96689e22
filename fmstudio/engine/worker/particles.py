"""How particles come to be: simulations, pairs of a coupling, warped grids. Runs on the loop's thread.

Generators as in ``tasks``: each ``next`` is a slice of some milliseconds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Iterator

import torch
from torch import Tensor

from fmstudio.document.specs.training import Coupling
from fmstudio.engine.buffers import SMALL_BYTES, LocalArray, ResultArray
from fmstudio.engine.messages import PairsRequest, Row, TrajectoriesRequest, WarpRequest
from fmstudio.engine.worker import build, motions
from fmstudio.flows.motion.simulate import TILE, simulate_in_tiles
from fmstudio.flows.paths.distributions import GaussianMixture

FAR_AWAY = 1e9
RECENT_BYTES = 256 * 2**20
RECENT_COUNT = 64
COPY_BYTES = 32 * 2**20

Task = Iterator[float]


class RecentTrajectories:
    """The last simulations, whole, for densities and measures of the same particles.

    Bounded by bytes and by number: small ones are copied, each other one keeps a descriptor open.
    """

    def __init__(self, capacity: int = RECENT_BYTES) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[TrajectoriesRequest, Row] = OrderedDict()

    def get(self, request: TrajectoriesRequest) -> Row | None:
        states = self._kept.get(request)
        if states is not None:
            self._kept.move_to_end(request)
        return states

    def put(self, request: TrajectoriesRequest, states: Row) -> None:
        self._kept[request] = states.copy() if states.nbytes <= SMALL_BYTES else states
        self._kept.move_to_end(request)
        while self._kept and not self._fits():
            self._kept.popitem(last=False)

    def _fits(self) -> bool:
        held = sum(kept.nbytes for kept in self._kept.values())
        return held <= self._capacity and len(self._kept) <= RECENT_COUNT

    def clear(self) -> None:
        self._kept.clear()


def trajectories(request: TrajectoriesRequest, result: ResultArray, recent: RecentTrajectories) -> Task:
    known = recent.get(request)
    if known is not None:
        yield from _copied(known, result)
        return
    done, rows = 0, request.shape[0]
    for state in _states(request):
        if state is not None:
            require_near(state, request, done)
            result.write(done, state.numpy())
            done += 1
        yield done / rows
    recent.put(request, result.values)


def _states(request: TrajectoriesRequest) -> Iterator[Tensor | None]:
    """The states of the simulation; None wherever a long step may be interrupted."""
    if request.dynamics.pairs is not None:
        yield from _interpolated(request, request.dynamics.pairs)
        return
    motion = motions.motion(request)
    noise = torch.Generator().manual_seed(request.simulation.noise_seed)
    yield None
    yield from motion.states(noise, _tile(request))


def _interpolated(request: TrajectoriesRequest, coupling: Coupling) -> Iterator[Tensor | None]:
    """alpha_t z + beta_t x_0 for the pairs of the coupling: no solver."""
    paired = []
    for batch in motions.pairs(motions.pairs_request(request, coupling)):
        paired.append(batch)
        yield None
    x_0, z = (torch.cat(ends) for ends in zip(*paired, strict=True))
    path, steps = build.probability_path(request.problem.path), request.simulation.steps
    for step in range(steps + 1):
        yield path.x_t(x_0, z, step / steps)


class RanAway(ValueError):
    """The particles left for infinity; the sentence says at which step, why, and what to do."""


def require_near(state: Tensor, request: TrajectoriesRequest, step: int) -> None:
    """The test of every door, window and shell. Raises RanAway when an explicit solver with too long steps
    has thrown the particles out."""
    if bool((state.abs() < FAR_AWAY).all()):
        return
    cure = "more steps"
    if request.dynamics.moved_by == "score":
        cure = "more substeps, a smaller σ or a shorter duration"
    elif request.dynamics.is_process:
        cure = "more steps or a shorter duration"
    raise RanAway(
        f"The particles ran off to infinity at step {step} of {request.simulation.steps}: "
        f"the steps are too long for this {_puller(request)}. Use {cure}."
    )


def _puller(request: TrajectoriesRequest) -> str:
    return "process" if request.dynamics.is_process else "target"


def _tile(request: TrajectoriesRequest) -> int:
    """Particles in a slice: few where each is summed over hundreds of points of the target."""
    linear = request.dynamics.is_process
    mixture = isinstance(build.distribution(request.problem.target), GaussianMixture)
    cheap = linear or mixture or request.learned is not None
    return TILE if cheap else TILE // 4


def _copied(known: Row, result: ResultArray) -> Task:
    rows = len(known)
    at_once = max(1, COPY_BYTES // known[0].nbytes)
    for row in range(rows):
        result.write(row, known[row])
        if (row + 1) % at_once == 0:
            yield (row + 1) / rows


def simulated(
    request: TrajectoriesRequest, recent: RecentTrajectories, share: float
) -> Generator[float, None, Row]:
    """The states of ``request``, from memory or anew; meanwhile the part of a task that is done, ``share`` of
    it in the end."""
    known = recent.get(request)
    if known is not None:
        return known
    scratch = LocalArray(request.shape)
    for part in trajectories(request, scratch, recent):
        yield share * part
    return scratch.values


def coupled(request: PairsRequest, result: ResultArray, recent: RecentTrajectories) -> Task:  # noqa: ARG001
    batches = []
    for batch in motions.pairs(request):
        batches.append(batch)
        yield 0.9 * len(batches) * request.batch_size / (request.n + request.batch_size)
    x_0, z = (torch.cat(ends) for ends in zip(*batches, strict=True))
    result.write(0, build.probability_path(request.problem.path).x_t(x_0, z, 0.0).numpy())
    result.write(1, z.numpy())
    yield 1.0


def warped(request: WarpRequest, result: ResultArray, recent: RecentTrajectories) -> Task:  # noqa: ARG001
    motion = motions.motion(request.flow)
    if motion.dynamics.is_stochastic:
        raise ValueError(f"A grid is warped by a flow without noise, not by {request.flow.dynamics.title}.")
    grid = _square_grid(request.half, request.lines, request.points)
    done = 0
    for state in simulate_in_tiles(
        motion.dynamics, motion.solver, grid, motion.times, tile=_tile(request.flow)
    ):
        if state is not None:
            require_near(state, request.flow, done)
            result.write(done, state.numpy())
            done += 1
        yield done / request.shape[0]


def _square_grid(half: float, lines: int, points: int) -> Tensor:
    """Lines across from below, then lines up from the left."""
    along, level = torch.linspace(-half, half, points), torch.linspace(-half, half, lines)
    across = torch.cartesian_prod(level, along).flip(1)
    return torch.cat([across, across.flip(1)])
