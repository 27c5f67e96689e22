"""Law 7 for continuous flows: log-determinants, densities along a flow, maximum likelihood."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.learning.likelihood import (
    ExactTrace,
    HutchinsonTrace,
    entropy,
    flow_states,
    initial_log_prob,
    log_density,
    train_by_likelihood,
)
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.normalisation import Normalisation, PairMoments
from fmstudio.flows.learning.training import clipped
from fmstudio.flows.motion.fields import ExactField, LearnedField
from fmstudio.flows.motion.solvers import RK4, Midpoint
from fmstudio.flows.paths.distributions import UniformBox
from fmstudio.flows.paths.schedules import VE, CondOT, Cosine, Schedule
from tests.flows.cases import standard_normal, three_modes


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _exact(schedule: Schedule) -> ExactField:
    return ExactField(marginal(standard_normal(torch.float64), three_modes(torch.float64), schedule))


def _learned() -> LearnedField:
    """A random smooth flow in float64."""
    network = MLP(16, 2, _generator(1))
    pairs = torch.randn(500, 2, generator=_generator(2)), three_modes().sample(500, _generator(3))
    network.normalise(Normalisation.of(CondOT(), PairMoments.of(*pairs)))
    network.trained.add_(0.1 * torch.randn(len(network.trained), generator=_generator(4)))
    return LearnedField(network.to("cpu", torch.float64), CondOT())


def _points(n: int = 12) -> Tensor:
    return torch.randn(n, 2, generator=_generator(5), dtype=torch.float64)


@pytest.mark.parametrize("field", [_exact(CondOT()), _learned()], ids=["exact", "learned"])
def test_that_the_log_det_is_that_of_the_jacobian_of_the_flow_map(field: ExactField | LearnedField) -> None:
    times = [k / 40 for k in range(37)]

    def end(x: Tensor) -> Tensor:
        *_, last = flow_states(field, x, times, RK4())
        return last.x

    x, h = _points(), 1e-5
    *_, state = flow_states(field, x, times, RK4())
    columns = [(end(x + h * e) - end(x - h * e)) / (2 * h) for e in torch.eye(2, dtype=torch.float64)]
    expected = torch.linalg.slogdet(torch.stack(columns, -1)).logabsdet
    torch.testing.assert_close(state.log_det, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("t", [0.4, 1.0])
@pytest.mark.parametrize("schedule", [CondOT(), Cosine()], ids=lambda s: type(s).__name__)
def test_that_the_density_along_the_flow_is_the_closed_form(schedule: Schedule, t: float) -> None:
    field = _exact(schedule)
    x = field.marginal.sample(50, t, _generator(6)).double()
    found = log_density(field, initial_log_prob(standard_normal(), schedule), x, t=t, steps=80, solver=RK4())
    torch.testing.assert_close(found, field.marginal.log_prob(x, t), atol=2e-3, rtol=0)


def test_that_a_scaled_source_is_reckoned_with_its_scale() -> None:
    schedule = VE(sigma_max=20.0)
    field = _exact(schedule)
    x = field.marginal.sample(50, 1.0, _generator(6)).double()
    found = log_density(field, initial_log_prob(standard_normal(), schedule), x, steps=200, solver=RK4())
    # the source of VE is approximate: it lacks the target's own spread, 1.6^2 beside 20^2
    torch.testing.assert_close(found, field.marginal.log_prob(x, 1.0), atol=0.05, rtol=0)


def test_that_hutchinsons_estimate_is_unbiased_and_exact_trace_is_its_mean() -> None:
    for field in (_learned(), _exact(CondOT())):
        x = _points(1).expand(4000, 2)
        signs = torch.randint(0, 2, x.shape, generator=_generator(8)).double() * 2 - 1
        velocity, estimates = HutchinsonTrace().of(field, x, 0.2, signs)
        exact_velocity, exact = ExactTrace().of(field, x[:1], 0.2, signs[:1])
        torch.testing.assert_close(velocity[:1], exact_velocity)
        error = 5 * float(estimates.std()) / math.sqrt(4000) + 1e-6
        assert float(estimates.mean()) == pytest.approx(float(exact[0]), abs=error)
        assert float(estimates.std()) > 1e-3
        assert abs(float(exact[0])) > 2 * error


def test_that_going_there_and_back_cancels() -> None:
    field, x = _learned(), _points()
    times = [k / 50 for k in range(51)]
    *_, there = flow_states(field, x, times, RK4())
    *_, back = flow_states(field, there.x, times[::-1], RK4())
    torch.testing.assert_close(back.x, x, atol=1e-6, rtol=0)
    torch.testing.assert_close(back.log_det, -there.log_det, atol=1e-5, rtol=0)


def test_that_the_default_is_the_midpoint_rule() -> None:
    field, x, times = _learned(), _points(), [k / 10 for k in range(11)]
    *_, lean = flow_states(field, x, times)
    *_, plain = flow_states(field, x, times, Midpoint())
    torch.testing.assert_close(lean.x, plain.x)
    torch.testing.assert_close(lean.log_det, plain.log_det)


def test_that_maximum_likelihood_tends_to_the_entropy_from_above() -> None:
    source, target = standard_normal(), three_modes(std=0.6)
    floor = entropy(target, _generator(1))
    network = MLP(24, 2)
    run = train_by_likelihood(
        source, target, network, steps=100, batch_size=128, flow_steps=6, generator=_generator()
    )
    losses = [step.loss for step in run]
    tests = target.sample(2000, _generator(9))
    field = LearnedField(network, CondOT())
    nll = -float(log_density(field, initial_log_prob(source, CondOT()), tests).mean())
    gaussian = -float(log_density(LearnedField(_fresh(), CondOT()), standard_normal().log_prob, tests).mean())
    assert np.mean(losses[-20:]) < np.mean(losses[:5])
    assert floor - 0.05 < nll < floor + 0.6 * (gaussian - floor)


def _fresh() -> MLP:
    """The Gaussian of the target's mean and variance, as a flow."""
    network = MLP(24, 2)
    pairs = standard_normal().sample(4000, _generator(1)), three_modes(std=0.6).sample(4000, _generator(2))
    network.normalise(Normalisation.of(CondOT(), PairMoments.of(*pairs)))
    return network


def test_that_hutchinson_trains_too() -> None:
    run = train_by_likelihood(
        standard_normal(),
        three_modes(),
        MLP(16, 1),
        steps=10,
        batch_size=64,
        flow_steps=4,
        hutchinson=True,
        generator=_generator(),
    )
    assert all(math.isfinite(step.loss) for step in run)


def test_that_a_gradient_is_shortened_and_never_lengthened() -> None:
    short, long = torch.tensor([0.3, 0.4]), torch.tensor([30.0, 40.0])
    assert torch.equal(clipped(short, 5.0), short)
    torch.testing.assert_close(clipped(long, 5.0), torch.tensor([3.0, 4.0]))


def test_that_bad_arguments_are_named() -> None:
    field, x = _exact(CondOT()), _points()
    with pytest.raises(ValueError, match="t must lie"):
        log_density(field, standard_normal().log_prob, x, t=1.5)
    with pytest.raises(ValueError, match="steps"):
        log_density(field, standard_normal().log_prob, x, steps=0)
    with pytest.raises(ValueError, match="Gaussian source"):
        train_by_likelihood(UniformBox(1.0), three_modes(), MLP(8, 1))
    with pytest.raises(ValueError, match="flow_steps"):
        train_by_likelihood(standard_normal(), three_modes(), MLP(8, 1), flow_steps=0)


def test_that_a_way_back_that_just_misses_a_flat_source_has_a_density_and_a_far_one_has_none() -> None:
    box = UniformBox(2.0)
    log_p = initial_log_prob(box, CondOT())
    level = -2 * math.log(4.0)
    x = torch.tensor([[0.0, 0.0], [2.01, 0.0], [2.07, -2.07], [2.2, 0.0], [0.0, 5.0]])
    found = log_p(x)
    assert found[:3] == pytest.approx([level] * 3)
    assert torch.isneginf(found[3:]).all()
    assert torch.equal(standard_normal().onto_support(x, 0.1), x)
