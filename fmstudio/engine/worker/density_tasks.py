"""How each density is had, and maps of what a density and a field do to each other: one row a method.

Generators as in ``engine.worker.tasks``: they write rows in the request's order, and yield the part that is
done.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from operator import attrgetter

import numpy as np
import torch
from torch import Tensor

from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.motion import duration_of
from fmstudio.engine.buffers import ResultArray
from fmstudio.engine.messages import DensityRequest, FieldRequest, Grid, Row, TrajectoriesRequest
from fmstudio.engine.requests import FOKKER_PLANCK_CELLS
from fmstudio.engine.worker import build, motions
from fmstudio.engine.worker.particles import RecentTrajectories, Task, simulated
from fmstudio.flows.closed_forms.kernels import grid_points
from fmstudio.flows.learning.likelihood import (
    ExactTrace,
    FlowState,
    HutchinsonTrace,
    LogProb,
    Trace,
    flow_states,
)
from fmstudio.flows.measures.densities import Balance, balance, kde_on_grid
from fmstudio.flows.motion.fokker_planck import solve_fokker_planck
from fmstudio.flows.motion.solvers import RK4

FLOW_STEPS = 16
"""Runge-Kutta steps over [0, 1] backward from the grid: an error of about 1% of the largest density."""
TILE = 2048
SLICES = 6
"""Pieces into which the time between two rows is cut, so that a slice of the march stays short."""
DRAWS = 4096
"""Points by which the extent of a law is judged."""
ROOM = 1.15
"""Half a grid in units of the farthest of these points."""
LAST_NAIVE = 0.97
"""The naive average grows without bound towards t = 1; from here on it stays as it is."""


def axes(grid: Grid) -> tuple[Tensor, Tensor]:
    """(nx,) and (ny,)."""
    return torch.from_numpy(grid.xs), torch.from_numpy(grid.ys)


# ---- given, or of particles ----------------------------------------------------------------------------


def _exact(request: DensityRequest, result: ResultArray, _recent: RecentTrajectories) -> Task:
    if request.law is not None:
        return _density_of_process(request, request.law, result)
    return _density_of_ends(request, result)


def _density_of_ends(request: DensityRequest, result: ResultArray) -> Task:
    exact = build.marginal(request.problem)
    xs, ys = axes(request.grid)
    for row, index in enumerate(request.order):
        result.write(row, exact.density_on_grid(xs, ys, request.times[index]).numpy())
        yield (row + 1) / len(request.times)


def _density_of_process(request: DensityRequest, spec: m.FreeProcess, result: ResultArray) -> Task:
    exact = motions.law(spec, request.problem)
    xs, ys = axes(request.grid)
    for row, index in enumerate(request.order):
        at = request.times[index] * duration_of(spec)
        result.write(row, exact.density_on_grid(xs, ys, at).numpy())
        yield (row + 1) / len(request.times)


def _kde(request: DensityRequest, result: ResultArray, recent: RecentTrajectories) -> Task:
    particles = request.trajectories
    assert particles is not None
    states = yield from simulated(particles, recent, 0.0)
    blend = not particles.dynamics.is_noisy
    points = states
    yield from _smoothed(request, result, lambda t: torch.from_numpy(_state_at(points, t, blend)))


def _smoothed(request: DensityRequest, result: ResultArray, points_at: Callable[[float], Tensor]) -> Task:
    xs, ys = axes(request.grid)
    for row, index in enumerate(request.order):
        result.write(row, kde_on_grid(points_at(request.times[index]), xs, ys).numpy())
        yield (row + 1) / len(request.times)


def _state_at(states: Row, t: float, blend: bool) -> Row:
    """The particles at a part ``t`` of the way, as they are drawn: between two states of an ODE, at the
    nearer state of an SDE (whose path is not straight in between)."""
    place = t * (len(states) - 1)
    if not blend:
        return np.array(states[round(place)])
    left = min(int(place), len(states) - 2)
    weight = np.float32(place - left)
    return np.asarray((1 - weight) * states[left] + weight * states[left + 1], np.float32)


# ---- by the divergence along the flow ------------------------------------------------------------------


def _likelihood(
    trace: Trace, request: DensityRequest, result: ResultArray, _recent: RecentTrajectories
) -> Task:
    """log p_t(x) = log p_0(x_0) - int div u dt, backward from every point of the grid (Khungurn 2024, eq 2-3;
    Liao et al. 2024)."""
    field = build.field(request.problem, request.learned)
    initial = build.initial_log_prob(request.problem, request.learned)
    tiles = torch.split(grid_points(*axes(request.grid)).reshape(-1, 2), TILE)
    for row, index in enumerate(request.order):
        times = _backward(request.times[index])
        values = []
        for number, tile in enumerate(tiles):
            end = FlowState(tile, torch.zeros_like(tile[:, 0]))
            signs = torch.Generator().manual_seed(number)
            for state in flow_states(field, tile, times, RK4(), trace, signs) if times else ():
                end = state
                yield (row + number / len(tiles)) / len(request.times)
            values.append(initial(end.x) + end.log_det)
        p = torch.cat(values).exp().nan_to_num(0.0, 0.0, 0.0)
        result.write(row, p.reshape(request.grid.ny, request.grid.nx).numpy())
        yield (row + 1) / len(request.times)


def _backward(t: float) -> list[float]:
    """Times from t down to 0; none for t = 0."""
    steps = max(4, round(FLOW_STEPS * t))
    return [t * (1 - k / steps) for k in range(steps + 1)] if t > 0 else []


# ---- Fokker-Planck -------------------------------------------------------------------------------------


def _fokker_planck(request: DensityRequest, result: ResultArray, _recent: RecentTrajectories) -> Task:
    """d_t p = -div(p b) + sigma^2/2 lap p of a motion, from the law of its starting points (6.S184 notes, Thm
    2.4)."""
    assert request.trajectories is not None
    motion = motions.motion(request.trajectories)
    xs, ys = axes(_domain(request.grid, request.trajectories, motion.start))
    start = _start(request.trajectories)(grid_points(xs, ys).reshape(-1, 2))
    p = start.exp().reshape(len(ys), len(xs))
    rows, steady = len(request.times), request.trajectories.dynamics.is_autonomous
    moments = _moments([t * motion.times[-1] for t in request.times])
    diffusion: Callable[[float], float] = lambda t: float(motion.dynamics.diffusion(t))  # noqa: E731
    solution = solve_fokker_planck(p, xs, ys, motion.dynamics.drift, diffusion, moments, steady)
    for count, p in enumerate(solution):
        if count % SLICES == 0:
            result.write(count // SLICES, _resampled(p, xs, ys, request.grid).numpy())
        yield (count // SLICES + 1) / rows if count else 1e-3


def _moments(times: list[float]) -> list[float]:
    """All times, and those between that cut the march into slices."""
    cuts = [a + (b - a) * k / SLICES for a, b in pairwise(times) for k in range(SLICES)]
    return [*cuts, times[-1]]


def _start(request: TrajectoriesRequest) -> LogProb:
    """log p_0 of the motion: a process starts from a law as it is, all others from p_0."""
    if request.dynamics.is_process:
        return build.distribution(
            request.problem.source if request.dynamics.follows_source else request.problem.target
        ).log_prob
    return build.initial_log_prob(request.problem, request.learned)


def _domain(grid: Grid, request: TrajectoriesRequest, start: Tensor) -> Grid:
    """A rectangle around what is seen, where the particles start and what they head for."""
    target = build.distribution(request.problem.target).sample(DRAWS, torch.Generator().manual_seed(0))
    reach = ROOM * torch.cat([start[:DRAWS], target]).abs().amax(0)
    half_x = max(abs(grid.cx) + grid.half_x, float(reach[0]))
    half_y = max(abs(grid.cy) + grid.half_y, float(reach[1]))
    return Grid(0.0, 0.0, half_x, half_y, FOKKER_PLANCK_CELLS, FOKKER_PLANCK_CELLS)


def _resampled(p: Tensor, xs: Tensor, ys: Tensor, grid: Grid) -> Tensor:
    """The part of ``p`` that ``grid`` covers, by cubic interpolation."""
    gx, gy = axes(grid)
    at = grid_points(2 * (gx - xs[0]) / (xs[-1] - xs[0]) - 1, 2 * (gy - ys[0]) / (ys[-1] - ys[0]) - 1)
    seen = torch.nn.functional.grid_sample(p[None, None], at[None], mode="bicubic", align_corners=True)
    return seen[0, 0].clamp_min(0)


# ---- maps ----------------------------------------------------------------------------------------------


Picked = Callable[[Balance], Tensor]
"""Which of both sides, or of what is between them, is shown."""


def _balance(
    picked: Picked, request: DensityRequest, result: ResultArray, _recent: RecentTrajectories
) -> Task:
    """Both sides of the continuity equation, from the exact p_t in float64: a centred difference in t,
    differences of fourth order in x (Khungurn 2024, App A; 6.S184 notes, Thm 2.2)."""
    exact = build.marginal(request.problem)
    learned = request.learned
    velocity = None
    if learned is not None:
        velocity = build.field(request.problem, learned).velocity
    xs, ys = axes(request.grid)
    for row, index in enumerate(request.order):
        sides = balance(exact, xs, ys, request.times[index], velocity=velocity)
        result.write(row, picked(sides).float().numpy())
        yield (row + 1) / len(request.times)


def _residual(sides: Balance) -> Tensor:
    """As a part of the largest rate."""
    return sides.residual / sides.rate.abs().max().clamp_min(1e-12)


Velocity = Callable[[Tensor, float], Tensor]


def _error(
    other: Callable[[DensityRequest], Velocity],
    request: DensityRequest,
    result: ResultArray,
    _recent: RecentTrajectories,
) -> Task:
    """|v - u| for the learned field or the naive average v, over the root mean square of u, and faded by the
    root of p_t over its top."""
    exact = build.marginal(request.problem)
    xs, ys = axes(request.grid)
    points = grid_points(xs, ys).reshape(-1, 2)
    field = other(request)
    for row, index in enumerate(request.order):
        t = request.times[index]
        values = exact.on_grid(xs, ys, t)
        gap = (field(points, t).reshape(values.velocity.shape) - values.velocity).norm(dim=-1)
        seen = (values.density / values.density.max().clamp_min(1e-30)).sqrt()
        energy = (values.density * values.velocity.square().sum(-1)).sum() / values.density.sum()
        result.write(row, (gap * seen / energy.sqrt().clamp_min(1e-6)).numpy())
        yield (row + 1) / len(request.times)


def _learned_velocity(request: DensityRequest) -> Velocity:
    if request.learned is None:
        raise ValueError("An error map needs a learned field: train a model.")
    return build.field(request.problem, request.learned).velocity


def naive_average(request: DensityRequest | FieldRequest) -> Velocity:
    """The mean of the conditional fields over p_data (“Vector fields” post)."""
    path, mean = (
        build.probability_path(request.problem.path),
        build.distribution(request.problem.target).mean(),
    )
    return lambda x, t: path.naive_average(x, mean, min(t, LAST_NAIVE))


METHODS: dict[DensityMethod, Callable[[DensityRequest, ResultArray, RecentTrajectories], Task]] = {
    DensityMethod.EXACT: _exact,
    DensityMethod.KDE: _kde,
    DensityMethod.LIKELIHOOD: partial(_likelihood, ExactTrace()),
    DensityMethod.LIKELIHOOD_HUTCHINSON: partial(_likelihood, HutchinsonTrace()),
    DensityMethod.FOKKER_PLANCK: _fokker_planck,
    DensityMethod.TIME_DERIVATIVE: partial(_balance, attrgetter("rate")),
    DensityMethod.MINUS_DIVERGENCE: partial(_balance, attrgetter("inflow")),
    DensityMethod.RESIDUAL: partial(_balance, _residual),
    DensityMethod.ERROR: partial(_error, _learned_velocity),
    DensityMethod.NAIVE_ERROR: partial(_error, naive_average),
}
