from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmstudio.render.panes import Edges, PaneArea, arrangement, pane_areas
from fmstudio.render.scene import Camera

SIZES = st.integers(16, 3000)


@given(st.integers(1, 6), SIZES, SIZES, st.integers(0, 3))
def test_that_panes_share_the_canvas_but_for_the_lines_between_them(
    n: int, width: int, height: int, line: int
) -> None:
    covered = np.zeros((height, width), np.uint8)
    areas = pane_areas(n, width, height, line)
    for area in areas:
        covered[area.y : area.y + area.height, area.x : area.x + area.width] += 1
    columns, rows = arrangement(n, width, height)
    lines = width * height - (width - line * (columns - 1)) * (height - line * (rows - 1))
    spare = sum(areas[-1].width * areas[-1].height for _ in range(columns * rows - n))
    assert covered.max() == 1
    assert (covered == 0).sum() == pytest.approx(lines + spare, abs=width + height if spare else 0)


@given(st.integers(1, 6), SIZES, SIZES, st.integers(0, 60), st.integers(0, 60))
def test_that_no_other_arrangement_shows_more(n: int, width: int, height: int, top: int, bottom: int) -> None:
    columns, rows = arrangement(n, width, height, Edges(top, bottom))
    assert columns * rows >= n > (columns - 1) * rows
    assert n > columns * (rows - 1)
    best = min(width / columns, height / rows - top - bottom)
    for c in range(1, n + 1):
        side = min(width / c, height / -(-n // c) - top - bottom)
        worth = 0.9 * side  # panes of a better shape
        assert worth <= best or (columns * rows == n and 0.8 * worth <= best) or side < 0


def test_that_panes_follow_the_shape_of_the_window_or_film() -> None:
    wide, high, square = (1280, 720), (720, 1280), (900, 900)
    assert [arrangement(n, *wide) for n in (1, 2, 3, 4, 6)] == [(1, 1), (2, 1), (3, 1), (2, 2), (3, 2)]
    assert [arrangement(n, *high) for n in (1, 2, 3, 4, 6)] == [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3)]
    assert [arrangement(n, *square) for n in (1, 2, 4)] == [(1, 1), (2, 1), (2, 2)]


def test_that_panes_are_not_lean_for_a_few_pixels_of_content() -> None:
    """Six in one row of a film would be little larger, with no room for words."""
    assert arrangement(6, 960, 460, Edges(34, 34)) == (3, 2)
    assert arrangement(4, 960, 460, Edges(34, 34)) == (4, 1)


@given(SIZES, SIZES, st.integers(0, 60), st.integers(0, 60), st.floats(0.1, 50), st.floats(-9, 9))
def test_that_a_pane_shows_the_whole_square_of_the_camera_between_its_edges(
    width: int, height: int, top: int, bottom: int, half: float, middle: float
) -> None:
    edges = Edges(min(top, height // 4), min(bottom, height // 4))
    area, camera = PaneArea(7, 9, width, height, edges), Camera(middle, -middle, half)
    for dx, dy in ((-1, -1), (1, 1), (-1, 1), (1, -1)):
        x, y = area.to_pixel(camera.x + dx * half, camera.y + dy * half, camera)
        assert area.x - 1e-6 <= x <= area.x + area.width + 1e-6
        assert area.y + edges.top - 1e-6 <= y <= area.y + area.height - edges.bottom + 1e-6
    far_x, far_y = area.sight
    for corner in ((area.x, area.y), (area.x + width, area.y + height)):
        x, y = area.to_plane(*corner, camera)
        assert abs(x - camera.x) <= far_x * half * (1 + 1e-9)
        assert abs(y - camera.y) <= far_y * half * (1 + 1e-9)


@given(st.integers(1, 6), SIZES, SIZES)
def test_that_panes_of_a_canvas_differ_by_a_pixel_at_most(n: int, width: int, height: int) -> None:
    areas = pane_areas(n, width, height)
    for sizes in ([a.width for a in areas], [a.height for a in areas]):
        assert max(sizes) - min(sizes) <= 1


@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(0.1, 50), st.floats(0, 700), st.floats(0, 500))
def test_that_pixels_and_plane_are_inverse(cx: float, cy: float, half: float, px: float, py: float) -> None:
    area, camera = PaneArea(30, 40, 701, 503), Camera(cx, cy, half)
    assert area.to_pixel(*area.to_plane(px, py, camera), camera) == pytest.approx((px, py), abs=1e-6)


def test_that_the_camera_is_in_the_middle_and_y_goes_up() -> None:
    area, camera = PaneArea(100, 50, 400, 200), Camera(1.0, 2.0, 3.0)
    assert area.to_pixel(1.0, 2.0, camera) == (300, 150)
    assert area.to_pixel(1.0, 5.0, camera) == (300, 50)
    assert area.to_pixel(4.0, 2.0, camera) == (400, 150)
