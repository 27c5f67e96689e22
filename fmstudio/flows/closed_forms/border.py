"""The border of where a law has mass, among the nodes of a raster, and who is nearest to it."""

from __future__ import annotations

import math
from functools import cached_property
from typing import final

import numpy as np
import torch
from scipy.ndimage import binary_erosion, distance_transform_edt
from scipy.spatial import cKDTree
from torch import Tensor

MANY = 2000
"""So many places are looked up by the raster's node next to them; fewer are measured one by one."""
STRIDE = 16
"""Nodes by which the raster is widened for places beyond it."""
WIDEST = 2
"""Times its own side that it is widened by at most."""


@final
class Border:
    """The outermost solid nodes of a raster (ny, nx): node (0, 0) is at ``low``, the next ``cell`` (2,)
    further."""

    def __init__(self, solid: Tensor, low: Tensor, cell: Tensor) -> None:
        self._solid, self._low, self._cell = solid.numpy(), low, cell

    @cached_property
    def _nodes(self) -> Tensor:
        """(n, 2): row and column."""
        return torch.as_tensor(self._solid & ~binary_erosion(self._solid)).nonzero()

    @cached_property
    def points(self) -> Tensor:
        """(n, 2) float64."""
        return self._low + self._nodes.flip(1).double() * self._cell

    def nearest(self, x: Tensor) -> Tensor:
        """(m,) the index of the point of the border that is nearest to each place (m, 2); of many places,
        nearest to the node beside each, on a raster that reaches as far as they do."""
        place = ((x - self._low.to(x)) / self._cell.to(x)).round()
        ny, nx = self._solid.shape
        beyond = torch.cat([-place.amin(0), place.amax(0) + 1 - place.new_tensor([nx, ny])])
        margin = max(0, math.ceil(float(beyond.max()) / STRIDE)) * STRIDE
        if len(x) < MANY or margin > WIDEST * max(nx, ny):
            return torch.as_tensor(cKDTree(self.points.numpy()).query(x.numpy())[1])
        index = place[:, 1] * (nx + 2 * margin) + place[:, 0] + margin * (nx + 2 * margin + 1)
        return self._by_node(margin)[index.long()]

    def _by_node(self, margin: int) -> Tensor:
        """Of each node, with so many more at every side, the nearest point of the border; flat."""
        wide = np.pad(self._solid, margin)
        row, column = distance_transform_edt(
            ~wide, sampling=self._cell.flip(0).tolist(), return_distances=False, return_indices=True
        )
        number = torch.zeros(wide.shape, dtype=torch.long)
        rows, columns = self._nodes.unbind(1)
        number[rows + margin, columns + margin] = torch.arange(len(rows))
        flat = torch.as_tensor(row).long() * wide.shape[1] + torch.as_tensor(column)
        return number.flatten()[flat.flatten()]
