"""Streaks drift along the field, and where they are follows from t alone."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.engine.messages import Grid
from fmstudio.render.scales import grid_points
from fmstudio.render.streaks import LIVES, streaks

GRID = Grid(0.3, -0.2, 4.0, 3.0, 25, 19)
POINTS = grid_points(GRID.xs, GRID.ys).reshape(19, 25, 2)
ROUND = 0.2 * np.stack([-POINTS[..., 1], POINTS[..., 0]], -1).astype(np.float32)


def test_that_each_streak_lies_along_the_field_with_its_head_in_front():
    """In a field that turns, streaks keep their distance from the middle, and go against the clock."""
    lines, _ = streaks(ROUND, GRID, 0.37)
    far = np.hypot(lines[..., 0], lines[..., 1])
    inside = (np.abs(lines - np.array([0.3, -0.2])) < np.array([3.6, 2.6])).all((1, 2))
    assert inside.sum() > 100
    assert np.ptp(far[inside], axis=1).max() < 0.04 * far[inside].max()
    start, head = lines[inside, 0], lines[inside, -1]
    assert (start[:, 0] * head[:, 1] - start[:, 1] * head[:, 0] > 0).all()


def test_that_they_drift_on_as_time_goes_and_not_while_it_stands():
    lines, strengths = streaks(ROUND, GRID, 0.4)
    again, _ = streaks(ROUND, GRID, 0.4)
    np.testing.assert_array_equal(lines, again)
    later, fresh = streaks(ROUND, GRID, 0.4 + 0.02 / LIVES)
    same = (strengths > 0.3) & (fresh > 0.3)
    moved = (later - lines)[same, -1]
    along = 0.2 * np.stack([-lines[same, -1, 1], lines[same, -1, 0]], -1)
    assert ((moved * along).sum(1) >= 0).mean() > 0.97
    assert np.abs(moved).max() < 0.3


@pytest.mark.parametrize("t", [0.0, 0.5, 1.0])
def test_that_they_begin_and_end_unseen_and_cover_the_view(t):
    lines, strengths = streaks(np.zeros_like(ROUND), GRID, t)
    assert (strengths >= -1e-9).all()
    assert (strengths <= 1).all()
    assert strengths.min() < 0.02
    cells = np.floor((lines[:, 0] - np.array([-3.7, -3.2])) / np.array([8.0, 6.0]) * 4).astype(int)
    assert len(np.unique(cells, axis=0)) == 16


def test_that_none_is_made_up_where_the_field_is_not_known():
    masked = np.where(POINTS[..., :1] > 0.3, ROUND, np.nan).astype(np.float32)
    lines, _ = streaks(masked, GRID, 0.2)
    known = np.isfinite(lines).all((1, 2))
    assert known.any()
    assert (lines[known][..., 0] > 0).all()
    assert not known.all()
