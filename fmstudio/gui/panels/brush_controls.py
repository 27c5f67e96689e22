"""What a drag paints, its size, softness and symmetry, and a way to start afresh. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from fmstudio.document.arrays import FrozenArray
from fmstudio.gui.icons import icon
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.scale import Scale
from fmstudio.gui.widgets.segmented import Choice, Segmented
from fmstudio.gui.widgets.slider_row import SliderRow
from fmstudio.render.lettering import MOST as MOST_CHARACTERS
from fmstudio.render.lettering import lettering
from fmstudio.render.palette import Palette
from fmstudio.studio.asked_files import End
from fmstudio.studio.drawing import Brush, Pen
from fmstudio.studio.session import Session
from fmstudio.studio.tools import MOST_TURNS, RADIUS_RANGE

_FREEHAND = (
    Choice(Pen.BRUSH, "Brush", "Paint mass (D)"),
    Choice(Pen.SPRAY, "Spray", "Drops of mass around where you drag"),
    Choice(Pen.ERASER, "Eraser", "Take mass away"),
)
_SHAPES = (
    Choice(Pen.LINE, "Line", "A straight line: drag from end to end"),
    Choice(Pen.ELLIPSE, "Ellipse", "Drag from corner to corner of its box"),
    Choice(
        Pen.POLYGON, "Polygon", "Click its corners; the first one again, a double click or Enter fills it"
    ),
    Choice(Pen.TEXT, "Text", "Type words, then click where they go"),
)


class BrushControls(QWidget):
    """Shows and changes ``session.tools``; the brush is no part of the document."""

    clear_clicked = Signal()

    def __init__(self, session: Session, theme: Theme, end: End) -> None:
        super().__init__()
        self._session, self._theme, self._end = session, theme, end
        self._shown: Brush | None = None
        self.pens = Segmented("What a drag paints", _FREEHAND)
        self.shapes = Segmented("Which shape is painted", _SHAPES)
        self.words = QLineEdit()
        self.words.setPlaceholderText("Words to write")
        self.words.setAccessibleName(f"Words to write at the {end}")
        self.words.setToolTip("Then click on the canvas; the size of the brush is that of the letters")
        self.words.setMaxLength(MOST_CHARACTERS)
        self.words.hide()
        self.mirror = QCheckBox("Mirror")
        self.mirror.setToolTip("Paint in the mirror of the vertical axis too")
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Wipe the drawing (it can be undone)")
        self.size_row = SliderRow("Size", Scale(*RADIUS_RANGE, log=True), "Radius of the brush ([ and ])")
        self.soft_row = SliderRow("Softness", Scale(0.0, 1.0, step=0.05), "0 is a hard edge")
        self.turns_row = SliderRow(
            "Copies", Scale(1, MOST_TURNS, step=1), "How often each stroke is painted, around the middle"
        )
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.mirror)
        below.addStretch(1)
        below.addWidget(self.clear)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        for row in (self.pens, self.shapes, self.words, self.size_row, self.soft_row, self.turns_row):
            box.addWidget(row)
        box.addLayout(below)
        self._connect()
        self._on_theme_changed(theme.palette)

    def _connect(self) -> None:
        self.pens.chosen.connect(self._on_pens_chosen)
        self.shapes.chosen.connect(self._on_pens_chosen)
        self.words.textEdited.connect(self._on_words_edited)
        self.mirror.clicked.connect(self._on_mirror_clicked)
        self.clear.clicked.connect(self._on_clear_clicked)
        for row in (self.size_row, self.soft_row, self.turns_row):
            row.pressed.connect(self._on_row_pressed)
        self.size_row.dragged.connect(self._on_size_changed)
        self.size_row.chosen.connect(self._on_size_changed)
        self.soft_row.dragged.connect(self._on_softness_changed)
        self.soft_row.chosen.connect(self._on_softness_changed)
        self.turns_row.dragged.connect(self._on_turns_changed)
        self.turns_row.chosen.connect(self._on_turns_changed)
        self._theme.changed.connect(self._on_theme_changed)

    def tick(self) -> None:
        """Follow the tools."""
        brush = self._session.tools.brush
        if brush == self._shown:
            return
        self._shown = brush
        for choices in (self.pens, self.shapes):
            choices.show_choices(brush.pen)
        self.words.setVisible(brush.pen is Pen.TEXT)
        if self.words.text() != brush.words:
            self.words.setText(brush.words)
        self.mirror.setChecked(brush.mirrored)
        self.turns_row.show_value(brush.turns)
        self.size_row.show_value(brush.radius)
        self.soft_row.show_value(brush.softness)

    def _on_pens_chosen(self, pen: str) -> None:
        self._session.tools.change_brush(pen=Pen(pen))
        self._session.tools.draw_at(self._end)
        if pen == Pen.TEXT:
            self.tick()
            self.words.setFocus()

    def _on_words_edited(self, text: str) -> None:
        ink = lettering(text)
        letters = FrozenArray(ink) if ink.size else None
        self._session.tools.change_brush(words=text, letters=letters)

    def _on_mirror_clicked(self, mirrored: bool) -> None:
        self._session.tools.change_brush(mirrored=mirrored)
        self._session.tools.draw_at(self._end)

    def _on_turns_changed(self, turns: float) -> None:
        self._session.tools.change_brush(turns=round(turns))

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
