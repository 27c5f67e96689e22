"""Flow and score of ways with noise: what two networks learn is the exact bridge (SF2M: Tong et al. 2023)."""

from __future__ import annotations

import pytest
import torch

from fmstudio.flows.closed_forms.bridge import SchroedingerBridgeMarginal
from fmstudio.flows.closed_forms.exact import marginal as closed_form
from fmstudio.flows.closed_forms.marginals import Marginal
from fmstudio.flows.learning.flow_and_score import FlowAndScore
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.objectives import FLOW_MATCHING, loss_floor
from fmstudio.flows.learning.reflow import PairPool
from fmstudio.flows.learning.training import train
from fmstudio.flows.motion.diffusion import ConstantSigma
from fmstudio.flows.motion.dynamics import FlowODE, SDEExtension
from fmstudio.flows.motion.fields import FlowAndScoreField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import EulerMaruyama, Heun
from fmstudio.flows.paths.couplings import Independent
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.schedules import CondOT, Cosine
from fmstudio.flows.paths.way_noise import WayNoise

SIGMA = 0.8
WAY = WayNoise(SIGMA)


def normal(mean: tuple[float, float], spread: float) -> GaussianMixture:
    return GaussianMixture(torch.ones(1), torch.tensor([mean]), spread**2 * torch.eye(2)[None])


SOURCE, TARGET = normal((-1.0, 0.5), 0.5), normal((1.5, 0.0), 1.0)


@pytest.fixture(scope="module")
def bridge() -> SchroedingerBridgeMarginal:
    return SchroedingerBridgeMarginal(SOURCE, TARGET, SIGMA)


@pytest.fixture(scope="module")
def learned(bridge: SchroedingerBridgeMarginal) -> tuple[FlowAndScore, list[float]]:
    generator = torch.Generator().manual_seed(1)
    networks = FlowAndScore(24, 2, generator)
    pool = PairPool(*bridge.pairs(8192, generator))
    steps = train(
        SOURCE, TARGET, CondOT(), pool, networks, way=WAY, steps=800, batch_size=256, generator=generator
    )
    return networks, [step.loss for step in steps]


def field_of(networks: FlowAndScore) -> FlowAndScoreField:
    return FlowAndScoreField(networks.flow, networks.score, CondOT(), WAY)


def share(found: torch.Tensor, right: torch.Tensor) -> float:
    """Of the mean square."""
    return float((found - right).square().sum(-1).mean() / right.square().sum(-1).mean())


@pytest.mark.parametrize("t", [0.02, 0.3, 0.5, 0.8, 0.98])
def test_that_flow_score_and_mean_are_those_of_the_bridge(
    bridge: SchroedingerBridgeMarginal, learned: tuple[FlowAndScore, list[float]], t: float
) -> None:
    field, x = field_of(learned[0]), bridge.sample(2000, t, torch.Generator().manual_seed(2))
    right = bridge.first_order(x, t)
    velocity, score = field.velocity_and_score(x, t)
    assert share(velocity, right.velocity) < 0.02
    assert share(score, right.score) < 0.03
    assert share(field.data(x, t), right.posterior_mean) < 0.02
    torch.testing.assert_close(field.velocity(x, t), velocity)
    torch.testing.assert_close(field.score(x, t), score)


def test_that_the_loss_tends_to_the_floor_of_the_bridge(
    bridge: SchroedingerBridgeMarginal, learned: tuple[FlowAndScore, list[float]]
) -> None:
    floor = loss_floor(bridge, CondOT(), FLOW_MATCHING, draws=4000, way=WAY)
    last = learned[1][-200:]
    assert sum(last) / len(last) == pytest.approx(floor, rel=0.04)


def test_that_particles_of_the_ode_and_of_the_sde_come_to_the_target(
    learned: tuple[FlowAndScore, list[float]],
) -> None:
    field, generator = field_of(learned[0]), torch.Generator().manual_seed(3)
    start, times = SOURCE.sample(4000, generator), [k / 100 for k in range(101)]
    for dynamics, solver in (
        (FlowODE(field), Heun()),
        (SDEExtension(field, ConstantSigma(SIGMA)), EulerMaruyama()),
    ):
        *_, end = simulate(dynamics, solver, start, times, torch.Generator().manual_seed(4))
        torch.testing.assert_close(end.mean(0), torch.tensor([1.5, 0.0]), atol=0.08, rtol=0)
        torch.testing.assert_close(end.std(0), torch.ones(2), atol=0.08, rtol=0)


def test_that_an_interpolants_flow_is_learned_for_any_schedule() -> None:
    generator = torch.Generator().manual_seed(5)
    schedule, networks = Cosine(), FlowAndScore(24, 2, generator)
    for _ in train(
        SOURCE, TARGET, schedule, Independent(), networks, way=WAY, steps=800, generator=generator
    ):
        pass
    exact: Marginal = closed_form(SOURCE, TARGET, schedule, SIGMA)
    field = FlowAndScoreField(networks.flow, networks.score, schedule, WAY)
    for t in (0.1, 0.5, 0.9):
        x = exact.sample(2000, t, generator)
        right = exact.first_order(x, t)
        assert share(field.velocity(x, t), right.velocity) < 0.02
        assert share(field.score(x, t), right.score) < 0.03
        assert share(field.data(x, t), right.posterior_mean) < 0.02


@pytest.mark.parametrize("t", [0.0, 1e-3, 0.999, 1.0])
def test_that_the_flow_is_learned_at_the_very_ends_where_the_noise_has_an_infinite_rate(t: float) -> None:
    apart = GaussianMixture.isotropic(torch.tensor([[-2.0, 0.0], [2.0, 0.0]]), 0.4)
    bridge = SchroedingerBridgeMarginal(SOURCE, apart, 0.3)
    generator = torch.Generator().manual_seed(3)
    networks, pool = FlowAndScore(24, 2, generator), PairPool(*bridge.pairs(8192, generator))
    for _ in train(
        SOURCE, apart, CondOT(), pool, networks, way=WayNoise(0.3), steps=800, generator=generator
    ):
        pass
    x = bridge.sample(1000, t, generator)
    assert share(networks.flow(x, t), bridge.velocity(x, t)) < 0.05


def test_that_all_numbers_are_one_vector_that_training_moves() -> None:
    networks = FlowAndScore(8, 1, torch.Generator().manual_seed(0))
    assert len(networks.flat) == 2 * MLP.size(8, 1)
    before = networks.flat.clone()
    for _ in train(SOURCE, TARGET, CondOT(), Independent(), networks, way=WAY, steps=2, batch_size=32):
        pass
    moved = (networks.flat != before).chunk(2)
    assert moved[0].any()
    assert moved[1].any()
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(1))
    again = FlowAndScore.from_flat(8, 1, networks.flat)
    torch.testing.assert_close(again.flow(x, 0.3), networks.flow(x, 0.3))
    torch.testing.assert_close(again.score(x, 0.3), networks.score(x, 0.3))
    with pytest.raises(ValueError, match="two networks"):
        FlowAndScore.from_flat(8, 2, networks.flat)


def test_that_a_score_is_not_learned_without_noise_on_the_way() -> None:
    with pytest.raises(ValueError, match="noise on the way"):
        train(SOURCE, TARGET, CondOT(), Independent(), FlowAndScore(8, 1), steps=2)


def test_that_one_network_learns_as_it_did_where_there_is_no_noise() -> None:
    """Nothing is drawn for a noise that is not there."""
    runs = []
    for way in ({}, {"way": WayNoise(0.0)}):
        network = MLP(8, 1, torch.Generator().manual_seed(0))
        for _ in train(SOURCE, TARGET, CondOT(), Independent(), network, steps=5, batch_size=32, **way):
            pass
        runs.append(network.flat.clone())
    assert torch.equal(*runs)
