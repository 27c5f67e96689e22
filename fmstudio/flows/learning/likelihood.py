"""Log-densities of continuous normalizing flows, and training by maximum likelihood.

d log p_t(x_t)/dt = -div u_t(x_t) along the flow (Khungurn 2024, eq 2-3; Liao et al. 2024), so

    log p_t(x_t) = log p_0(x_0) - int_0^t div u_s(x_s) ds,

for any sample by integrating x and the divergence backward from it.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol, final, runtime_checkable

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.normalisation import DIMENSION, Normalisation, PairMoments
from fmstudio.flows.learning.training import Plan, TrainingStep, descend, differentiated
from fmstudio.flows.motion.dynamics import Dynamics
from fmstudio.flows.motion.fields import Divergent, Field, LearnedField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import Solver
from fmstudio.flows.paths.distributions import Distribution, GaussianMixture
from fmstudio.flows.paths.schedules import CondOT, Schedule, Time

RESOLVED = 0.4
"""A midpoint step h is trusted while h times the norm of the velocity's Jacobian stays below."""
STIFFNESS = 100.0
LONGEST = 5.0
"""Longer gradients are cut to it."""
ROUND_TRIP = 0.02
"""How far there and back in 50 steps may miss, in units of the source's width."""

LogProb = Callable[[Tensor], Tensor]


# ---- the divergence ----------------------------------------------------------------------------------


class Trace(ABC):
    """How the divergence, the trace of the velocity's Jacobian, is had; ``probes``: by random directions."""

    probes: ClassVar[bool]

    @abstractmethod
    def of(self, field: Field, x: Tensor, t: Time, probe: Tensor) -> tuple[Tensor, Tensor]:
        """u (n, 2) and div u (n,) or an unbiased estimate by the ``probe`` (n, 2), entries +-1; (n, 0) where
        none is used."""


@final
class ExactTrace(Trace):
    """The sum of the diagonal: two forward tangents of a network, the closed form of an exact field."""

    probes: ClassVar[bool] = False

    def of(self, field: Field, x: Tensor, t: Time, probe: Tensor) -> tuple[Tensor, Tensor]:
        del probe
        network = _velocity_network(field)
        if isinstance(network, Divergent):
            return network.velocity_and_divergence(x, torch.as_tensor(t))
        return field.velocity(x, t), field.divergence(x, t)


@runtime_checkable
class Sloped(Protocol):
    """A network that knows its directional derivatives."""

    def velocity_and_slopes(self, x: Tensor, t: Time, directions: Tensor) -> tuple[Tensor, Tensor]: ...


@final
class HutchinsonTrace(Trace):
    """e . (J e) for a random e of independent signs, drawn once a particle: unbiased, one tangent instead of
    d (Liao et al. 2024; Grathwohl et al. 2019). In the plane it saves nothing that its noise would be worth:
    it is here to be seen. Of an exact field J e is a centred difference."""

    probes: ClassVar[bool] = True
    step: ClassVar[float] = 1e-3

    def of(self, field: Field, x: Tensor, t: Time, probe: Tensor) -> tuple[Tensor, Tensor]:
        network = _velocity_network(field)
        if isinstance(network, Sloped):
            velocity, slopes = network.velocity_and_slopes(x, t, probe[None])
            return velocity, (slopes[0] * probe).sum(1)
        ahead, behind = (field.velocity(x + h * probe, t) for h in (self.step, -self.step))
        return field.velocity(x, t), ((ahead - behind) * probe).sum(1) / (2 * self.step)


def _velocity_network(field: Field) -> object:
    """The network whose answer is the velocity itself, or None."""
    return field.network if isinstance(field, LearnedField) and field.predicts == "velocity" else None


# ---- along the flow ----------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class FlowState:
    """Where particles are, and log |det dx / dx_start| of the flow that brought them there."""

    x: Tensor
    log_det: Tensor


@final
@dataclass(frozen=True)
class _Augmented(Dynamics):
    """The flow on rows (x, log det, probe if any): d log det / dt = div u; the probe stays."""

    field: Field
    trace: Trace
    is_stochastic: ClassVar[bool] = False

    def stride(self, t: float, after: float) -> tuple[Dynamics, float, float]:
        field, curve = self.field.on_curve()
        start = curve.of(t)
        return _Augmented(field, self.trace), start, curve.of(after) - start

    def drift(self, x: Tensor, t: Time) -> Tensor:
        place, probe = x[:, :DIMENSION], x[:, DIMENSION + 1 :]
        velocity, divergence = self.trace.of(self.field, place, t, probe)
        return torch.cat([velocity, divergence[:, None], torch.zeros_like(probe)], dim=1)

    def diffusion(self, t: Time) -> Tensor:  # noqa: ARG002
        return torch.zeros((), dtype=torch.float64)


@final
class _LeanMidpoint(Solver):
    """``Midpoint`` on the augmented flow, without the divergence at a step's start, which it never uses."""

    name: ClassVar[str] = "midpoint"
    order: ClassVar[int] = 2
    is_stochastic: ClassVar[bool] = False

    def step(self, dynamics: Dynamics, x: Tensor, t: float, dt: float, noise: Tensor | None) -> Tensor:  # noqa: ARG002
        if not isinstance(dynamics, _Augmented):
            raise TypeError(f"the lean midpoint rule is for augmented flows, got {type(dynamics).__name__}")
        middle = x.clone()
        middle[:, :DIMENSION].add_(dynamics.field.velocity(x[:, :DIMENSION], t), alpha=dt / 2)
        return torch.add(x, dynamics.drift(middle, t + dt / 2), alpha=dt)


def flow_states(
    field: Field,
    x: Tensor,
    times: list[float],
    solver: Solver | None = None,
    trace: Trace | None = None,
    generator: torch.Generator | None = None,
) -> Iterator[FlowState]:
    """The flow through ``times``, rising or falling, with its log-determinant; the first state is x, 0.
    ``generator`` (or seed 0) draws the probes of ``HutchinsonTrace``. Midpoint and exact by default."""
    trace = trace or ExactTrace()
    start = torch.cat([x, torch.zeros_like(x[:, :1])], dim=1)
    if trace.probes:
        generator = generator or torch.Generator().manual_seed(0)
        signs = torch.randint(0, 2, x.shape, generator=generator, device=generator.device)
        start = torch.cat([start, (2 * signs - 1).to(x)], dim=1)
    dynamics = _Augmented(field, trace)
    for state in simulate(dynamics, _LeanMidpoint() if solver is None else solver, start, times):
        yield FlowState(state[:, :DIMENSION], state[:, DIMENSION])


def log_density(
    field: Field,
    initial: LogProb,
    x: Tensor,
    *,
    t: float = 1.0,
    steps: int = 50,
    solver: Solver | None = None,
    trace: Trace | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """log p_t(x), (n,), of the flow that starts from p_0 = exp ``initial``, by integrating backward from x.
    At t = 0 ``initial`` itself. Raises ValueError for t outside [0, 1] or steps < 1."""
    if not 0 <= t <= 1:
        raise ValueError(f"t must lie in [0, 1], got {t}")
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    if t == 0:
        return initial(x)
    times = [t * (1 - k / steps) for k in range(steps + 1)]
    *_, start = flow_states(field, x, times, solver, trace, generator)
    return initial(start.x) + start.log_det


def initial_log_prob(source: Distribution, schedule: Schedule, target: Distribution | None = None) -> LogProb:
    """log p_0 where simulations start: the law of alpha_0 z + beta_0 x_0 (without a target of beta_0 x_0).

    Where the source has an edge, the way back of a point that set out inside may end just outside, by the
    error of the two solvers: up to ``ROUND_TRIP`` of its width counts as on the edge. Farther out the density
    is 0, and its logarithm -inf, as it should be.

    Raises NoClosedForm where alpha_0 is not 0 and these ends have no closed form."""
    if target is not None and float(schedule.alpha(0.0)) > 0:
        p_0 = marginal(source, target, schedule)
        return lambda x: p_0.log_prob(x, 0.0)
    scale = schedule.source_scale
    return lambda x: (
        source.log_prob(source.onto_support(x / scale, ROUND_TRIP)) - x.shape[1] * math.log(scale)
    )


# ---- maximum likelihood ------------------------------------------------------------------------------


def entropy(target: Distribution, generator: torch.Generator, n: int = 20_000) -> float:
    """-E log p(z), by ``n`` draws: the floor of the mean negative log-likelihood of any model."""
    return -float(target.log_prob(target.sample(n, generator)).mean())


def train_by_likelihood(
    source: Distribution,
    target: Distribution,
    network: MLP,
    *,
    steps: int = 500,
    batch_size: int = 256,
    learning_rate: float = 5e-3,
    generator: torch.Generator | None = None,
    first_step: int = 0,
    flow_steps: int = 10,
    hutchinson: bool = False,
) -> Iterator[TrainingStep]:
    """Trains a CNF in place by maximum likelihood (Liao et al. 2024): the loss is the mean of -log p_1(z), in
    nats, through ``flow_steps`` midpoint steps backward from the data, differentiated as they are.

    Raises ValueError for a source that is not Gaussian (its log-density must be smooth) and for a run out of
    range, TrainingDiverged once the loss is not finite.
    """
    source = require_gaussian(source)
    if flow_steps < 1:
        raise ValueError(f"flow_steps must be at least 1, got {flow_steps}")
    plan = Plan(steps, batch_size, learning_rate, first_step, warm_up=20)
    generator = generator or torch.Generator().manual_seed(0)
    if first_step == 0:
        pairs = source.sample(4096, generator), target.sample(4096, generator)
        network.normalise(Normalisation.of(CondOT(), PairMoments.of(*pairs)))
    unrolled = _Unrolled(network, source, flow_steps, hutchinson, generator)
    return maximise(target, network.trained, plan, unrolled.negative_log_likelihood, generator)


def require_gaussian(source: Distribution) -> GaussianMixture:
    """Raises ValueError for a source whose log-density is not smooth."""
    if not isinstance(source, GaussianMixture):
        raise ValueError(f"maximum likelihood needs a Gaussian source, got a {source.name}")
    return source


def maximise(
    target: Distribution,
    trained: Tensor,
    plan: Plan,
    negative_log_likelihood: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    generator: torch.Generator,
) -> Iterator[TrainingStep]:
    """Trains by maximum likelihood on draws z of the target. ``negative_log_likelihood(weights, z)`` answers
    with its mean and with a barrier that is 0 where the model may go. Steps are short: a likelihood has
    cliffs."""

    def loss_of(weights: Tensor) -> tuple[Tensor, Tensor]:
        loss, barrier = negative_log_likelihood(weights, target.sample(plan.batch, generator).to(trained))
        return loss, loss + barrier

    return descend(trained, plan, differentiated(loss_of, longest=LONGEST))


@final
@dataclass(frozen=True)
class _Unrolled:
    """A midpoint rule from t = 1 to 0 whose divergence is taken at the midpoints only."""

    network: MLP
    source: GaussianMixture
    steps: int
    hutchinson: bool
    generator: torch.Generator

    def negative_log_likelihood(self, weights: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """-mean log p_1(z), and a barrier against flows that these steps do not resolve: 0 wherever
        h |J| is at most ``RESOLVED``. Both are differentiable in ``weights``."""
        directions, times = self._directions(z), self._times()
        x, log_det = z, torch.zeros_like(z[:, 0])
        unresolved = torch.zeros_like(z[:, 0])
        for t, after in itertools.pairwise(times):
            h = t - after
            half = x - h / 2 * self.network.velocity_of(weights, x, self.network.coefficients(t))
            at = self.network.coefficients(t - h / 2)
            velocity, slopes = self.network.slopes_of(weights, half, at, directions)
            x, log_det = x - h * velocity, log_det - h * (slopes * directions).sum((0, 2))
            excess = (h * slopes.square().sum((0, 2)).sqrt() - RESOLVED).clamp_min(0)
            unresolved = unresolved + STIFFNESS * excess.square()
        return -(self.source.log_prob(x) + log_det).mean(), unresolved.mean()

    def _times(self) -> list[float]:
        """From 1 to 0, the times between drawn anew: on a fixed grid the network would learn to hide mass in
        the error of the quadrature."""
        shifts = torch.rand(self.steps - 1, generator=self.generator, device=self.generator.device).tolist()
        inner = [1 - (k + 0.5 + shift) / self.steps for k, shift in enumerate(shifts)]
        return [1.0, *inner, 0.0]

    def _directions(self, z: Tensor) -> Tensor:
        """(2, n, 2) unit vectors, or one of random signs: tr J = sum over them of d . J d."""
        if not self.hutchinson:
            return torch.eye(DIMENSION).to(z)[:, None].expand(-1, len(z), -1)
        signs = torch.randint(0, 2, z.shape, generator=self.generator, device=self.generator.device)
        return (2 * signs - 1).to(z)[None]
