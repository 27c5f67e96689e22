"""Requests of motion become dynamics, solver, start and times: ``build`` for what moves. Runs in the engine.

One row of a registry for each kind of motion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from fmstudio.document.scores import why_no_flow, why_no_score
from fmstudio.document.specs import distribution as d
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs import path as p
from fmstudio.document.specs.motion import duration_of, substeps_of
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import Coupling
from fmstudio.engine.messages import PAIR_BATCH, LearnedModel, PairsRequest, TrajectoriesRequest
from fmstudio.engine.worker import build
from fmstudio.flows.learning.realnvp import RealNVP
from fmstudio.flows.motion.diffusion import ConstantSigma, DrawnSigma, Sigma, SqrtBetaSigma
from fmstudio.flows.motion.dynamics import (
    AnnealedLangevin,
    Dynamics,
    FlowODE,
    Langevin,
    ProbabilityFlow,
    ReverseSDE,
    SDEExtension,
)
from fmstudio.flows.motion.fields import Field
from fmstudio.flows.motion.linear import (
    BrownianMotion,
    LinearDynamics,
    LinearFlow,
    LinearSDE,
    Noising,
    OrnsteinUhlenbeck,
)
from fmstudio.flows.motion.processes import ProcessLaw, process_law
from fmstudio.flows.motion.realnvp_dynamics import LayerSolver, RealNVPDynamics
from fmstudio.flows.motion.resolution import require_resolved
from fmstudio.flows.motion.simulate import simulate_in_tiles, starting_points
from fmstudio.flows.motion.solvers import SOLVERS, Solver
from fmstudio.flows.paths.couplings import COUPLINGS
from fmstudio.flows.paths.schedules import Schedule


@dataclass(frozen=True)
class Motion:
    """What moves particles from ``start``, by which solver, over which times."""

    dynamics: Dynamics
    solver: Solver
    start: Tensor
    times: tuple[float, ...]
    """of the states that are shown"""
    substeps: int = 1
    """solver steps from one of them to the next"""

    def states(self, noise: torch.Generator, tile: int) -> Iterator[Tensor | None]:
        """The states at ``times``; None wherever a long step may be interrupted."""
        taken = 0
        fine = tuple(self._fine_times())
        for state in simulate_in_tiles(self.dynamics, self.solver, self.start, fine, noise, tile):
            if state is None:
                yield None
                continue
            yield state if taken % self.substeps == 0 else None
            taken += 1

    def _fine_times(self) -> Iterator[float]:
        for start, end in pairwise(self.times):
            yield from (start + (end - start) * k / self.substeps for k in range(self.substeps))
        yield self.times[-1]


def motion(request: TrajectoriesRequest) -> Motion:
    """Raises TooCoarse where its steps cannot give p_t, NoClosedForm where the dynamics needs a closed form
    that does not exist, KeyError for an Interpolant, which no dynamics moves."""
    spec, simulation = request.dynamics, request.simulation
    end = duration_of(spec)
    if request.learned is not None and spec.uses_field:
        _require_a_score(spec, request.learned)
        if request.learned.objective.facts.is_layered:
            return _layer_walk(request, request.learned)
    if reason := why_no_flow(spec, request.problem):
        raise ValueError(reason)
    dynamics, solver = dynamics_of(request), SOLVERS[spec.solver]()
    times = tuple(end * k / simulation.steps for k in range(simulation.steps + 1))
    if dynamics.along is not None:
        source, target = build.ends(request.problem)
        require_resolved(dynamics, solver, times, source, target)
    return Motion(dynamics, solver, _start(request), times, substeps_of(spec))


def dynamics_of(request: TrajectoriesRequest) -> Dynamics:
    """What moves the particles at a place and time. Raises as ``motion``."""
    return _DYNAMICS[type(request.dynamics)](request, request.dynamics)


def _start(request: TrajectoriesRequest) -> Tensor:
    """Along a path from p_0, the law of alpha_0 z + beta_0 x_0 of its coupling; Langevin dynamics, which know
    no path, from beta_0 x_0; a process from what it starts at, as it is."""
    spec, simulation = request.dynamics, request.simulation
    pathless = spec.is_process or build.is_pathless(request.learned)
    along = None if pathless else build.schedule(request.problem.path)
    source = request.problem.source if spec.follows_source else request.problem.target
    if along is not None and float(along.alpha(0.0)) > 0 and spec.uses_field:
        return _mixed_start(request)
    generator = torch.Generator().manual_seed(simulation.start_seed)
    return starting_points(build.distribution(source), along, simulation.particles, generator)


def _mixed_start(request: TrajectoriesRequest) -> Tensor:
    """alpha_0 z + beta_0 x_0 for independent pairs, or those that the model was trained on."""
    learned = request.learned
    coupling = Coupling.INDEPENDENT if learned is None else learned.training.coupling
    paired = pairs(pairs_request(request, coupling))
    x_0, z = (torch.cat(ends) for ends in zip(*paired, strict=True))
    return build.probability_path(request.problem.path).x_t(x_0, z, 0.0)


# ---- along a path, and towards a target --------------------------------------------------------------


def _field(request: TrajectoriesRequest) -> Field:
    return build.field(request.problem, request.learned, request.guide)


def _layer_walk(request: TrajectoriesRequest, learned: LearnedModel) -> Motion:
    """RealNVP has no field: time goes from layer to layer."""
    flow, steps = build.trained_model(learned), request.simulation.steps
    assert isinstance(flow, RealNVP)
    times = tuple(k / steps for k in range(steps + 1))
    return Motion(RealNVPDynamics(flow), LayerSolver(), _start(request), times)


def _require_a_score(spec: m.DynamicsSpec, learned: LearnedModel) -> None:
    """A learned velocity tells the score only where x_0 is standard normal whatever z is. Raises ValueError
    for a motion that needs it, of any other model."""
    reason = why_no_score(learned.problem, learned.training)
    if spec.needs_score and reason:
        raise ValueError(f"{spec.title} needs a score, which {reason}: show its ODE.")


def _langevin(request: TrajectoriesRequest, spec: m.LangevinSpec) -> Langevin:
    """On the target itself, which is where the path from a standard normal ends."""
    p_1 = build.marginal(Problem(d.StandardNormalSpec(), request.problem.target, p.CondOTSpec()))
    return Langevin(lambda x: p_1.score(x, 1.0), spec.sigma, lambda x: p_1.log_prob(x, 1.0))


def _annealed(request: TrajectoriesRequest, spec: m.AnnealedLangevinSpec) -> AnnealedLangevin:
    sigma = _sigma(spec, build.schedule(request.problem.path))
    return AnnealedLangevin(_field(request), sigma, spec.duration)


def _sigma(spec: m.SDESpec | m.AnnealedLangevinSpec, along: Schedule) -> Sigma:
    match spec.profile:
        case m.SigmaProfile.CONSTANT:
            return ConstantSigma(spec.sigma)
        case m.SigmaProfile.DRAWN:
            return DrawnSigma(spec.sigma, spec.shape)
        case m.SigmaProfile.SQRT_BETA:
            return SqrtBetaSigma(spec.sigma, along)


# ---- processes ---------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def process(spec: m.FreeProcess, path: p.PathSpec) -> LinearDynamics:
    """The process; ``path`` is what a Noising runs backwards."""
    return _PROCESSES[type(spec)](spec, path)


@lru_cache(maxsize=16)
def law(spec: m.FreeProcess, problem: Problem) -> ProcessLaw:
    """The exact law of the process from where it starts. Raises NoClosedForm where there is none."""
    start = build.distribution(problem.source if spec.follows_source else problem.target)
    return process_law(start, process(spec, problem.path), duration_of(spec))


def _linear_sde(spec: m.LinearSDESpec, _path: p.PathSpec) -> LinearSDE:
    push = torch.tensor([spec.b_x, spec.b_y], dtype=torch.float64)
    return LinearSDE(
        lambda t: spec.a_0 + spec.a_1 * t,
        lambda t: push + 0 * t,
        lambda t: spec.g_0 + spec.g_1 * t,
    )


_PROCESSES: dict[type, Callable[[Any, p.PathSpec], LinearDynamics]] = {
    m.LinearFlowSpec: lambda s, _: LinearFlow(s.theta),
    m.BrownianMotionSpec: lambda _s, _p: BrownianMotion(),
    m.OrnsteinUhlenbeckSpec: lambda s, _: OrnsteinUhlenbeck(s.theta, s.sigma),
    m.NoisingSpec: lambda _, path: Noising(build.schedule(path)),
    m.LinearSDESpec: _linear_sde,
}

_DYNAMICS: dict[type, Callable[[TrajectoriesRequest, Any], Dynamics]] = {
    m.ODESpec: lambda r, _: FlowODE(_field(r)),
    m.SDESpec: lambda r, s: SDEExtension(_field(r), _sigma(s, build.schedule(r.problem.path))),
    m.ReverseSDESpec: lambda r, _: ReverseSDE(_field(r), build.schedule(r.problem.path)),
    m.LangevinSpec: _langevin,
    m.ProbabilityFlowSpec: lambda r, _: ProbabilityFlow(_field(r), build.schedule(r.problem.path)),
    m.AnnealedLangevinSpec: _annealed,
    **dict.fromkeys(_PROCESSES, lambda r, s: process(s, r.problem.path)),
}


# ---- pairs -------------------------------------------------------------------------------------------


def pairs_request(request: TrajectoriesRequest, coupling: Coupling) -> PairsRequest:
    """The pairs of that coupling that start where the particles do."""
    simulation = request.simulation
    return PairsRequest(
        request.problem,
        coupling,
        PAIR_BATCH,
        simulation.particles,
        simulation.start_seed,
        simulation.noise_seed,
    )


def pairs(request: PairsRequest) -> Iterator[tuple[Tensor, Tensor]]:
    """(x_0, z) batch by batch, ``n`` pairs in all. x_0 are the starting points of every motion with that
    seed (before beta_0 scales them), so that the same particle has the same place everywhere."""
    first, second, third = _generators(request)
    if not request.problem.coupling.is_independent:
        x_0 = starting_points(build.distribution(request.problem.source), None, request.n, first)
        yield x_0, build.bridge(request.problem).partners(x_0, third)
        return
    whole = -(-request.n // request.batch_size) * request.batch_size
    x_0 = starting_points(build.distribution(request.problem.source), None, whole, first)
    z = starting_points(build.distribution(request.problem.target), None, whole, second)
    coupling = COUPLINGS[request.coupling]()
    for start in range(0, request.n, request.batch_size):
        rows = slice(start, start + request.batch_size)
        paired = coupling.pair(x_0[rows], z[rows], third)
        left = request.n - start
        yield paired[0][:left], paired[1][:left]


def _generators(request: PairsRequest) -> tuple[torch.Generator, torch.Generator, torch.Generator]:
    """For x_0, z and the coupling: independent even if both seeds are equal."""
    noise = torch.Generator().manual_seed(request.noise_seed)
    # The first number of this seed is that of the steps' noise, which nothing here may share.
    seeds = torch.randint(2**62, (3,), generator=noise).tolist()[1:]
    return tuple(torch.Generator().manual_seed(seed) for seed in (request.start_seed, *seeds))  # type: ignore[return-value]
