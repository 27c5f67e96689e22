"""Polylines end where their particles are, and whole paths keep one size."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.render import lines


@pytest.fixture
def states():
    return np.random.default_rng(0).normal(size=(41, 5, 2)).astype(np.float32)


@pytest.mark.parametrize(("low", "weight"), [(0, 0.0), (0, 0.5), (17, 0.25), (39, 1.0)])
def test_that_tails_and_paths_end_at_the_moment(states, low, weight):
    now = (1 - weight) * states[low] + weight * states[low + 1]
    np.testing.assert_allclose(lines.tails(states, low, weight)[:, -1], now, atol=1e-6)
    path = lines.paths(states, low, weight)[2]
    shown = path[~np.isnan(path[:, 0])]
    np.testing.assert_allclose(shown[-1], now[2], atol=1e-6)
    np.testing.assert_array_equal(shown[:-1], states[: low + 1, 2])


def test_that_a_path_is_one_array_from_start_to_end(states):
    shapes = {lines.paths(states, low, 0.3).shape for low in range(40)}
    assert shapes == {(5, 42, 2)}
    gaps = np.isnan(lines.paths(states, 20, 0.3)[0, :, 0])
    assert (np.diff(gaps.astype(int)) >= 0).all()


def test_that_a_long_path_is_thinned_but_keeps_its_ends():
    states = np.arange(2001, dtype=np.float32)[:, None, None] * np.ones((1, 1, 2), np.float32)
    path = lines.paths(states, 1999, 1.0)[0, :, 0]
    assert len(path) <= lines.PATH_POINTS + 2
    assert (path[0], np.nanmax(path)) == (0, 2000)


def test_that_a_grid_is_cut_into_its_lines():
    states = np.random.default_rng(1).normal(size=(3, 12, 2)).astype(np.float32)
    grid = lines.grid_lines(states, 0, 0.5, 4)
    assert grid.shape == (3, 4, 2)
    np.testing.assert_allclose(grid[1, 2], 0.5 * (states[0, 6] + states[1, 6]), atol=1e-6)
