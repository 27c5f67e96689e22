"""Ways through given places: where a particle that is at x at time t goes, and where it came from.

Its future is the solver's. Its past along a flow is the one point from which the solver's own steps come to
x; under noise it is a draw from the reversal of time, dX = (-b + sigma^2 grad log p_t) dtau + sigma dW with
tau running back (Anderson 1982; Chen 2024, eq 26), whose law given X_t = x is that of the motion itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, final

import torch
from torch import Tensor

from fmstudio.flows.motion.diffusion import Time
from fmstudio.flows.motion.dynamics import Dynamics, SDEExtension
from fmstudio.flows.motion.solvers import EulerMaruyama, Solver

Step = Callable[[Tensor, float, float, int], Tensor]
"""(x, t, after, number of the interval) -> x at ``after``"""
Score = Callable[[Tensor, float], Tensor]
Draws = Callable[[int, int], Tensor]
"""(number, n) -> the standard normals of that step for n points"""
ROUNDS, NEAR = 24, 1e-6
"""A step is inverted in so many rounds at most, or until it comes so near."""


def sweep(step: Step, x: Tensor, t: Sequence[float], times: Sequence[float]) -> Iterator[Tensor]:
    """The states (n, 2) at each of ``times``, which run either way, of points that join at ``x`` (n, 2) when
    their own time comes; NaN before."""
    own = torch.tensor(t, dtype=torch.float64)
    ahead = 1.0 if times[-1] > times[0] else -1.0
    now = torch.where((own == times[0])[:, None], x, torch.nan)
    yield now
    for number, (start, after) in enumerate(pairwise(times)):
        moved = torch.where((own == after)[:, None], x, torch.nan)
        between = (ahead * (own - start) > 0) & (ahead * (after - own) > 0)
        there = ~torch.isnan(now[:, 0])
        for since, rows in ((start, there), *((at, own == at) for at in set(own[between].tolist()))):
            if bool(rows.any()):
                moved[rows] = step((now if since == start else x)[rows], since, after, number)
        now = moved
        yield now


def onward(
    dynamics: Dynamics, solver: Solver, draws: Callable[[int, int], Tensor] | None, parts: int
) -> Step:
    """Steps of the motion itself, ``parts`` to an interval; ``draws(number, n)`` are the normals of a
    step."""

    def step(x: Tensor, t: float, after: float, number: int) -> Tensor:
        for part in range(parts):
            begin, end = (t + (after - t) * k / parts for k in (part, part + 1))
            under_way, start, length = dynamics.stride(begin, end)
            noise = None if draws is None else draws(number * parts + part, len(x)).to(x)
            x = solver.advance(under_way, x, start, length, noise)
        return x

    return step


def backward(dynamics: Dynamics, solver: Solver) -> Step:
    """Steps of a flow taken back: x such that the solver's step from there comes to where it was.

    x + (y - step(x)) contracts where a step moves neighbours by less than their distance; where it does not
    (the solver folds the plane), the nearest x that was found is taken."""

    def step(y: Tensor, after: float, t: float, _number: int) -> Tensor:
        under_way, start, length = dynamics.stride(t, after)
        x = solver.advance(under_way, y, start + length, -length, None)
        best, least = x, torch.full((len(y), 1), torch.inf).to(y)
        for _ in range(ROUNDS):
            missed = y - solver.advance(under_way, x, start, length, None)
            far = missed.norm(dim=1, keepdim=True)
            best, least = torch.where(far < least, x, best), torch.minimum(far, least)
            if float(least.max()) < NEAR:
                break
            x = x + missed
        return best

    return step


@final
@dataclass(frozen=True)
class TimeReversal(Dynamics):
    """dX = (-b + sigma^2 grad log p)(X, end - tau) dtau + sigma dW of a motion whose law p_t has this
    ``score``; its clock tau begins at 0 where t = ``end``."""

    forward: Dynamics
    score: Score
    end: float
    is_stochastic: ClassVar[bool] = True

    def drift(self, x: Tensor, t: Time) -> Tensor:
        at = self.end - float(t)
        ahead, squared = self.forward.drift(x, at), float(self.forward.diffusion(at)) ** 2
        return -ahead if squared == 0 else torch.add(-ahead, self.score(x, at), alpha=squared)

    def diffusion(self, t: Time) -> Tensor:
        return self.forward.diffusion(self.end - float(t))

    def stride(self, t: float, after: float) -> tuple[Dynamics, float, float]:
        under_way, start, length = self.forward.stride(self.end - after, self.end - t)
        score = under_way.field.score if isinstance(under_way, SDEExtension) else self.score
        return TimeReversal(under_way, score, start + length), 0.0, length


def back_in_time(
    dynamics: Dynamics,
    score: Score,
    draws: Callable[[int, int], Tensor],
    parts: Callable[[float, float], int],
) -> Step:
    """Steps of the reversal of time by Euler and Maruyama, ``parts(t, after)`` to an interval."""

    def step(x: Tensor, after: float, t: float, number: int) -> Tensor:
        count = parts(t, after)
        reversal, solver = TimeReversal(dynamics, score, after), EulerMaruyama()
        for part in range(count):
            under_way, start, length = reversal.stride(
                (after - t) * part / count, (after - t) * (part + 1) / count
            )
            x = solver.step(under_way, x, start, length, draws(number * MOST_PARTS + part, len(x)).to(x))
        return x

    return step


MOST_PARTS = 64
"""Of an interval, however hard the score pulls."""
