import numpy as np
import pytest

from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.studio import drawing
from fmstudio.studio.drawing import Brush, stamp

HALF, CELLS = 3.0, 128


def _centres() -> np.ndarray:
    return (np.arange(CELLS) + 0.5) * 2 * HALF / CELLS - HALF


def test_that_a_stroke_covers_what_is_within_its_radius_and_nothing_else():
    raster = stamp(np.zeros((CELLS, CELLS), np.float32), HALF, (-1, -0.5), (1, 0.5), Brush(0.3, 0.0))
    x, y = np.meshgrid(_centres(), _centres())
    along = np.clip(((x + 1) * 2 + (y + 0.5) * 1) / 5, 0, 1)
    distance = np.hypot(x - (-1 + 2 * along), y - (-0.5 + along))
    assert (raster[distance < 0.29] > 0.99).all()
    assert (raster[distance > 0.31] == 0).all()


def test_that_y_goes_up_with_the_rows():
    raster = stamp(np.zeros((CELLS, CELLS), np.float32), HALF, (0, 2), (0, 2), Brush(0.2))
    rows, columns = np.nonzero(raster)
    assert _centres()[rows].mean() == pytest.approx(2, abs=0.05)
    assert _centres()[columns].mean() == pytest.approx(0, abs=0.05)


def test_that_painting_twice_is_painting_once_and_erasing_clears():
    empty = np.zeros((CELLS, CELLS), np.float32)
    once = stamp(empty, HALF, (0, 0), (1, 1), Brush(0.3))
    assert np.array_equal(stamp(once, HALF, (0, 0), (1, 1), Brush(0.3)), once)
    erased = stamp(once, HALF, (0, 0), (1, 1), Brush(0.6, 0.0, erase=True))
    assert not erased.any()
    assert not empty.any()


def test_that_a_stroke_outside_the_raster_draws_nothing():
    raster = stamp(np.zeros((CELLS, CELLS), np.float32), HALF, (9, 9), (12, 9), Brush(0.3))
    assert not raster.any()


def test_that_clearing_keeps_the_size_of_the_canvas():
    drawn = drawing.stroke(DrawnSpec(half=2.0), (0, 0), (1, 0), Brush())
    assert not drawn.is_empty
    cleared = drawing.cleared(drawn)
    assert cleared.is_empty
    assert cleared.half == 2.0
