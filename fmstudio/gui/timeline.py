"""The bottom bar: transport buttons, the line from p_init to p_data, t and the solver step."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.gui.icons import icon
from fmstudio.gui.stops import make_group
from fmstudio.gui.theme import Theme
from fmstudio.gui.training_track import TrainingTrack
from fmstudio.gui.widgets.ticking import TickingLabel
from fmstudio.render.palette import Palette
from fmstudio.studio import commands
from fmstudio.studio.clocks import PATH_CLOCK, Clock, clock, finest_steps
from fmstudio.studio.playback import WHOLE
from fmstudio.studio.session import Session

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
_LOOPS = ("once", "loop", "bounce")
_LOOP_WORDS = {"once": "Play once", "loop": "Play in a loop", "bounce": "Play back and forth"}
_MARGIN = 12
HEIGHT = 52
LABEL = 104
"""Logical pixels of the read-out."""


class TimeLine(QWidget):
    """The line itself: drag to scrub (the keys of time are the window's). It holds no time of its own."""

    pressed = Signal()
    moved = Signal(float)
    released = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._t = 0.0
        self._steps = 1
        self._clock = PATH_CLOCK
        self._marks = WHOLE
        self._larger = 1.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Time")
        self.setToolTip(
            "Drag to scrub; arrow keys go by one solver step; I and O mark from where to where it plays"
        )
        self.setMinimumHeight(HEIGHT)
        theme.changed.connect(self._on_theme_changed)

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT)

    def show_time(self, t: float, steps: int, clock: Clock, marks: tuple[float, float] = WHOLE) -> None:
        """``marks`` are from where to where it plays."""
        if (t, steps, clock, marks) != (self._t, self._steps, self._clock, self._marks):
            self._t, self._steps, self._clock, self._marks = t, steps, clock, marks
            self.update()

    def present(self, larger: float) -> None:
        """All of it so much larger."""
        self._larger = larger
        self.setMinimumHeight(round(HEIGHT * larger))

    @property
    def _span(self) -> float:
        """Its width in the units of its painting."""
        return self.width() / self._larger

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.update()

    def _time_at(self, x: float) -> float:
        return min(1.0, max(0.0, (x / self._larger - _MARGIN) / max(self._span - 2 * _MARGIN, 1)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit()
            self.moved.emit(self._time_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.moved.emit(self._time_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.released.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        painter.scale(self._larger, self._larger)
        left, right, y = float(_MARGIN), self._span - _MARGIN, 21.0
        self._paint_ticks(painter, left, right, y)
        gradient = QLinearGradient(left, y, right, y)
        start, end = self._colours()
        gradient.setColorAt(0, QColor(start))
        gradient.setColorAt(1, QColor(end))
        painter.setPen(QPen(gradient, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        self._paint_marks(painter, left, right, y)
        self._paint_ends(painter)
        knob = QPointF(left + self._t * (right - left), y)
        painter.setPen(QPen(QColor(palette.window), 2))
        painter.setBrush(QColor(palette.text))
        painter.drawEllipse(knob, 8.5, 8.5)
        if self.hasFocus():
            painter.setPen(QPen(QColor(palette.target), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(knob, 11.5, 11.5)

    def _paint_ticks(self, painter: QPainter, left: float, right: float, y: float) -> None:
        """One tick a solver state, while they can be told apart."""
        if (right - left) / self._steps < 5:
            return
        painter.setPen(QPen(QColor(self._theme.palette.line), 1))
        for k in range(self._steps + 1):
            x = left + (right - left) * k / self._steps
            painter.drawLine(QPointF(x, y + 6), QPointF(x, y + 10))

    def _paint_marks(self, painter: QPainter, left: float, right: float, y: float) -> None:
        """What is not played is faint, and a bracket stands at either mark."""
        palette, (start, end) = self._theme.palette, self._marks
        at = [left + (right - left) * mark for mark in self._marks]
        painter.setPen(QPen(QColor(palette.line), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        if start > 0:
            painter.drawLine(QPointF(left, y), QPointF(at[0], y))
        if end < 1:
            painter.drawLine(QPointF(at[1], y), QPointF(right, y))
        painter.setPen(QPen(QColor(palette.text), 1.5))
        for x, mark, side in ((at[0], start, 4.0), (at[1], end, -4.0)):
            if 0 < mark < 1:
                corners = ((x + side, y - 13), (x, y - 13), (x, y + 11), (x + side, y + 11))
                painter.drawPolyline([QPointF(*corner) for corner in corners])

    def _colours(self) -> tuple[str, str]:
        palette = self._theme.palette
        return getattr(palette, self._clock.start_role), getattr(palette, self._clock.end_role)

    def _paint_ends(self, painter: QPainter) -> None:
        clock, (start, end) = self._clock, self._colours()
        letter, index = QFont(self.font()), QFont(self.font())
        letter.setItalic(True)
        index.setPixelSize(max(9, letter.pixelSize() - 3))
        self._paint_symbol(painter, _MARGIN - 4, clock.start, start, letter, index)
        width = QFontMetrics(letter).horizontalAdvance("p") + QFontMetrics(index).horizontalAdvance(clock.end)
        self._paint_symbol(painter, round(self._span) - _MARGIN + 4 - width, clock.end, end, letter, index)

    def _paint_symbol(
        self, painter: QPainter, x: int, name: str, colour: str, letter: QFont, index: QFont
    ) -> None:
        """p with a subscript."""
        painter.setPen(QColor(colour))
        painter.setFont(letter)
        painter.drawText(x, 45, "p")
        painter.setFont(index)
        painter.drawText(x + QFontMetrics(letter).horizontalAdvance("p"), 48, name)


class TimelineBar(QFrame):
    """Transport, line, read-out. Reads Playback on every frame; writes it on a person's act."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("timeline")
        make_group(self)
        self._session = session
        self._theme = theme
        self._shown: tuple[object, ...] = ()
        self._document: Document | None = None
        self._clock, self._steps = PATH_CLOCK, 1
        self.line = TimeLine(theme)
        self.training = TrainingTrack(session, theme)
        self.first = self._button("first", "Go to the start (Home)", self._on_first_clicked)
        self.previous = self._button("prev", "One solver step back (Left)", self._on_previous_clicked)
        self.play = self._button("play", "Play or pause (Space)", self._on_play_clicked)
        self.next = self._button("next", "One solver step on (Right)", self._on_next_clicked)
        self.last = self._button("last", "Go to the end (End)", self._on_last_clicked)
        self.loop = self._button("loop", "", self._on_loop_clicked)
        self.speed = QComboBox()
        self._t_label, self._step_label = TickingLabel(), TickingLabel()
        self._build()
        self._connect()
        self.refresh()

    def _button(self, name: str, tip: str, slot: object) -> QPushButton:
        button = QPushButton()
        button.setProperty("kind", "transport")
        button.setProperty("icon_name", name)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.clicked.connect(slot)
        return button

    def _build(self) -> None:
        self.play.setProperty("kind", "play")
        self.play.setFixedSize(40, 40)
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}×", speed)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self.speed.setAccessibleName("Speed")
        self.speed.setToolTip("Speed")
        self._t_label.setProperty("role", "clock")
        self._step_label.setProperty("role", "secondary")
        readout = QVBoxLayout()
        readout.setSpacing(1)
        for label in (self._t_label, self._step_label):
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            label.setMinimumWidth(LABEL)
            readout.addWidget(label)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for widget in (self.first, self.previous, self.play, self.next, self.last, self.loop, self.speed):
            buttons.addWidget(widget)
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 8, 16, 8)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(0)
        self.training.put_into(grid, 0)
        grid.addLayout(buttons, 1, 0)
        grid.addWidget(self.line, 1, 1)
        grid.addLayout(readout, 1, 2)
        grid.setColumnStretch(1, 1)

    def _connect(self) -> None:
        self.line.pressed.connect(self._on_line_pressed)
        self.line.moved.connect(self._on_line_moved)
        self.line.released.connect(self._on_line_released)
        self.speed.currentIndexChanged.connect(self._on_speed_changed)
        self._theme.changed.connect(self._on_theme_changed)

    def present(self, larger: float) -> None:
        """Only the line, its button and t, so much larger; at 1 all of it, as usual."""
        is_bare = larger > 1
        for widget in (self.first, self.previous, self.next, self.last, self.loop, self.speed):
            widget.setHidden(is_bare)
        self._step_label.setHidden(is_bare)
        self.line.present(larger)
        self._t_label.setStyleSheet(f"font-size: {round(16 * larger)}px" if is_bare else "")
        self._t_label.setMinimumWidth(round(LABEL * larger))

    def refresh(self) -> None:
        """Once per frame: show where time is."""
        playback = self._session.playback
        document = self._session.store.document
        if document is not self._document:
            self._document, self._clock, self._steps = document, clock(document), finest_steps(document)
        self.training.refresh()
        steps = self._steps
        self.line.show_time(playback.t, steps, self._clock, playback.marks)
        self._t_label.setText(self._clock.words(playback.t))
        self._step_label.setText(f"step {int(playback.t * steps + 1e-9)} / {steps}")
        look = (playback.playing, playback.loop, self._theme.palette.name)
        if look != self._shown:
            self._shown = look
            self._refresh_icons()

    def _refresh_icons(self) -> None:
        playback, palette = self._session.playback, self._theme.palette
        self.play.setProperty("icon_name", "pause" if playback.playing else "play")
        self.loop.setProperty("icon_name", playback.loop)
        self.loop.setToolTip(_LOOP_WORDS[playback.loop])
        self.loop.setAccessibleName(_LOOP_WORDS[playback.loop])
        for button in (self.first, self.previous, self.next, self.last, self.loop):
            button.setIcon(icon(str(button.property("icon_name")), palette.secondary, 16))
        self.play.setIcon(icon(str(self.play.property("icon_name")), palette.window, 18))

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.refresh()

    def _on_first_clicked(self) -> None:
        self._session.playback.jump(0.0)

    def _on_last_clicked(self) -> None:
        self._session.playback.jump(1.0)

    def _on_previous_clicked(self) -> None:
        self._step(-1)

    def _on_next_clicked(self) -> None:
        self._step(1)

    def _on_play_clicked(self) -> None:
        self._session.playback.toggle()

    def _on_loop_clicked(self) -> None:
        now = self._session.playback.loop
        following = _LOOPS[(_LOOPS.index(now) + 1) % len(_LOOPS)]
        commands.set_field(self._session, "view.loop", following, _LOOP_WORDS[following])

    def _on_speed_changed(self, index: int) -> None:
        self._session.playback.speed = SPEEDS[index]

    def _on_line_pressed(self) -> None:
        self._session.playback.begin_scrub()

    def _on_line_moved(self, t: float) -> None:
        self._session.playback.seek(t)

    def _on_line_released(self) -> None:
        self._session.playback.end_scrub()

    def _step(self, steps: int) -> None:
        self._session.playback.step(steps, self._steps)
