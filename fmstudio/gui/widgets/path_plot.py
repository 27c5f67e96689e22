"""alpha_t and beta_t over t, with a dot on each at the present moment, if it is one of theirs. GUI thread."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.document.specs.path import CondOTSpec, PathSpec
from fmstudio.gui.contrast import readable
from fmstudio.gui.theme import Theme, interface_font
from fmstudio.gui.widgets.tiles import DIMMED
from fmstudio.render.palette import Palette

HEIGHT = 62
_SAMPLES = 97
_PAD = 5.0


class PathPlot(QWidget):
    """Two curves in the colours of the ends: alpha is the target's, beta the source's."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._path: PathSpec = CondOTSpec()
        self._t: float | None = None
        self._shown_x: int | None = -1
        self._pictured: object = None
        self._picture = QPixmap()
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Signal scale alpha and noise scale beta over time")
        theme.changed.connect(self._on_theme_changed)

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def show_path(self, path: PathSpec) -> None:
        if path != self._path:
            self._path = path
            self.update()

    @property
    def time(self) -> float | None:
        """Where the dots are."""
        return self._t

    def show_time(self, t: float | None) -> None:
        """Move the dots, if that is visible; None takes them away: no time runs along the path."""
        x = None if t is None else round(2 * t * self.width())
        if x == self._shown_x:
            return
        self._shown_x, self._t = x, t
        self.update()
        if t is None:
            self.setToolTip("No motion that is shown follows the path")
            return
        alpha, beta = self._path.curves(t)
        self.setToolTip(f"t = {t:.2f}: α = {float(alpha):.3f}, β = {float(beta):.3f}")

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else DIMMED)
        if self._t is None:
            painter.drawPixmap(0, 0, self._curves())
            return
        palette, box = self._theme.palette, self._box()
        x = box.left() + box.width() * self._t
        painter.setPen(QPen(QColor(palette.line), 1))
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
        painter.drawPixmap(0, 0, self._curves())
        alpha, beta = self._path.curves([0.0, self._t])
        top = max(1.0, float(beta[0]))
        painter.setPen(QPen(QColor(palette.window), 1.5))
        for role, here in (("source", beta[1]), ("target", alpha[1])):
            painter.setBrush(QColor(getattr(palette, role)))
            painter.drawEllipse(QPointF(x, box.bottom() - box.height() * float(here) / top), 4.5, 4.5)

    @property
    def _is_late(self) -> bool:
        """The dots have left the curves' beginning."""
        return self._t is not None and self._t > 0.3

    def _box(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_PAD, _PAD, -_PAD, -_PAD)

    def _curves(self) -> QPixmap:
        """The curves and their letters; painted anew only when they changed."""
        look = (self._path, self.size(), self._theme.palette, self._is_late, self.devicePixelRatio())
        if look != self._pictured:
            self._pictured = look
            self._picture = QPixmap(self.size() * self.devicePixelRatio())
            self._picture.setDevicePixelRatio(self.devicePixelRatio())
            self._picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_curves(painter, self._theme.palette, self._box())
            painter.end()
        return self._picture

    def _paint_curves(self, painter: QPainter, palette: Palette, box: QRectF) -> None:
        alpha, beta = self._path.curves(np.linspace(0, 1, _SAMPLES))
        top = max(1.0, float(beta[0]))
        for role, curve in (("source", beta), ("target", alpha)):
            colour = QColor(getattr(palette, role))
            painter.setPen(QPen(colour, 1.7, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
            painter.drawPolyline(_polyline(box, curve / top))
        self._paint_letters(painter, palette, box, alpha / top, beta / top)

    def _paint_letters(
        self, painter: QPainter, palette: Palette, box: QRectF, alpha: np.ndarray, beta: np.ndarray
    ) -> None:
        """A letter beside each curve: between the two where there is room, and out of the dots' way."""
        font = interface_font(12)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        at = 0.07 if self._is_late else 0.93
        index = round(at * (len(alpha) - 1))
        for letter, role, curve, other in (("α", "target", alpha, beta), ("β", "source", beta, alpha)):
            y = box.bottom() - box.height() * float(curve[index])
            is_upper = float(curve[index]) >= float(other[index])
            apart = abs(float(curve[index] - other[index])) * box.height()
            above = is_upper if apart < 2 * metrics.height() else not is_upper
            y = y - 6 if above else y + metrics.ascent() + 3
            y = min(box.bottom() - 1, max(box.top() + metrics.ascent() - 3, y))
            x = box.left() + box.width() * at - metrics.horizontalAdvance(letter) / 2
            painter.setPen(QColor(readable(getattr(palette, role), palette.window)))
            painter.drawText(QPointF(x, y), letter)

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.update()


def _polyline(box: QRectF, curve: np.ndarray) -> list[QPointF]:
    xs = np.linspace(box.left(), box.right(), len(curve)).tolist()
    ys = (box.bottom() - box.height() * curve).tolist()
    return [QPointF(x, y) for x, y in zip(xs, ys, strict=True)]
