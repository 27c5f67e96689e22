"""How each kind of learning runs: from a request and a fresh model to optimiser steps. Runs in the engine.

One row of a registry for each objective.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch

from fmstudio.document.scores import why_no_training
from fmstudio.document.specs.training import Coupling, LossUnit, Objective
from fmstudio.engine.messages import TrainRequest
from fmstudio.engine.worker import build
from fmstudio.flows.learning.batches import BatchSource
from fmstudio.flows.learning.batches import Problem as BatchProblem
from fmstudio.flows.learning.flow_and_score import FlowAndScore
from fmstudio.flows.learning.guidance import LearnedClassifier, train_classifier
from fmstudio.flows.learning.likelihood import entropy, train_by_likelihood
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.objectives import REGRESSIONS, loss_floor_terms
from fmstudio.flows.learning.realnvp import RealNVP, train_realnvp
from fmstudio.flows.learning.reflow import PairPool, reflow_pairs
from fmstudio.flows.learning.training import TrainingStep, train
from fmstudio.flows.motion.fields import LearnedField
from fmstudio.flows.paths.couplings import COUPLINGS, Sinkhorn
from fmstudio.flows.paths.couplings import Coupling as CouplingOfBatches

REFLOW_PAIRS = 16_384
BRIDGE_PAIRS = 32_768
"""Of an exact bridge, from which batches are drawn."""
ENTROPY_SLICES = 10
ENTROPY_DRAWS = 2000

Steps = Iterator[TrainingStep | None]
"""A step, or None where something else took a while."""


def span(request: TrainRequest) -> tuple[int, int]:
    """(steps taken already, steps in all)."""
    first, steps = request.resume.step if request.resume else 0, request.training.total_steps
    return first, steps if first < steps else first + steps


def model_for(request: TrainRequest, generator: torch.Generator | None = None) -> build.Model:
    """Fresh, or with the weights to go on from. Raises ValueError where these belong to another model."""
    if request.resume is None:
        generator = generator or torch.Generator().manual_seed(request.training.seed)
        return build.fresh_model(request.training.objective, request.model, request.problem.target, generator)
    if request.resume.model != request.model:
        raise ValueError(
            f"Training cannot go on: the weights belong to {request.resume.model.layers} layers of "
            f"{request.resume.model.width}, the model now has {request.model.layers} of "
            f"{request.model.width}. Train anew, or set the model back."
        )
    return build.restored_model(request.resume)


def steps_of(request: TrainRequest, model: build.Model) -> Steps:
    """Trains ``model`` in place. Raises ValueError for what does not go together."""
    return _TRAININGS[request.training.objective](request, model)


def _generator(request: TrainRequest) -> torch.Generator:
    return torch.Generator().manual_seed(request.training.seed + span(request)[0])


# ---- the field of a path -----------------------------------------------------------------------------


def _regression(request: TrainRequest, model: build.Model) -> Steps:
    assert isinstance(model, MLP | FlowAndScore)
    spec = request.training
    if reason := why_no_training(request.problem, spec):
        raise ValueError(reason)
    if spec.reflow == 0:
        first, steps = span(request)
        return _regressed(request, model, _pairing(request), first, steps)
    assert isinstance(model, MLP)
    if not request.problem.coupling.is_plain:
        raise ValueError("Reflow goes with independent ends and no noise on the way: join them so.")
    if not spec.objective.facts.reflows or request.model.conditional:
        raise ValueError("Reflow goes with unconditional flow matching: set the objective to cfm.")
    return _reflowed(request, model)


def _pairing(request: TrainRequest) -> CouplingOfBatches | PairPool:
    """Of each batch: as the ends are joined or, of minibatches, by a transport that comes near to it."""
    problem, kind = request.problem, request.training.coupling
    if problem.coupling.is_independent:
        return COUPLINGS[kind]()
    bridge = build.bridge(problem)
    if kind is Coupling.INDEPENDENT:
        return PairPool(*bridge.pairs(BRIDGE_PAIRS, _generator(request)))
    if kind is Coupling.SINKHORN:
        return Sinkhorn(2 * bridge.sigma**2, absolute=True)
    return COUPLINGS[kind]()


def _regressed(
    request: TrainRequest,
    network: MLP | FlowAndScore,
    coupling: CouplingOfBatches | PairPool,
    first: int,
    steps: int,
) -> Steps:
    spec, asked = request.training, _regression_problem(request, coupling)
    return train(
        asked.source,
        asked.target,
        asked.schedule,
        asked.coupling,
        network,
        objective=asked.objective,
        way=asked.way,
        exact=asked.exact,
        steps=steps,
        batch_size=spec.batch_size,
        learning_rate=spec.learning_rate,
        generator=_generator(request),
        first_step=first,
    )


def _regression_problem(request: TrainRequest, coupling: CouplingOfBatches | PairPool) -> BatchProblem:
    objective, problem = REGRESSIONS[request.training.objective], request.problem
    knows = objective.onto_field and not problem.coupling.is_plain
    return BatchProblem(
        *build.ends(problem),
        build.schedule(problem.path),
        coupling,
        objective,
        build.way_noise(problem),
        build.marginal(problem).velocity if knows else None,
    )


def batches_of(request: TrainRequest, model: MLP | FlowAndScore) -> BatchSource:
    """What a regression without reflow draws, in the state of its first step; normalises a fresh model."""
    flow, score = (model.flow, model.score) if isinstance(model, FlowAndScore) else (model, None)
    problem = _regression_problem(request, _pairing(request))
    batches = BatchSource(problem, flow, request.training.batch_size, _generator(request), score)
    if span(request)[0] == 0:
        batches.normalise()
    return batches


def _reflowed(request: TrainRequest, network: MLP) -> Steps:
    """Rounds of ``training.steps``: the first on the coupling, each other from scratch on the ends of the
    flow before it. One that goes on within a later round draws its pairs from what it has learned so far."""
    each = request.training.steps
    done, total = span(request)
    while done < total:
        start = done % each
        coupling: CouplingOfBatches | PairPool = COUPLINGS[request.training.coupling]()
        if done >= each:
            pairs: PairPool | None = None
            for pairs in _own_ends(request, network):  # noqa: B007
                yield None
            assert pairs is not None
            coupling = pairs
            if start == 0:
                network.flat.copy_(model_for(replace(request, resume=None), _generator(request)).flat)
        for step in _regressed(request, network, coupling, start, each):
            assert step is not None
            yield replace(step, step=done - start + step.step)
        done += each - start


def _own_ends(request: TrainRequest, network: MLP) -> Iterator[PairPool | None]:
    flow = MLP.from_flat(network.width, network.layers, network.flat)
    field = LearnedField(flow, build.schedule(request.problem.path))
    return reflow_pairs(field, _starts(request, _generator(request)))


def _starts(request: TrainRequest, generator: torch.Generator) -> torch.Tensor:
    """Draws of the path's p_0: alpha_0 z + beta_0 x_0 of pairs as the first flow learned from."""
    path, batch = build.probability_path(request.problem.path), request.training.batch_size
    x_0 = build.distribution(request.problem.source).sample(REFLOW_PAIRS, generator)
    if float(path.schedule.alpha(0.0)) == 0:
        return path.x_t(x_0, torch.zeros_like(x_0), 0.0)
    z = build.distribution(request.problem.target).sample(REFLOW_PAIRS, generator)
    coupling = COUPLINGS[request.training.coupling]()
    batches = zip(torch.split(x_0, batch), torch.split(z, batch), strict=True)
    paired = (coupling.pair(*ends, generator) for ends in batches)
    return torch.cat([path.x_t(*pair, 0.0) for pair in paired])


# ---- likelihoods and classifiers ---------------------------------------------------------------------


def _likelihood(request: TrainRequest, model: build.Model) -> Steps:
    assert isinstance(model, MLP)
    source, target = build.ends(request.problem)
    return train_by_likelihood(source, target, model, **_plan(request), first_step=span(request)[0])


def _realnvp(request: TrainRequest, model: build.Model) -> Steps:
    assert isinstance(model, RealNVP)
    source, target = build.ends(request.problem)
    return train_realnvp(source, target, model, **_plan(request), first_step=span(request)[0])


def _classifier(request: TrainRequest, model: build.Model) -> Steps:
    assert isinstance(model, LearnedClassifier)
    source, target = build.ends(request.problem)
    return train_classifier(source, target, build.schedule(request.problem.path), model, **_plan(request))


def _plan(request: TrainRequest) -> dict[str, Any]:
    spec = request.training
    return {
        "steps": span(request)[1],
        "batch_size": spec.batch_size,
        "learning_rate": spec.learning_rate,
        "generator": _generator(request),
    }


_TRAININGS: dict[Objective, Callable[[TrainRequest, build.Model], Steps]] = {
    **{Objective(kind): _regression for kind in REGRESSIONS},
    Objective.CNF_ML: _likelihood,
    Objective.REALNVP: _realnvp,
    Objective.CLASSIFIER: _classifier,
}


# ---- what the loss tends to --------------------------------------------------------------------------


def floor_terms(request: TrainRequest) -> Iterator[float]:
    """Numbers whose mean is the irreducible loss; none where it is not known.

    For a field: independent pairs. For a likelihood: the target's entropy.
    """
    spec = request.training
    if spec.objective.facts.unit is LossUnit.NATS_OF_DENSITY:
        generator = torch.Generator().manual_seed(0)
        target = build.distribution(request.problem.target)
        for _ in range(ENTROPY_SLICES):
            yield entropy(target, generator, ENTROPY_DRAWS)
        return
    known = spec.coupling is Coupling.INDEPENDENT and spec.reflow == 0 and not request.model.conditional
    if not spec.objective.facts.regresses or not known:
        return
    marginal = build.marginal(request.problem)
    schedule, objective = build.schedule(request.problem.path), REGRESSIONS[spec.objective]
    yield from loss_floor_terms(marginal, schedule, objective, way=build.way_noise(request.problem))
