"""Curves over t in [0, 1] as a picture that is painted anew only when it changed. GUI thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from fmstudio.gui.contrast import readable
from fmstudio.gui.theme import interface_font
from fmstudio.render.palette import Palette

_SAMPLES = 97
_PAD = 6.0


@dataclass(frozen=True)
class Line:
    """One curve: the palette's role, the letter beside it, values at ``samples()``, and what they are divided
    by to fit the plot."""

    role: str
    letter: str
    values: tuple[float, ...]
    top: float = 1.0

    def at(self, t: float) -> float:
        return float(np.interp(t, samples(), self.values))


def samples() -> np.ndarray:
    """The times of a line's values."""
    return np.linspace(0, 1, _SAMPLES)


@dataclass(frozen=True)
class Box:
    """Where a plot of (t, height), both in [0, 1], lies in its widget."""

    rect: QRectF

    @classmethod
    def of(cls, widget: QWidget) -> Box:
        return cls(QRectF(widget.rect()).adjusted(_PAD, _PAD, -_PAD, -_PAD))

    def place(self, t: float, height: float) -> QPointF:
        return QPointF(
            self.rect.left() + self.rect.width() * t, self.rect.bottom() - self.rect.height() * height
        )

    def read(self, place: QPointF) -> tuple[float, float]:
        """(t, height) of a place."""
        t = (place.x() - self.rect.left()) / self.rect.width()
        return t, (self.rect.bottom() - place.y()) / self.rect.height()


class CurvePicture:
    """Lines and their letters; the first lies on top."""

    def __init__(self) -> None:
        self._look: object = None
        self._picture = QPixmap()

    def of(self, widget: QWidget, lines: tuple[Line, ...], palette: Palette, is_late: bool) -> QPixmap:
        """``is_late``: the dots have left the curves' beginning, so that letters stand there."""
        scale = widget.devicePixelRatio()
        look = (lines, widget.size(), palette, is_late, scale)
        if look != self._look:
            self._look = look
            self._picture = QPixmap(widget.size() * scale)
            self._picture.setDevicePixelRatio(scale)
            self._picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            box = Box.of(widget)
            for line in reversed(lines):
                _paint_line(painter, line, palette, box)
            _paint_letters(painter, lines, palette, box, 0.07 if is_late else 0.93)
            painter.end()
        return self._picture


def _paint_line(painter: QPainter, line: Line, palette: Palette, box: Box) -> None:
    colour = QColor(getattr(palette, line.role))
    painter.setPen(QPen(colour, 1.7, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
    heights = (np.asarray(line.values) / line.top).tolist()
    painter.drawPolyline([box.place(*at) for at in zip(samples().tolist(), heights, strict=True)])


def _paint_letters(painter: QPainter, lines: tuple[Line, ...], palette: Palette, box: Box, at: float) -> None:
    """A letter beside each curve: between two where there is room, and within the box."""
    font = interface_font(12)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    heights = [line.at(at) / line.top for line in lines]
    for k, line in enumerate(lines):
        own = heights[k]
        other = heights[1 - k] if len(lines) == 2 else (0.0 if own > 0.5 else 1.0)
        apart = abs(own - other) * box.rect.height()
        above = own >= other if apart < 2 * metrics.height() else own < other
        place = box.place(at, own)
        y = place.y() - 6 if above else place.y() + metrics.ascent() + 3
        y = min(box.rect.bottom() - 1, max(box.rect.top() + metrics.ascent() - 3, y))
        x = place.x() - metrics.horizontalAdvance(line.letter) / 2
        painter.setPen(QColor(readable(getattr(palette, line.role), palette.window)))
        painter.drawText(QPointF(x, y), line.letter)
