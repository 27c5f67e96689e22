"""Laws of densities that are given by a formula."""

from __future__ import annotations

import math

import torch

from fmstudio.document.specs.distribution import FormulaSpec
from fmstudio.engine.worker import build
from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.paths.distributions import GaussianMixture
from fmstudio.flows.paths.schedules import CondOT
from fmstudio.verify.law import Measured, law, seeded, worst

STD, HALF, CELLS = 0.4, 3.0, 256
WIDTHS = 3.0
"""Standard deviations of p_t within which the densities are compared."""
GROWTH = 17 / 16 * (2 * HALF / CELLS / STD) ** 2
"""Of the variance at t = 1: a cell is a normal as wide as its side, at the middle of four places."""


@law(
    "drawn-target",
    "A Gaussian typed as log p has the density of the Gaussian at every t, up to the width of a cell",
    "theory: its variance grows by 17/16 of a cell's, log p by half the square of 3 widths times that",
)
def typed_gaussian_is_the_gaussian() -> Measured:
    typed = build.distribution(FormulaSpec(expression=f"-r^2/(2*{STD}^2)", half=HALF))
    true = GaussianMixture.isotropic(torch.zeros(1, 2, dtype=torch.float64), STD)
    source = GaussianMixture.standard_normal(torch.float64)
    one, other = (marginal(source, target, CondOT()) for target in (typed, true))
    noise = torch.randn((400, 2), generator=seeded(70), dtype=torch.float64)
    disc = (
        noise / noise.norm(dim=1, keepdim=True) * torch.linspace(0, WIDTHS, 400, dtype=torch.float64)[:, None]
    )
    gaps = []
    for t in (0.25, 0.5, 0.75, 1.0):
        x = disc * math.hypot(t * STD, 1 - t)
        gaps.append(one.log_prob(x, t) - other.log_prob(x, t))
    return Measured(worst(*gaps), WIDTHS**2 / 2 * GROWTH)
