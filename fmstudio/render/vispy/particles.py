"""Particles: two position buffers, mixed in the vertex shader, and a round sprite."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from vispy import gloo

from fmstudio.render.palette import rgb
from fmstudio.render.scene import Array, Bytes, ParticleLayer, PointLayer
from fmstudio.render.vispy.frame import PaneFrame, program
from fmstudio.render.vispy.uploads import Uploads, as_float

RING, RIM = 0.8, 0.5
"""Width in logical pixels and opacity of the ring that keeps particles apart."""
CROWD = 5_000
"""More particles than this are drawn without rings, and in an order that a processor draws faster."""

_VERTEX = """
attribute vec2 a_from;
attribute vec2 a_to;
attribute vec4 a_colour;
uniform float u_weight;
uniform float u_size;
uniform float u_opacity;
varying vec4 v_colour;
void main() {
    gl_Position = vec4(to_clip(mix(a_from, a_to, u_weight)), 0.0, 1.0);
    gl_PointSize = u_size;
    v_colour = u_opacity * vec4(a_colour.rgb * a_colour.a, a_colour.a);
}
"""

_FRAGMENT = """
uniform vec2 u_edge;
#ifdef RING
uniform vec4 u_rim;    // premultiplied colour of the ring around the disc
uniform float u_ring;  // its width in pixels
#endif
varying vec4 v_colour;
void main() {
    // (r^2 - d^2) / 2r + 1/2: the distance from the edge as far as it matters, without a root.
    vec2 d = gl_PointCoord - 0.5;
    float inside = u_edge.x - u_edge.y * dot(d, d);
    float cover = clamp(inside, 0.0, 1.0);
    gl_FragColor = v_colour * cover;
#ifdef RING
    gl_FragColor += u_rim * (v_colour.a * (clamp(inside + u_ring, 0.0, 1.0) - cover));
#endif
}
"""


class DiscProgram:
    """Antialiased discs, with a ring of the canvas colour around each or without."""

    def __init__(self, ring: float = 0.0) -> None:
        """``ring`` is its width in logical pixels."""
        self._ring = ring
        self._program = program(_VERTEX, ("#define RING\n" if ring else "") + _FRAGMENT)

    def draw(
        self,
        places: tuple[gloo.VertexBuffer, gloo.VertexBuffer, float],
        colour: gloo.VertexBuffer | tuple[float, float, float, float],
        diameter: float,
        frame: PaneFrame,
        order: gloo.IndexBuffer | None = None,
        opacity: float = 1.0,
    ) -> None:
        """Discs of ``diameter`` logical pixels, at weight w between two places (a, b, w)."""
        pixels = max(diameter * frame.ratio, 1.0)
        ring = self._ring * frame.ratio
        draw = self._program
        draw["u_view"] = frame.view
        draw["a_from"], draw["a_to"], draw["u_weight"] = places
        draw["a_colour"], draw["u_opacity"] = colour, opacity
        size = pixels + 2 * ring + 1.0
        draw["u_size"], draw["u_edge"] = size, (pixels / 4 + 0.5, size * size / pixels)
        if ring:
            draw["u_ring"] = ring
            draw["u_rim"] = (*(RIM * v for v in rgb(frame.palette.canvas)), RIM)
        draw.draw("points", order)


_GLOW = """
uniform float u_additive;
varying vec4 v_colour;
void main() {
    vec2 d = 2.0 * (gl_PointCoord - 0.5);
    float halo = max(exp(-4.0 * dot(d, d)) - 0.018, 0.0);
    vec4 light = HALO * halo * v_colour;
    gl_FragColor = vec4(light.rgb, light.a * (1.0 - u_additive));
}
""".replace("HALO", "0.35")
HALO = 4.5
"""Its diameter, in those of the particle."""


class GlowProgram:
    """Halos: light that adds up on a dark canvas, a veil on a white one or on none."""

    def __init__(self) -> None:
        self._program = program(_VERTEX, _GLOW)

    def draw(
        self,
        places: tuple[gloo.VertexBuffer, gloo.VertexBuffer, float],
        colour: gloo.VertexBuffer,
        diameter: float,
        frame: PaneFrame,
        opacity: float,
    ) -> None:
        """Around discs of ``diameter`` logical pixels."""
        draw, adds = self._program, frame.palette.name == "dark" and not frame.transparent
        draw["u_view"] = frame.view
        draw["a_from"], draw["a_to"], draw["u_weight"] = places
        draw["a_colour"], draw["u_opacity"] = colour, opacity
        draw["u_size"] = max(HALO * diameter * frame.ratio, 3.0)
        draw["u_additive"] = float(adds)
        draw.draw("points")


class ParticleVisual:
    """Draws particle layers; a frame between two states that were seen uploads nothing."""

    def __init__(self) -> None:
        self._crowd, self._ringed, self._glow = DiscProgram(), DiscProgram(RING), GlowProgram()
        self.uploads: Uploads[gloo.VertexBuffer] = Uploads(
            lambda p: gloo.VertexBuffer(as_float(p)), limit=256 << 20
        )
        self._orders: Uploads[gloo.IndexBuffer] = Uploads(
            lambda p: gloo.IndexBuffer(order_by_place(p)), limit=128 << 20
        )
        self.colours: Uploads[gloo.VertexBuffer] = Uploads(_colour_buffer, limit=64 << 20)

    def draw(self, layer: ParticleLayer, frame: PaneFrame) -> None:
        if len(layer.a) == 0:
            return
        places = (self.uploads.of(layer.a), self.uploads.of(layer.b), layer.weight)
        colours = self.colours.of(layer.colours)
        if layer.glows:
            self._glow.draw(places, colours, layer.size, frame, layer.opacity)
        if len(layer.a) <= CROWD:
            self._ringed.draw(places, colours, layer.size, frame, opacity=layer.opacity)
        else:
            order = self._orders.of(layer.a)
            self._crowd.draw(places, colours, layer.size, frame, order, layer.opacity)


class PointVisual:
    """Draws still points."""

    def __init__(self) -> None:
        self._discs = DiscProgram()
        self.uploads: Uploads[gloo.VertexBuffer] = Uploads(
            lambda p: gloo.VertexBuffer(as_float(p)), limit=64 << 20
        )

    def draw(self, layer: PointLayer, frame: PaneFrame) -> None:
        if len(layer.points) == 0:
            return
        buffer = self.uploads.of(layer.points)
        self._discs.draw((buffer, buffer, 0.0), (*rgb(layer.colour), layer.opacity), layer.size, frame)


def _colour_buffer(colours: Bytes) -> gloo.VertexBuffer:
    return gloo.VertexBuffer(np.asarray(colours, np.float32) / 255)


def order_by_place(points: Array) -> npt.NDArray[np.uint32]:
    """An order in which neighbours follow each other: by 16 x 16 cells, within a cell as they come.

    Without a GPU half of a crowd's time goes into memory that lies apart. The order depends on the points
    alone, so the same scene remains the same picture.
    """
    places = np.nan_to_num(as_float(points), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = places.min(0), places.max(0)
    column, row = ((places - low) * (15.99 / np.maximum(high - low, 1e-12))).astype(np.uint8).T
    return np.argsort(row * np.uint8(16) + column, kind="stable").astype(np.uint32)
