"""What the network sees and what is left to it, for pairs that go together."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from fmstudio.flows.learning.normalisation import Normalisation, PairMoments, lookup
from fmstudio.flows.paths.probability_path import ProbabilityPath
from fmstudio.flows.paths.schedules import VP, CondOT, Cosine, Schedule

N = 40_000


def _pairs() -> tuple[Tensor, Tensor]:
    """Coupled: z leans on x_0, axis by axis, and both have a place and a width of their own."""
    generator = torch.Generator().manual_seed(0)
    x_0, other = torch.randn(2, N, 2, generator=generator, dtype=torch.float64)
    return x_0, 0.8 * x_0 * torch.tensor([1.0, -1.0]) + 0.5 * other + torch.tensor([2.0, -1.0])


@pytest.mark.parametrize("t", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("schedule", [CondOT(), Cosine(), VP()], ids=lambda s: type(s).__name__)
def test_that_what_the_network_sees_and_answers_has_unit_size(schedule: Schedule, t: float) -> None:
    x_0, z = _pairs()
    at = lookup(Normalisation.of(schedule, PairMoments.of(x_0, z)).table.double(), t)
    path = ProbabilityPath(schedule)
    seen = (path.x_t(x_0, z, t) - at.centre) / at.scale
    left = (
        path.target_velocity(x_0, z, t) - at.offset - at.skip * (path.x_t(x_0, z, t) - at.centre)
    ) / at.out
    for values in (seen, left):
        torch.testing.assert_close(values.mean(0), torch.zeros(2).double(), atol=0.03, rtol=0)
        torch.testing.assert_close(values.std(0), torch.ones(2).double(), atol=0.03, rtol=0)
    assert float((seen * left).mean(0).abs().max()) < 0.03  # what is linear in x_t is not left to it
