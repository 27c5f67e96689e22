"""Arrows: one quad each, the shape by signed distance in the fragment shader."""

from __future__ import annotations

import numpy as np
from vispy import gloo

from fmstudio.render.palette import rgb
from fmstudio.render.scene import Array, ArrowLayer
from fmstudio.render.vispy.frame import PaneFrame, program, quad_indices
from fmstudio.render.vispy.uploads import as_float

_VERTEX = """
attribute vec2 a_position;
attribute vec2 a_vector;
attribute vec2 a_corner;     // along and across, -1 or 1
uniform vec2 u_half_size;    // of the pane in pixels
uniform float u_half_width;  // of the shaft in pixels
varying vec2 v_at;           // pixels from the tail, along and across
varying vec3 v_shape;        // length, length of the head, half its breadth
varying float v_cover;

void main() {
    vec2 vector = a_vector * u_view.zw * u_half_size;
    float reach = length(vector);
    vec2 along = reach > 1e-4 ? vector / reach : vec2(1.0, 0.0);
    float head = min(9.5 * u_half_width, 0.55 * reach);
    v_shape = vec3(reach, head, u_half_width + 0.34 * head);
    v_cover = clamp(reach / (4.0 * u_half_width) - 0.25, 0.0, 1.0);
    float side = v_shape.z + 1.0;
    v_at = vec2(a_corner.x * (0.5 * reach + 1.0) + 0.5 * reach, a_corner.y * side);
    vec2 from_middle = along * (v_at.x - 0.5 * reach) + vec2(-along.y, along.x) * v_at.y;
    gl_Position = vec4(to_clip(a_position) + from_middle / u_half_size, 0.0, 1.0);
}
"""

_FRAGMENT = """
uniform vec4 u_colour;
uniform float u_half_width;
varying vec2 v_at;
varying vec3 v_shape;
varying float v_cover;

void main() {
    float across = abs(v_at.y), neck = v_shape.x - v_shape.y;
    float shaft = max(across - u_half_width, max(-v_at.x, v_at.x - neck - 1.0));
    vec2 slant = normalize(vec2(v_shape.z, v_shape.y));
    float head = max(dot(vec2(v_at.x - v_shape.x, across), slant), neck - v_at.x);
    gl_FragColor = u_colour * v_cover * clamp(0.5 - min(shaft, head), 0.0, 1.0);
}
"""

_CORNERS = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], np.float32)


class ArrowVisual:
    """Draws arrow layers. Vectors are new at most frames; there are some hundreds of them."""

    def __init__(self) -> None:
        self._program = program(_VERTEX, _FRAGMENT)
        self._corners: dict[int, tuple[gloo.VertexBuffer, gloo.IndexBuffer]] = {}
        self._positions, self._vectors = gloo.VertexBuffer(), gloo.VertexBuffer()

    def draw(self, layer: ArrowLayer, frame: PaneFrame) -> None:
        shown = np.isfinite(layer.vectors).all(1) & np.isfinite(layer.positions).all(1)
        positions, vectors = layer.positions[shown], layer.vectors[shown]
        if len(positions) == 0:
            return
        width = layer.width * frame.ratio
        opacity = layer.opacity * min(width, 1.0)
        self._positions.set_data(four_times(positions))
        self._vectors.set_data(four_times(vectors))
        draw = self._program
        draw["u_view"], draw["u_half_size"] = frame.view, frame.half_size
        draw["u_half_width"] = max(width, 1.0) / 2
        draw["u_colour"] = (*(v * opacity for v in rgb(layer.colour)), opacity)
        draw["a_position"], draw["a_vector"] = self._positions, self._vectors
        draw["a_corner"], index = self._quads(len(positions))
        draw.draw("triangles", index)

    def _quads(self, n: int) -> tuple[gloo.VertexBuffer, gloo.IndexBuffer]:
        if n not in self._corners:
            if len(self._corners) > 16:
                self._corners.clear()
            self._corners[n] = (
                gloo.VertexBuffer(np.tile(_CORNERS, (n, 1))),
                gloo.IndexBuffer(quad_indices(n)),
            )
        return self._corners[n]


def four_times(rows: Array) -> Array:
    """Each row for the four corners of its quad."""
    return as_float(np.repeat(rows, 4, axis=0))
