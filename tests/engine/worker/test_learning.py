"""Every kind of learning runs in the engine, comes back from its weights, and refuses what it cannot do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.specs import distribution as d
from fmstudio.document.specs.coupling import BridgeSpec, IndependentSpec, OptimalTransportSpec
from fmstudio.document.specs.dynamics import (
    ODESpec,
    ProbabilityFlowSpec,
    ReverseSDESpec,
    SDESpec,
    SimulationSpec,
)
from fmstudio.document.specs.guidance import GuidanceMethod, GuidanceSpec
from fmstudio.document.specs.path import CondOTSpec, VESpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import Coupling, ModelSpec, Objective, TrainingSpec
from fmstudio.engine.client import InlineEngine, Job, JobState
from fmstudio.engine.messages import (
    FieldRequest,
    GradientsRequest,
    Grid,
    Guide,
    LabelsRequest,
    LearnedModel,
    Request,
    TrainingProgress,
    TrainingSnapshot,
    TrainRequest,
    TrajectoriesRequest,
    WarpRequest,
)
from fmstudio.engine.worker import build, learning, motions
from fmstudio.flows.learning.realnvp import RealNVP

NORMAL, MODES, PATH = d.StandardNormalSpec(), d.FiveModesSpec(), CondOTSpec()
SMALL = ModelSpec(width=16, layers=2, couplings=3)
FEW = SimulationSpec(steps=8, particles=200)


@pytest.fixture(scope="module")
def engine() -> Iterator[InlineEngine]:
    engine = InlineEngine()
    yield engine
    engine.close()


def train_request(model: ModelSpec = SMALL, **training: object) -> TrainRequest:
    spec = TrainingSpec.model_validate({"steps": 6, "batch_size": 64, **training})
    coupling = IndependentSpec(noise=0.5 if spec.objective.facts.needs_noise else 0.0)
    return TrainRequest(Problem(NORMAL, MODES, PATH, coupling), model, spec)


def train(engine: InlineEngine, request: TrainRequest) -> tuple[LearnedModel, TrainingProgress]:
    engine.train(request)
    replies = engine.run_until_idle()
    told = [reply for reply in replies if isinstance(reply, TrainingProgress)]
    snapshots = [reply.learned for reply in replies if isinstance(reply, TrainingSnapshot)]
    assert told[-1].message == ""
    return snapshots[-1], told[-1]


def answer(engine: InlineEngine, request: Request) -> Job:
    job = engine.submit("lane", request)
    engine.run_until_idle()
    return job


# ---- every objective -----------------------------------------------------------------------------------


@pytest.mark.parametrize("objective", list(Objective))
def test_that_the_weights_of_every_objective_come_back(engine, objective):
    model, told = train(engine, train_request(objective=objective))
    assert told.step == 6
    assert model.objective is objective
    again = build.trained_model(model)
    np.testing.assert_array_equal(again.flat.numpy(), model.parameters.values)


@pytest.mark.parametrize("objective", list(Objective))
def test_that_a_wrong_number_of_weights_is_one_sentence(engine, objective):
    model, _ = train(engine, train_request(objective=objective))
    broken = replace(model, parameters=FrozenArray(np.zeros(7, np.float32)))
    with pytest.raises(ValueError, match=r"do not fit the model: it takes \d+ numbers, but there are 7"):
        build.trained_model(broken)


@pytest.mark.parametrize("objective", [Objective.CNF_ML, Objective.REALNVP])
def test_that_the_floor_of_a_likelihood_is_the_entropy(engine, objective):
    request = replace(train_request(objective=objective), problem=Problem(NORMAL, NORMAL, PATH))
    _, told = train(engine, request)
    assert told.floor == pytest.approx(1 + math.log(2 * math.pi), abs=0.03)


def test_that_no_floor_is_claimed_where_none_is_known():
    for changes in ({"coupling": "ot"}, {"reflow": 1}, {"objective": "classifier"}):
        assert not list(learning.floor_terms(train_request(**changes)))
    conditional = SMALL.model_copy(update={"conditional": True})
    assert not list(learning.floor_terms(train_request(conditional)))


def test_that_a_flow_by_likelihood_starts_at_the_source_whatever_the_path(engine):
    model, _ = train(engine, train_request(objective=Objective.CNF_ML))
    along = VESpec(sigma_max=5.0)
    moving = TrajectoriesRequest(
        Problem(NORMAL, MODES, along), ODESpec(), FEW, replace(model, problem=Problem(NORMAL, MODES, along))
    )
    start = motions.motion(moving).start
    assert float(start.std()) == pytest.approx(1.0, abs=0.15)


# ---- RealNVP -------------------------------------------------------------------------------------------


def test_that_the_particles_of_a_realnvp_end_where_the_flow_takes_them(engine):
    model, _ = train(engine, train_request(objective=Objective.REALNVP, steps=30))
    states = answer(
        engine, TrajectoriesRequest(Problem(NORMAL, MODES, PATH), ODESpec(), FEW, model)
    ).result.values
    flow = build.trained_model(model)
    assert isinstance(flow, RealNVP)
    end = flow.forward(torch.from_numpy(np.array(states[0]))).x.numpy()
    np.testing.assert_allclose(states[-1], end, atol=1e-4)


def test_that_a_realnvp_warps_a_grid_and_has_no_arrows(engine):
    model, _ = train(engine, train_request(objective=Objective.REALNVP))
    flow = TrajectoriesRequest(Problem(NORMAL, MODES, PATH), ODESpec(), FEW, model)
    assert answer(engine, WarpRequest(flow, 2.0, lines=3, points=5)).state is JobState.DONE
    refused = answer(
        engine, FieldRequest(Problem(NORMAL, MODES, PATH), Grid(0, 0, 1, 1, 3, 3), (0.5,), learned=model)
    )
    assert "has no velocity" in refused.message


@pytest.mark.parametrize(
    "training",
    [{"objective": "realnvp"}, {"objective": "cnf-ml"}, {"coupling": Coupling.OT}, {"reflow": 1}],
    ids=str,
)
def test_that_noise_is_refused_where_nothing_tells_the_score(engine, training):
    model, _ = train(engine, train_request(**training))
    refused = answer(engine, TrajectoriesRequest(Problem(NORMAL, MODES, PATH), SDESpec(), FEW, model))
    assert refused.state is JobState.FAILED
    assert refused.message.startswith("SDE needs a score")


# ---- reflow --------------------------------------------------------------------------------------------


def test_that_reflow_takes_its_rounds_and_the_last_has_less_to_average_over(engine):
    request = train_request(steps=300, reflow=1)
    engine.train(request)
    told = [r for r in engine.run_until_idle() if isinstance(r, TrainingProgress)]
    losses = np.concatenate([r.losses for r in told])
    assert told[-1].step == told[-1].steps == len(losses) == 600
    assert losses[550:].mean() < 0.2 * losses[250:300].mean()


def test_that_a_reflow_goes_on_from_where_it_was(engine):
    model, _ = train(engine, train_request(steps=10, reflow=1))
    half = replace(model, step=14)
    engine.train(replace(train_request(steps=10, reflow=1), resume=half))
    told = [r for r in engine.run_until_idle() if isinstance(r, TrainingProgress)]
    assert sum(len(r.losses) for r in told) == 6
    assert told[-1].step == 20


def test_that_reflow_goes_with_flow_matching_only():
    request = train_request(objective="dsm", reflow=1)
    with pytest.raises(ValueError, match="Reflow goes with"):
        learning.steps_of(request, learning.model_for(request))


# ---- guidance ------------------------------------------------------------------------------------------


def _guide(scale: float, method: GuidanceMethod = GuidanceMethod.EXACT, label: int = 1) -> Guide:
    return Guide(GuidanceSpec(label=label, scale=scale, method=method))


@pytest.mark.parametrize("method", [GuidanceMethod.EXACT, GuidanceMethod.CLASSIFIER_FREE])
def test_that_guidance_by_one_is_the_flow_to_that_label_alone(method):
    x, t = torch.randn(50, 2, generator=torch.Generator().manual_seed(0)), 0.6
    one = d.GaussianMixtureSpec(components=(MODES.normals()[1],))
    guided = build.field(Problem(NORMAL, MODES, PATH), None, _guide(1.0, method)).velocity(x, t)
    torch.testing.assert_close(
        guided, build.marginal(Problem(NORMAL, one, PATH)).velocity(x, t), atol=1e-4, rtol=1e-4
    )


def test_that_guidance_by_nothing_changes_nothing():
    x = torch.zeros(3, 2)
    plain = build.field(Problem(NORMAL, MODES, PATH), None)
    torch.testing.assert_close(
        build.field(Problem(NORMAL, MODES, PATH), None, _guide(0.0)).velocity(x, 0.5), plain.velocity(x, 0.5)
    )


def test_that_guided_particles_end_at_their_label(engine):
    moving = TrajectoriesRequest(Problem(NORMAL, MODES, PATH), ODESpec(), FEW, None, _guide(2.0))
    labels = answer(engine, LabelsRequest(moving)).result.values[0]
    assert (labels == 1).mean() > 0.95
    free = answer(engine, LabelsRequest(replace(moving, guide=None))).result.values[0]
    assert set(free.tolist()) == {0, 1, 2, 3, 4}


def test_that_arrows_show_the_guided_field(engine):
    grid = Grid(0, 0, 1, 1, 3, 3)
    plain = FieldRequest(Problem(NORMAL, MODES, PATH), grid, (0.5,))
    free = np.array(answer(engine, plain).result.values)
    guided = answer(engine, replace(plain, guide=_guide(4.0))).result.values
    assert np.abs(guided - free).max() > 0.1


def test_that_a_trained_classifier_guides(engine):
    classifier, _ = train(engine, train_request(objective="classifier", steps=200))
    guide = Guide(GuidanceSpec(label=1, scale=2.0, method=GuidanceMethod.LEARNED), classifier)
    moving = TrajectoriesRequest(Problem(NORMAL, MODES, PATH), ODESpec(), FEW, None, guide)
    labels = answer(engine, LabelsRequest(moving)).result.values[0]
    assert (labels == 1).mean() > 0.5


def test_that_a_conditional_network_is_asked_for_the_label_and_for_none(engine):
    model, _ = train(engine, train_request(SMALL.model_copy(update={"conditional": True}), steps=150))
    x, guide = torch.zeros(1, 2), _guide(1.0, GuidanceMethod.CLASSIFIER_FREE)
    towards = build.field(Problem(NORMAL, MODES, PATH), model, guide).velocity(x, 0.5)
    free = build.field(Problem(NORMAL, MODES, PATH), model).velocity(x, 0.5)
    assert float((towards - free).norm()) > 0.5


@pytest.mark.parametrize(
    ("target", "guide", "sentence"),
    [
        (MODES, _guide(1.0, label=5), "has the labels 0 to 4, not 5"),
        (MODES, _guide(1.0, GuidanceMethod.LEARNED), "no trained classifier yet"),
        (d.PointsSpec(points=FrozenArray(np.zeros((4, 2), np.float32))), _guide(1.0), "has no labels"),
    ],
)
def test_that_guidance_says_what_it_lacks(target, guide, sentence):
    with pytest.raises(ValueError, match=sentence):
        build.field(Problem(NORMAL, target, PATH), None, guide)


def test_that_guidance_without_a_classifier_needs_a_network_that_knows_labels(engine):
    model, _ = train(engine, train_request())
    with pytest.raises(ValueError, match="conditional network"):
        build.field(Problem(NORMAL, MODES, PATH), model, _guide(1.0, GuidanceMethod.CLASSIFIER_FREE))


# ---- the two gradients ---------------------------------------------------------------------------------


def test_that_the_two_gradients_agree_better_as_the_batch_grows(engine):
    request = GradientsRequest(Problem(NORMAL, MODES, PATH), SMALL, TrainingSpec(steps=20), (16, 256, 4096))
    cosine, ratio = answer(engine, request).result.values.T
    assert cosine[0] < cosine[1] < cosine[2]
    assert abs(ratio[2] - 1) < abs(ratio[1] - 1) < abs(ratio[0] - 1)
    assert cosine[2] > 0.8


# ---- between joined ends -------------------------------------------------------------------------------

RING = d.RingSpec(width=0.2)


@pytest.mark.parametrize("coupling", [IndependentSpec(noise=0.6), BridgeSpec(sigma=0.7)], ids=str)
@pytest.mark.parametrize("objective", [o for o in Objective if o.facts.joins])
def test_that_what_is_learned_between_joined_ends_is_their_field(engine, coupling, objective):
    """Also its floor, which the loss comes down to."""
    problem = Problem(NORMAL, RING, PATH, coupling)
    training = TrainingSpec(objective=objective, steps=600, batch_size=256)
    model, told = train(engine, TrainRequest(problem, ModelSpec(width=32, layers=2), training))
    exact, generator = build.marginal(problem), torch.Generator().manual_seed(3)
    field = build.field(problem, model)
    for t in (0.2, 0.5, 0.8):
        x = exact.sample(1000, t, generator)
        miss, right = field.velocity(x, t) - exact.velocity(x, t), exact.velocity(x, t)
        assert miss.square().sum(1).mean() < 0.1 * right.square().sum(1).mean()
    if objective is not Objective.EXACT:
        assert told.floor == pytest.approx(told.losses[-200:].mean(), rel=0.12)


@pytest.mark.parametrize("pairs", list(Coupling))
@pytest.mark.parametrize("coupling", [BridgeSpec(sigma=0.7), OptimalTransportSpec()], ids=str)
def test_that_every_pairing_of_a_training_goes_with_every_way_of_joining(engine, coupling, pairs):
    problem = Problem(NORMAL, RING, PATH, coupling)
    training = TrainingSpec(objective=Objective.SF2M, coupling=pairs, steps=3, batch_size=32)
    request = TrainRequest(problem, SMALL, training)
    model, told = train(engine, request)
    assert told.step == 3
    assert bool(list(learning.floor_terms(request))) is (pairs is Coupling.INDEPENDENT)
    sde = TrajectoriesRequest(problem, SDESpec(), FEW, model)
    assert answer(engine, sde).state is JobState.DONE


@pytest.mark.parametrize("motion", [ReverseSDESpec(), ProbabilityFlowSpec()], ids=lambda m: m.kind)
def test_that_a_learned_score_of_a_bridge_undoes_no_noising(engine, motion):
    """It is a score, and not one of a path of noising."""
    problem = Problem(NORMAL, RING, PATH, BridgeSpec())
    training = TrainingSpec(objective=Objective.SF2M, steps=2, batch_size=32)
    model, _ = train(engine, TrainRequest(problem, SMALL, training))
    job = answer(engine, TrajectoriesRequest(problem, motion, FEW, model))
    assert job.state is JobState.FAILED
    assert "undoes the noising of the data" in job.message


def test_that_a_flow_between_joined_ends_tells_no_score_and_is_not_reflowed(engine):
    problem = Problem(NORMAL, RING, PATH, BridgeSpec())
    model, _ = train(engine, TrainRequest(problem, SMALL, TrainingSpec(steps=2, batch_size=32)))
    job = answer(engine, TrajectoriesRequest(problem, SDESpec(), FEW, model))
    assert job.state is JobState.FAILED
    assert "flow and score" in job.message
    with pytest.raises(ValueError, match="Reflow goes with independent ends"):
        learning.steps_of(
            TrainRequest(problem, SMALL, TrainingSpec(steps=2, reflow=1)), build.trained_model(model)
        )
