"""Handles: lines and discs, drawn as such layers are."""

from __future__ import annotations

from dataclasses import replace

from fmstudio.render.scene import HandleLayer
from fmstudio.render.vispy.frame import PaneFrame
from fmstudio.render.vispy.particles import PointVisual
from fmstudio.render.vispy.trails import TrailVisual


class HandleVisual:
    """Draws handle layers."""

    def __init__(self) -> None:
        self._lines, self._discs = TrailVisual(), PointVisual()

    def draw(self, layer: HandleLayer, frame: PaneFrame) -> None:
        for line in layer.lines:
            self._lines.draw(replace(line, opacity=layer.opacity * line.opacity), frame)
        for disc in layer.discs:
            self._discs.draw(replace(disc, opacity=layer.opacity * disc.opacity), frame)
