"""How what lies in the plane is told in a file's own units: the one place where figures are converted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from fmstudio.document.specs.spec import Spec

Vector = tuple[float, float]


class Units(Spec):
    """How a file's own units lie in the plane: what is at x there is at ``offset + scale x`` in the file.

    Kept in float64, since 32 bits do not tell two houses of a town apart in metres of its map zone.
    """

    offset: Vector = (0.0, 0.0)
    scale: float = Field(default=1.0, gt=0)

    @property
    def are_plane(self) -> bool:
        """The plane's own: nothing to undo."""
        return self == PLANE

    def to_plane(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """(..., 2) of the file in the plane; halves keep the difference of two huge ones finite."""
        values = np.asarray(points, np.float64)
        halves: npt.NDArray[np.float64] = values / 2 - np.array(self.offset) / 2
        return halves / self.scale * 2

    def from_plane(self, points: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """(..., 2) of the plane in the file."""
        moved: npt.NDArray[np.float64] = np.array(self.offset) + self.scale * np.asarray(points, np.float64)
        return moved

    def words(self) -> str:
        """What one unit of the plane is, and where its middle lies; '' for the plane's own."""
        x, y = (self._rounded(value) for value in self.offset)
        return (
            ""
            if self.are_plane
            else f"one unit of the plane is {self.scale:.3g} of the file, around ({x}, {y})"
        )

    def _rounded(self, value: float) -> str:
        """As finely as matters beside the scale."""
        digits = math.ceil(math.log10(max(abs(value) / self.scale, 1.0))) + 2
        return f"{value:.{min(digits, 15)}g}"

    def length(self, value: Any) -> Any:
        """A distance or a speed of the plane (times have no unit of a file)."""
        return self.scale * value

    def slope(self, value: Any) -> Any:
        """What is told per length, such as a score."""
        return value / self.scale

    def density(self, value: Any) -> Any:
        """What is told per area: a density of the plane, by the Jacobian."""
        return value / self.scale / self.scale

    @property
    def log_area(self) -> float:
        """What is to be taken from a log-density of the plane to have that of the file."""
        return 2 * math.log(self.scale)


PLANE = Units()
