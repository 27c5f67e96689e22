"""Brush or eraser, its size and softness, and a way to start afresh. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from fmstudio.gui.icons import icon
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.scale import Scale
from fmstudio.gui.widgets.segmented import Choice, Segmented
from fmstudio.gui.widgets.slider_row import SliderRow
from fmstudio.render.palette import Palette
from fmstudio.studio.asked_files import End
from fmstudio.studio.drawing import Brush
from fmstudio.studio.session import Session
from fmstudio.studio.tools import RADIUS_RANGE

_KINDS = (Choice("brush", "Brush", "Paint mass (D)"), Choice("eraser", "Eraser", "Take mass away"))


class BrushControls(QWidget):
    """Shows and changes ``session.tools``; the brush is no part of the document."""

    clear_clicked = Signal()

    def __init__(self, session: Session, theme: Theme, end: End) -> None:
        super().__init__()
        self._session, self._theme, self._end = session, theme, end
        self._shown: Brush | None = None
        self.kinds = Segmented("Brush or eraser", _KINDS)
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Wipe the drawing (it can be undone)")
        self.size_row = SliderRow("Size", Scale(*RADIUS_RANGE, log=True), "Radius of the brush")
        self.soft_row = SliderRow("Softness", Scale(0.0, 1.0, step=0.05), "0 is a hard edge")
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.kinds, 1)
        top.addWidget(self.clear)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addLayout(top)
        box.addWidget(self.size_row)
        box.addWidget(self.soft_row)
        self._connect()
        self._on_theme_changed(theme.palette)

    def _connect(self) -> None:
        self.kinds.chosen.connect(self._on_kinds_chosen)
        self.clear.clicked.connect(self._on_clear_clicked)
        for row in (self.size_row, self.soft_row):
            row.pressed.connect(self._on_row_pressed)
        self.size_row.dragged.connect(self._on_size_changed)
        self.size_row.chosen.connect(self._on_size_changed)
        self.soft_row.dragged.connect(self._on_softness_changed)
        self.soft_row.chosen.connect(self._on_softness_changed)
        self._theme.changed.connect(self._on_theme_changed)

    def tick(self) -> None:
        """Follow the tools."""
        brush = self._session.tools.brush
        if brush == self._shown:
            return
        self._shown = brush
        self.kinds.show_choices("eraser" if brush.erase else "brush")
        self.size_row.show_value(brush.radius)
        self.soft_row.show_value(brush.softness)

    def _on_kinds_chosen(self, kind: str) -> None:
        self._session.tools.change_brush(erase=kind == "eraser")
        self._session.tools.draw_at(self._end)

    def _on_row_pressed(self) -> None:
        self._session.tools.draw_at(self._end)

    def _on_size_changed(self, radius: float) -> None:
        self._session.tools.change_brush(radius=radius)

    def _on_softness_changed(self, softness: float) -> None:
        self._session.tools.change_brush(softness=softness)

    def _on_clear_clicked(self) -> None:
        self.clear_clicked.emit()

    def _on_theme_changed(self, palette: Palette) -> None:
        self.clear.setIcon(icon("clear", palette.secondary, 16))
        for name in ("brush", "eraser"):
            self.kinds.buttons[name].setIcon(icon(name, palette.secondary, 16))
