"""The track above the time line: the steps of a training whose weights are kept. GUI thread."""

from __future__ import annotations

from typing import final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QSlider

from fmstudio.gui.bind import FieldEdit
from fmstudio.gui.theme import Theme, interface_font
from fmstudio.gui.widgets.ticking import TickingLabel
from fmstudio.render.palette import Palette
from fmstudio.studio.session import Session
from fmstudio.studio.training_steps import Track, track

HEIGHT = 30
MARGIN = 12
_LINE, _WORDS = 10.0, 26.0
_KNOB = 6.5
_PAGE = 3
_NOTHING = Track((0,), 1, 0)


@final
class StepSlider(QSlider):
    """A stop for each step that is kept, as far from the start as its logarithm. It shows what it is told."""

    let_go = Signal()
    """the mouse button or a key went up"""

    def __init__(self, theme: Theme) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._theme = theme
        self._track = _NOTHING
        self.setPageStep(_PAGE)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(
            "What the network was at that step of its training (Shift+Left, Shift+Right; Shift+End: newest)"
        )
        theme.changed.connect(self._on_theme_changed)

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT)

    def show_track(self, there: Track) -> None:
        if there == self._track:
            return
        self._track = there
        was_blocked = self.blockSignals(True)
        self.setRange(0, len(there.steps) - 1)
        self.setValue(there.chosen)
        self.blockSignals(was_blocked)
        self.setAccessibleName(f"Training step: {words(there)}")
        self.update()

    # ---- the hand ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._go(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self.setSliderDown(False)
            self.let_go.emit()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        super().keyReleaseEvent(event)
        if not event.isAutoRepeat():
            self.let_go.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def _go(self, x: float) -> None:
        self.setValue(self._track.nearest((x - MARGIN) / max(self.width() - 2 * MARGIN, 1)))

    # ---- the picture ----

    def x_of(self, step: int) -> float:
        """Where a step lies on the widget."""
        return MARGIN + self._track.place(step) * (self.width() - 2 * MARGIN)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, palette, there = QPainter(self), self._theme.palette, self._track
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        newest, here = self.x_of(there.steps[-1]), self.x_of(there.step)
        for colour, end in ((palette.line, self.width() - MARGIN), (palette.secondary, newest)):
            painter.setPen(QPen(QColor(colour), 2, c=Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(MARGIN, _LINE), QPointF(end, _LINE))
        painter.setPen(QPen(QColor(palette.learned), 2.5, c=Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(MARGIN, _LINE), QPointF(here, _LINE))
        painter.setPen(Qt.PenStyle.NoPen)
        for step in there.steps:
            painter.setBrush(QColor(palette.learned if step <= there.step else palette.secondary))
            painter.drawEllipse(QPointF(self.x_of(step), _LINE), 2.5, 2.5)
        self._paint_words(painter, palette)
        self._paint_knob(painter, palette, here)

    def _paint_words(self, painter: QPainter, palette: Palette) -> None:
        """Below the powers of ten, and at the end of the training; none where two would touch."""
        font = interface_font(10)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(QColor(palette.secondary))
        total = max(self._track.total, self._track.steps[-1])
        last = f"{total:,} steps"
        right = self.width() - MARGIN / 2
        free = right - metrics.horizontalAdvance(last)
        painter.drawText(QPointF(free, _WORDS), last)
        taken = 0.0
        for step in (0, *(10**power for power in range(7) if 10**power < total)):
            text, x = f"{step:,}", self.x_of(step)
            wide = metrics.horizontalAdvance(text)
            if x - wide / 2 >= taken and x + wide / 2 + 8 <= free:
                painter.drawText(QPointF(x - wide / 2, _WORDS), text)
                taken = x + wide / 2 + 8

    def _paint_knob(self, painter: QPainter, palette: Palette, x: float) -> None:
        knob = QRectF(x - _KNOB, _LINE - _KNOB, 2 * _KNOB, 2 * _KNOB)
        painter.setPen(QPen(QColor(palette.window), 2))
        painter.setBrush(QColor(palette.learned))
        painter.drawEllipse(knob)
        if self.hasFocus():
            painter.setPen(QPen(QColor(palette.target), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(knob.adjusted(-2.5, -2.5, 2.5, 2.5))

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.update()


@final
class TrainingTrack(QLabel):
    """Its name, the slider and the read-out, put as one row into the grid of the time line. Only there while
    a pane shows a model that has kept steps of its training."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__("Training step")
        self._session = session
        self._edit = FieldEdit(session, "view.training_step", "Choose training step", session.notify)
        self._there: Track | None = None
        self.slider, self.readout = StepSlider(theme), TickingLabel()
        self.setProperty("role", "secondary")
        self.readout.setProperty("role", "secondary")
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
        self.setAlignment(align)
        self.readout.setAlignment(align)
        self.slider.valueChanged.connect(self._on_slider_value_changed)
        self.slider.let_go.connect(self._on_slider_let_go)

    def put_into(self, grid: QGridLayout, row: int) -> None:
        """Name, slider and read-out, a column each."""
        for column, widget in enumerate((self, self.slider, self.readout)):
            grid.addWidget(widget, row, column)
            widget.hide()

    def refresh(self) -> None:
        """Once per frame: show where the training is seen."""
        there = track(self._session.store.document, self._session.results.models)
        if there == self._there:
            return
        self._there = there
        if there is not None:
            self.slider.show_track(there)
            self.readout.setText(words(there))
        for widget in (self, self.slider, self.readout):
            widget.setVisible(there is not None)

    def _on_slider_value_changed(self, index: int) -> None:
        if self._there is not None:
            self._session.is_interacting = self.slider.isSliderDown()
            self._edit.drag(self._there.value(index))

    def _on_slider_let_go(self) -> None:
        self._edit.settle()


def words(there: Track) -> str:
    """'200 / 4,000', or 'newest, 4,000'."""
    return f"newest, {there.step:,}" if there.is_newest else f"{there.step:,} / {there.total:,}"
