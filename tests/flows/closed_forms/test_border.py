"""Who is nearest to the border of a mass: measured one by one, or told by a raster."""

from __future__ import annotations

import pytest
import torch

from fmstudio.flows.closed_forms.border import MANY, Border

CELL = torch.tensor([0.1, 0.2], dtype=torch.float64)
LOW = torch.tensor([-3.0, -4.0], dtype=torch.float64)


def border() -> Border:
    """Of two discs of different size."""
    y, x = torch.meshgrid(-4 + 0.2 * torch.arange(41), -3 + 0.1 * torch.arange(62), indexing="ij")
    return Border((torch.hypot(x + 1, y) < 0.8) | (torch.hypot(x - 1.5, y - 1) < 0.5), LOW, CELL)


def test_that_its_points_are_the_outermost_solid_nodes() -> None:
    points = border().points
    first = torch.hypot(points[:, 0] + 1, points[:, 1])
    second = torch.hypot(points[:, 0] - 1.5, points[:, 1] - 1)
    assert bool(((first < 0.8 + 1e-5) | (second < 0.5 + 1e-5)).all())
    assert bool((torch.minimum((first - 0.8).abs(), (second - 0.5).abs()) < 0.25).all())


@pytest.mark.parametrize("reach", [2.0, 6.0, 500.0])
def test_that_many_places_find_what_few_do_to_within_a_node(reach: float) -> None:
    """On the raster, in the discs too, beyond it, and far beyond it."""
    edge, generator = border(), torch.Generator().manual_seed(0)
    x = reach * (2 * torch.rand(2 * MANY, 2, generator=generator) - 1).double()
    squares = torch.cdist(x, edge.points)
    found = squares.gather(1, edge.nearest(x)[:, None])[:, 0]
    assert bool((found - squares.amin(1) <= float(CELL.norm()) + 1e-9).all())
    few = edge.nearest(x[: MANY // 2])
    assert torch.allclose(squares[: MANY // 2].gather(1, few[:, None])[:, 0], squares[: MANY // 2].amin(1))
