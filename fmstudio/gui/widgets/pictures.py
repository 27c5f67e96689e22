"""Small pictures of distributions: points that glow, drawings. GUI thread."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QPixmap

from fmstudio.render.palette import Palette, rgb

DOT_RADIUS, DOT_OPACITY = 0.7, 0.42
"""In pixels of the screen."""


def cloud(
    points: npt.NDArray[np.float32], size: QSize, colour: str, palette: Palette, ratio: float
) -> QPixmap:
    """Points as small dots whose light adds up (in the light dress they darken instead).

    By arrays: two dozen such pictures are drawn anew in one frame, when the dress changes.
    """
    width, height = round(size.width() * ratio), round(size.height() * ratio)
    centre = (points.min(0) + points.max(0)) / 2
    reach = float(np.quantile(np.abs(points - centre), 0.995)) * 1.16 + 1e-6
    half = ratio * (min(size.width(), size.height()) / 2 - 3)
    at = np.array([width, height]) / 2 + (points - centre) / reach * half * [1, -1]
    adds = palette.name == "dark"
    weight = DOT_OPACITY if adds else float(np.log(1 - DOT_OPACITY))
    ink = weight * _dots(at, width, height, DOT_RADIUS * ratio)
    pixmap = _tinted(np.minimum(ink, 1) if adds else 1 - np.exp(ink), colour)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _dots(at: npt.NDArray[np.float64], width: int, height: int, radius: float) -> npt.NDArray[np.float64]:
    """(height, width): how much of each pixel dots at these places (n, 2) cover, added up."""
    reach = int(np.ceil(radius + 0.5))
    steps = np.arange(-reach, reach + 1)
    offsets = np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)
    pixels = np.floor(at).astype(np.intp)[:, None] + offsets
    distance = np.linalg.norm(pixels + 0.5 - at[:, None], axis=-1)
    inside = ((pixels >= 0) & (pixels < [width, height])).all(-1)
    covered = np.clip(radius + 0.5 - distance, 0, 1) * inside
    cells = np.where(inside, pixels[..., 1] * width + pixels[..., 0], 0)
    total = np.bincount(cells.ravel(), covered.ravel(), width * height).astype(np.float64)
    return total.reshape(height, width)


def _tinted(alpha: npt.NDArray[np.floating], colour: str) -> QPixmap:
    """One colour, as opaque as the array (height, width) says."""
    height, width = alpha.shape
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[..., :3] = [round(255 * c) for c in rgb(colour)]
    pixels[..., 3] = np.rint(255 * alpha)
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888)
    return QPixmap.fromImage(image.copy())


def raster_picture(raster: npt.NDArray[np.float32], colour: str) -> QPixmap:
    """The drawing in one colour, its mass as opacity."""
    every = max(1, raster.shape[0] // 64)
    small = raster[::-every, ::every]
    return _tinted(np.clip(small / max(float(small.max()), 1e-9), 0, 1), colour)
