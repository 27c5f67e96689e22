"""What a hovering pointer asks: everything that is known at one place and time. Runs in the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from fmstudio.document.specs.distribution import StandardNormalSpec
from fmstudio.document.specs.motion import duration_of
from fmstudio.engine.buffers import ResultArray
from fmstudio.engine.messages import ProbeRequest
from fmstudio.engine.requests import PULLS
from fmstudio.engine.worker import build, motions

DENSITY, VELOCITY, SCORE, DIVERGENCE, MEAN, DRIFT = 0, slice(1, 3), slice(3, 5), 5, slice(6, 8), slice(8, 10)
SCALES, NOISE = slice(10, 12), 12
"""Where each stands in the first row."""


def probe(request: ProbeRequest, result: ResultArray, recent: object) -> Iterator[float]:  # noqa: ARG001
    """One slice."""
    rows = np.full(request.shape, np.nan, np.float32)
    x, dynamics = torch.tensor([request.x]), request.moving.dynamics
    if dynamics.is_process:
        _tell_process(request, x, rows)
    elif dynamics.moved_by == "score":
        _tell_sampler(request, x, rows)
    else:
        _tell_path(request, x, rows)
    if dynamics.by_equation:  # else each runs between its own ends
        own_time = request.t * duration_of(dynamics)
        moved_by = motions.dynamics_of(request.moving)
        rows[0, DRIFT] = moved_by.drift(x, own_time)[0].numpy()
        if dynamics.is_noisy:
            rows[0, NOISE] = float(moved_by.diffusion(own_time))
    if dynamics.mixes_ends and request.moving.problem.coupling.is_independent:
        along = build.schedule(request.moving.problem.path)
        rows[0, SCALES] = float(along.alpha(request.t)), float(along.beta(request.t))
    for number, row in enumerate(rows):
        result.write(number, row)
    yield 1.0


def _tell_process(request: ProbeRequest, x: Tensor, rows: np.ndarray) -> None:
    """p of the process."""
    moving = request.moving
    assert moving.dynamics.is_process
    law = motions.law(moving.dynamics, moving.problem)
    rows[0, DENSITY] = float(law.log_prob(x, request.t * duration_of(moving.dynamics)).exp())


def _tell_sampler(request: ProbeRequest, x: Tensor, rows: np.ndarray) -> None:
    """The density that is sampled and its score: p_data itself, or p_t on its way there."""
    moving = request.moving
    steady = moving.dynamics.is_steady
    problem, t = moving.problem, request.t
    if steady:
        problem, t = replace(problem, source=StandardNormalSpec()), 1.0
    exact = build.marginal(problem)
    rows[0, DENSITY] = float(exact.log_prob(x, t).exp())
    if request.tells_score:
        field = build.field(problem, None if steady else moving.learned)
        rows[0, SCORE] = field.score(x, t)[0].numpy()


def _tell_path(request: ProbeRequest, x: Tensor, rows: np.ndarray) -> None:
    """p_t, the field of the path, and whose pull it is."""
    moving, t = request.moving, request.t
    exact = build.marginal(moving.problem)
    rows[0, DENSITY] = float(exact.log_prob(x, t).exp())
    pull = exact.pull(x[0], t, PULLS)
    named = torch.cat([pull.points, pull.weights[:, None], pull.velocities], 1)
    rows[1 : 1 + len(named), :5] = named.numpy()
    field = build.field(moving.problem, moving.learned)
    rows[0, VELOCITY] = field.velocity(x, t)[0].numpy()
    rows[0, DIVERGENCE] = float(field.divergence(x, t)[0])
    if moving.learned is None or request.tells_score:
        rows[0, SCORE] = field.score(x, t)[0].numpy()
        rows[0, MEAN] = field.data(x, t)[0].numpy()
