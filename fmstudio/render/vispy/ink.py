"""What a person has drawn, as a veil of one colour: seen at every moment while the pen is out."""

from __future__ import annotations

import numpy as np
from vispy import gloo

from fmstudio.render.palette import rgb
from fmstudio.render.scene import InkLayer
from fmstudio.render.vispy.frame import PaneFrame, program
from fmstudio.render.vispy.uploads import Uploads, as_float

_VERTEX = """
attribute vec2 a_corner;
uniform float u_half;
varying vec2 v_at;
void main() {
    v_at = a_corner;
    gl_Position = vec4(to_clip((2.0 * a_corner - 1.0) * u_half), 0.0, 1.0);
}
"""

_FRAGMENT = """
uniform sampler2D u_ink;
uniform vec4 u_colour;
varying vec2 v_at;
void main() { gl_FragColor = u_colour * min(texture2D(u_ink, v_at).r, 1.0); }
"""


class InkVisual:
    """Draws ink layers; a raster is uploaded once."""

    def __init__(self) -> None:
        self._program = program(_VERTEX, _FRAGMENT)
        self._program["a_corner"] = gloo.VertexBuffer(np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32))
        self.uploads: Uploads[gloo.Texture2D] = Uploads(
            lambda ink: gloo.Texture2D(as_float(ink), interpolation="linear", internalformat="r32f"),
            limit=16 << 20,
        )

    def draw(self, layer: InkLayer, frame: PaneFrame) -> None:
        draw = self._program
        draw["u_view"] = frame.view
        draw["u_half"] = layer.half
        draw["u_ink"] = self.uploads.of(layer.raster)
        draw["u_colour"] = (*(layer.opacity * v for v in rgb(layer.colour)), layer.opacity)
        draw.draw("triangle_strip")
