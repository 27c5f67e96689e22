"""Training the velocity network: Adam with a cosine decay to 0, one yield per optimiser step.

A step is one hand-written backward pass and one Adam update on the flat vector. What is published in
``network.flat`` is the running average of the weights; as the rate decays to 0, so does the difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import tee
from operator import itemgetter
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.learning.batches import Batches, BatchSource, Field, Problem
from fmstudio.flows.learning.flow_and_score import FlowAndScore
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.objectives import FLOW_MATCHING, Regression
from fmstudio.flows.learning.reflow import PairPool
from fmstudio.flows.paths.couplings import Coupling
from fmstudio.flows.paths.distributions import Distribution
from fmstudio.flows.paths.schedules import Schedule
from fmstudio.flows.paths.way_noise import NO_NOISE, WayNoise

AVERAGING = 0.99
"""Decay of the running average of the weights; shorter in the first steps."""


class TrainingDiverged(RuntimeError):
    """The loss or the weights ceased to be finite; the sentence says what to do."""


@final
@dataclass(frozen=True)
class TrainingStep:
    """Step counts from 1; ``loss`` is the batch's, before the step."""

    step: int
    loss: float


def train(
    source: Distribution,
    target: Distribution,
    schedule: Schedule,
    coupling: Coupling | PairPool,
    network: MLP | FlowAndScore,
    *,
    objective: Regression = FLOW_MATCHING,
    way: WayNoise = NO_NOISE,
    exact: Field | None = None,
    steps: int = 4000,
    batch_size: int = 256,
    learning_rate: float = 1e-2,
    generator: torch.Generator | None = None,
    first_step: int = 0,
) -> Iterator[TrainingStep]:
    """Trains ``network`` in place, on its own device. ``first_step`` > 0 goes on from there: the network
    keeps its normalisation and the rate its place on the cosine. ``way`` is the noise between the ends, from
    which a score is learned too, where the network has one; ``exact`` is the field u_t(x), (n, 2) at times
    (n,), that ``EXACT_FIELD`` is taught by, if the ends are not independent.

    The losses are those of the velocity. Raises ValueError for steps, batch_size or learning_rate out of
    range, NoClosedForm for ``EXACT_FIELD`` without a closed form, and TrainingDiverged once a loss is not
    finite (the network then holds the last finite average).
    """
    plan = Plan(steps, batch_size, learning_rate, first_step)
    generator = generator or torch.Generator().manual_seed(0)
    problem = Problem(source, target, schedule, coupling, objective, way, exact)
    flow, score = (network.flow, network.score) if isinstance(network, FlowAndScore) else (network, None)
    batches = BatchSource(problem, flow, batch_size, generator, score)
    if first_step == 0:
        batches.normalise()
    return _side_by_side([flow] if score is None else [flow, score], batches, plan)


@final
@dataclass(frozen=True)
class Plan:
    """The optimiser's run. Raises ValueError, naming the argument, for one out of range."""

    steps: int
    batch: int
    rate: float
    first: int = 0
    warm_up: int = 0
    """Steps over which the rate rises from 0: likelihoods have cliffs beside their start."""

    def __post_init__(self) -> None:
        if self.steps < 1 or not 0 <= self.first < self.steps:
            raise ValueError(
                f"steps must be at least 1 and above first_step, got {self.steps} and {self.first}"
            )
        if self.batch < 2:
            raise ValueError(f"batch_size must be at least 2, got {self.batch}")
        if not 0 < self.rate < math.inf:
            raise ValueError(f"learning_rate must be a positive number, got {self.rate}")

    def rate_at(self, step: int) -> float:
        """The cosine from ``rate`` at step 0 to 0 at the end, after the warm-up."""
        rise = min(1.0, (step + 1) / (self.warm_up + 1))
        return 0.5 * self.rate * rise * (1 + math.cos(math.pi * step / self.steps))

    def require_finite(self, loss: float, step: int) -> None:
        """Raises TrainingDiverged unless the loss of that step is a finite number."""
        if not math.isfinite(loss):
            raise TrainingDiverged(
                f"Training diverged at step {step + 1}: the loss is no longer a finite number. "
                f"Lower the learning rate (it is {self.rate:g}; try {self.rate / 5:g})."
            )


Slopes = Generator[tuple[float, Tensor], None, None]
"""The loss of a batch and its gradient at the weights as they are then, batch by batch."""


def descend(
    trained: Tensor, plan: Plan, slopes: Callable[[Tensor], Slopes]
) -> Generator[TrainingStep, None, None]:
    """The one training loop: Adam moves weights down their ``slopes``, and ``trained`` follows as their
    running average. Raises TrainingDiverged once the loss is not finite."""
    weights = trained.clone()
    optimiser = Adam(weights)
    with closing(slopes(weights)) as found:
        for step, (loss, gradient) in zip(range(plan.first, plan.steps), found, strict=False):
            plan.require_finite(loss, step)
            optimiser.step(gradient, plan.rate_at(step))
            average_into(trained, weights, step + 1 - plan.first)
            yield TrainingStep(step + 1, loss)


def differentiated(
    loss_of: Callable[[Tensor], tuple[Tensor, Tensor]], longest: float = math.inf
) -> Callable[[Tensor], Slopes]:
    """The slopes of a loss by autograd, cut to the length ``longest``. ``loss_of(weights)`` draws a batch and
    answers with the loss that is told and the one that is descended."""

    def slopes(weights: Tensor) -> Slopes:
        leaf = weights.detach().requires_grad_()  # of the same storage, which Adam moves
        while True:
            with torch.enable_grad():
                told, descended = loss_of(leaf)
                (gradient,) = torch.autograd.grad(descended, leaf)
            yield float(told.detach()), gradient if longest == math.inf else clipped(gradient, longest)

    return slopes


def clipped(gradient: Tensor, longest: float) -> Tensor:
    """The gradient, shortened to ``longest`` where it is longer."""
    return torch.div(gradient, (gradient.norm() / longest).clamp_min(1.0))


def _side_by_side(networks: list[MLP], batches: BatchSource, plan: Plan) -> Iterator[TrainingStep]:
    """Each learns from its own part of the same draws, step by step; the first one's losses are told."""
    blocks = tee(batches.blocks(plan.steps - plan.first), len(networks))
    parts = (map(itemgetter(k), each) for k, each in enumerate(blocks))
    with ExitStack() as stack:
        stack.enter_context(closing(batches))
        runs = [
            stack.enter_context(closing(descend(network.trained, plan, _regressed(network, part, plan))))
            for network, part in zip(networks, parts, strict=True)
        ]
        for steps in zip(*runs, strict=True):
            yield steps[0]


def _regressed(network: MLP, blocks: Iterator[Batches], plan: Plan) -> Callable[[Tensor], Slopes]:
    """The slopes of a regression, by the network's own backward pass."""

    def slopes(weights: Tensor) -> Slopes:
        gradient = torch.zeros_like(weights)
        backward = network.backward_pass(weights, gradient, plan.batch)
        for block in blocks:
            for inputs, y, w in zip(block.inputs, block.y, block.w, strict=True):
                yield float(backward(inputs, y, w)), gradient

    return slopes


def average_into(average: Tensor, weights: Tensor, done: int) -> None:
    """The running average after ``done`` steps: exponential, over a tenth of the steps at first."""
    average.lerp_(weights, 1 - min(AVERAGING, done / (done + 10)))


@final
class Adam:
    """Kingma & Ba 2015 on one flat vector: weights -= rate m / (sqrt v + 1e-8), with m and v corrected for
    their start at 0, by the fused kernel of torch.optim.Adam (whose own bookkeeping takes longer)."""

    def __init__(self, weights: Tensor, decay: tuple[float, float] = (0.9, 0.999)) -> None:
        self._weights, self._decay = weights, decay
        self._mean, self._square = torch.zeros_like(weights), torch.zeros_like(weights)
        self._count = torch.zeros((), device=weights.device)

    def step(self, gradient: Tensor, rate: float) -> None:
        """Moves the weights in place."""
        self._count += 1
        torch._fused_adam_(
            [self._weights],
            [gradient],
            [self._mean],
            [self._square],
            [],
            [self._count],
            lr=rate,
            beta1=self._decay[0],
            beta2=self._decay[1],
            weight_decay=0.0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )
