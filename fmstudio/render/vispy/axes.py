"""Axes: faint lines, small labels, and a scale bar."""

from __future__ import annotations

from functools import partial

import numpy as np

from fmstudio.render.axes import SMALL, axes_of
from fmstudio.render.palette import rgb
from fmstudio.render.scene import Array, AxesLayer, Bytes, TrailLayer
from fmstudio.render.text import label_block
from fmstudio.render.vispy.frame import PaneFrame
from fmstudio.render.vispy.pictures import PictureVisual
from fmstudio.render.vispy.trails import TrailVisual

FAINT = 0.22
LEAST = 0.75
"""Smaller words cannot be read."""


class AxesVisual:
    """Draws axes layers."""

    def __init__(self) -> None:
        self._lines, self._pictures = TrailVisual(), PictureVisual()

    def draw(self, layer: AxesLayer, frame: PaneFrame) -> None:
        axes = axes_of(frame.area, frame.camera, layer.units, frame.ratio)
        colour = frame.palette.secondary
        for lines, width, strength in ((axes.lines, 1.0, FAINT), (axes.bar, 2.5, 1.0)):
            if len(lines):
                shown = strength * layer.opacity
                trail = TrailLayer(lines, _colours(lines, colour), width, shown, fade=False)
                self._lines.draw(trail, frame)
        self._pictures.begin(frame.area.width, frame.area.height)
        ratio = max(SMALL * frame.ratio, LEAST)
        for label in axes.labels:
            make = partial(label_block, label.text, colour, ratio)
            picture = self._pictures.of((label.text, colour, ratio), make)
            rows, columns = picture.shape[:2]
            self._pictures.put(picture, round(label.x - columns / 2), round(label.y - rows / 2))


def _colours(lines: Array, colour: str) -> Bytes:
    return np.tile(np.round(255 * np.array([*rgb(colour), 1.0])).astype(np.uint8), (len(lines), 1))
