"""The border of where a law has mass, among the nodes of a raster, and who is nearest to it."""

from __future__ import annotations

import math
from functools import cached_property
from typing import final

import torch
from scipy.ndimage import binary_erosion, distance_transform_edt
from scipy.spatial import cKDTree
from torch import Tensor

from fmstudio.flows.closed_forms.kernels import grid_points

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
        return (self._low + self._nodes.flip(1).double() * self._cell).contiguous()

    def nearest(self, x: Tensor) -> Tensor:
        """(m,) the index of the point of the border that is nearest to each place (m, 2); of many places,
        nearest to the node beside each, on a raster that reaches as far as they do."""
        column, row = ((x - self._low.to(x)) / self._cell.to(x)).round().T.contiguous()
        margin = self._margin(column, row)
        if len(x) < MANY or margin is None:
            return self._one_by_one(x)
        return self._by_node(margin)[self._flat(column, row, margin)]

    def nearest_on_grid(self, xs: Tensor, ys: Tensor) -> Tensor:
        """(ny nx,) the same of the points of a grid, row by row."""
        column, row = (
            ((points - float(low)) / float(cell)).round()
            for points, low, cell in zip((xs, ys), self._low, self._cell, strict=True)
        )
        margin = self._margin(column, row)
        if len(xs) * len(ys) < MANY or margin is None:
            return self._one_by_one(grid_points(xs, ys).reshape(-1, 2))
        return self._by_node(margin).index_select(0, self._flat(column, row[:, None], margin).flatten())

    def _margin(self, column: Tensor, row: Tensor) -> int | None:
        """Nodes by which the raster is widened to hold these; None where that is too much."""
        ny, nx = self._solid.shape
        beyond = [-column.min(), column.max() + 1 - nx, -row.min(), row.max() + 1 - ny]
        margin = max(0, math.ceil(float(max(beyond)) / STRIDE)) * STRIDE
        return margin if margin <= WIDEST * max(nx, ny) else None

    def _flat(self, column: Tensor, row: Tensor, margin: int) -> Tensor:
        side: int = self._solid.shape[1] + 2 * margin
        return (row.long() + margin) * side + column.long() + margin

    def _one_by_one(self, x: Tensor) -> Tensor:
        return torch.as_tensor(cKDTree(self.points.numpy()).query(x.numpy())[1])

    def _by_node(self, margin: int) -> Tensor:
        """Of each node, with so many more at every side, the nearest point of the border; flat."""
        ny, nx = (side + 2 * margin for side in self._solid.shape)
        number = torch.full((ny, nx), -1)
        rows, columns = self._nodes.unbind(1)
        number[rows + margin, columns + margin] = torch.arange(len(rows))
        row, column = distance_transform_edt(
            (number < 0).numpy(), self._cell.flip(0).tolist(), return_distances=False, return_indices=True
        )
        flat = torch.as_tensor(row * nx + column).flatten()
        return number.flatten()[flat]
