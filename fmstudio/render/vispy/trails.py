"""Trails: antialiased wide polylines. Points go up as a texture, so that a new picture costs one small upload
and no geometry is made on the CPU."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
from vispy import gloo

from fmstudio.render.scene import Array, Bytes, TrailLayer
from fmstudio.render.vispy.frame import PaneFrame, program, quad_indices
from fmstudio.render.vispy.uploads import Uploads

LINES_AT_ONCE = 4096
"""Rows of a points texture; more lines are drawn in several goes."""
POINTS_AT_MOST = 4096
"""Columns of a points texture; of longer lines the last points are drawn."""
NOWHERE = 1e30
"""Stands for a missing point, for a GPU need not know NaN."""

_VERTEX = """
attribute vec4 a_corner;     // line, segment, end of the segment (0 or 1), side (-1 or 1)
uniform sampler2D u_points;
uniform sampler2D u_colours;
uniform vec2 u_shape;        // points a line, lines
uniform vec2 u_half_size;    // of the pane in pixels
uniform float u_half_width;  // in pixels
uniform float u_opacity;
uniform float u_fade;
varying vec4 v_colour;
varying float v_across;

vec2 point(float index) {
    return texture2D(u_points, (vec2(index, a_corner.x) + 0.5) / u_shape).rg;
}

bool is_missing(vec2 p) { return abs(p.x) > 1e20 || abs(p.y) > 1e20; }

// The normal at this end: halfway to that of the segment beyond, unless the line turns sharply there.
vec2 joint(vec2 normal, vec2 here, vec2 beyond, float direction) {
    vec2 along = direction * (beyond - here);
    float reach = length(along);
    if (is_missing(beyond) || reach < 1e-4) return normal;
    vec2 half_way = normal + vec2(-along.y, along.x) / reach;
    return dot(half_way, normal) < 0.7 ? normal : half_way / dot(half_way, normal);
}

void main() {
    float end = a_corner.z, first = a_corner.y;
    vec2 p = point(first), q = point(first + 1.0);
    vec2 start = to_clip(p) * u_half_size, stop = to_clip(q) * u_half_size;
    float reach = length(stop - start);
    if (is_missing(p) || is_missing(q) || reach < 1e-4) {
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
        return;
    }
    vec2 normal = vec2(start.y - stop.y, stop.x - start.x) / reach;
    vec2 here = mix(start, stop, end);
    vec2 other = point(clamp(first + 3.0 * end - 1.0, 0.0, u_shape.x - 1.0));
    vec2 beyond = is_missing(other) ? other : to_clip(other) * u_half_size;
    v_across = a_corner.w * (u_half_width + 0.5);
    vec2 edge = here + joint(normal, here, beyond, 2.0 * end - 1.0) * v_across;
    gl_Position = vec4(edge / u_half_size, 0.0, 1.0);
    vec4 colour = texture2D(u_colours, vec2(0.5, (a_corner.x + 0.5) / u_shape.y));
    float age = (first + end) / (u_shape.x - 1.0);
    float alpha = colour.a * u_opacity * mix(1.0, age * age, u_fade);
    v_colour = vec4(colour.rgb * alpha, alpha);
}
"""

_FRAGMENT = """
uniform float u_half_width;
varying vec4 v_colour;
varying float v_across;
void main() {
    gl_FragColor = v_colour * clamp(u_half_width + 0.5 - abs(v_across), 0.0, 1.0);
}
"""

Geometry = tuple[gloo.VertexBuffer, gloo.IndexBuffer]


class TrailVisual:
    """Draws trail layers."""

    def __init__(self) -> None:
        self._program = program(_VERTEX, _FRAGMENT)
        self._geometry: dict[tuple[int, int], Geometry] = {}
        self._points: dict[int, Uploads[gloo.Texture2D]] = {}
        self._colours: dict[int, Uploads[gloo.Texture2D]] = {}

    def draw(self, layer: TrailLayer, frame: PaneFrame) -> None:
        n, k = layer.points.shape[:2]
        if k < 2:
            return
        width = layer.width * frame.ratio
        draw = self._program
        draw["u_view"], draw["u_half_size"] = frame.view, frame.half_size
        draw["u_half_width"] = max(width, 1.0) / 2
        draw["u_opacity"] = layer.opacity * min(width, 1.0)
        draw["u_fade"] = float(layer.fade)
        for first in range(0, n, LINES_AT_ONCE):
            self._draw_lines(layer, first, min(LINES_AT_ONCE, n - first), min(k, POINTS_AT_MOST))

    def _draw_lines(self, layer: TrailLayer, first: int, count: int, k: int) -> None:
        if first not in self._points:
            self._points[first] = Uploads(partial(_points_texture, first), limit=32 << 20)
            self._colours[first] = Uploads(partial(_colour_texture, first), limit=32 << 20)
        draw = self._program
        draw["u_points"] = self._points[first].of(layer.points)
        draw["u_colours"] = self._colours[first].of(layer.colours)
        draw["u_shape"] = (float(k), float(count))
        draw["a_corner"], index = self._segments(count, k)
        draw.draw("triangles", index)

    def _segments(self, n: int, k: int) -> Geometry:
        if (n, k) not in self._geometry:
            if len(self._geometry) > 16:
                self._geometry.clear()
            corners, index = segment_corners(n, k)
            self._geometry[n, k] = (gloo.VertexBuffer(corners), gloo.IndexBuffer(index))
        return self._geometry[n, k]


def segment_corners(n: int, k: int) -> tuple[Array, npt.NDArray[np.uint32]]:
    """(4 n (k-1), 4) corners and (6 n (k-1),) indices of n lines of k points, two triangles a segment."""
    line, segment = np.divmod(np.arange(n * (k - 1)), k - 1)
    corner = np.array([[0, -1], [0, 1], [1, -1], [1, 1]], np.float32)
    corners = np.empty((n * (k - 1), 4, 4), np.float32)
    corners[..., 0], corners[..., 1] = line[:, None], segment[:, None]
    corners[..., 2:] = corner
    return corners.reshape(-1, 4), quad_indices(n * (k - 1))


def _points_texture(first: int, points: Array) -> gloo.Texture2D:
    rows = points[first : first + LINES_AT_ONCE, -POINTS_AT_MOST:]
    rows = np.nan_to_num(rows, nan=NOWHERE, posinf=NOWHERE, neginf=NOWHERE).astype(np.float32)
    return gloo.Texture2D(rows, format="rg", internalformat="rg32f")


def _colour_texture(first: int, colours: Bytes) -> gloo.Texture2D:
    rows = colours[first : first + LINES_AT_ONCE, None]
    return gloo.Texture2D(np.ascontiguousarray(rows, dtype=np.uint8), format="rgba")
