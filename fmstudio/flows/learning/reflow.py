"""Reflow: a flow's own ends as pairs to learn from again (rectified flow: Liu et al. 2023).

A trained flow couples each x_0 with the z that it carries it to. Flow matching on these pairs learns the same
two marginals with straighter paths, which fewer steps follow.
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
from fmstudio.flows.paths.distributions import Distribution


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


def reflow_pairs(
    field: Field, source: Distribution, n: int, generator: torch.Generator, steps: int = 50
) -> Iterator[PairPool | None]:
    """Carries ``n`` source points through the flow by Heun: None after each step, at last the pool.
    Raises ValueError for n < 1 or steps < 1."""
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    x_0 = source.sample(n, generator)
    start = x_0 * field.schedule.source_scale
    end = start
    for state in simulate(FlowODE(field), Heun(), start, [k / steps for k in range(steps + 1)]):
        end = state
        yield None
    yield PairPool(x_0, end)
