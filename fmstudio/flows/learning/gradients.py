"""The two gradients of Khungurn 2024, Thm 3 (Liao et al. 2024, Thm 2): flow matching and conditional flow
matching.

L_FM regresses on u_t(x_t), L_CFM on u_t(x_t given z); with x_t distributed by p_t both have the same
gradient in expectation, since u_t(x) = E[u_t(x given z) given x_t = x]. On a batch of n they differ by noise
that falls like 1 / sqrt(n).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import marginal
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.objectives import velocity_weight
from fmstudio.flows.paths.distributions import Distribution
from fmstudio.flows.paths.schedules import Schedule


@final
@dataclass(frozen=True)
class TwoGradients:
    """Of the same network on the same x_t, as flat vectors (P,)."""

    flow_matching: Tensor
    conditional: Tensor

    @property
    def cosine(self) -> float:
        return float(torch.nn.functional.cosine_similarity(self.flow_matching, self.conditional, dim=0))

    @property
    def ratio(self) -> float:
        """|conditional| / |flow matching|."""
        return float(self.conditional.norm() / self.flow_matching.norm().clamp_min(1e-30))


def two_gradients(
    source: Distribution,
    target: Distribution,
    schedule: Schedule,
    network: MLP,
    n: int,
    generator: torch.Generator,
) -> TwoGradients:
    """Gradients of mean lambda_t |v - u|^2 for both targets u on one batch of ``n`` independent pairs.
    Raises ValueError for n < 1, NoClosedForm where u_t is not known."""
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    exact = marginal(source, target, schedule)
    x_0, z = source.sample(n, generator), target.sample(n, generator)
    t = torch.rand(n, 1, generator=generator, device=generator.device)
    x = schedule.alpha(t) * z + schedule.beta(t) * x_0
    targets = (exact.velocity(x, t[:, 0]), schedule.dalpha(t) * z + schedule.dbeta(t) * x_0)
    weights = network.trained.clone().requires_grad_()
    with torch.enable_grad():
        v = network.velocity_of(weights, x, network.coefficients(t))
    scale = 2 / n * velocity_weight(schedule, t)
    slopes = [
        torch.autograd.grad(v, weights, scale * (v.detach() - u), retain_graph=True)[0] for u in targets
    ]
    return TwoGradients(*slopes)
