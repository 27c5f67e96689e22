"""Densities: two float textures, mixed and coloured in the shader."""

from __future__ import annotations

import numpy as np
from vispy import gloo

from fmstudio.render.colours import density_table
from fmstudio.render.palette import Palette
from fmstudio.render.scene import Array, DensityLayer
from fmstudio.render.vispy.frame import PaneFrame, program
from fmstudio.render.vispy.uploads import Uploads, as_float

EDGE = 3.0
"""Cells outside the rectangle over which what stands on its border fades."""

_VERTEX = """
attribute vec2 a_corner;
uniform vec4 u_rectangle;
uniform vec2 u_cells;   // columns - 1, rows - 1
varying vec2 v_cell;
void main() {
    vec2 reach = EDGE / u_cells;
    vec2 at = mix(-reach, 1.0 + reach, a_corner);
    v_cell = at * u_cells;
    gl_Position = vec4(to_clip(mix(u_rectangle.xy, u_rectangle.zw, at)), 0.0, 1.0);
}
"""

_FRAGMENT = """
uniform sampler2D u_a;
uniform sampler2D u_b;
uniform sampler2D u_table;
uniform vec2 u_cells;
uniform float u_weight;
uniform float u_gain;
varying vec2 v_cell;

void main() {
    // A cubic B-spline by four bilinear taps; the texture holds its coefficients.
    vec2 f = fract(v_cell), i = v_cell - f, f2 = f * f, f3 = f2 * f;
    vec2 w3 = f3 / 6.0, w1 = 2.0 / 3.0 - f2 + 0.5 * f3, w0 = 0.5 * (f2 - f) + (1.0 - f3) / 6.0;
    vec2 g0 = w0 + w1, g1 = 1.0 - g0, size = 1.0 / (u_cells + 1.0);
    vec2 p = (i - 0.5 + w1 / g0) * size, q = (i + 1.5 + w3 / g1) * size;
    vec2 mid = vec2(q.x, p.y), up = vec2(p.x, q.y);
    float value = g0.y * (g0.x * texture2D(u_a, p).r + g1.x * texture2D(u_a, mid).r)
                + g1.y * (g0.x * texture2D(u_a, up).r + g1.x * texture2D(u_a, q).r);
    if (u_weight > 0.0)
        value = mix(value, g0.y * (g0.x * texture2D(u_b, p).r + g1.x * texture2D(u_b, mid).r)
                         + g1.y * (g0.x * texture2D(u_b, up).r + g1.x * texture2D(u_b, q).r), u_weight);
    vec2 inside = clamp(1.0 - max(-v_cell, v_cell - u_cells) / EDGE, 0.0, 1.0);
    vec4 colour = texture2D(u_table, vec2(sqrt(max(value * u_gain, 0.0) * inside.x * inside.y), 0.5));
    // Half a grey level of fixed noise, or slow slopes on a dark ground show bands.
    float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715)))) - 0.5;
    gl_FragColor = vec4(colour.rgb + min(colour.a * 8.0, 1.0) * noise / 255.0, colour.a);
}
"""

_CORNERS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)
REACH = 7
_INVERSE = (np.sqrt(3.0) * (np.sqrt(3.0) - 2.0) ** np.abs(np.arange(-REACH, REACH + 1))).astype(np.float32)


class DensityVisual:
    """Draws density layers; uploads an image once."""

    def __init__(self) -> None:
        define = f"#define EDGE {EDGE}\n"
        self._program = program(define + _VERTEX, define + _FRAGMENT)
        self._program["a_corner"] = gloo.VertexBuffer(_CORNERS)
        self.uploads: Uploads[gloo.Texture2D] = Uploads(_texture, limit=128 << 20)
        self._tables: dict[str, gloo.Texture2D] = {}

    def draw(self, layer: DensityLayer, frame: PaneFrame) -> None:
        rows, columns = layer.a.shape
        draw = self._program
        draw["u_view"] = frame.view
        draw["u_rectangle"] = (layer.x0, layer.y0, layer.x1, layer.y1)
        draw["u_cells"] = (columns - 1.0, rows - 1.0)
        draw["u_a"] = self.uploads.of(layer.a)
        draw["u_b"] = self.uploads.of(layer.b)
        draw["u_weight"] = 0.0 if layer.a is layer.b else layer.weight
        draw["u_gain"] = 1.0 / layer.top
        draw["u_table"] = self._table(frame.palette)
        draw.draw("triangle_strip")

    def _table(self, palette: Palette) -> gloo.Texture2D:
        if palette.name not in self._tables:
            table = density_table(palette)[None]
            self._tables[palette.name] = gloo.Texture2D(
                table, interpolation="linear", internalformat="rgba32f"
            )
        return self._tables[palette.name]


def _texture(image: Array) -> gloo.Texture2D:
    return gloo.Texture2D(spline_coefficients(as_float(image)), interpolation="linear", internalformat="r32f")


def spline_coefficients(image: Array) -> Array:
    """The coefficients c of the cubic B-spline through the image.

    Along each axis (c[i-1] + 4 c[i] + c[i+1]) / 6 = image[i], solved by the inverse sqrt(3) z^|k| with
    z = sqrt(3) - 2, cut where it is below 1e-4.
    """
    out = np.nan_to_num(image, nan=0.0, posinf=0.0, neginf=0.0)
    for axis in (0, 1):
        n, margin = out.shape[axis], [(REACH, REACH) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(out, margin, mode="reflect" if n > REACH else "edge")
        lagged = (padded.take(range(REACH + k, REACH + k + n), axis) for k in range(-REACH, REACH + 1))
        out = sum(w * part for w, part in zip(_INVERSE, lagged, strict=True))
    return as_float(out)
