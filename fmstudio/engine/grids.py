"""Where and when pictures are known: grids of the plane, and the order of their moments. No torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Row = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Grid:
    """``nx`` by ``ny`` points on the closed rectangle centre +- half; rows of an image go up in y."""

    cx: float
    cy: float
    half_x: float
    half_y: float
    nx: int
    ny: int

    @property
    def xs(self) -> Row:
        return np.linspace(self.cx - self.half_x, self.cx + self.half_x, self.nx, dtype=np.float32)

    @property
    def ys(self) -> Row:
        return np.linspace(self.cy - self.half_y, self.cy + self.half_y, self.ny, dtype=np.float32)


def outward_order(n: int, first: int) -> tuple[int, ...]:
    """0 .. n-1 by distance from ``first``: the moment that is looked at comes first."""
    return tuple(sorted(range(n), key=lambda i: (abs(i - first), i)))
