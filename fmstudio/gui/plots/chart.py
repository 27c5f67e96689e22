"""A small plot in the window's dress: a few lines, faint grid, no frame, no mouse. GUI thread.

Made of pyqtgraph's view box and axes alone: its whole plot item brings menus and a control panel that nobody
would see, and that cost time at every start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QFrame, QSizePolicy

from fmstudio.gui.contrast import readable
from fmstudio.gui.theme import Theme, interface_font
from fmstudio.render.palette import Palette

Numbers = npt.NDArray[Any]
Tick = tuple[float, str]
"""Where it stands, and what it says."""
LEFT_WIDTH = 30


@dataclass(frozen=True)
class Stroke:
    """How a line looks: a palette role, its width, opacity, dashes, and the opacity of what is below it."""

    role: str
    width: float = 1.6
    opacity: float = 1.0
    dashed: bool = False
    fill: float = 0.0


class Chart(pg.GraphicsView):
    """Add lines once, then give them numbers."""

    def __init__(self, name: str, theme: Theme, height: int = 92, left_ticks: bool = True) -> None:
        super().__init__()
        self._theme = theme
        self._lines: list[tuple[pg.PlotCurveItem, Stroke]] = []
        self._texts: list[tuple[pg.TextItem, str]] = []
        self._bands: list[tuple[pg.FillBetweenItem, Stroke]] = []
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.box = pg.ViewBox(enableMenu=False, enableMouse=False)
        self._left = self._axis("left", left_ticks)
        self._bottom = self._axis("bottom", True)
        self._arrange(left_ticks)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed(theme.palette)

    def _axis(self, side: str, ticks: bool) -> pg.AxisItem:
        axis = pg.AxisItem(side)
        axis.setStyle(tickLength=0, showValues=ticks, tickFont=interface_font(10), tickTextOffset=4)
        axis.linkToView(self.box)
        axis.enableAutoSIPrefix(False)
        axis.setZValue(-1)
        return axis

    def _arrange(self, left_ticks: bool) -> None:
        layout = pg.GraphicsLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addItem(self.box, 0, 1)
        layout.addItem(self._bottom, 1, 1)
        if left_ticks:
            layout.addItem(self._left, 0, 0)
            self._left.setWidth(LEFT_WIDTH)
        self._bottom.setHeight(16)
        self.setCentralItem(layout)

    # ---- making ----

    def add_line(self, stroke: Stroke) -> pg.PlotCurveItem:
        """A line without numbers; ``setData`` gives it some."""
        line = pg.PlotCurveItem(antialias=True)
        self.box.addItem(line)
        self._lines.append((line, stroke))
        self._dress(line, stroke, self._theme.palette)
        return line

    def add_band(self, stroke: Stroke) -> tuple[pg.PlotCurveItem, pg.PlotCurveItem]:
        """(lower, upper) edge of a band that the stroke's ``fill`` fills; the edges are not drawn."""
        lower, upper = (pg.PlotCurveItem(pen=pg.mkPen(None)) for _ in range(2))
        filled = pg.FillBetweenItem(lower, upper)
        for item in (filled, lower, upper):
            self.box.addItem(item)
        self._bands.append((filled, stroke))
        self._dress_band(filled, stroke, self._theme.palette)
        return lower, upper

    def add_text(self, role: str, anchor: tuple[float, float]) -> pg.TextItem:
        """Words at a place of the plot."""
        text = pg.TextItem(anchor=anchor)
        text.setFont(interface_font(11))
        self.box.addItem(text, ignoreBounds=True)
        self._texts.append((text, role))
        self._dress_text(text, role, self._theme.palette)
        return text

    def restroke(self, line: pg.PlotCurveItem, stroke: Stroke) -> None:
        """Another look for a line that is there."""
        self._lines = [(other, stroke if other is line else old) for other, old in self._lines]
        self._dress(line, stroke, self._theme.palette)

    # ---- showing ----

    def show_range(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """The part of the plane that is seen."""
        self.box.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)

    def show_bottom_ticks(self, ticks: list[Tick]) -> None:
        self._bottom.setTicks([ticks])

    def show_left_ticks(self, ticks: list[Tick]) -> None:
        """The axis is as wide as their words."""
        metrics = QFontMetrics(interface_font(10))
        widest = max((metrics.horizontalAdvance(words) for _, words in ticks), default=0)
        self._left.setWidth(max(LEFT_WIDTH, widest + 8))
        self._left.setTicks([ticks])

    # ---- colours ----

    def _dress_text(self, text: pg.TextItem, role: str, palette: Palette) -> None:
        """In the role's colour, on a ground that dims what lies beneath."""
        text.setColor(QColor(readable(getattr(palette, role), palette.window)))
        ground = QColor(palette.window)
        ground.setAlphaF(0.78)
        text.fill = pg.mkBrush(ground)

    def _dress_band(self, band: pg.FillBetweenItem, stroke: Stroke, palette: Palette) -> None:
        colour = QColor(getattr(palette, stroke.role))
        colour.setAlphaF(stroke.fill)
        band.setBrush(pg.mkBrush(colour))

    def _dress(self, line: pg.PlotCurveItem, stroke: Stroke, palette: Palette) -> None:
        colour = QColor(getattr(palette, stroke.role))
        colour.setAlphaF(stroke.opacity)
        style = Qt.PenStyle.DashLine if stroke.dashed else Qt.PenStyle.SolidLine
        line.setPen(pg.mkPen(colour, width=stroke.width, style=style))
        if stroke.fill:
            ground = QColor(colour)
            ground.setAlphaF(stroke.fill)
            line.setBrush(pg.mkBrush(ground))
            line.setFillLevel(0.0)
        else:
            line.setFillLevel(None)

    def _on_theme_changed(self, palette: Palette) -> None:
        self.setBackground(QColor(palette.window))
        for axis in (self._left, self._bottom):
            axis.setPen(pg.mkPen(QColor(palette.line), width=1))
            axis.setTextPen(QColor(palette.secondary))
        self._left.setPen(pg.mkPen(None))
        for line, stroke in self._lines:
            self._dress(line, stroke, palette)
        for band, stroke in self._bands:
            self._dress_band(band, stroke, palette)
        for text, role in self._texts:
            self._dress_text(text, role, palette)
