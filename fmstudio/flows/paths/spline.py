"""A schedule of one's own: monotone cubic splines through handles (t, alpha, beta)."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import final

from torch import Tensor

from fmstudio.flows.paths.hermite import Hermite
from fmstudio.flows.paths.schedule import Schedule, Time, as_time

Handle = tuple[float, float, float]
"""(t, alpha, beta)"""

STRAIGHT: tuple[Handle, ...] = ((0.0, 0.0, 1.0), (0.5, 0.5, 0.5), (1.0, 1.0, 0.0))


@final
@dataclass(frozen=True)
class Spline(Schedule):
    """alpha and beta as monotone cubic Hermite splines (slopes by harmonic means: Fritsch and Butland).

    The handles run from (0, 0, 1) to (1, 1, beta_1) with t rising, alpha not falling and beta not rising. The
    splines and their derivatives are continuous and stay between neighbouring handles.
    """

    handles: tuple[Handle, ...] = STRAIGHT
    _alpha: Hermite = field(init=False, repr=False, compare=False)
    _beta: Hermite = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self.handles)
        t, alpha, beta = (list(column) for column in zip(*self.handles, strict=True))
        object.__setattr__(self, "_alpha", Hermite.monotone(t, alpha))
        object.__setattr__(self, "_beta", Hermite.monotone(t, beta))

    def alpha(self, t: Time) -> Tensor:
        return self._alpha.value(as_time(t))

    def beta(self, t: Time) -> Tensor:
        return self._beta.value(as_time(t))

    def dalpha(self, t: Time) -> Tensor:
        return self._alpha.slope(as_time(t))

    def dbeta(self, t: Time) -> Tensor:
        return self._beta.slope(as_time(t))


def _check(handles: tuple[Handle, ...]) -> None:
    if len(handles) < 2:
        raise ValueError(f"handles must be at least two (t, alpha, beta), got {len(handles)}")
    if tuple(handles[0]) != (0.0, 0.0, 1.0):
        raise ValueError(f"handles must start at (0, 0, 1), pure source, got {tuple(handles[0])}")
    if tuple(handles[-1][:2]) != (1.0, 1.0) or not 0 <= handles[-1][2] < 1:
        raise ValueError(f"handles must end at (1, 1, beta) with beta in [0, 1), got {tuple(handles[-1])}")
    for before, after in pairwise(handles):
        rises = after[0] > before[0] and after[1] >= before[1] and after[2] <= before[2]
        if not rises or before[1:] == after[1:]:
            raise ValueError(
                f"handles must have t rising, alpha not falling, beta not rising, got {before} before {after}"
            )
