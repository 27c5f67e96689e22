"""How each request is carried out: generators that write rows, and yield the part that is done.

Each ``next`` is a slice of some milliseconds (a tile of particles, a row of a density); after it the loop may
turn to something else, or drop the task. Runs on the loop's thread, without gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.distribution import StandardNormalSpec
from fmstudio.document.specs.dynamics import FreeProcess
from fmstudio.document.specs.motion import duration_of
from fmstudio.engine.buffers import ResultArray
from fmstudio.engine.messages import (
    DensityRequest,
    DropsRequest,
    FieldErrorRequest,
    FieldRequest,
    GradientsRequest,
    Grid,
    LabelsRequest,
    LogDensityRequest,
    OneStepRequest,
    PairsRequest,
    ProbeRequest,
    Request,
    SamplesRequest,
    TrajectoriesRequest,
    W2Request,
    WarpRequest,
)
from fmstudio.engine.worker import build, density_tasks, motions
from fmstudio.engine.worker.density_tasks import METHODS, axes
from fmstudio.engine.worker.drop_task import passing
from fmstudio.engine.worker.gradient_tasks import gradients
from fmstudio.engine.worker.one_step_task import one_step
from fmstudio.engine.worker.particles import (
    RecentTrajectories,
    Task,
    coupled,
    simulated,
    trajectories,
    warped,
)
from fmstudio.engine.worker.probe_task import probe
from fmstudio.flows.motion.simulate import TILE

WAIT_SECONDS = 0.004


def start(request: Request, result: ResultArray, recent: RecentTrajectories) -> Task:
    """The task that fills ``result``."""
    return _TASKS[type(request)](request, result, recent)


# ---- densities ---------------------------------------------------------------------------------------


def density(request: DensityRequest, result: ResultArray, recent: RecentTrajectories) -> Task:
    return METHODS[request.method](request, result, recent)


# ---- fields ------------------------------------------------------------------------------------------


def arrows(request: FieldRequest, result: ResultArray, recent: RecentTrajectories) -> Task:  # noqa: ARG001
    if request.law is not None:
        return _drift_arrows(request, request.law, result)
    if request.quantity is Quantity.NAIVE_AVERAGE:
        return _naive_arrows(request, result)
    if request.learned is None and request.guide is None:
        return _exact_arrows(request, result)
    return _field_arrows(request, result)


def _drift_arrows(request: FieldRequest, spec: FreeProcess, result: ResultArray) -> Task:
    process = motions.process(spec, request.problem.path)
    points = _points(request.grid)
    for row, index in enumerate(request.order):
        drift = process.drift(points, request.times[index] * duration_of(spec))
        result.write(row, drift.numpy().reshape(request.shape[1:]))
        yield (row + 1) / len(request.times)


def _exact_arrows(request: FieldRequest, result: ResultArray) -> Task:
    exact = build.marginal(request.problem)
    xs, ys = axes(request.grid)
    for row, index in enumerate(request.order):
        values = exact.on_grid(xs, ys, request.times[index])
        wanted = {
            Quantity.VELOCITY: values.velocity,
            Quantity.SCORE: values.score,
            Quantity.FLUX: values.density[..., None] * values.velocity,
        }[request.quantity]
        masked = None if request.quantity is Quantity.FLUX else values.has_mass
        result.write(row, _with_mass(wanted, masked).numpy())
        yield (row + 1) / len(request.times)


def _with_mass(field: Tensor, has_mass: Tensor | None) -> Tensor:
    """(ny, nx, 2) with NaN where p_t has no mass: what a closed form tells there is no particle's field."""
    return field if has_mass is None else torch.where(has_mass[..., None], field, torch.nan)


def _naive_arrows(request: FieldRequest, result: ResultArray) -> Task:
    naive = density_tasks.naive_average(request)
    points = _points(request.grid)
    for row, index in enumerate(request.order):
        result.write(row, naive(points, request.times[index]).numpy().reshape(request.shape[1:]))
        yield (row + 1) / len(request.times)


def _field_arrows(request: FieldRequest, result: ResultArray) -> Task:
    """Of a learned or a guided field, point by point."""
    field = build.field(request.problem, request.learned, request.guide)
    points = _points(request.grid)
    ask = field.score if request.quantity is Quantity.SCORE else field.velocity
    is_flux, of_ends = request.quantity is Quantity.FLUX, request.learned is None
    exact = build.marginal(request.problem) if is_flux or of_ends else None
    for row, index in enumerate(request.order):
        t = request.times[index]
        values = None if exact is None else exact.on_grid(*axes(request.grid), t)
        found = ask(points, t).reshape(request.shape[1:])
        if values is not None:
            found = values.density[..., None] * found if is_flux else _with_mass(found, values.has_mass)
        result.write(row, found.numpy())
        yield (row + 1) / len(request.times)


def _points(grid: Grid) -> Tensor:
    """All points of the grid, row by row."""
    xs, ys = axes(grid)
    return torch.cartesian_prod(ys, xs).flip(1)


# ---- samples and measures ----------------------------------------------------------------------------


def samples(request: SamplesRequest, result: ResultArray, recent: RecentTrajectories) -> Task:  # noqa: ARG001
    generator = torch.Generator().manual_seed(request.seed)
    result.write(0, build.distribution(request.distribution).sample(request.n, generator).numpy())
    yield 1.0


def wasserstein(request: W2Request, result: ResultArray, recent: RecentTrajectories) -> Task:
    # POT takes longer to load than all else but torch, and the first picture does not need it.
    from fmstudio.flows.measures.metrics import path_energy, straightness, w2

    states = yield from simulated(request.trajectories, recent, 0.8)
    n = min(request.n, request.trajectories.simulation.particles)
    target = build.distribution(request.trajectories.problem.target)
    generator = torch.Generator().manual_seed(request.trajectories.simulation.start_seed)
    fresh, again, other = (target.sample(n, generator) for _ in range(3))
    ways = torch.from_numpy(np.array(states[:, :n]))
    parts = torch.linspace(0, 1, len(ways), dtype=torch.float64)
    with ThreadPoolExecutor(1, "engine-transport") as pool:
        # An assignment of 1000 points takes 0.1 s and cannot be left half-way, but it frees the interpreter.
        futures = [pool.submit(w2, ways[-1], fresh), pool.submit(w2, again, other)]
        while wait(futures, WAIT_SECONDS).not_done:
            yield 0.9
        distances = [future.result() for future in futures]
    figures = (*distances, path_energy(ways, parts), straightness(ways, parts))
    result.write(0, np.array(figures, np.float32))
    yield 1.0


def field_error(request: FieldErrorRequest, result: ResultArray, recent: RecentTrajectories) -> Task:  # noqa: ARG001
    learned = request.learned
    exact = build.marginal(learned.problem)
    field = build.field(learned.problem, learned)
    for row, t in enumerate(request.times):
        x = exact.sample(request.n, t, torch.Generator().manual_seed(row))
        gap = field.velocity(x, t) - exact.velocity(x, t)
        result.write(row, np.array([float(gap.square().sum(1).mean())], np.float32))
        yield (row + 1) / len(request.times)


def labels(request: LabelsRequest, result: ResultArray, recent: RecentTrajectories) -> Task:
    moving = request.trajectories
    classifier = build.exact_classifier(moving.problem)
    states = yield from simulated(moving, recent, 0.9)
    ends = torch.split(torch.from_numpy(np.array(states[-1])), TILE)
    found = []
    for tile in ends:
        found.append(classifier.log_prob(tile, 1.0).argmax(1))
        yield 0.9 + 0.1 * len(found) / (len(ends) + 1)
    result.write(0, torch.cat(found).float().numpy())
    yield 1.0


def log_density(request: LogDensityRequest, result: ResultArray, recent: RecentTrajectories) -> Task:
    moving = request.trajectories
    states = yield from simulated(moving, recent, 0.5)
    ask, steps = _law_of(moving), moving.simulation.steps
    for number, state in enumerate(states):
        tiles = torch.split(torch.from_numpy(np.array(state)), TILE)
        found = []
        for tile in tiles:
            found.append(ask(tile, number / steps))
            yield 0.5 + 0.5 * number / (steps + 1)
        result.write(number, torch.cat(found).float().numpy())
    yield 1.0


def _law_of(moving: TrajectoriesRequest) -> Callable[[torch.Tensor, float], torch.Tensor]:
    """log p of what moves, at parts of its way."""
    dynamics = moving.dynamics
    if dynamics.is_process:
        law, end = motions.law(dynamics, moving.problem), duration_of(dynamics)
        return lambda x, part: law.log_prob(x, part * end)
    if dynamics.is_steady:
        p_data = build.marginal(replace(moving.problem, source=StandardNormalSpec()))
        return lambda x, _part: p_data.log_prob(x, 1.0)
    return build.marginal(moving.problem).log_prob


_TASKS: dict[type, Callable[[Any, ResultArray, RecentTrajectories], Task]] = {
    TrajectoriesRequest: trajectories,
    DensityRequest: density,
    FieldRequest: arrows,
    SamplesRequest: samples,
    PairsRequest: coupled,
    ProbeRequest: probe,
    DropsRequest: passing,
    WarpRequest: warped,
    W2Request: wasserstein,
    FieldErrorRequest: field_error,
    LabelsRequest: labels,
    LogDensityRequest: log_density,
    GradientsRequest: gradients,
    OneStepRequest: one_step,
}
