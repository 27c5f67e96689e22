"""The canvas in the window: the GL widget, the mouse tools on it and the layer switches over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QUrl
from PySide6.QtGui import (
    QCursor,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QVBoxLayout, QWidget

from fmstudio.gui.canvas_handles import CanvasHandles
from fmstudio.gui.canvas_hint import CanvasHint
from fmstudio.gui.canvas_polygon import CanvasPolygon
from fmstudio.gui.canvas_probe import CanvasProbe
from fmstudio.gui.layer_switches import LayerSwitches
from fmstudio.gui.theme import Theme
from fmstudio.render.presenter import Presenter
from fmstudio.render.vispy.canvas import StudioCanvas
from fmstudio.studio import commands
from fmstudio.studio.drawing import Pen
from fmstudio.studio.fit import FARTHEST, NEAREST
from fmstudio.studio.session import Session
from fmstudio.studio.strokes import Stroke
from fmstudio.studio.tools import Mode

ZOOM_PER_NOTCH = 1.15
NARROW = 440
"""A pane of fewer logical pixels has one menu in place of its row of switches."""
RESERVE, NARROW_RESERVE = 256.0, 40.0
"""Logical pixels beside a pane's title that the switches take."""


class CanvasView(QWidget):
    """Shows what the presenter makes of the session; wheel zooms, drag pans or draws, double click fits;
    on a handle of a mixture all of that is about the handle."""

    def __init__(self, session: Session, theme: Theme, on_drop: Callable[[QUrl], None]) -> None:
        super().__init__()
        self._session = session
        self._theme = theme
        self._on_drop = on_drop
        self._presenter = Presenter(session.stage, self._on_fault)
        self._shown: object = None
        self._placed: object = None
        self._pan_from: tuple[float, float] | None = None
        self._stroke: Stroke | None = None
        self._is_pressed = False
        self._is_bare = False
        self.canvas = StudioCanvas(app="pyside6")
        self.native: QWidget = self.canvas.native
        self.handles = CanvasHandles(session, self.canvas, self.native)
        self._polygon = CanvasPolygon(session, self.canvas)
        self._probe = CanvasProbe(session, self.canvas, self.native)
        self.native.installEventFilter(self)
        self.native.setAccessibleName("Canvas")
        self.native.setMouseTracking(True)
        self.native.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.native)
        self.hint = CanvasHint(session, self)
        self.switches: list[LayerSwitches] = []
        self.setAcceptDrops(True)
        self.setMinimumSize(320, 240)
        session.store.watch(lambda d: len(d.view.panes), self._on_panes_changed, now=True)

    # ---- drawing the scene ----

    def frame(self) -> bool:
        """Draw, if anything that is seen has changed since the last frame. True if it did."""
        upper = self.canvas.places(max(1, len(self.switches)))[0].edges.top
        self.hint.refresh(upper / self.canvas.pixel_scale)
        document, t = self._session.store.document, self._session.playback.t
        tools, step = self._session.tools, self._session.one_step.seen
        look = (self._theme.palette.name, self.size(), tools.inks, tools.handles, tools.pointed, step)
        seen = (document, t, self._session.stage.signature(), self._session.results.training.state, look)
        if seen == self._shown:
            return False
        self._shown = seen
        above = (tools.inks, tools.handles, tools.pointed, step)
        self.canvas.show_scene(self._presenter.scene(document, t, self._theme.palette, *above))
        self._place_switches()
        for switches in self.switches:
            switches.refresh()
        return True

    def _on_fault(self, sentence: str) -> None:
        self._session.notify(sentence)

    def _on_panes_changed(self, count: int) -> None:
        for switches in self.switches:
            switches.hide()
            switches.deleteLater()
        self.switches = [LayerSwitches(self._session, self._theme, index, self) for index in range(count)]
        for switches in self.switches:
            switches.setVisible(not self._is_bare)
        self._place_switches()
        self._tell_sight()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_switches()
        self._tell_sight()

    def present(self, enlarged: float) -> None:
        """Nothing but the picture, its words so much larger; at 1 as usual."""
        self._is_bare, self.canvas.enlarged = enlarged > 1, enlarged
        for switches in self.switches:
            switches.setVisible(not self._is_bare)
        self._placed = self._shown = None
        self._place_switches()
        self._tell_sight()

    def _place_switches(self) -> None:
        """In the upper right corner of the panes, wherever they lie now."""
        areas, ratio = self.canvas.places(len(self.switches)), self.canvas.pixel_scale
        if (areas, ratio, self.switches) == self._placed:
            return
        self._placed = (areas, ratio, self.switches)
        narrow = areas[0].width < NARROW * ratio
        self.canvas.reserve = 0.0 if self._is_bare else NARROW_RESERVE if narrow else RESERVE
        for area, switches in zip(areas, self.switches, strict=True):
            switches.compact(narrow)
            right, top = (area.x + area.width) / ratio, area.y / ratio
            switches.move(int(right - switches.width() - 10), int(top + 8))
            switches.raise_()

    def _tell_sight(self) -> None:
        self._session.sight = self.canvas.sheet().sight(max(1, len(self.switches)))

    # ---- the mouse ----

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Take the GL widget's mouse events; True for what was used."""
        handlers: dict[QEvent.Type, Callable[[Any], bool]] = {
            QEvent.Type.MouseButtonPress: self._on_mouse_pressed,
            QEvent.Type.MouseMove: self._on_mouse_moved,
            QEvent.Type.MouseButtonRelease: self._on_mouse_released,
            QEvent.Type.MouseButtonDblClick: self._on_mouse_double_clicked,
            QEvent.Type.Wheel: self._on_wheel_turned,
            QEvent.Type.Leave: self._on_mouse_left,
            QEvent.Type.ShortcutOverride: self._on_shortcut_offered,
            QEvent.Type.KeyPress: self._on_key_pressed,
            QEvent.Type.KeyRelease: self.handles.key_up,
        }
        handler = handlers.get(event.type())
        return False if handler is None else handler(event)

    def _on_shortcut_offered(self, event: QKeyEvent) -> bool:
        return self._polygon.offered(event) or self._probe.offered(event) or self.handles.offered(event)

    def _on_key_pressed(self, event: QKeyEvent) -> bool:
        return self._polygon.key(event) or self._probe.key(event) or self.handles.key(event)

    def _plane(self, event: QMouseEvent | QWheelEvent) -> tuple[float, float] | None:
        position = event.position()
        return self.canvas.to_plane(position.x(), position.y())

    def _pane(self, event: QMouseEvent | QWheelEvent) -> int:
        """The pane under the mouse."""
        position = event.position()
        return self.canvas.pane_at(position.x(), position.y()) or 0

    def _on_mouse_pressed(self, event: QMouseEvent) -> bool:
        at = self._plane(event)
        if at is None:
            return False
        is_left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.RightButton:
            self.handles.press_menu(event.position())
        self._is_pressed = True
        if is_left:
            self._probe.press(event.position())
        if is_left and (self._polygon.press(event.position()) or self.handles.press(event.position())):
            return True
        if is_left and self._session.tools.mode is Mode.DRAW:
            self._begin_stroke(at)
        else:
            self._pan_from = at
            self._session.is_interacting = True
        return True

    def _begin_stroke(self, at: tuple[float, float]) -> None:
        brush = self._session.tools.brush
        if brush.pen is Pen.TEXT and brush.letters is None:
            self._session.notify("Type the words first, in the field below Text: a click then places them.")
        else:
            self._stroke = Stroke(self._session, at)

    def _on_mouse_left(self, _event: QEvent) -> bool:
        self._probe.leave()
        return False

    def _on_mouse_moved(self, event: QMouseEvent) -> bool:
        at = self._plane(event)
        if at is None:
            return False
        self._probe.move(event.position())
        if self._pan_from is None and self._polygon.move(event.position()):
            return True
        if self._stroke is None and self._pan_from is None and self.handles.move(event.position()):
            return True
        if self._stroke is not None:
            self._stroke.reach(at)
        elif self._pan_from is not None:
            pane = self._pane(event)
            camera = self._session.stage.camera_in(self._session.store.document, pane)
            dx, dy = at[0] - self._pan_from[0], at[1] - self._pan_from[1]
            commands.move_camera(self._session, camera.x - dx, camera.y - dy, camera.half, pane)
            self.frame()
        else:
            return False
        return True

    def _on_mouse_released(self, event: QMouseEvent) -> bool:
        used, self._is_pressed = self._is_pressed, False
        if event.button() == Qt.MouseButton.LeftButton and self.handles.release():
            return True
        if event.button() == Qt.MouseButton.LeftButton:
            self._probe.release(event.position(), event.modifiers())
        if event.button() == Qt.MouseButton.RightButton:
            self.handles.release_menu(event.position())
        self._stroke = self._pan_from = None
        commands.end_stroke(self._session)
        return used

    def _on_mouse_double_clicked(self, event: QMouseEvent) -> bool:
        self._is_pressed = True
        if self._polygon.double_click() or self.handles.double_click(event.position()):
            return True
        if self._session.tools.mode is not Mode.LOOK:
            self._probe.press(event.position())
            return False
        commands.fit_camera(self._session, self._pane(event))
        return True

    def _on_wheel_turned(self, event: QWheelEvent) -> bool:
        at = self._plane(event)
        if at is None:
            return False
        if self.handles.turn(event.position(), event.angleDelta().y() / 120):
            return True
        pane = self._pane(event)
        camera = self._session.stage.camera_in(self._session.store.document, pane)
        factor = ZOOM_PER_NOTCH ** (-event.angleDelta().y() / 120)
        half = min(FARTHEST, max(NEAREST, camera.half * factor))
        keep = half / camera.half
        x, y = at[0] + (camera.x - at[0]) * keep, at[1] + (camera.y - at[1]) * keep
        commands.move_camera(self._session, x, y, half, pane)
        return True

    def show_cursor(self, mode: Mode) -> None:
        """A hand on a handle, a cross where the mouse draws or probes."""
        plain = Qt.CursorShape.ArrowCursor if mode is Mode.LOOK else Qt.CursorShape.CrossCursor
        shape = Qt.CursorShape.SizeAllCursor if self.handles.is_over else plain
        if self.native.cursor().shape() != shape:
            self.native.setCursor(QCursor(shape))

    # ---- files dropped on it ----

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls()[:1]:
            self._on_drop(url)

    def pixel_of(self, x: float, y: float) -> QPoint:
        """Where the plane's point (x, y) is on the widget, in the first pane (for tests and tools)."""
        px, py = self.canvas.to_pixel(x, y)
        return QPoint(round(px), round(py))

    def close_canvas(self) -> None:
        """Release GL before the widget goes."""
        self.native.removeEventFilter(self)
        self.canvas.close()
