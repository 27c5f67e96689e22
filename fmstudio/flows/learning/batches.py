"""Regression problems for the network: coupled draws, times, and what F should answer there.

Data for many steps are drawn and normalised at once; drawing them step by step would cost more than training.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.normalisation import Normalisation, PairMoments, space_features
from fmstudio.flows.learning.objectives import FLOW_MATCHING, Regression
from fmstudio.flows.learning.reflow import PairPool
from fmstudio.flows.paths.assignment import WarmAssignment
from fmstudio.flows.paths.couplings import Coupling, ExactOT, Independent
from fmstudio.flows.paths.distributions import Distribution, normals
from fmstudio.flows.paths.labels import split_by_label
from fmstudio.flows.paths.schedules import Schedule
from fmstudio.flows.paths.way_noise import NO_NOISE, WayNoise

MOMENT_DRAWS = 4096
REFERENCE_DRAWS = 512

_LIGHT_ROWS = 8192
_HEAVY_ROWS = 1024
"""Rows that are drawn at once: fewer where a pairing or an exact field takes milliseconds a batch, so that
whoever drives the training is never held up for long."""

Field = Callable[[Tensor, Tensor], Tensor]
Drawn = Callable[[], tuple[Tensor, Tensor, Tensor]]


@final
@dataclass(frozen=True)
class Problem:
    """What is to be learned: x_t = alpha z + beta x_0 + gamma W on coupled draws, and the target of each.
    Pairs are drawn apart and coupled batch by batch, or drawn as pairs from a pool."""

    source: Distribution
    target: Distribution
    schedule: Schedule
    coupling: Coupling | PairPool
    objective: Regression = FLOW_MATCHING
    way: WayNoise = NO_NOISE
    exact: Field | None = None
    """u_t(x_t) of these ends, where the objective is taught by it; by default that of independent ends"""
    label_dropout: float = 0.1
    """How often a conditional network is shown no label (classifier-free guidance: Ho & Salimans 2022)."""


@final
@dataclass(frozen=True)
class Draws:
    """Pairs (n, 2), places on their way (n, 2) at times (n, 1), and the velocity and score that are asked
    there: batch by batch, one below the other."""

    x_0: Tensor
    z: Tensor
    x_t: Tensor
    t: Tensor
    velocity: Tensor
    score: Tensor | None
    labels: Tensor


@final
@dataclass(frozen=True)
class Batches:
    """Regression problems for F, for k steps, turned: inputs (k, SPACE + TIME + labels + 1, n), the last row
    1, y and w (k, 2, n)."""

    inputs: Tensor
    y: Tensor
    w: Tensor


@final
class BatchSource:
    """Draws batches of a problem for a network of the velocity, whose normalisation it uses; and, of the same
    draws, for one of the score, if there is one."""

    def __init__(
        self,
        problem: Problem,
        network: MLP,
        batch: int,
        generator: torch.Generator,
        score: MLP | None = None,
    ) -> None:
        """Raises NoClosedForm where the exact field has no closed form, ValueError for a conditional network
        with another than the independent coupling or onto the exact field, and for a score without noise on
        the way."""
        if score is not None and not problem.way.spread:
            raise ValueError("a score is learned from the noise on the way, and there is none")
        if network.labels and (problem.objective.onto_field or not isinstance(problem.coupling, Independent)):
            raise ValueError("a conditional network trains on independent pairs, by cfm or dsm")
        if network.labels and network.labels != (found := len(split_by_label(problem.target)[0])):
            raise ValueError(f"the network knows {network.labels} labels, the target has {found}")
        self.problem = problem
        self._network, self._score = network, score
        self._batch = batch
        self._generator = generator
        self._exact = _exact_field(problem)
        self._warm = _warm_assignment(problem, generator)
        self._pool = ThreadPoolExecutor(1, "pairing")
        light = isinstance(problem.coupling, Independent | PairPool) and self._exact is None
        self._block = max(1, (_LIGHT_ROWS if light else _HEAVY_ROWS) // batch)

    def normalise(self) -> None:
        """Fits the network's normalisation to the moments of coupled draws."""
        moments = PairMoments.of(*self._pairs(max(1, MOMENT_DRAWS // self._batch))()[:2])
        schedule, way = self.problem.schedule, self.problem.way
        self._network.normalise(Normalisation.of(schedule, moments, way))
        if self._score is not None:
            self._score.normalise(Normalisation.of_score(schedule, moments, way))

    def close(self) -> None:
        """Ends the thread that searches for pairs, if there is one."""
        self._pool.shutdown(cancel_futures=True)

    def blocks(self, steps: int) -> Iterator[tuple[Batches, ...]]:
        """Batches for ``steps`` steps, for each network, as many at once as are worth drawing at once. Where
        pairs are searched for, those of the next block are while one is trained on."""
        return map(self.problems, self.draws(steps))

    def draws(self, steps: int) -> Iterator[Draws]:
        """What ``blocks`` are made of."""
        sizes = (min(self._block, steps - first) for first in range(0, steps, self._block))
        ahead: deque[Drawn] = deque()
        for count in sizes:
            ahead.append(self._pairs(count))
            if len(ahead) > (self._warm is not None):
                yield self._draws(*ahead.popleft()())
        while ahead:
            yield self._draws(*ahead.popleft()())

    def draw(self, count: int) -> Batches:
        """``count`` batches, for the velocity."""
        return self.problems(self._draws(*self._pairs(count)()))[0]

    @torch.no_grad()
    def problems(self, draws: Draws) -> tuple[Batches, ...]:
        """Of what was drawn, for each network."""
        problem = self.problem
        weight = problem.objective.weight_on(problem.schedule, draws.t, problem.way)
        found = [self._residuals(self._network, draws, draws.velocity, weight)]
        if self._score is not None:
            assert draws.score is not None
            weight = problem.way.variance(draws.t)
            found.append(self._residuals(self._score, draws, draws.score, weight))
        return tuple(found)

    @torch.no_grad()
    def _draws(self, x_0: Tensor, z: Tensor, labels: Tensor) -> Draws:
        """Times are stratified: t_i = frac(i / n + u), one u a batch; each is uniform, together they are
        even."""
        like = self._network.flat
        x_0, z, labels = (p.to(like) for p in (x_0, z, labels))
        t = self._times(len(x_0) // self._batch).to(like)
        schedule, way, score = self.problem.schedule, self.problem.way, None
        x_t = schedule.alpha(t) * z + schedule.beta(t) * x_0
        velocity = schedule.dalpha(t) * z + schedule.dbeta(t) * x_0
        if way.spread:
            noise = normals(tuple(x_0.shape), self._generator, like)
            gamma = way.variance(t).sqrt()
            x_t = x_t + gamma * noise
            velocity = velocity + way.speed(t) * noise
            score = -noise / gamma.clamp_min(1e-6)
        if self._exact is not None:
            velocity = self._exact(x_t, t[:, 0])
        return Draws(x_0, z, x_t, t, velocity, score, labels)

    def _residuals(self, network: MLP, draws: Draws, answer: Tensor, weight: Tensor) -> Batches:
        """What the linear predictor leaves of the answer, in units of out_t, and its weight."""
        at, x_t = network.coefficients(draws.t), draws.x_t
        y = (answer - at.offset - at.skip * (x_t - at.centre)) / at.out
        w = weight * at.out.square()
        space = space_features(((x_t - at.centre) / at.scale).t())
        inputs = torch.cat([space, at.features.t(), draws.labels.t(), torch.ones_like(space[:1])])
        return Batches(*(self._split(a, len(x_t) // self._batch) for a in (inputs, y.t(), w.t())))

    def _split(self, rows: Tensor, count: int) -> Tensor:
        """(count, rows, batch) of (rows, count * batch)."""
        return rows.reshape(len(rows), count, self._batch).transpose(0, 1).contiguous()

    def _times(self, count: int) -> Tensor:
        shift = torch.rand(count, 1, generator=self._generator, device=self._generator.device)
        even = torch.arange(self._batch, device=shift.device) / self._batch
        return (even + shift).remainder(1.0).view(-1, 1)

    def _pairs(self, count: int) -> Drawn:
        """(x_0, z), (count * batch, 2) each, coupled batch by batch, and z's labels as the network sees them:
        (count * batch, labels). What is random is drawn now, what takes a search may be waited for."""
        n, coupling = count * self._batch, self.problem.coupling
        if isinstance(coupling, PairPool):
            pairs = coupling.draw(n, self._generator)
            return lambda: (*pairs, torch.empty(n, 0))
        x_0 = self.problem.source.sample(n, self._generator)
        z, label = self.problem.target.sample_labelled(n, self._generator)
        if isinstance(coupling, Independent):
            labels = self._one_hot(label)
            return lambda: (x_0, z, labels)
        coupled = self._coupled(coupling, torch.split(x_0, self._batch), torch.split(z, self._batch))
        return lambda: (x_0, torch.cat(coupled()), x_0.new_empty(n, 0))

    def _coupled(
        self, coupling: Coupling, x_0: Sequence[Tensor], z: Sequence[Tensor]
    ) -> Callable[[], list[Tensor]]:
        """z of each batch in the order of its x_0."""
        if self._warm is None:
            found = [coupling.pair(a, b, self._generator)[1] for a, b in zip(x_0, z, strict=True)]
            return lambda: found
        searches = self._warm.permutations(x_0, z, self._pool)
        return lambda: [b[torch.as_tensor(k.result())] for b, k in zip(z, searches, strict=True)]

    def _one_hot(self, label: Tensor) -> Tensor:
        """(n, labels): 1 for the label, or nothing at all where it is dropped; (n, 0) if unconditional."""
        labels = self._network.labels
        if labels == 0:
            return torch.empty(len(label), 0)
        u = torch.rand(len(label), 1, generator=self._generator, device=self._generator.device)
        return torch.nn.functional.one_hot(label, labels) * (u >= self.problem.label_dropout).to(label.device)


def _exact_field(problem: Problem) -> Field | None:
    if not problem.objective.onto_field:
        return None
    return problem.exact or marginal(problem.source, problem.target, problem.schedule).velocity


def _warm_assignment(problem: Problem, generator: torch.Generator) -> WarmAssignment | None:
    """Exact OT starts warm, since all batches are of the same two laws."""
    if not isinstance(problem.coupling, ExactOT):
        return None
    return WarmAssignment(
        *(law.sample(REFERENCE_DRAWS, generator) for law in (problem.source, problem.target))
    )
