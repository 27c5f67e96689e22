"""A framebuffer of any size, and its pixels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from vispy import gloo
from vispy.gloo import gl

from fmstudio.render.scene import Bytes

_RGB, _RGBA = 0x1907, 0x1908
_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "gdi generic", "basic render")


class Capture:
    """Draw in ``with capture.drawing():``, then ``pixels``. In the GL context that is current."""

    def __init__(self, width: int, height: int) -> None:
        """Raises ValueError for a size that this GL cannot draw."""
        limit = int(gl.glGetParameter(gl.GL_MAX_TEXTURE_SIZE))
        if not (1 <= width <= limit and 1 <= height <= limit):
            raise ValueError(
                f"A picture of {width} x {height} pixels cannot be drawn: each side takes 1 to {limit}."
            )
        self.width, self.height = width, height
        self._colour = gloo.Texture2D((height, width, 4), format="rgba", internalformat="rgba8")
        self._buffer = gloo.FrameBuffer(color=self._colour)

    @contextmanager
    def drawing(self) -> Iterator[None]:
        with self._buffer:
            yield

    def pixels(self, channels: int) -> Bytes:
        """(height, width, 3) or (height, width, 4), the upper row first. Call inside ``drawing``."""
        gloo.gl.glPixelStorei(gl.GL_PACK_ALIGNMENT, 1)
        form = _RGB if channels == 3 else _RGBA
        raw = gl.glReadPixels(0, 0, self.width, self.height, form, gl.GL_UNSIGNED_BYTE)
        rows = np.frombuffer(raw, np.uint8).reshape(self.height, self.width, channels)
        return np.ascontiguousarray(rows[::-1])

    def close(self) -> None:
        self._buffer.delete()
        self._colour.delete()


def renderer_name() -> str:
    """The GL renderer of the current context."""
    return str(gl.glGetParameter(gl.GL_RENDERER))


def is_software(renderer: str) -> bool:
    """Whether a renderer of this name runs on the processor."""
    return any(name in renderer.lower() for name in _SOFTWARE)


def straight(premultiplied: Bytes) -> Bytes:
    """Premultiplied RGBA as the straight RGBA of picture files."""
    alpha = premultiplied[..., 3:].astype(np.float32)
    colour = np.divide(
        255.0 * premultiplied[..., :3], alpha, where=alpha > 0, out=np.zeros_like(alpha.repeat(3, -1))
    )
    return np.concatenate([np.clip(np.round(colour), 0, 255).astype(np.uint8), premultiplied[..., 3:]], -1)
