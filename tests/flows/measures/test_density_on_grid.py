"""The density alone, on a grid, is the density: the picture's fast way agrees with the general one."""

from __future__ import annotations

import pytest
import torch

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.paths.distributions import Distribution, GaussianMixture
from fmstudio.flows.paths.schedules import CondOT
from fmstudio.flows.paths.shapes import checkerboard, eight_gaussians, two_moons

STANDARD = GaussianMixture.standard_normal(torch.float64)
SHIFTED = GaussianMixture.isotropic(torch.tensor([[-1.0, 0.5], [1.5, 0.0]], dtype=torch.float64), 0.6)


@pytest.mark.parametrize("source", [STANDARD, SHIFTED], ids=["one", "two"])
@pytest.mark.parametrize(
    "target", [two_moons(), checkerboard(cells=32), eight_gaussians()], ids=lambda d: d.name
)
@pytest.mark.parametrize("t", [0.0, 0.4, 1.0])
def test_that_the_density_on_a_grid_is_the_density_at_its_points(
    source: Distribution, target: Distribution, t: float
) -> None:
    exact = marginal(source, target, CondOT())
    xs = torch.linspace(-4, 3, 23, dtype=torch.float64)
    ys = torch.linspace(-2, 4, 17, dtype=torch.float64)
    points = torch.cartesian_prod(ys, xs).flip(1)
    at_points = exact.log_prob(points, t).exp().reshape(17, 23)
    torch.testing.assert_close(exact.density_on_grid(xs, ys, t), at_points, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(exact.density_on_grid(xs, ys, t), exact.on_grid(xs, ys, t).density)
