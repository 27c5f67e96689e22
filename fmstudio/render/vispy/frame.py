"""One pane while it is drawn: its pixels, camera and colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from vispy import gloo

from fmstudio.render.palette import Palette
from fmstudio.render.panes import PaneArea
from fmstudio.render.scene import Camera

PLANE_TO_CLIP = """
uniform vec4 u_view;  // centre of the plane's visible part; clip units per unit of the plane
vec2 to_clip(vec2 p) { return (p - u_view.xy) * u_view.zw; }
"""
"""GLSL of every layer: positions of the plane in clip coordinates."""


@dataclass(frozen=True)
class PaneFrame:
    """What a layer must know to draw itself; the viewport is the pane's area already."""

    area: PaneArea
    camera: Camera
    palette: Palette
    ratio: float
    """physical pixels per logical pixel"""
    transparent: bool = False
    """whether nothing, rather than the canvas colour, lies under the layers"""

    @property
    def view(self) -> tuple[float, float, float, float]:
        """The uniform u_view."""
        area, scale = self.area, 2 * self.area.pixels_per_unit(self.camera)
        x, y = area.to_plane(area.x + area.width / 2, area.y + area.height / 2, self.camera)
        return x, y, scale / area.width, scale / area.height

    @property
    def half_size(self) -> tuple[float, float]:
        return self.area.width / 2, self.area.height / 2


def program(vertex: str, fragment: str) -> gloo.Program:
    """A program whose vertex shader knows ``to_clip``."""
    return gloo.Program("#version 120\n" + PLANE_TO_CLIP + vertex, "#version 120\n" + fragment)


def quad_indices(n: int) -> npt.NDArray[np.uint32]:
    """Two triangles for each of n quads of four corners."""
    quads = 4 * np.arange(n, dtype=np.uint32)[:, None] + np.array([0, 1, 2, 2, 1, 3], np.uint32)
    return quads.ravel()
