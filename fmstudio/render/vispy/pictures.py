"""Pictures of words, and plain rectangles, at whole pixels of the canvas."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
from vispy import gloo

from fmstudio.render.scene import Bytes

KEPT = 96

_VERTEX = """#version 120
attribute vec2 a_corner;     // 0 or 1, from the upper left
uniform vec4 u_place;        // left, top, width, height in clip units
uniform vec2 u_part;         // the part of the picture that is shown
varying vec2 v_at;
void main() {
    v_at = a_corner * u_part;
    gl_Position = vec4(u_place.x + a_corner.x * u_place.z, u_place.y - a_corner.y * u_place.w, 0.0, 1.0);
}
"""

_FRAGMENT = """#version 120
uniform sampler2D u_picture;
varying vec2 v_at;
void main() { gl_FragColor = texture2D(u_picture, v_at); }
"""


class PictureVisual:
    """Draws small pictures (h, w, 4), premultiplied, and keeps them until they are out of use."""

    def __init__(self) -> None:
        self._program = gloo.Program(_VERTEX, _FRAGMENT)
        self._program["a_corner"] = gloo.VertexBuffer(np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32))
        self._kept: OrderedDict[Hashable, gloo.Texture2D] = OrderedDict()
        self._canvas = (1, 1)

    def begin(self, width: int, height: int) -> None:
        """What follows lies on a canvas of this many pixels, which is the viewport."""
        self._canvas = (width, height)

    def of(self, key: Hashable, make: Callable[[], Bytes]) -> gloo.Texture2D:
        """The picture called ``key``, made now if it is not kept."""
        if key not in self._kept:
            while len(self._kept) >= KEPT:
                self._kept.popitem(last=False)
            self._kept[key] = gloo.Texture2D(make(), format="rgba", interpolation="linear")
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, picture: gloo.Texture2D, x: float, y: float, part: float = 1.0, width: float = 0) -> None:
        """Draw from pixel (x, y) right and down; stretched to ``width``, and of that the left ``part``."""
        rows, columns = picture.shape[:2]
        full, high = self._canvas
        draw = self._program
        shown = (width or columns) * part
        draw["u_place"] = (2 * x / full - 1, 1 - 2 * y / high, 2 * shown / full, 2 * rows / high)
        draw["u_part"] = (part, 1.0)
        draw["u_picture"] = picture
        draw.draw("triangle_strip")
