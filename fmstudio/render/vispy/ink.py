"""Drawings: what was painted on the canvas, as a veil of one colour."""

from __future__ import annotations

import numpy as np
from vispy import gloo

from fmstudio.render.palette import rgb
from fmstudio.render.scene import Array, InkLayer
from fmstudio.render.vispy.frame import PaneFrame, program
from fmstudio.render.vispy.uploads import Uploads, as_float

_VERTEX = """
attribute vec2 a_corner;   // -1 or 1
uniform float u_half;
varying vec2 v_at;
void main() {
    v_at = 0.5 * a_corner + 0.5;
    gl_Position = vec4(to_clip(u_half * a_corner), 0.0, 1.0);
}
"""

_FRAGMENT = """
uniform sampler2D u_ink;
uniform vec4 u_colour;
varying vec2 v_at;
void main() { gl_FragColor = u_colour * texture2D(u_ink, v_at).r; }
"""


class InkVisual:
    """Draws ink layers; uploads a drawing once."""

    def __init__(self) -> None:
        self._program = program(_VERTEX, _FRAGMENT)
        self._program["a_corner"] = gloo.VertexBuffer(
            np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32)
        )
        self.uploads: Uploads[gloo.Texture2D] = Uploads(_texture, limit=16 << 20)

    def draw(self, layer: InkLayer, frame: PaneFrame) -> None:
        draw = self._program
        draw["u_view"], draw["u_half"] = frame.view, layer.half
        draw["u_ink"] = self.uploads.of(layer.raster)
        draw["u_colour"] = (*(v * layer.opacity for v in rgb(layer.colour)), layer.opacity)
        draw.draw("triangle_strip")


def _texture(raster: Array) -> gloo.Texture2D:
    return gloo.Texture2D(np.clip(as_float(raster), 0, 1), interpolation="linear", internalformat="r32f")
