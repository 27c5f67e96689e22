"""What is learned: the regression targets of the velocity network, their weighting, and the loss floor.

All objectives fit the same F of ``networks`` (velocity, noise and data prediction are one function of it at a
time t: x_t = alpha z + beta x_0 is known), so they differ in their weighting alone - and in their target:

- ``FLOW_MATCHING``: E lambda_t |v(x_t, t) - (alpha' z + beta' x_0)|^2 (Khungurn 2024, Thm 3;
  Liao et al. 2024, Alg 1);
- ``EXACT_FIELD``: E lambda_t |v(x_t, t) - u_t(x_t)|^2, the flow-matching loss itself (Khungurn 2024, eq 5);
- ``SCORE_MATCHING``: E |noise(x_t, t) - x_0|^2, denoising score matching with lambda = beta^2 (Chen 2024,
  eq 34).

The weighting lambda_t = 1 / max(1, |beta'_t|) is 1 for CondOT and FM-OT. Where beta' is infinite at an end
(VP, linear-VP) the target's variance is not bounded; weighted, its mean over t is finite, since the integral
of |beta'| is beta_0 - beta_1 (notation, section 5, law 12). The minimiser stays where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.exact import Marginal
from fmstudio.flows.paths.schedules import Schedule
from fmstudio.flows.paths.way_noise import NO_NOISE, WayNoise

Weight = Callable[[Schedule, Tensor], Tensor]
"""What |residual of the velocity|^2 is multiplied by at times t, of the shape of t."""


def velocity_weight(schedule: Schedule, t: Tensor) -> Tensor:
    """lambda_t = 1 / max(1, |beta'|), of the shape of t."""
    return 1 / schedule.dbeta(t).abs().clamp_min(1.0)


def noise_weight(schedule: Schedule, t: Tensor) -> Tensor:
    """The residuals of velocity and noise are (alpha' beta - alpha beta') r and -alpha r with the same r, so
    the noise weighting is alpha^2 / (alpha' beta - alpha beta')^2."""
    ratio = schedule.alpha(t) / schedule.wronskian(t).clamp_min(1e-12)
    return ratio.square()


@final
@dataclass(frozen=True)
class Regression:
    """The mean of weight_t |v(x_t, t) - what it is fitted to|^2: the conditional velocity of each pair or,
    ``onto_field``, the exact marginal one."""

    weight: Weight
    onto_field: bool = False

    def weight_on(self, schedule: Schedule, t: Tensor, way: WayNoise) -> Tensor:
        """The weight; with noise on the way 1 / max(1, gamma'^2) of it: gamma' is infinite at the ends."""
        weight = self.weight(schedule, t)
        return weight / way.speed(t).square().clamp_min(1.0) if way.spread else weight


FLOW_MATCHING = Regression(velocity_weight)
SCORE_MATCHING = Regression(noise_weight)
EXACT_FIELD = Regression(velocity_weight, onto_field=True)
REGRESSIONS: dict[str, Regression] = {
    "cfm": FLOW_MATCHING,
    "dsm": SCORE_MATCHING,
    "exact": EXACT_FIELD,
    "sf2m": FLOW_MATCHING,
}


def loss_floor(
    marginal: Marginal,
    schedule: Schedule,
    objective: Regression = FLOW_MATCHING,
    draws: int = 20_000,
    generator: torch.Generator | None = None,
    way: WayNoise = NO_NOISE,
) -> float:
    """The irreducible loss E_t weight_t (alpha' - alpha beta'/beta)^2 E tr C_t that ``objective`` tends to
    (notation, section 3): 0 onto the exact field. ``draws`` points x_t at times stratified over (0, 1);
    ``way`` is the noise on the way of the marginal."""
    terms = list(loss_floor_terms(marginal, schedule, objective, draws, generator, way))
    return sum(terms) / len(terms)


def loss_floor_terms(
    marginal: Marginal,
    schedule: Schedule,
    objective: Regression = FLOW_MATCHING,
    draws: int = 20_000,
    generator: torch.Generator | None = None,
    way: WayNoise = NO_NOISE,
) -> Iterator[float]:
    """What ``loss_floor`` is the mean of, time by time."""
    if objective.onto_field:
        yield 0.0
        return
    generator = generator or torch.Generator().manual_seed(0)
    slices = 200
    for k in range(slices):
        t = (k + 0.5) / slices
        weight = float(objective.weight_on(schedule, torch.tensor(t, dtype=torch.float64), way))
        yield weight * float(marginal.irreducible_loss(t, generator, max(1, draws // slices)))
