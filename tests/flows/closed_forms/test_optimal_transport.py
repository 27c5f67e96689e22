"""Optimal transport as the bridge of least sigma: known costs, straight lines, its bias."""

from __future__ import annotations

from typing import Any

import numpy as np
import ot
import pytest
import torch

from fmstudio.flows.closed_forms.nodes import Nodes
from fmstudio.flows.closed_forms.optimal_transport import optimal_transport
from fmstudio.flows.paths import shapes
from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_that_between_normals_the_cost_is_known() -> None:
    a, b, shift = 0.5, 0.8, 1.5
    ends = (
        GaussianMixture.isotropic(torch.zeros(1, 2), a),
        GaussianMixture.isotropic(torch.tensor([[shift, 0.0]]), b),
    )
    found = optimal_transport(*ends)
    assert found.wasserstein_squared == pytest.approx(shift**2 + 2 * (a - b) ** 2, rel=2e-3)
    x_0, z = found.pairs(4000, seeded(1))
    line = torch.tensor([shift, 0.0]) + b / a * x_0
    assert float((z - line).norm(dim=1).median()) < 3 * found.sigma
    x = 0.6 * x_0 + 0.4 * line
    assert float((found.velocity(x, 0.4) - (line - x_0)).norm(dim=1).median()) < 0.05


def test_that_a_moved_law_is_moved_along_parallel_lines() -> None:
    ring, shift = shapes.ring(), torch.tensor([2.5, -1.0])
    found = optimal_transport(ring, Cloud(ring.points + shift, ring.weights, ring.width))
    assert found.wasserstein_squared == pytest.approx(float(shift.square().sum()), rel=5e-3)
    x = ring.sample(500, seeded(2)) + 0.5 * shift
    assert float((found.velocity(x, 0.5) - shift).norm(dim=1).median()) < 0.02


def thinned(nodes: Nodes) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(points (m, 2), masses (m,)) of the finest of coarser nodes that are few."""
    while int((nodes.mass > 1e-6).sum()) > 2500:
        nodes = nodes.coarser()
    row, column = (nodes.mass > 1e-6).nonzero().unbind(1)
    mass = nodes.mass[row, column].numpy()
    return torch.stack([nodes.x[column], nodes.y[row]], 1).numpy(), mass / mass.sum()


@pytest.mark.parametrize("target", [shapes.two_moons(), shapes.eight_gaussians()], ids=["moons", "eight"])
def test_that_its_cost_is_the_exact_one(target: Distribution) -> None:
    """POT's network simplex between the same masses, on fewer nodes."""
    found = optimal_transport(shapes.ring(), target)
    (x, p), (z, q) = thinned(found.scaling.source), thinned(found.scaling.target)
    exact = float(ot.emd2(p, q, ot.dist(x, z), numItermax=10_000_000))
    assert found.wasserstein_squared == pytest.approx(exact, rel=1e-2)
    assert found.transport_cost > exact
    assert found.entropic_bias < 0.05 * exact
