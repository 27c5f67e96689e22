"""Square buttons that show what they stand for: a cloud of points, a drawing, a path's curves. GUI thread."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton

from fmstudio.gui.icons import icon
from fmstudio.gui.style_sheet import edge
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.pictures import cloud, raster_picture
from fmstudio.render.palette import Palette

FILE_ENDINGS = (".csv", ".npy", ".png", ".jpg", ".jpeg", ".svg")
DIMMED = 0.4
"""Of a picture whose control does nothing."""
_CORNER = 6.0


class Tile(QAbstractButton):
    """Ground, border, focus ring; the content is the subclass's. Checked means chosen."""

    file_dropped = Signal(str)

    def __init__(self, name: str, hint: str, role: str, theme: Theme) -> None:
        super().__init__()
        self.role = role
        self._theme = theme
        self._is_drop_near = False
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setToolTip(hint)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme.changed.connect(self._on_theme_changed)

    @abstractmethod
    def paint_content(self, painter: QPainter, palette: Palette) -> None:
        """Draw inside the border."""

    def sizeHint(self) -> QSize:
        return QSize(44, 44)

    def nextCheckState(self) -> None:
        """The panel says which tile is chosen, not the press."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else DIMMED)
        palette = self._theme.palette
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(palette.line), 1))
        painter.setBrush(QColor(palette.canvas))
        painter.drawRoundedRect(frame, _CORNER, _CORNER)
        self.paint_content(painter, palette)
        self._paint_border(painter, palette)

    def _paint_border(self, painter: QPainter, palette: Palette) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isChecked() or self._is_drop_near:
            painter.setPen(QPen(QColor(getattr(palette, self.role)), 1.6))
            inset = 0.8
        elif self.underMouse() or self.isDown():
            painter.setPen(QPen(QColor(edge(palette)), 1))
            inset = 0.5
        else:
            inset = 0.0
        if inset:
            painter.drawRoundedRect(
                QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), _CORNER, _CORNER
            )
        if self.hasFocus():
            painter.setPen(QPen(QColor(palette.text), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2.5, 2.5, -2.5, -2.5), 4, 4)

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.update()

    # ---- files ----

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_file(event) is not None:
            self._is_drop_near = True
            self.update()
            event.acceptProposedAction()

    def dragLeaveEvent(self, _event: QEvent) -> None:
        self._is_drop_near = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._is_drop_near = False
        self.update()
        path = dropped_file(event)
        if path is not None:
            event.acceptProposedAction()
            self.file_dropped.emit(path)


def dropped_file(event: QDropEvent) -> str | None:
    """The one file that is dropped, if it is of a kind that can be imported."""
    files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
    usable = [path for path in files if path.lower().endswith(FILE_ENDINGS)]
    return usable[0] if len(usable) == 1 else None


class Thumbnail(Tile):
    """A distribution as a cloud of its own samples."""

    def __init__(self, name: str, hint: str, role: str, theme: Theme) -> None:
        super().__init__(name, hint, role, theme)
        self._points: npt.NDArray[np.float32] | None = None
        self._picture: QPixmap | None = None
        self.setAcceptDrops(True)

    @property
    def has_points(self) -> bool:
        return self._points is not None

    def show_points(self, points: npt.NDArray[np.float32] | None) -> None:
        """(n, 2), y up. The array is kept and never changed."""
        if points is not self._points:
            self._points, self._picture = points, None
            self.update()

    def paint_content(self, painter: QPainter, palette: Palette) -> None:
        if self._points is None or not len(self._points):
            return
        if self._picture is None:
            self._picture = cloud(
                self._points, self.size(), getattr(palette, self.role), palette, self.devicePixelRatio()
            )
        painter.drawPixmap(0, 0, self._picture)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._picture = None

    def _on_theme_changed(self, palette: Palette) -> None:
        self._picture = None
        super()._on_theme_changed(palette)


class IconTile(Tile):
    """A tile that does something: draw, import. It may show what it made."""

    def __init__(self, name: str, hint: str, role: str, theme: Theme, symbol: str) -> None:
        super().__init__(name, hint, role, theme)
        self._symbol = symbol
        self._raster: npt.NDArray[np.float32] | None = None
        self._picture: QPixmap | None = None
        self.setAcceptDrops(True)

    def show_raster(self, raster: npt.NDArray[np.float32] | None) -> None:
        """A drawing, row 0 lowest, behind the icon; None for none."""
        if raster is not self._raster:
            self._raster, self._picture = raster, None
            self.update()

    def paint_content(self, painter: QPainter, palette: Palette) -> None:
        colour = getattr(palette, self.role)
        if self._raster is not None and self._raster.any():
            if self._picture is None:
                self._picture = raster_picture(self._raster, colour)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(self.rect().adjusted(4, 4, -4, -4), self._picture)
            return
        glyph = icon(self._symbol, colour if self.isEnabled() else palette.secondary, 16)
        glyph.paint(painter, self.rect())

    def _on_theme_changed(self, palette: Palette) -> None:
        self._picture = None
        super()._on_theme_changed(palette)


class CurveTile(Tile):
    """A path as its two curves, in the colours of the ends."""

    def __init__(
        self,
        name: str,
        hint: str,
        theme: Theme,
        alpha: npt.NDArray[np.float64],
        beta: npt.NDArray[np.float64],
    ) -> None:
        super().__init__(name, hint, "secondary", theme)
        top = max(1.0, float(beta.max()))
        self._curves = (("source", beta / top), ("target", alpha / top))

    def sizeHint(self) -> QSize:
        return QSize(30, 26)

    def paint_content(self, painter: QPainter, palette: Palette) -> None:
        box = QRectF(self.rect()).adjusted(5, 6, -5, -6)
        for role, curve in self._curves:
            n = len(curve) - 1
            line = [
                QPointF(box.left() + box.width() * i / n, box.bottom() - box.height() * y)
                for i, y in enumerate(curve.tolist())
            ]
            painter.setPen(QPen(QColor(getattr(palette, role)), 1.3))
            painter.drawPolyline(line)
