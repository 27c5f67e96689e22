"""What a request asks, apart from where and when it is looked at; and how far its answer has come. Pure."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass, replace
from typing import Any

from fmstudio.document.arrays import FrozenArray
from fmstudio.engine.client import Job, JobState
from fmstudio.engine.messages import (
    DensityRequest,
    DropsRequest,
    FieldRequest,
    Grid,
    LearnedModel,
    ProbeRequest,
    Request,
    TrajectoriesRequest,
    WarpRequest,
)
from fmstudio.studio.results import nearest_row

NEAR_ROWS, NEAR_ROWS_OF_SLOW = 2.5, 1.0
"""While moments are filled in from the one that was looked at, time may run ahead so far."""
_ANYWHERE = Grid(0.0, 0.0, 1.0, 1.0, 2, 2)
_NO_WEIGHTS = FrozenArray(())


def question(request: Request) -> Request:
    """The request, without the part of the plane that is looked at: after a zoom the picture that stands is
    still one of what is asked."""
    if isinstance(request, DensityRequest | FieldRequest):
        return replace(request, grid=_ANYWHERE)
    return request


def lineage(request: Request) -> Request:
    """The question, whatever snapshot of a model answers it, and whatever places are pointed at."""
    asked: Request = _without_weights(question(request))
    if isinstance(asked, DropsRequest):
        return replace(asked, drops=())
    return replace(asked, x=(0.0, 0.0), t=0.0) if isinstance(asked, ProbeRequest) else asked


def is_slow(request: object) -> bool:
    """Nothing waits for it."""
    return isinstance(request, DensityRequest) and request.method.facts.is_slow


def snapshot_of(request: Request) -> LearnedModel | None:
    """The network that a request is about."""
    for name in ("learned", "trajectories", "moving", "flow"):
        part = getattr(request, name, None)
        if isinstance(part, LearnedModel):
            return part
        if isinstance(part, TrajectoriesRequest) and part.learned is not None:
            return part.learned
    return None


def _without_weights(value: Any) -> Any:
    """The same value with the weights of all networks in it left out."""
    if isinstance(value, LearnedModel):
        return replace(value, parameters=_NO_WEIGHTS, step=0)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    old = {f.name: getattr(value, f.name) for f in fields(value)}
    new = {name: _without_weights(part) for name, part in old.items()}
    changed = {name: part for name, part in new.items() if part is not old[name]}
    return replace(value, **changed) if changed else value


def has_come_to(job: Job, t: float) -> bool:
    """Whether the rows around t are there; of what has no time, all rows. Never of what failed."""
    rows, ready, request = job.result.shape[0], job.result.ready, job.request
    if job.state is JobState.FAILED or not rows or not ready:
        return False
    if ready == rows:
        return True
    if isinstance(request, TrajectoriesRequest | WarpRequest):
        return ready > math.ceil(t * (rows - 1) - 1e-9)
    if isinstance(request, DensityRequest | FieldRequest):
        near = nearest_row(job, round(t * (rows - 1)))
        far = NEAR_ROWS_OF_SLOW if is_slow(request) else NEAR_ROWS
        return near is not None and abs(near - t * (rows - 1)) <= far
    return False
