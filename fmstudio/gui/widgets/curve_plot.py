"""Curves over t in [0, 1] with a dot on each at the present moment, and handles where they are drawn by hand.

A handle is dragged, or chosen by Page up and down and moved by the arrow keys; a double click or Insert adds
one, Delete or a right click takes one away. GUI thread.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui.bind import FieldEdit
from fmstudio.gui.keyboard import ARROWS
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.curve_picture import Box, CurvePicture, Line
from fmstudio.gui.widgets.tiles import DIMMED
from fmstudio.render.palette import Palette
from fmstudio.studio import curve_editing
from fmstudio.studio.curve_editing import Bounds, Handles, Knob

HEIGHT, EDITED = 62, 112
_REACH = 9.0
"""Pixels from a knob at which it is pressed."""
_NUDGE = 0.01
_CHOICES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
HINT = "Drag a handle; a double click adds one, a right click takes it away"


class CurvePlot(QWidget):
    """``lines`` and, if there are any, their ``handles``, which go into the document by ``edit``."""

    def __init__(self, theme: Theme, name: str, edit: FieldEdit) -> None:
        super().__init__()
        self._theme, self._name, self._edit = theme, name, edit
        self._lines: tuple[Line, ...] = ()
        self._handles: Handles = ()
        self._bounds: Bounds = curve_editing.free
        self._knob: Knob | None = None
        self._is_held = False
        self._t: float | None = None
        self._shown_x: int | None = -1
        self._picture = CurvePicture()
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        theme.changed.connect(self._on_theme_changed)

    def sizeHint(self) -> QSize:
        return QSize(240, self.height())

    # ---- what is shown ----

    def show_lines(self, lines: tuple[Line, ...]) -> None:
        if lines != self._lines:
            self._lines = lines
            self.update()

    def show_handles(self, handles: Handles, bounds: Bounds = curve_editing.free) -> None:
        """Handles (t, a value of each line); () for curves that are given."""
        if handles == self._handles:
            return
        self._handles, self._bounds = handles, bounds
        if self._knob is not None and self._knob.handle >= len(handles):
            self._knob = None
        self.setFixedHeight(EDITED if handles else HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if handles else Qt.FocusPolicy.NoFocus)
        self.setProperty("moves", bool(handles))
        self.setAccessibleDescription(HINT if handles else "")
        self.update()

    @property
    def handles(self) -> Handles:
        return self._handles

    @property
    def time(self) -> float | None:
        """Where the dots are."""
        return self._t

    def show_time(self, t: float | None) -> None:
        """Move the dots, if that is visible; None takes them away: no time runs along these curves."""
        x = None if t is None else round(2 * t * self.width())
        if x == self._shown_x:
            return
        self._shown_x, self._t = x, t
        self.update()
        self.setToolTip(self._told())

    def _told(self) -> str:
        if self._t is None:
            return "No motion that is shown follows the path"
        values = ", ".join(f"{line.letter} = {line.at(self._t):.3f}" for line in self._lines)
        told = f"t = {self._t:.2f}: {values}"
        return f"{told}. {HINT}" if self._handles else told

    # ---- geometry ----

    def place_of(self, knob: Knob) -> QPointF:
        """Where a knob is, in pixels."""
        handle = self._handles[knob.handle]
        return Box.of(self).place(handle[0], handle[1 + knob.curve] / self._lines[knob.curve].top)

    def _knobs(self) -> list[Knob]:
        """Those that can be moved, curve by curve."""
        return [
            Knob(i, k)
            for k in range(len(self._lines))
            for i in range(len(self._handles))
            if len(set(self._bounds(self._handles, i, k))) > 1
        ]

    def _knob_at(self, place: QPointF) -> Knob | None:
        near = [((self.place_of(knob) - place).manhattanLength(), knob) for knob in self._knobs()]
        distance, knob = min(near, key=lambda pair: pair[0], default=(math.inf, None))
        return knob if distance <= 1.5 * _REACH else None

    # ---- from a person ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        knob = self._knob_at(event.position()) if self._handles else None
        if knob is None:
            event.ignore()
            return
        self._knob = knob
        self.update()
        if event.button() == Qt.MouseButton.RightButton:
            self._offer(curve_editing.removed(self._handles, knob.handle))
        elif event.button() == Qt.MouseButton.LeftButton:
            self._is_held = True
            self._edit.begin()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._is_held and self._knob is not None:
            t, height = Box.of(self).read(event.position())
            value = height * self._lines[self._knob.curve].top
            self._edit.drag(curve_editing.moved(self._handles, self._knob, t, value, self._bounds))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_held and event.button() == Qt.MouseButton.LeftButton:
            self._is_held = False
            self._edit.settle()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._handles and self._knob_at(event.position()) is None:
            self._offer(curve_editing.added(self._handles, Box.of(self).read(event.position())[0]))

    def event(self, event: QEvent) -> bool:
        """The keys of handles are no shortcuts while it has the focus."""
        is_asked = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if is_asked and self._handles and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Insert):  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, knobs = Qt.Key(event.key()), self._knobs()
        knob = self._knob if self._knob in knobs else next(iter(knobs), None)
        if knob is None or key not in (*_CHOICES, *ARROWS, Qt.Key.Key_Delete, Qt.Key.Key_Insert):
            super().keyPressEvent(event)
            return
        if key in _CHOICES:
            knob = knobs[(knobs.index(knob) + _CHOICES[key]) % len(knobs)]
        self._knob = knob
        self._offer(self._after(key, knob))
        self._say(knob)
        self.update()

    def _after(self, key: Qt.Key, knob: Knob) -> Handles:
        """The handles after a key for this knob."""
        handles, i = self._handles, knob.handle
        if key == Qt.Key.Key_Delete:
            return curve_editing.removed(handles, i)
        if key == Qt.Key.Key_Insert:
            first = min(i, len(handles) - 2)
            return curve_editing.added(handles, (handles[first][0] + handles[first + 1][0]) / 2)
        if key not in ARROWS:
            return handles
        right, up = ARROWS[key]
        there = handles[i][0] + right * _NUDGE, handles[i][1 + knob.curve] + up * _NUDGE
        return curve_editing.moved(handles, knob, *there, self._bounds)

    def _offer(self, handles: Handles) -> None:
        if handles != self._handles:
            self._edit.set(handles)

    def _say(self, knob: Knob) -> None:
        """For a screen reader: which handle has the keys, and where it is."""
        if knob.handle < len(self._handles):
            handle, line = self._handles[knob.handle], self._lines[knob.curve]
            value = handle[1 + knob.curve]
            self.setAccessibleName(f"{self._name}: {line.letter} at t = {handle[0]:.2f} is {value:.2f}")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.setAccessibleName(self._name)

    # ---- painting ----

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else DIMMED)
        palette, box, t = self._theme.palette, Box.of(self), self._t
        if t is not None:
            painter.setPen(QPen(QColor(palette.line), 1))
            painter.drawLine(box.place(t, 0), box.place(t, 1))
        painter.drawPixmap(0, 0, self._picture.of(self, self._lines, palette, t is not None and t > 0.3))
        self._paint_knobs(painter, palette)
        if t is not None:
            painter.setPen(QPen(QColor(palette.window), 1.5))
            radius = 3.0 if self._handles else 4.5
            for line in reversed(self._lines):
                painter.setBrush(QColor(getattr(palette, line.role)))
                painter.drawEllipse(box.place(t, line.at(t) / line.top), radius, radius)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(palette.secondary), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_knobs(self, painter: QPainter, palette: Palette) -> None:
        for knob in self._knobs():
            is_chosen = knob == self._knob and (self.hasFocus() or self._is_held)
            colour = QColor(getattr(palette, self._lines[knob.curve].role))
            painter.setPen(QPen(colour, 1.6))
            painter.setBrush(colour if is_chosen else QColor(palette.raised))
            radius = 5.5 if is_chosen else 4.5
            painter.drawEllipse(self.place_of(knob), radius, radius)

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.update()
