"""Law 7 for affine couplings: forward and inverse, log-determinants, and training by maximum likelihood."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fmstudio.flows.learning.likelihood import entropy
from fmstudio.flows.learning.realnvp import RealNVP, train_realnvp
from fmstudio.flows.paths.distributions import UniformBox
from tests.flows.cases import standard_normal, three_modes


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _flow(wildness: float = 0.3) -> RealNVP:
    """A random flow in float64."""
    flow = RealNVP(12, 5, _generator(1))
    flow.fit_scale(3 + 2 * torch.randn(500, 2, generator=_generator(2)))
    flow.trained.add_(wildness * torch.randn(len(flow.trained), generator=_generator(3)))
    return RealNVP.from_flat(12, 5, flow.flat.double())


def _points(n: int = 30) -> torch.Tensor:
    return torch.randn(n, 2, generator=_generator(4), dtype=torch.float64)


def test_that_inverse_undoes_forward_and_their_log_dets_cancel() -> None:
    flow, x = _flow(), _points()
    there = flow.forward(x)
    back = flow.inverse(there.x)
    torch.testing.assert_close(back.x, x)
    torch.testing.assert_close(back.log_det, -there.log_det)


def test_that_the_log_det_is_that_of_the_jacobian() -> None:
    flow, x, h = _flow(), _points(), 1e-6
    columns = [
        (flow.forward(x + h * e).x - flow.forward(x - h * e).x) / (2 * h)
        for e in torch.eye(2, dtype=torch.float64)
    ]
    expected = torch.linalg.slogdet(torch.stack(columns, -1)).logabsdet
    torch.testing.assert_close(flow.forward(x).log_det, expected, atol=1e-7, rtol=1e-7)


def test_that_a_coupling_moves_one_coordinate_and_the_last_state_is_the_answer() -> None:
    flow, x = _flow(), _points()
    states = list(flow.layers(x))
    assert len(states) == flow.couplings + 2
    for k in range(flow.couplings):
        before, after = states[k].x, states[k + 1].x
        assert torch.equal(before[:, 1 - k % 2], after[:, 1 - k % 2])
        assert not torch.equal(before[:, k % 2], after[:, k % 2])
    assert torch.equal(states[-1].x, flow.forward(x).x)


def test_that_the_density_integrates_to_one() -> None:
    flow = _flow(0.1)
    axis = torch.linspace(-13, 19, 700, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    mass = flow.log_prob(standard_normal(), grid).exp().sum() * (axis[1] - axis[0]) ** 2
    assert float(mass) == pytest.approx(1, abs=5e-3)


def test_that_flat_rebuilds_the_flow_to_the_last_bit() -> None:
    flow = _flow()
    again = RealNVP.from_flat(flow.width, flow.couplings, flow.flat)
    assert torch.equal(again.forward(_points()).x, flow.forward(_points()).x)
    with pytest.raises(ValueError, match="flat must hold"):
        RealNVP.from_flat(flow.width, flow.couplings + 1, flow.flat)


def test_that_training_tends_to_the_entropy_from_above() -> None:
    source, target = standard_normal(), three_modes()
    floor = entropy(target, _generator(1))
    flow = RealNVP(24, 6)
    losses = [s.loss for s in train_realnvp(source, target, flow, steps=400, generator=_generator())]
    tests = target.sample(4000, _generator(7))
    nll = -float(flow.log_prob(source, tests).mean())
    assert floor - 0.05 < nll < floor + 0.15
    assert np.mean(losses[-20:]) < np.mean(losses[:5])
    sampled = flow.sample(source, 4000, _generator(8))
    torch.testing.assert_close(sampled.std(0), tests.std(0), atol=0.1, rtol=0)


def test_that_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="couplings"):
        RealNVP(8, 1)
    with pytest.raises(ValueError, match="Gaussian source"):
        train_realnvp(UniformBox(1.0), three_modes(), RealNVP(8, 2))
