"""How far two gradients agree, batch size by batch size. Runs on the loop's thread."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from fmstudio.engine.buffers import ResultArray
from fmstudio.engine.messages import GradientsRequest, TrainRequest
from fmstudio.engine.worker import build, learning
from fmstudio.engine.worker.particles import RecentTrajectories
from fmstudio.flows.learning.gradients import TwoGradients, two_gradients
from fmstudio.flows.learning.networks import MLP

TILE = 2048
"""Pairs whose gradients are computed at once: a slice of some milliseconds."""
DRAWS = 32_768
MOST_BATCHES = 64
"""Small batches are averaged over so many, large ones over what ``DRAWS`` pairs give."""
TRAINING_SHARE = 0.2


def gradients(request: GradientsRequest, result: ResultArray, recent: RecentTrajectories) -> Iterator[float]:  # noqa: ARG001
    source, target = build.ends(request.problem)
    schedule = build.schedule(request.problem.path)
    asked = TrainRequest(request.problem, request.model, request.training)
    network = learning.model_for(asked)
    if not isinstance(network, MLP) or network.labels:
        raise ValueError("The two gradients are those of an unconditional velocity network.")
    for step in learning.steps_of(asked, network):
        done = step.step if step is not None else 0
        yield TRAINING_SHARE * done / request.training.total_steps
    generator = torch.Generator().manual_seed(request.training.seed + 1)
    for row, n in enumerate(request.batches):
        found = []
        for _ in range(max(2, min(MOST_BATCHES, DRAWS // n))):
            parts = []
            for size in _tiles(n):
                parts.append(two_gradients(source, target, schedule, network, size, generator))
                yield TRAINING_SHARE + (1 - TRAINING_SHARE) * row / len(request.batches)
            both = _joined(parts)
            found.append((both.cosine, both.ratio))
        result.write(row, np.mean(np.array(found, np.float32), 0))
    yield 1.0


def _tiles(n: int) -> list[int]:
    """``n`` in equal parts of about a tile."""
    parts = -(-n // TILE)
    return [n // parts + (k < n % parts) for k in range(parts)]


def _joined(parts: list[TwoGradients]) -> TwoGradients:
    """Of one batch, from those of its parts."""
    both = ([p.flow_matching for p in parts], [p.conditional for p in parts])
    return TwoGradients(*(torch.stack(gradients).mean(0) for gradients in both))
