"""Reflow: a flow's own ends as pairs to learn from again (rectified flow: Liu et al. 2023).

A trained flow couples each x_0 with the z that it carries it to. Flow matching on these pairs learns the same
two marginals with straighter paths, which fewer steps follow. What is carried is a start x(0), a draw of p_0,
and where it ends, x(1). The pair (x_0, z) is the one whose path runs between the two:

    x(0) = alpha_0 z + beta_0 x_0,  x(1) = alpha_1 z + beta_1 x_0,

which is the start and the end themselves where (alpha, beta) runs from (0, 1) to (1, 0).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.motion.dynamics import FlowODE
from fmstudio.flows.motion.fields import Field
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import Heun
from fmstudio.flows.paths.schedules import Schedule


@final
@dataclass(frozen=True)
class PairPool:
    """Pairs (x_0, z), (n, 2) each, to be drawn from with replacement."""

    x_0: Tensor
    z: Tensor

    def __post_init__(self) -> None:
        if self.x_0.shape != self.z.shape or self.x_0.ndim != 2 or len(self.x_0) < 1:
            raise ValueError(
                f"x_0 and z must have one shape (n, 2), got {tuple(self.x_0.shape)}, {tuple(self.z.shape)}"
            )

    def draw(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """``n`` pairs."""
        k = torch.randint(len(self.x_0), (n,), generator=generator, device=generator.device)
        return self.x_0[k.to(self.x_0.device)], self.z[k.to(self.z.device)]


def reflow_pairs(field: Field, start: Tensor, steps: int = 50) -> Iterator[PairPool | None]:
    """Carries ``start`` (n, 2), draws of the path's p_0, through the flow by Heun: None after each step, at
    last the pool. Raises ValueError for no points or steps < 1."""
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    end = start
    for state in simulate(FlowODE(field), Heun(), start, [k / steps for k in range(steps + 1)]):
        end = state
        yield None
    yield PairPool(*_pairs_between(field.schedule, start, end))


def _pairs_between(schedule: Schedule, start: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
    """(x_0, z) of which ``start`` and ``end`` are the ends of the path."""
    (alpha_0, beta_0), (alpha_1, beta_1) = (
        (float(schedule.alpha(t)), float(schedule.beta(t))) for t in (0.0, 1.0)
    )
    determinant = alpha_1 * beta_0 - alpha_0 * beta_1
    x_0 = (alpha_1 * start - alpha_0 * end) / determinant
    return x_0, (beta_0 * end - beta_1 * start) / determinant
