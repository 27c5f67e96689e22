"""The probe on the canvas: it follows the pointer, a click drops a particle, and so do keys. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QToolTip, QWidget

from fmstudio.document.specs.units import Vector
from fmstudio.engine.messages import ProbeRequest
from fmstudio.gui.keyboard import ARROWS
from fmstudio.render.vispy.canvas import StudioCanvas
from fmstudio.studio import commands, probing
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode, Place

STILL = 4.0
"""Logical pixels: a press that moved less is a click; else it has panned."""
REACH = 10.0
"""Logical pixels around a data point within which the pointer is on it."""
STRIDE = 12.0
"""Logical pixels by which a key moves the probe."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CTRL = Qt.KeyboardModifier.ControlModifier


class CanvasProbe:
    """Methods of the mouse take positions in logical pixels; those of keys are True for what was used."""

    def __init__(self, session: Session, canvas: StudioCanvas, native: QWidget) -> None:
        self._session, self._canvas, self._native = session, canvas, native
        self._pressed_at: QPointF | None = None

    @property
    def _is_on(self) -> bool:
        return self._session.tools.mode is Mode.PROBE

    # ---- the mouse ----

    def press(self, at: QPointF) -> None:
        """The left button went down."""
        self._pressed_at = at

    def move(self, at: QPointF) -> None:
        place = self._place(at)
        self._session.tools.hover(place)
        self._pick(place, at)

    def _pick(self, place: Place | None, at: QPointF) -> None:
        """While the probe stays with a particle, the data point under the pointer tells its weight."""
        picked = self._pulling(place)
        if picked is None:
            if self._session.tools.pointed.z is not None:
                self._session.tools.point_at()
                QToolTip.hideText()
            return
        z, words = picked
        if z != self._session.tools.pointed.z:
            self._session.tools.point_at(z=z)
            QToolTip.showText(self._native.mapToGlobal(at.toPoint()), words, self._native)

    def _pulling(self, place: Place | None) -> tuple[Vector, str] | None:
        """The data point at a place, and what is said of it."""
        probed, drops = self._session.probed, self._session.store.document.view.drops
        if not (self._is_on and drops and probed and place) or place.pane != probed.pane:
            return None
        shown = self._session.stage.shown(probed.pane, "probe")
        if shown is None or not isinstance(shown.request, ProbeRequest):
            return None
        here = probing.probed(shown.job.result.values)
        number = probing.nearest_pull(here, (place.x, place.y), self._canvas.plane_length(REACH, place.pane))
        if number is None:
            return None
        z = (float(here.points[number, 0]), float(here.points[number, 1]))
        units = probing.units_told(shown.request)
        return z, probing.pull_words(units, z, float(here.weights[number]))

    def leave(self) -> None:
        self._session.tools.hover(None)
        self._pick(None, QPointF())

    def release(self, at: QPointF, keys: Qt.KeyboardModifier) -> None:
        """A click drops a particle, with Shift one more."""
        pressed, self._pressed_at = self._pressed_at, None
        is_click = pressed is not None and (at - pressed).manhattanLength() < STILL
        place = self._place(at) if self._is_on and is_click else None
        if place is not None:
            self._session.tools.hover(place)
            commands.drop(self._session, place.x, place.y, bool(keys & _SHIFT), place.pane)

    def _place(self, at: QPointF) -> Place | None:
        pane, plane = self._canvas.pane_at(at.x(), at.y()), self._canvas.to_plane(at.x(), at.y())
        return None if pane is None or plane is None else Place(*plane, pane)

    # ---- the keys: arrows alone are steps of time, with Shift of the training ----

    def offered(self, event: QKeyEvent) -> bool:
        """A key of the probe is no shortcut of the window."""
        wanted = self._wants(event)
        if wanted:
            event.accept()
        return wanted

    def key(self, event: QKeyEvent) -> bool:
        if not self._wants(event):
            return False
        key, is_shifted = Qt.Key(event.key()), bool(event.modifiers() & _SHIFT)
        if key == Qt.Key.Key_Escape:
            commands.clear_drops(self._session)
        elif key in _ENTER:
            here = self._here()
            commands.drop(self._session, here.x, here.y, is_shifted, here.pane)
        else:
            self._walk(*ARROWS[key])
        return True

    def _wants(self, event: QKeyEvent) -> bool:
        key, keys = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if not self._is_on:
            return False
        if key in ARROWS:
            return keys == _CTRL
        if key == Qt.Key.Key_Escape:
            return not keys and bool(self._session.store.document.view.drops)
        return key in _ENTER and keys in (Qt.KeyboardModifier.NoModifier, _SHIFT)

    def _here(self) -> Place:
        """Where the probe is, or else the middle of the view."""
        camera = self._session.stage.camera(self._session.store.document)
        return self._session.tools.probe or Place(camera.x, camera.y, 0)

    def _walk(self, right: int, up: int) -> None:
        here = self._here()
        far = self._canvas.plane_length(STRIDE, here.pane)
        self._session.tools.hover(Place(here.x + right * far, here.y + up * far, here.pane))
