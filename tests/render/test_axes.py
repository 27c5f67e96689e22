"""Axes: lines at round numbers of the file's units, labels on them, and a bar as long as it says."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.specs.units import PLANE, Units
from fmstudio.render.axes import axes_of
from fmstudio.render.panes import Edges, PaneArea
from fmstudio.render.scene import Camera

AREA = PaneArea(40, 20, 800, 600, Edges(40, 60))
CAMERA = Camera(0.4, -0.3, 3.0)
TOWN = Units(offset=(355_000.0, 5_640_000.0), scale=250.0)


@pytest.mark.parametrize("units", [PLANE, TOWN, Units(scale=3e-7)], ids=["plane", "town", "tiny"])
@pytest.mark.parametrize("half", [0.02, 3.0, 450.0])
def test_that_each_label_stands_on_its_line_and_says_where_that_is(units: Units, half: float):
    camera = Camera(0.4, -0.3, half)
    axes = axes_of(AREA, camera, units, 1.0)
    *labels, _bar = axes.labels
    assert len(labels) >= 4
    lines = {(round(float(line[0, 0]), 9), round(float(line[0, 1]), 9)) for line in axes.lines}
    assert len(lines) == len(axes.lines)
    for label in labels:
        place = AREA.to_plane(AREA.x + label.x, AREA.y + label.y, camera)
        told = units.from_plane(place)
        step = half * units.scale * 2e-3
        assert min(abs(told - float(label.text))) <= step + 1e-6 * max(abs(told))


@pytest.mark.parametrize("units", [PLANE, TOWN])
def test_that_the_bar_is_as_long_as_it_says(units: Units):
    axes = axes_of(AREA, CAMERA, units, 1.0)
    (start, end) = axes.bar[0]
    assert units.length(float(np.hypot(*(end - start)))) == pytest.approx(
        float(axes.labels[-1].text), rel=1e-4
    )
    pixels = [AREA.to_pixel(*point, CAMERA) for point in axes.bar[0]]
    assert all(AREA.contains(*pixel) for pixel in pixels)
    assert pixels[1][0] - pixels[0][0] < 0.25 * AREA.width


def test_that_labels_leave_room_for_the_words_of_the_pane():
    for label in axes_of(AREA, CAMERA, PLANE, 1.0).labels:
        assert AREA.edges.top < label.y < AREA.height - AREA.edges.bottom
        assert 0 < label.x < AREA.width


def test_that_lines_are_no_nearer_than_can_be_read():
    for ratio in (0.6, 1.0, 2.0):
        lines = axes_of(AREA, CAMERA, PLANE, ratio).lines
        upright = np.sort(lines[lines[:, 0, 0] == lines[:, 1, 0]][:, 0, 0])
        assert np.diff(upright).min() * AREA.pixels_per_unit(CAMERA) >= 80 * ratio
