"""Whether the steps of a grid resolve what moves the particles along a path. Steps that do not are refused.

An explicit step of length h multiplies a distance by 1 - h L where the drift pulls with rate L. The score of
the narrowest part of p_t, of variance v_t = alpha^2 w_1^2 + beta^2 w_0^2, pulls with sigma_t^2 / (2 v_t): for
h L > 1 a step goes past its aim and leaves more noise than it takes, for h L > 2 it throws particles out. Any
sigma_t keeps the marginals, but not in steps of any length.

A flow has no such rate, stepped by its curve's clock. What is left is how unevenly a schedule spends its
steps: t^(1/4) crosses a third of its way in the first of a hundred. Euler carries a normal to a normal, by
factors that are known, so what these steps would make of a normal as wide as the target says how wrong they
are. That width and the distance of the particles from the target rise together, whatever the schedule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from fmstudio.flows.motion.clock import Curve, curve_of
from fmstudio.flows.motion.diffusion import Sigma
from fmstudio.flows.motion.dynamics import Dynamics
from fmstudio.flows.motion.solvers import Solver
from fmstudio.flows.paths.distributions import Distribution
from fmstudio.flows.paths.schedules import Schedule

WRONG = 0.16
"""The part by which a first-order solver may miss the width of a normal. Ten even steps of CondOT miss that
of the two moons by .13 and end at 1.8 times the distance of exact draws; at 2 times it is .16."""
DOT = 0.5
"""The width of a target that is narrower than this part of the source counts as that: it looks a dot."""
UNEVEN = 2.0
"""Where no step is longer than so many even ones, the schedule is not to blame: somebody asks for few steps,
which is theirs to see."""
DRAWS = 2000
"""They tell a width to 2 %."""
HEALED = 2
EARLY = 2.2
"""So many first steps may go so far past their aim: they stay in reach, and the rest of the way heals it.
The noising SDE of CondOT and its like pulls with 21 at t = 0, which ten steps may take."""


class TooCoarse(ValueError):
    """The steps are too long for this path, noise and target; the sentence says what to do."""


def require_resolved(
    dynamics: Dynamics, solver: Solver, times: Sequence[float], source: Distribution, target: Distribution
) -> None:
    """Raises TooCoarse where the grid ``times`` cannot give p_t between these ends. Motions along no path are
    left to themselves."""
    along = dynamics.along
    if along is None or len(times) < 2:
        return
    schedule, sigma = along
    if solver.order == 1:
        _require_even(curve_of(schedule), times, (_widest(source), _widest(target)))
    if sigma is not None:
        grid = torch.tensor(times, dtype=torch.float64)
        _require_stable(schedule, sigma, solver, grid, (source.narrowest, target.narrowest))


def _require_even(curve: Curve, times: Sequence[float], widths: tuple[float, float]) -> None:
    grid = torch.tensor([curve.of(t) for t in times], dtype=torch.float64)
    steps = len(times) - 1
    span, step = grid.diff().max(0)
    if float(span) * steps > UNEVEN and _missed(curve.schedule, grid, widths) > WRONG:
        raise TooCoarse(
            f"{steps} steps are too long for this path: it goes {100 * float(span):.0f} % of its way in step "
            f"{int(step) + 1}. Use more steps, or a solver of order 2."
        )


def _missed(schedule: Schedule, grid: Tensor, widths: tuple[float, float]) -> float:
    """By which part of its width Euler's steps miss a normal target from a normal source: each multiplies
    what is there by 1 + h v'/v, where v is the width of p_t."""
    alpha, beta = schedule.alpha(grid), schedule.beta(grid)
    dalpha, beta_dbeta = schedule.dalpha(grid), schedule.beta_dbeta(grid)
    source, target = widths
    variance = (alpha * target).square() + (beta * source).square()
    rate = (alpha * dalpha * target**2 + beta_dbeta * source**2) / variance
    v = variance.sqrt()
    carried = v[0] * (1 + grid.diff() * rate[:-1]).prod()
    return abs(float(carried - v[-1])) / max(target, DOT * source)


def _widest(law: Distribution) -> float:
    """The standard deviation of a law along its longest axis, from draws of its own."""
    x = law.sample(DRAWS, torch.Generator().manual_seed(0)).double()
    return math.sqrt(float(torch.linalg.eigvalsh(x.T.cov())[-1]))


def pull_of_score(schedule: Schedule, sigma: Sigma, widths: tuple[float, float], t: Tensor) -> Tensor:
    """L = sigma_t^2 / (2 v_t) at times ``t``, of the narrowest parts of source and target."""
    variance = (schedule.alpha(t) * widths[1]).square() + (schedule.beta(t) * widths[0]).square()
    return sigma(t).square() / (2 * variance)


def _require_stable(
    schedule: Schedule, sigma: Sigma, solver: Solver, grid: Tensor, widths: tuple[float, float]
) -> None:
    stages = grid if solver.order > 1 else grid[:-1]
    rate = pull_of_score(schedule, sigma, widths, stages)
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
