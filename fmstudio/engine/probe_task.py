"""What a hovering pointer asks: everything that is known at one place and time. Runs in the engine."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from fmstudio.engine import build
from fmstudio.engine.buffers import ResultArray
from fmstudio.engine.messages import ProbeRequest
from fmstudio.engine.requests import PULLS
from fmstudio.flows.posterior import Marginal, NoClosedForm


def probe(request: ProbeRequest, result: ResultArray, recent: object) -> Iterator[float]:  # noqa: ARG001
    """One slice. Raises NoClosedForm where there is neither a closed form nor a network."""
    rows = np.full(request.shape, np.nan, np.float32)
    x = torch.tensor([request.x])
    exact = _closed_form(request)
    if exact is not None:
        rows[0, 0] = float(exact.log_prob(x, request.t).exp())
        pull = exact.pull(x[0], request.t, PULLS)
        named = torch.cat([pull.points, pull.weights[:, None], pull.velocities], 1)
        rows[1 : 1 + len(named), :5] = named.numpy()
    rows[0, 1:] = _of_field(request, x).numpy()
    for number, row in enumerate(rows):
        result.write(number, row)
    yield 1.0


def _closed_form(request: ProbeRequest) -> Marginal | None:
    """None only where a network stands in."""
    try:
        return build.marginal(request.source, request.target, request.path)
    except NoClosedForm:
        if request.learned is None:
            raise
        return None


def _of_field(request: ProbeRequest, x: Tensor) -> Tensor:
    """Velocity, score, divergence and posterior mean, (7,)."""
    field = build.field(request.source, request.target, request.path, request.learned)
    t = request.t
    unknown = torch.full_like(x, torch.nan)
    told = request.learned is None or request.tells_score
    score, mean = (field.score(x, t), field.data(x, t)) if told else (unknown, unknown)
    return torch.cat([field.velocity(x, t)[0], score[0], field.divergence(x, t), mean[0]])
