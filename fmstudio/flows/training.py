"""Training the velocity network: Adam with a cosine decay to 0, one yield per optimiser step.

Data for many steps are drawn, coupled and normalised at once; a step is then one hand-written backward pass
and one Adam update on the flat vector. What is published in ``network.flat`` is the running average of the
weights (the last average is the result: as the rate decays to 0, so does the difference).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.couplings import Coupling
from fmstudio.flows.distributions import Distribution
from fmstudio.flows.networks import MLP, BackwardPass, Coefficients, Normalisation, PairMoments
from fmstudio.flows.objectives import Objective, residual_weight
from fmstudio.flows.posterior import Marginal, marginal
from fmstudio.flows.schedules import Schedule

AVERAGING = 0.99
"""Decay of the running average of the weights; shorter in the first steps."""
MOMENT_DRAWS = 4096
_BLOCK_ROWS = 8192


class TrainingDiverged(RuntimeError):
    """The loss or the weights ceased to be finite; the sentence says what to do."""


@final
@dataclass(frozen=True)
class TrainingStep:
    """Step counts from 1; ``loss`` is the batch's, before the step."""

    step: int
    loss: float


@final
@dataclass(frozen=True)
class Batches:
    """Regression problems for F, for several steps: inputs (k, n, 2 + FEATURES), y and w (k, n, 2)."""

    inputs: Tensor
    y: Tensor
    w: Tensor


@final
@dataclass(frozen=True)
class Problem:
    """What is to be learned: x_t = alpha z + beta x_0 on coupled draws, and the target of each."""

    source: Distribution
    target: Distribution
    schedule: Schedule
    coupling: Coupling
    objective: Objective = "cfm"

    def exact(self) -> Marginal | None:
        """The closed form that the ``exact`` objective needs. Raises NoClosedForm where there is none."""
        if self.objective != "exact":
            return None
        return marginal(self.source, self.target, self.schedule)

    def pairs(self, steps: int, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """(x_0, z), (steps * batch, 2) each, coupled batch by batch."""
        x_0 = self.source.sample(steps * batch, generator)
        z = self.target.sample(steps * batch, generator)
        coupled = [
            self.coupling.pair(a, b, generator)
            for a, b in zip(torch.split(x_0, batch), torch.split(z, batch), strict=True)
        ]
        return torch.cat([a for a, _ in coupled]), torch.cat([b for _, b in coupled])


def train(
    source: Distribution,
    target: Distribution,
    schedule: Schedule,
    coupling: Coupling,
    network: MLP,
    *,
    objective: Objective = "cfm",
    steps: int = 4000,
    batch_size: int = 256,
    learning_rate: float = 1e-2,
    generator: torch.Generator | None = None,
    first_step: int = 0,
) -> Iterator[TrainingStep]:
    """Trains ``network`` in place, on its own device. ``first_step`` > 0 goes on from there: the network
    keeps its normalisation and the rate its place on the cosine.

    Raises ValueError for steps, batch_size or learning_rate out of range, NoClosedForm for ``exact`` without
    a closed form, and TrainingDiverged once a loss is not finite (the network then holds the last finite
    average).
    """
    _check(steps, batch_size, learning_rate, first_step)
    generator = generator or torch.Generator().manual_seed(0)
    problem = Problem(source, target, schedule, coupling, objective)
    exact = problem.exact()
    if first_step == 0:
        _normalise(network, problem, batch_size, generator)
    return _run(network, problem, exact, _Plan(steps, batch_size, learning_rate, first_step), generator)


@final
@dataclass(frozen=True)
class _Plan:
    steps: int
    batch: int
    rate: float
    first: int

    def rate_at(self, step: int) -> float:
        """The cosine from ``rate`` at step 0 to 0 at the end."""
        return 0.5 * self.rate * (1 + math.cos(math.pi * step / self.steps))


def _check(steps: int, batch_size: int, learning_rate: float, first_step: int) -> None:
    if steps < 1 or not 0 <= first_step < steps:
        raise ValueError(f"steps must be at least 1 and above first_step, got {steps} and {first_step}")
    if batch_size < 2:
        raise ValueError(f"batch_size must be at least 2, got {batch_size}")
    if not 0 < learning_rate < math.inf:
        raise ValueError(f"learning_rate must be a positive number, got {learning_rate}")


def _normalise(network: MLP, problem: Problem, batch: int, generator: torch.Generator) -> None:
    batches = max(1, MOMENT_DRAWS // batch)
    x_0, z = problem.pairs(batches, batch, generator)
    network.normalise(Normalisation.of(problem.schedule, PairMoments.of(x_0, z)))


def _run(
    network: MLP, problem: Problem, exact: Marginal | None, plan: _Plan, generator: torch.Generator
) -> Iterator[TrainingStep]:
    weights = network.trained.clone()
    optimiser = Adam(weights)
    backward = BackwardPass(network, weights, plan.batch)
    step = plan.first
    while step < plan.steps:
        count = min(max(1, _BLOCK_ROWS // plan.batch), plan.steps - step)
        block = draw_batches(problem, network, exact, count, plan.batch, generator)
        for inputs, y, w in zip(block.inputs, block.y, block.w, strict=True):
            loss = float(backward(inputs, y, w))
            if not math.isfinite(loss):
                raise TrainingDiverged(_advice(step, plan.rate))
            optimiser.step(backward.gradient, plan.rate_at(step))
            step += 1
            done = step - plan.first
            network.trained.lerp_(weights, 1 - min(AVERAGING, done / (done + 10)))
            yield TrainingStep(step, loss)


def _advice(step: int, rate: float) -> str:
    return (
        f"Training diverged at step {step + 1}: the loss is no longer a finite number. "
        f"Lower the learning rate (it is {rate:g}; try {rate / 5:g})."
    )


@torch.no_grad()
def draw_batches(
    problem: Problem,
    network: MLP,
    exact: Marginal | None,
    count: int,
    batch: int,
    generator: torch.Generator,
) -> Batches:
    """``count`` batches as regression problems for F: the residual of the velocity target in units of out_t.
    Times are stratified: t_i = frac(i / n + u), one u a batch, uniform each and evenly spread together."""
    like = network.flat
    x_0, z = (p.to(like) for p in problem.pairs(count, batch, generator))
    shift = torch.rand(count, 1, generator=generator, device=generator.device).to(like)
    t = (torch.arange(batch, device=like.device, dtype=like.dtype) / batch + shift).remainder(1.0).view(-1, 1)
    schedule = problem.schedule
    x_t = schedule.alpha(t) * z + schedule.beta(t) * x_0
    if exact is None:
        velocity = schedule.dalpha(t) * z + schedule.dbeta(t) * x_0
    else:
        velocity = exact.velocity(x_t, t[:, 0])
    at = network.coefficients(t)
    y = (velocity - at.offset - at.skip * (x_t - at.centre)) / at.out
    w = residual_weight(schedule, t, problem.objective) * at.out.square()
    inputs = network_inputs(x_t, at)
    return Batches(*(a.view(count, batch, -1) for a in (inputs, y, w)))


def network_inputs(x: Tensor, at: Coefficients) -> Tensor:
    """(n, DIMENSION + FEATURES): what F sees."""
    return torch.cat([(x - at.centre) / at.scale, at.features], dim=1)


@final
class Adam:
    """Kingma & Ba 2015 on one flat vector."""

    def __init__(self, weights: Tensor, decay: tuple[float, float] = (0.9, 0.999)) -> None:
        self._weights = weights
        self._decay = decay
        self._mean = torch.zeros_like(weights)
        self._square = torch.zeros_like(weights)
        self._scale = torch.empty_like(weights)
        self._count = 0

    @torch.no_grad()
    def step(self, gradient: Tensor, rate: float) -> None:
        """weights -= rate m / (sqrt v + 1e-8), with m and v corrected for their start at 0."""
        self._count += 1
        first, second = self._decay
        self._mean.lerp_(gradient, 1 - first)
        self._square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        correction = math.sqrt(1 - second**self._count)
        torch.sqrt(self._square, out=self._scale).add_(1e-8 * correction)
        self._weights.addcdiv_(self._mean, self._scale, value=-rate * correction / (1 - first**self._count))
