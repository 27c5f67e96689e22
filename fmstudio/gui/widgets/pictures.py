"""Small pictures of distributions: points that glow, drawings. GUI thread."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap, QPolygonF

from fmstudio.render.palette import Palette, rgb


def cloud(
    points: npt.NDArray[np.float32], size: QSize, colour: str, palette: Palette, ratio: float
) -> QPixmap:
    """Points as small dots whose light adds up (in the light dress they darken instead)."""
    pixmap = QPixmap(size * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    centre = (points.min(0) + points.max(0)) / 2
    reach = float(np.quantile(np.abs(points - centre), 0.995)) * 1.16 + 1e-6
    half = min(size.width(), size.height()) / 2 - 3
    places = (points - centre) / reach * half
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if palette.name == "dark":
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Plus)
    ink = QColor(colour)
    ink.setAlphaF(0.42)
    painter.setPen(QPen(ink, 1.4, c=Qt.PenCapStyle.RoundCap))
    middle = QPointF(size.width() / 2, size.height() / 2)
    painter.drawPoints(QPolygonF([QPointF(middle.x() + x, middle.y() - y) for x, y in places.tolist()]))
    painter.end()
    return pixmap


def raster_picture(raster: npt.NDArray[np.float32], colour: str) -> QPixmap:
    """The drawing in one colour, its mass as opacity."""
    every = max(1, raster.shape[0] // 64)
    small = raster[::-every, ::every]
    alpha = np.clip(small / max(float(small.max()), 1e-9), 0, 1)
    pixels = np.empty((*small.shape, 4), np.uint8)
    red, green, blue = (255 * c for c in rgb(colour))
    pixels[..., 0], pixels[..., 1], pixels[..., 2] = red, green, blue
    pixels[..., 3] = (255 * alpha).astype(np.uint8)
    height, width = small.shape
    image = QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888)
    return QPixmap.fromImage(image.copy())
