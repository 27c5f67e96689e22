"""The mouse and the keys on the handles of mixtures: what the canvas asks first. GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QMenu, QWidget

from fmstudio.document.specs.units import Vector
from fmstudio.gui.keyboard import ARROWS
from fmstudio.render.vispy.canvas import StudioCanvas
from fmstudio.studio import handles
from fmstudio.studio.handles import HandleDrag
from fmstudio.studio.mixtures import Chosen, Hold, hold_at, with_round
from fmstudio.studio.session import Session

REACH = 11.0
"""Logical pixels around a handle within which a press takes hold of it."""
STILL = 4
"""A right press that moved less asks for the menu; else it has panned."""
_WEIGHTS = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}
_REMOVE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_OTHERS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)

Entry = tuple[str, Callable[[], object]]
"""What a menu says, and does."""


class CanvasHandles(QObject):
    """Each method takes positions in logical pixels, and is True for what was used."""

    def __init__(self, session: Session, canvas: StudioCanvas, native: QWidget) -> None:
        super().__init__(native)
        self._session, self._canvas, self._native = session, canvas, native
        self._drag: HandleDrag | None = None
        self._over: Hold | None = None
        self._pressed_at: QPointF | None = None

    @property
    def is_over(self) -> bool:
        """The pointer is on a handle, or holds one."""
        return self._drag is not None or self._over is not None

    def hold(self, at: QPointF) -> Hold | None:
        """What a press there would take hold of."""
        pane, place = self._canvas.pane_at(at.x(), at.y()), self._plane(at)
        held = self._session.tools.handles
        if pane is None or place is None or not held.ends:
            return None
        shown = handles.shown_in(self._session.store.document, pane, held.ends)
        return hold_at(shown, held, place, self._canvas.plane_length(REACH, pane))

    def _plane(self, at: QPointF) -> Vector | None:
        return self._canvas.to_plane(at.x(), at.y())

    # ---- the mouse ----

    def press(self, at: QPointF) -> bool:
        """The left button went down."""
        found, place = self.hold(at), self._plane(at)
        if found is None or place is None:
            return False
        self._drag = HandleDrag(self._session, found, place)
        return True

    def move(self, at: QPointF) -> bool:
        if self._drag is None:
            self._hover(self.hold(at))
            return False
        place = self._plane(at)
        if place is not None:
            self._drag.reach(place)
        return True

    def _hover(self, hold: Hold | None) -> None:
        if hold != self._over:
            self._over = hold
            self._session.store.settle()  # what the wheel did to another handle is a step of its own

    def release(self) -> bool:
        if self._drag is None:
            return False
        self._drag.let_go()
        self._drag = None
        return True

    def double_click(self, at: QPointF) -> bool:
        """While a normal is chosen, one more is made where there is none."""
        chosen, place = self._chosen, self._plane(at)
        if self.hold(at) is not None:
            return True
        if chosen is None or place is None:
            return False
        handles.add_normal(self._session, chosen.end, place)
        return True

    def turn(self, at: QPointF, notches: float) -> bool:
        """The wheel over a mean makes it heavier or lighter."""
        found = self.hold(at)
        if found is None or self._drag is not None:
            return self._drag is not None
        self._session.tools.choose_normal(found.chosen)
        handles.weigh(self._session, found.chosen, notches)
        return True

    # ---- the menu ----

    def press_menu(self, at: QPointF) -> None:
        """The right button went down: it pans, or asks for the menu."""
        self._pressed_at = at

    def release_menu(self, at: QPointF) -> bool:
        pressed, self._pressed_at = self._pressed_at, None
        if pressed is None or (at - pressed).manhattanLength() > STILL:
            return False
        menu = self.menu(at)
        if menu is not None:
            menu.popup(self._native.mapToGlobal(at.toPoint() + QPoint(1, 1)))
        return menu is not None

    def menu(self, at: QPointF) -> QMenu | None:
        """What may be done there; None for nothing."""
        entries = list(self._entries(at))
        if not entries:
            return None
        menu = QMenu(self._native)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for title, act in entries:
            menu.addAction(title).setData(act)
        menu.triggered.connect(self._on_menu_triggered)
        return menu

    def _entries(self, at: QPointF) -> Iterator[Entry]:
        found, place = self.hold(at), self._plane(at)
        session = self._session
        document, ends = session.store.document, session.tools.handles.ends
        if found is not None:
            yield from self._entries_of(found)
            return
        if place is None:
            return
        for end in handles.mixtures_of(document, ends):
            yield f"Add a Gaussian to the {end} here", partial(handles.add_normal, session, end, place)
        for end in handles.ENDS:
            if end in ends and handles.may_be_mixture(document, end):
                yield f"Edit the {end} as a mixture", partial(handles.edit_as_mixture, session, end)

    def _entries_of(self, hold: Hold) -> Iterator[Entry]:
        session, chosen = self._session, hold.chosen
        session.tools.choose_normal(chosen)
        yield "Copy this Gaussian", partial(handles.add_normal, session, chosen.end)
        yield "Make it round", partial(handles.change_normal, session, chosen, with_round, "Round")
        yield "Remove it", partial(handles.remove_normal, session, chosen)

    def _on_menu_triggered(self, entry: QAction) -> None:
        entry.data()()

    # ---- the keys ----

    @property
    def _chosen(self) -> Chosen | None:
        """The chosen normal, if its handles are seen."""
        found = handles.chosen_normal(self._session)
        return found[0] if found is not None and found[0].end in self._session.tools.handles.ends else None

    def wants(self, event: QKeyEvent) -> bool:
        """Whether a key is about the chosen normal."""
        key = Qt.Key(event.key())
        known = key in ARROWS or key in _WEIGHTS or key in (*_REMOVE, Qt.Key.Key_Insert, Qt.Key.Key_Escape)
        return known and not event.modifiers() & _OTHERS and self._chosen is not None

    def offered(self, event: QKeyEvent) -> bool:
        """A key of the chosen normal is no shortcut of the window."""
        wanted = self.wants(event)
        if wanted:
            event.accept()
        return wanted

    def key(self, event: QKeyEvent) -> bool:
        chosen = self._chosen
        if not self.wants(event) or chosen is None:
            return False
        key = Qt.Key(event.key())
        if key in ARROWS:
            far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            handles.nudge(self._session, *ARROWS[key], far)
        elif key in _WEIGHTS:
            handles.weigh(self._session, chosen, _WEIGHTS[key])
        elif key in _REMOVE:
            handles.remove_normal(self._session, chosen)
        elif key == Qt.Key.Key_Insert:
            handles.add_normal(self._session, chosen.end)
        else:
            self._session.tools.choose_normal(None)
        return True

    def key_up(self, event: QKeyEvent) -> bool:
        """What a key did while it was down is one step."""
        if not event.isAutoRepeat() and self._drag is None and Qt.Key(event.key()) in (*ARROWS, *_WEIGHTS):
            self._session.store.settle()
        return False
