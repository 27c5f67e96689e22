"""Where the axes of a pane lie: lines at round numbers, their labels, and a scale bar. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fmstudio.document.specs.units import Units
from fmstudio.render.panes import PaneArea
from fmstudio.render.scene import Array, Camera
from fmstudio.render.text import SIZE
from fmstudio.studio.ticks import own_ticks, round_length
from fmstudio.studio.written import tick

APART = 110.0
"""Logical pixels from one line to the next, at least."""
SMALL = 0.82
"""Labels beside other words."""
BAR = 0.2
"""The longest scale bar, as a part of the pane's width."""
MARGIN = 12.0


@dataclass(frozen=True)
class Label:
    """Words in a pane, with their middle at a pixel from its upper left corner."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, eq=False)
class Axes:
    """Lines (n, 2, 2) and the bar (1, 2, 2) in the plane."""

    lines: Array
    bar: Array
    labels: tuple[Label, ...]


def axes_of(area: PaneArea, camera: Camera, units: Units, ratio: float) -> Axes:
    """In the units of the file that an end came from, if one did; between the words of the pane."""
    (left, top), (right, bottom) = (
        area.to_plane(area.x + x, area.y + y, camera) for x, y in ((0, 0), (area.width, area.height))
    )
    across = own_ticks(left, right, _most(area.width, ratio), units.scale, units.offset[0])
    up = own_ticks(bottom, top, _most(area.height, ratio), units.scale, units.offset[1])
    lines = [[(x, bottom), (x, top)] for x, _ in across] + [[(left, y), (right, y)] for y, _ in up]
    half = 0.5 * SIZE * SMALL * ratio
    low, high = area.height - area.edges.bottom - 2 * half, area.edges.top + 2 * half
    labels = list(_labels(area, camera, across, up, (high, low)))
    bar, told = _bar(area, camera, units, low - 3 * half, ratio)
    return Axes(np.array(lines, np.float32).reshape(-1, 2, 2), bar, (*labels, told))


def _most(pixels: int, ratio: float) -> int:
    return max(2, int(pixels / (APART * ratio)))


def _labels(
    area: PaneArea,
    camera: Camera,
    across: list[tuple[float, str]],
    up: list[tuple[float, str]],
    span: tuple[float, float],
) -> Iterator[Label]:
    """Beside the lower end of each line, and the left one, where no other words are."""
    high, low = span
    for x, text in across:
        px = area.to_pixel(x, 0.0, camera)[0] - area.x
        if 0.06 * area.width < px < 0.97 * area.width:
            yield Label(text, px, low)
    for y, text in up:
        py = area.to_pixel(0.0, y, camera)[1] - area.y
        if high < py < low - 0.04 * area.height:
            yield Label(text, 0.03 * area.width, py)


def _bar(area: PaneArea, camera: Camera, units: Units, y: float, ratio: float) -> tuple[Array, Label]:
    """In the lower right corner."""
    scale = area.pixels_per_unit(camera)
    told = round_length(BAR * area.width / scale * units.scale)
    length = told / units.scale
    end = area.width - MARGIN * ratio
    right, level = area.to_plane(area.x + end, area.y + y, camera)
    bar = np.array([[(right - length, level), (right, level)]], np.float32)
    return bar, Label(tick(told), end - length * scale / 2, y - SIZE * SMALL * ratio)
