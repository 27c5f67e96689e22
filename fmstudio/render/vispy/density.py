"""Densities: two float textures, mixed and coloured in the shader, tile by tile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from vispy import gloo

from fmstudio.document.specs.density import Meaning
from fmstudio.render.colours import colour_table
from fmstudio.render.palette import Palette, rgb
from fmstudio.render.scene import Array, DensityLayer
from fmstudio.render.vispy.frame import PaneFrame, program, quad_indices
from fmstudio.render.vispy.uploads import Uploads, as_float

EDGE = 4.0
"""Cells outside the rectangle over which what stands on its border fades."""
FINE = 256
"""Rows to which an image is refined, so that bilinear sampling shows no creases."""
BAND = 16
"""Rows of cells drawn as one strip, no wider than what it holds: the empty part of a pane costs nothing."""
LOWEST = -8.5
"""Contours end eight halvings below the top."""
CONTOUR, STRENGTH = 1.1, 0.5
"""Their width in logical pixels, and opacity."""
DARK = 3e-5
"""What share of an image's largest value cannot be told from the canvas."""

_VERTEX = """
attribute vec2 a_cell;
uniform vec4 u_rectangle;
uniform vec2 u_cells;   // columns - 1, rows - 1
varying vec2 v_cell;
void main() {
    v_cell = a_cell;
    gl_Position = vec4(to_clip(mix(u_rectangle.xy, u_rectangle.zw, a_cell / u_cells)), 0.0, 1.0);
}
"""

_FRAGMENT = """
uniform sampler2D u_a;
uniform sampler2D u_b;
uniform sampler2D u_table;
uniform vec2 u_cells;
uniform float u_weight;
uniform float u_gain;
uniform float u_signed;
uniform float u_opacity;
uniform float u_fill;
uniform vec4 u_line;       // premultiplied colour of the contours; nothing where there are none
uniform float u_half_line; // half their width in pixels
varying vec2 v_cell;

// How much of a pixel is on a line: where the value is 1, 1/2, 1/4 ... of the top.
float line(float height) {
    float level = log2(max(height, 1e-9)), slope = fwidth(level);
    float far = abs(fract(level + 0.5) - 0.5) / max(slope, 1e-6);
    float shown = step(LOWEST, level) * step(level, 0.5) * (1.0 - smoothstep(0.25, 0.5, slope));
    return shown * clamp(u_half_line + 0.5 - far, 0.0, 1.0);
}

void main() {
    vec2 at = (v_cell + 0.5) / (u_cells + 1.0);
    float value = mix(texture2D(u_a, at).r, texture2D(u_b, at).r, u_weight) * u_gain;
    vec2 inside = clamp(1.0 - max(-v_cell, v_cell - u_cells) / EDGE, 0.0, 1.0);
    float root = sqrt(abs(value) * inside.x * inside.y);
    float place = u_signed > 0.5 ? 0.5 + 0.5 * clamp(sign(value) * root, -1.0, 1.0) : root;
    vec4 colour = texture2D(u_table, vec2(place, 0.5));
    // Half a grey level of fixed noise, or slow slopes on a dark ground show bands.
    float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715)))) - 0.5;
    vec4 ground = u_fill * vec4(colour.rgb + colour.a * noise / 256.0, colour.a);
    vec4 drawn = u_line.a > 0.0 ? line(abs(value)) * u_line : vec4(0.0);
    gl_FragColor = u_opacity * (drawn + (1.0 - drawn.a) * ground);
}
"""


@dataclass(frozen=True)
class DensityImage:
    """An image on the GPU, and where along each band of rows it holds anything."""

    texture: gloo.Texture2D
    spans: Array
    """(bands, 2): first and last column in cells; first > last where there is nothing"""


class DensityVisual:
    """Draws density layers; uploads an image once. Both images of a layer have one shape."""

    def __init__(self) -> None:
        self._program = program(_VERTEX, f"#define EDGE {EDGE}\n#define LOWEST {LOWEST}\n" + _FRAGMENT)
        self.uploads: Uploads[DensityImage] = Uploads(_upload, limit=96 << 20)
        self.signed: Uploads[DensityImage] = Uploads(_upload_signed, limit=96 << 20)
        self._tables: dict[tuple[Palette, Meaning, bool], gloo.Texture2D] = {}
        self._strips, self._index = gloo.VertexBuffer(), gloo.IndexBuffer()

    def draw(self, layer: DensityLayer, frame: PaneFrame) -> None:
        signed = layer.meaning is Meaning.SIGNED
        uploads = self.signed if signed else self.uploads
        a, b = uploads.of(layer.a), uploads.of(layer.b)
        rows, columns = a.texture.shape[:2]
        strips = strip_corners(a.spans, b.spans, rows, columns)
        if len(strips) == 0:
            return
        self._strips.set_data(strips)
        self._index.set_data(quad_indices(len(strips) // 4))
        draw = self._program
        draw["a_cell"] = self._strips
        draw["u_view"] = frame.view
        draw["u_rectangle"] = (layer.x0, layer.y0, layer.x1, layer.y1)
        draw["u_cells"] = (columns - 1.0, rows - 1.0)
        draw["u_a"], draw["u_b"] = a.texture, b.texture
        draw["u_weight"], draw["u_gain"] = layer.weight, 1.0 / layer.top
        draw["u_signed"], draw["u_opacity"] = float(signed), layer.opacity
        draw["u_fill"], draw["u_half_line"] = float(layer.fills), CONTOUR * frame.ratio / 2
        strength = STRENGTH if layer.contours else 0.0
        draw["u_line"] = tuple(strength * channel for channel in (*rgb(frame.palette.text), 1.0))
        draw["u_table"] = self._table(frame, layer.meaning)
        draw.draw("triangles", self._index)

    def _table(self, frame: PaneFrame, meaning: Meaning) -> gloo.Texture2D:
        key = (frame.palette, meaning, frame.transparent)
        if key not in self._tables:
            table = colour_table(*key)[None]
            self._tables[key] = gloo.Texture2D(table, interpolation="linear", internalformat="rgba32f")
        return self._tables[key]


def _upload(image: Array) -> DensityImage:
    fine = refined(image)
    texture = gloo.Texture2D(fine, interpolation="linear", internalformat="r32f")
    return DensityImage(texture, lit_spans(fine))


def _upload_signed(image: Array) -> DensityImage:
    fine = refined(image, signed=True)
    texture = gloo.Texture2D(fine, interpolation="linear", internalformat="r32f")
    return DensityImage(texture, lit_spans(np.abs(fine)))


def refined(image: Array, signed: bool = False) -> Array:
    """The image on a grid of at least FINE rows.

    Halfway between two points stands the cubic through four, so the given values stay. Missing values become
    0, and so do negative ones, unless the values are ``signed``.
    """
    fine = np.nan_to_num(as_float(image), nan=0.0, posinf=0.0, neginf=0.0)
    while fine.shape[0] < FINE and min(fine.shape) >= 4:
        fine = _halved(_halved(fine).T).T
    return as_float(fine if signed else np.maximum(fine, 0))


def _halved(image: Array) -> Array:
    """Rows put halfway between the rows."""
    before, after = 2 * image[:1] - image[1:2], 2 * image[-1:] - image[-2:-1]
    near, wide = (
        image[:-1] + image[1:],
        np.concatenate([before, image[:-2]]) + np.concatenate([image[2:], after]),
    )
    fine = np.empty((2 * len(image) - 1, image.shape[1]), np.float32)
    fine[::2], fine[1::2] = image, (9 * near - wide) / 16
    return fine


def lit_spans(image: Array) -> Array:
    """(bands, 2): in each band of BAND rows the columns between which values can be seen, a cell wider on
    each side; (inf, -inf) where there are none."""
    lit = image > DARK * max(float(image.max()), 1e-30)
    bands = np.logical_or.reduceat(lit, np.arange(0, max(len(image) - 1, 1), BAND), 0)
    # Its last cells reach up to the next band's first row.
    bands[:-1] |= lit[BAND::BAND][: len(bands) - 1]
    spans = np.stack([bands.argmax(1) - 1.0, image.shape[1] - bands[:, ::-1].argmax(1)], 1)
    spans[~bands.any(1)] = np.inf, -np.inf
    return as_float(spans)


def strip_corners(a: Array, b: Array, rows: int, columns: int) -> Array:
    """(4 * strips, 2) corners, in cells, of the bands of two images of one shape. At the border of the image
    they reach EDGE cells beyond it."""
    first, last = np.minimum(a[:, 0], b[:, 0]), np.maximum(a[:, 1], b[:, 1])
    shown = first <= last
    first = np.where(first <= 0, -EDGE, first)[shown]
    last = np.where(last >= columns - 1, columns - 1 + EDGE, last)[shown]
    edges = np.append(np.arange(len(a)) * float(BAND), rows - 1 + EDGE)
    edges[0] = -EDGE
    low, high = edges[:-1][shown], edges[1:][shown]
    corners = np.stack([first, low, last, low, first, high, last, high], 1)
    return as_float(corners.reshape(-1, 2))
