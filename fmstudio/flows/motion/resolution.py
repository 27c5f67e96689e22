"""Whether the steps of a grid resolve what moves the particles along a path. Steps that do not are refused.

An explicit step of length h multiplies a distance by 1 - h L where the drift pulls with rate L. The score of
the narrowest part of p_t, of variance v_t = alpha^2 w_1^2 + beta^2 w_0^2, pulls with sigma_t^2 / (2 v_t): for
h L > 1 a step goes past its aim and leaves more noise than it takes, for h L > 2 it throws particles out. Any
sigma_t keeps the marginals, but not in steps of any length.

A flow has no such rate, stepped by its curve's clock. What is left is how unevenly a schedule spends its
steps: t^n crosses more than half of its way, counted by the angle of (alpha, beta), in one of ten.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from fmstudio.flows.motion.diffusion import Sigma
from fmstudio.flows.motion.dynamics import Dynamics
from fmstudio.flows.motion.solvers import Solver
from fmstudio.flows.paths.schedules import Schedule

FARTHEST = 0.5
"""The part of the way that a first-order step may go at once, where it is also ``UNEVEN`` times its share."""
UNEVEN = 3.0
HEALED = 2
EARLY = 2.2
"""So many first steps may go so far past their aim: they stay in reach, and the rest of the way heals it.
The noising SDE of CondOT and its like pulls with 21 at t = 0, which ten steps may take."""


class TooCoarse(ValueError):
    """The steps are too long for this path, noise and target; the sentence says what to do."""


def require_resolved(
    dynamics: Dynamics, solver: Solver, times: Sequence[float], widths: tuple[float, float]
) -> None:
    """Raises TooCoarse where the grid ``times`` cannot give p_t. ``widths`` are the standard deviations of
    the narrowest parts of source and target. Motions along no path are left to themselves."""
    along = dynamics.along
    if along is None or len(times) < 2:
        return
    schedule, sigma = along
    grid = torch.tensor(times, dtype=torch.float64)
    if solver.order == 1:
        _require_even(schedule, grid)
    if sigma is not None:
        _require_stable(schedule, sigma, solver, grid, widths)


def _require_even(schedule: Schedule, grid: Tensor) -> None:
    angle = torch.atan2(schedule.alpha(grid), schedule.beta(grid)) / (math.pi / 2)
    spans, steps = angle.diff().abs(), len(grid) - 1
    span, step = spans.max(0)
    if float(span) > max(FARTHEST, UNEVEN / steps):
        raise TooCoarse(
            f"{steps} steps are too long for this path: it goes {100 * float(span):.0f} % of its way in step "
            f"{int(step) + 1}. Use more steps, or a solver of order 2."
        )


def _require_stable(
    schedule: Schedule, sigma: Sigma, solver: Solver, grid: Tensor, widths: tuple[float, float]
) -> None:
    stages = grid if solver.order > 1 else grid[:-1]
    variance = (schedule.alpha(stages) * widths[1]).square() + (schedule.beta(stages) * widths[0]).square()
    rate = sigma(stages).square() / (2 * variance)
    steps = grid.diff()
    lengths = torch.cat([steps, steps[-1:]])[: len(stages)]
    allowed = torch.ones_like(stages)
    allowed[: min(HEALED, len(stages) - 2)] = EARLY
    pull, at = (rate * lengths / allowed).max(0)
    if float(pull) > 1:
        needed = math.ceil(float(pull) * len(steps) / 10) * 10
        raise TooCoarse(
            f"{len(steps)} steps are too long for this noise: near t = {float(stages[at]):.2g} one of them "
            f"goes {float(pull * allowed[at]):.2g} times as far as the score pulls. Use {needed} steps, "
            "a smaller σ or one that falls with √β."
        )
