"""Khungurn 2024, Thm 3: the gradients of flow matching and conditional flow matching."""

import pytest
import torch

from fmstudio.flows.learning.gradients import two_gradients
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.normalisation import Normalisation, PairMoments
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.schedules import CondOT

SOURCE = GaussianMixture.standard_normal()
TARGET = GaussianMixture(
    torch.tensor([0.5, 0.5]), torch.tensor([[-1.5, 0.0], [1.5, 0.0]]), 0.05 * torch.eye(2).expand(2, 2, 2)
)


@pytest.fixture
def network() -> MLP:
    generator = torch.Generator().manual_seed(0)
    made = MLP(8, 2, generator)
    moments = PairMoments.of(SOURCE.sample(2000, generator), TARGET.sample(2000, generator))
    made.normalise(Normalisation.of(CondOT(), moments))
    made.trained.add_(0.2 * torch.randn(made.trained.shape, generator=generator))
    return made


def _mean_gap(network: MLP, n: int, batches: int) -> float:
    generator = torch.Generator().manual_seed(n)
    both = [two_gradients(SOURCE, TARGET, CondOT(), network, n, generator) for _ in range(batches)]
    gaps = torch.stack([b.conditional - b.flow_matching for b in both])
    return float(gaps.norm(dim=1).mean() / torch.stack([b.flow_matching for b in both]).mean(0).norm())


def test_that_both_gradients_are_equal_up_to_noise_that_falls_with_the_root_of_the_batch(network):
    small, large = _mean_gap(network, 64, 40), _mean_gap(network, 6400, 4)
    assert 6 < small / large < 16  # sqrt(100) in expectation
    assert large < 0.15


def test_that_on_large_batches_cosine_and_ratio_are_near_one(network):
    both = two_gradients(SOURCE, TARGET, CondOT(), network, 20_000, torch.Generator().manual_seed(0))
    assert both.cosine > 0.99
    assert abs(both.ratio - 1) < 0.05


def test_that_an_empty_batch_is_refused(network):
    with pytest.raises(ValueError, match="n must be at least 1"):
        two_gradients(SOURCE, TARGET, CondOT(), network, 0, torch.Generator())
