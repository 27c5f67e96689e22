"""The hand-written passes against differences, the normalisation against what it promises."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.normalisation import SPACE, TIME, Normalisation, PairMoments
from fmstudio.flows.motion.dynamics import FlowODE
from fmstudio.flows.motion.fields import LearnedField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import RK4
from fmstudio.flows.paths.schedules import VE, VP, CondOT, Cosine, LinearVP, Polynomial, Schedule, SubVP
from tests.flows.cases import three_modes

SCHEDULES = [CondOT(), Cosine(), VP(), SubVP(), VE(), LinearVP(), Polynomial(2.0)]


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _moments() -> PairMoments:
    generator = _generator(1)
    return PairMoments.of(torch.randn(4000, 2, generator=generator), three_modes().sample(4000, generator))


def _network(schedule: Schedule | None = None, width: int = 24, layers: int = 2) -> MLP:
    """A random network in float64, last layer included."""
    network = MLP(width, layers, _generator(3))
    if schedule is not None:
        network.normalise(Normalisation.of(schedule, _moments()))
    for weight, bias in network.parameters(network.trained):
        weight.copy_(torch.randn(weight.shape, generator=_generator(4)) / len(weight) ** 0.5)
        bias.copy_(torch.randn(bias.shape, generator=_generator(5)) * 0.1)
    return network.to("cpu", torch.float64)


def _points(n: int = 40) -> Tensor:
    return torch.randn(n, 2, generator=_generator(7), dtype=torch.float64)


def test_that_flat_rebuilds_the_network_to_the_last_bit() -> None:
    network = _network(VP())
    again = MLP.from_flat(network.width, network.layers, network.flat)
    assert torch.equal(again(_points(), 0.3), network(_points(), 0.3))
    again.flat.zero_()
    assert bool(network.flat.any())


def test_that_flat_of_another_shape_or_with_nan_is_refused() -> None:
    network = MLP(8, 1)
    with pytest.raises(ValueError, match="flat must hold"):
        MLP.from_flat(8, 2, network.flat)
    with pytest.raises(ValueError, match="NaN"):
        MLP.from_flat(8, 1, torch.full_like(network.flat, torch.nan))
    with pytest.raises(ValueError, match="width and layers"):
        MLP(0, 1)


@pytest.mark.parametrize("layers", [1, 3])
def test_that_the_divergence_is_the_trace_of_the_jacobian(layers: int) -> None:
    network, x, h = _network(CondOT(), layers=layers), _points(), 1e-5
    velocity, divergence = network.velocity_and_divergence(x, 0.6)
    torch.testing.assert_close(velocity, network(x, 0.6))
    steps = h * torch.eye(2, dtype=torch.float64)
    trace = sum((network(x + s, 0.6) - network(x - s, 0.6))[:, i] / (2 * h) for i, s in enumerate(steps))
    torch.testing.assert_close(divergence, trace, atol=1e-7, rtol=1e-6)


def test_that_one_time_and_a_time_for_each_row_agree() -> None:
    network, x = _network(Cosine()), _points()
    rows = torch.linspace(0, 1, len(x), dtype=torch.float64)
    by_row = network(x, rows)
    one_by_one = torch.cat([network(x[i : i + 1], float(rows[i])) for i in range(len(x))])
    torch.testing.assert_close(by_row, one_by_one)
    torch.testing.assert_close(network(x, torch.full((len(x), 1), 0.25)), network(x, 0.25))
    torch.testing.assert_close(network(x, torch.tensor([[0.25]]).expand(len(x), 1)), network(x, 0.25))


def test_that_tiles_give_what_one_piece_gives() -> None:
    network, x = _network(CondOT()), _points(9000)
    torch.testing.assert_close(network(x, 0.5)[4090:4100], network(x[4090:4100], 0.5))


def test_that_the_backward_pass_is_the_gradient_of_its_loss() -> None:
    network = _network(layers=3)
    weights = network.trained.clone()
    written = torch.zeros_like(weights)
    backward = network.backward_pass(weights, written, 32)
    inputs = torch.randn(SPACE + TIME + 1, 32, generator=_generator(1), dtype=torch.float64)
    inputs[-1] = 1.0
    y = torch.randn(2, 32, generator=_generator(2), dtype=torch.float64)
    w = torch.rand(2, 32, generator=_generator(3), dtype=torch.float64)

    def loss_at(there: Tensor) -> float:
        weights.copy_(there)
        return float(backward(inputs, y, w))

    base, h = weights.clone(), 1e-6
    loss_at(base)
    gradient = written.clone()
    for seed in range(3):
        direction = torch.randn(len(weights), generator=_generator(seed), dtype=torch.float64)
        slope = (loss_at(base + h * direction) - loss_at(base - h * direction)) / (2 * h)
        assert float(gradient @ direction) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
def test_that_a_fresh_network_flows_the_source_onto_the_targets_mean_and_spread(schedule: Schedule) -> None:
    moments = _moments()
    network = MLP(8, 1)
    network.normalise(Normalisation.of(schedule, moments))
    x = schedule.source_scale * torch.randn(3000, 2, generator=_generator(1))
    start = schedule.alpha(0.0) * moments.target_mean  # VE and VP start with a trace of signal
    flow = FlowODE(LearnedField(network, schedule))
    *_, end = simulate(flow, RK4(), (x + start).float(), torch.linspace(0, 1, 101, dtype=torch.float64))
    torch.testing.assert_close(end.mean(0).double(), moments.target_mean, atol=0.06, rtol=0)
    torch.testing.assert_close(end.std(0).double(), moments.target_std, atol=0, rtol=0.06)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
def test_that_the_network_is_finite_at_the_ends_of_time(schedule: Schedule) -> None:
    network = _network(schedule)
    for t in (0.0, 1e-6, 1 - 1e-6, 1.0):
        velocity, divergence = network.velocity_and_divergence(_points().float(), t)
        assert bool(torch.isfinite(velocity).all())
        assert bool(torch.isfinite(divergence).all())


def test_that_an_axis_without_spread_does_not_divide_by_zero() -> None:
    line = torch.randn(100, 2, generator=_generator()) * torch.tensor([1.0, 0.0])
    table = Normalisation.of(CondOT(), PairMoments.of(torch.randn(100, 2, generator=_generator(1)), line))
    assert bool(torch.isfinite(table.table).all())


def test_that_the_passes_by_hand_are_the_functions_for_autograd() -> None:
    network, x = _network(CondOT(), layers=3), _points()
    at = network.coefficients(0.3)
    along = torch.randn(3, len(x), 2, generator=_generator(1), dtype=torch.float64)
    velocity, slopes = network.velocity_and_slopes(x, 0.3, along)
    for found, said in zip((velocity, slopes), network.slopes_of(network.trained, x, at, along), strict=True):
        torch.testing.assert_close(found, said)
    torch.testing.assert_close(network(x, 0.3), network.velocity_of(network.trained, x, at))


def test_that_what_is_remembered_under_inference_mode_serves_outside_of_it() -> None:
    network, x = MLP(13, 2, _generator(8)), torch.randn(31, 2, generator=_generator(9))
    with torch.inference_mode():
        inside = network(x, 0.3)
        divergence = network.velocity_and_divergence(x, 0.3)[1]
    assert torch.equal(network(x, 0.3), inside)
    assert torch.equal(network.velocity_and_divergence(x, 0.3)[1], divergence)
