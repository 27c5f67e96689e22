"""One step of a training, told number by number. Runs in the engine.

It is the step that a training would take next: from the same weights, on the same draws, by the same
optimiser (whose moments start afresh, as whenever a training goes on). It is taken on a copy.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from fmstudio.document.specs.training import Fitted
from fmstudio.engine.buffers import ResultArray
from fmstudio.engine.messages import OneStepRequest, TrainRequest
from fmstudio.engine.requests import WAY_POINTS
from fmstudio.engine.worker import build, learning
from fmstudio.flows.learning.batches import Batches, BatchSource, Draws
from fmstudio.flows.learning.flow_and_score import FlowAndScore
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.training import Plan
from fmstudio.flows.motion.fields import LearnedField

GOLDEN = 0.381966
"""The times of a batch are in order: pairs that are so far apart in it have times that differ."""


def one_step(request: OneStepRequest, result: ResultArray, recent: object) -> Iterator[float]:  # noqa: ARG001
    """Three slices: the draws, the step, the telling."""
    asked = TrainRequest(request.problem, request.model, request.training, request.learned)
    before, after = (learning.model_for(asked) for _ in range(2))
    regresses = request.training.objective.facts.regresses and not request.training.reflow
    if not isinstance(before, MLP | FlowAndScore) or not regresses:
        raise ValueError("Only a regression on pairs, without reflow, takes steps of this kind.")
    first, last = learning.span(asked)
    plan = Plan(last, request.training.batch_size, request.training.learning_rate, first)
    batches = learning.batches_of(asked, before)
    draws = next(batches.draws(last - first))
    batches.close()
    yield 0.3
    next(step for step in learning.steps_of(asked, after) if step is not None)
    yield 0.8
    assert isinstance(after, MLP | FlowAndScore)
    networks = [_flow(model) for model in (before, after)]
    of_batch = _losses(batches, draws, networks, plan.batch)
    told = [*_of_pair(request, batches, draws, networks), of_batch, (plan.rate_at(first), _moved(before))]
    rows = torch.cat([torch.tensor(told), *_ways(batches, draws, _index(request, draws))])
    for number, row in enumerate(rows.numpy()):
        result.write(number, row)
    yield 1.0


def _flow(model: MLP | FlowAndScore) -> MLP:
    return model.flow if isinstance(model, FlowAndScore) else model


def _moved(model: MLP | FlowAndScore) -> float:
    """The numbers that a step changes."""
    networks = [model.flow, model.score] if isinstance(model, FlowAndScore) else [model]
    return sum(network.trained.numel() for network in networks)


def _index(request: OneStepRequest, draws: Draws) -> int:
    """Which of the batch is told of: first one that is half-way."""
    size = request.training.batch_size
    half_way = int((draws.t[:size, 0] - 0.5).abs().argmin())
    return round(half_way + request.pair * GOLDEN * size) % size


def _losses(batches: BatchSource, draws: Draws, networks: list[MLP], size: int) -> tuple[float, float]:
    """Of the first batch, by each network."""
    block: Batches = batches.problems(draws)[0]
    found = []
    for network in networks:
        loss = network.backward_pass(network.trained, torch.zeros_like(network.trained), size)
        found.append(float(loss(block.inputs[0], block.y[0], block.w[0])))
    return found[0], found[1]


def _of_pair(
    request: OneStepRequest, batches: BatchSource, draws: Draws, networks: list[MLP]
) -> Iterator[tuple[float, float]]:
    """x_0, z, x_t, what is asked, the two answers, and (t, weight)."""
    index = _index(request, draws)
    one = slice(index, index + 1)
    x_t, t, labels = draws.x_t[one], draws.t[one], draws.labels[one]
    is_noise = request.training.objective.facts.fits is Fitted.NOISE
    schedule, problem = build.schedule(request.problem.path), batches.problem
    asked = draws.x_0[one] if is_noise else draws.velocity[one]
    yield from map(_pair, (draws.x_0[one], draws.z[one], x_t, asked))
    for network in networks:
        plain = network.given(int(labels.argmax()) if labels.any() else None) if network.labels else network
        field = LearnedField(plain, schedule)
        yield _pair(field.noise(x_t, float(t)) if is_noise else field.velocity(x_t, float(t)))
    weight = 1.0 if is_noise else float(problem.objective.weight_on(schedule, t, problem.way))
    yield float(t), weight


def _pair(row: Tensor) -> tuple[float, float]:
    x, y = row[0].tolist()
    return x, y


def _ways(batches: BatchSource, draws: Draws, index: int) -> Iterator[Tensor]:
    """(alpha, beta) at the pair's time, and alpha z + beta x_0 from t = 0 to 1."""
    schedule, z, x_0 = batches.problem.schedule, draws.z[index], draws.x_0[index]
    times = torch.cat([draws.t[index], torch.linspace(0, 1, WAY_POINTS)])[:, None]
    alpha, beta = schedule.alpha(times), schedule.beta(times)
    yield torch.cat([alpha, beta], 1)[:1]
    yield (alpha * z + beta * x_0)[1:]
