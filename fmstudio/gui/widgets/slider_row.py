"""A labelled slider with a figure that can be typed; it shows what it is told. GUI thread."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QStyle, QStyleOptionSlider, QVBoxLayout, QWidget

from fmstudio.gui.widgets.number_field import NumberField, Word
from fmstudio.gui.widgets.scale import Scale

LABEL_WIDTH = 82
FIGURE_WIDTH = 58
ROW_HEIGHT = 23


def rich(label: str) -> str:
    """'σ_min' with its subscript lowered."""
    return re.sub(r"_(\w+)", r"<sub>\1</sub>", label)


def plain(label: str) -> str:
    """'σ_min' as a screen reader says it."""
    return label.replace("_", " ")


class QuietSlider(QSlider):
    """A slider that leaves the wheel to the column it stands in, unless it has the focus. A press anywhere
    takes the handle there."""

    let_go = Signal()
    """the mouse button or an arrow key went up"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        super().keyReleaseEvent(event)
        if not event.isAutoRepeat():
            self.let_go.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        part, control = QStyle.SubControl.SC_SliderHandle, QStyle.ComplexControl.CC_Slider
        handle = self.style().subControlRect(control, option, part, self)
        at = event.position().toPoint()
        if not handle.contains(at):
            span = max(1, self.width() - handle.width())
            value = QStyle.sliderValueFromPosition(
                self.minimum(), self.maximum(), at.x() - handle.width() // 2, span
            )
            self.setSliderDown(True)
            self.setSliderPosition(value)
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self.let_go.emit()


class SliderRow(QWidget):
    """Label, slider, figure, and a word below where a typed number was not taken as it is. ``show_value``
    never emits."""

    pressed = Signal()
    """a drag starts"""
    dragged = Signal(object)
    """a value on the way"""
    settled = Signal()
    """the drag has ended"""
    chosen = Signal(object)
    """a value that was typed"""

    def __init__(self, label: str, scale: Scale, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel(rich(label))
        self._label.setProperty("role", "secondary")
        self._label.setFixedWidth(LABEL_WIDTH)
        self.slider = QuietSlider()
        self.figure = NumberField(plain(label), scale)
        self.use_scale(scale)
        self.word = Word(self.figure)
        self.figure.setProperty("kind", "figure")
        self.figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.figure.setFixedWidth(FIGURE_WIDTH)
        self.figure.setTextMargins(0, 0, -3, 0)
        self._name(label, hint)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        line = QWidget()
        line.setFixedHeight(ROW_HEIGHT)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._label)
        row.addWidget(self.slider, 1)
        row.addWidget(self.figure)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line)
        column.addWidget(self.word)

    def _name(self, label: str, hint: str) -> None:
        name = plain(label)
        tip = hint or name
        self.slider.setAccessibleName(name)
        self.figure.setAccessibleName(f"{name}, typed")
        self.slider.setToolTip(tip)
        self.figure.setToolTip(f"{tip}: type a number")
        self._label.setToolTip(tip)

    def _connect(self) -> None:
        self.slider.sliderPressed.connect(self._on_slider_pressed)
        self.slider.valueChanged.connect(self._on_slider_value_changed)
        self.slider.let_go.connect(self._on_slider_let_go)
        self.figure.chosen.connect(self._on_figure_chosen)

    def use_scale(self, scale: Scale) -> None:
        """Other bounds; ``show_value`` comes after it."""
        self.scale = self.figure.scale = scale
        self.slider.blockSignals(True)
        self.slider.setRange(0, scale.positions)
        self.slider.setPageStep(max(1, scale.positions // 10))
        self.slider.blockSignals(False)

    @property
    def value(self) -> float:
        """What is shown."""
        return self.figure.value()

    def show_value(self, value: float) -> None:
        """Follow the document."""
        if self.scale.value(self.slider.value()) != value:
            self.slider.blockSignals(True)
            self.slider.setValue(self.scale.position(value))
            self.slider.blockSignals(False)
        self.figure.show_value(value)

    def _on_slider_pressed(self) -> None:
        self.figure.tell("")
        self.pressed.emit()

    def _on_slider_value_changed(self, position: int) -> None:
        value = self.scale.value(position)
        if value != self.value:
            self.dragged.emit(value)

    def _on_slider_let_go(self) -> None:
        self.settled.emit()

    def _on_figure_chosen(self, value: object) -> None:
        self.chosen.emit(value)
