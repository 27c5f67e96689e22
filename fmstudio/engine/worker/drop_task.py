"""What a click asks: where a particle that is dropped somewhere goes, and where it came from. Runs in the
engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from fmstudio.document.specs.motion import substeps_of
from fmstudio.engine.buffers import ResultArray
from fmstudio.engine.messages import DropsRequest
from fmstudio.engine.requests import drop_row
from fmstudio.engine.worker import build, motions
from fmstudio.engine.worker.particles import FAR_AWAY
from fmstudio.flows.motion import passing as ways
from fmstudio.flows.motion.resolution import pull_of_score
from fmstudio.flows.motion.simulate import FrozenNoise
from fmstudio.flows.motion.solvers import EulerMaruyama, Solver

GENTLY = 1 / 3
"""A step back in time goes no further of the way that the score pulls: it starts where p_t is narrowest."""
PARTS_OF_PROCESS = 4


def passing(request: DropsRequest, result: ResultArray, recent: object) -> Iterator[float]:  # noqa: ARG001
    """One slice an interval of the solver, there and back; then all rows."""
    motion, steps = motions.motion(request.moving), request.moving.simulation.steps
    own = [_own_time(drop.t, steps, motion.times) for drop in request.drops for _ in range(request.ways)]
    x = torch.tensor([(drop.x, drop.y) for drop in request.drops for _ in range(request.ways)])
    ahead = ways.onward(
        motion.dynamics,
        motion.solver,
        _draws(request, motion.solver, 0) if motion.solver.is_stochastic else None,
        substeps_of(request.moving.dynamics),
    )
    future, past = [], []
    for state in ways.sweep(ahead, x, own, motion.times):
        future.append(state)
        yield 0.5 * len(future) / (steps + 1)
    if request.tells_past:
        for state in ways.sweep(_back(request, motion), x, own, motion.times[::-1]):
            past.append(state)
            yield 0.5 + 0.45 * len(past) / (steps + 1)
    unknown = [torch.full_like(x, torch.nan)] * (steps + 1)
    _write(request, x, torch.stack(past[::-1] or unknown), torch.stack(future), result)
    yield 1.0


def _own_time(t: float, steps: int, times: tuple[float, ...]) -> float:
    """By the motion's clock; that of a solver state exactly, if it is one."""
    row = drop_row(t, steps)
    return times[row] if abs(t * steps - row) < 1e-6 else times[-1] * t


def _draws(request: DropsRequest, solver: Solver, which: int) -> ways.Draws:
    """The normals of a step: the same for every particle that is dropped, however many are."""
    seed = request.moving.simulation.noise_seed + which
    noise = FrozenNoise(torch.Generator().manual_seed(seed))

    def draw(step: int, n: int) -> Tensor:
        own = noise.draw(step, request.ways, solver.noise_columns(2), 2)
        return own.repeat(n // request.ways, 1)

    return draw


def _back(request: DropsRequest, motion: motions.Motion) -> ways.Step:
    """The flow taken back or, under noise, the reversal of time."""
    moving = request.moving
    if moving.dynamics.is_flow:
        return ways.backward(motion.dynamics, motion.solver)
    return ways.back_in_time(
        motion.dynamics, _score(request), _draws(request, EulerMaruyama(), 1), _parts(request, motion)
    )


def _score(request: DropsRequest) -> ways.Score:
    moving = request.moving
    if moving.dynamics.is_process:
        return motions.law(moving.dynamics, moving.problem).score
    return build.field(moving.problem, moving.learned).score


def _parts(request: DropsRequest, motion: motions.Motion) -> Callable[[float, float], int]:
    along, ends = motion.dynamics.along, build.ends(request.moving.problem)
    widths = (ends[0].narrowest, ends[1].narrowest)

    def parts(t: float, after: float) -> int:
        if along is None or along[1] is None:
            return PARTS_OF_PROCESS
        pull = pull_of_score(along[0], along[1], widths, torch.tensor([t, after], dtype=torch.float64)).max()
        needed = math.ceil(float(pull) * (after - t) / GENTLY)
        return min(ways.MOST_PARTS, max(1, needed))

    return parts


def _write(request: DropsRequest, x: Tensor, past: Tensor, future: Tensor, result: ResultArray) -> None:
    """Row by row: what was before the particle's own time, where it was dropped, what comes after."""
    steps, own = request.moving.simulation.steps, x[None]
    for number, drop in enumerate(request.drops):
        rows = slice(number * request.ways, (number + 1) * request.ways)
        row = drop_row(drop.t, steps)
        way = torch.cat([past[:row, rows], own[:, rows], future[row:, rows]])
        way = torch.where(way.abs() < FAR_AWAY, way, torch.nan)
        result.write(number, np.ascontiguousarray(way.transpose(0, 1).numpy(), np.float32))
