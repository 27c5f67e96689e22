"""Who gets the focus and who gets a key: decided here for all controls of the window. GUI thread.

A click gives a control no focus (a text field takes it, to be typed in). So a control that has the focus was
reached by Tab: it shows a ring and keeps the keys that press it or move in it. All other keys, wherever the
focus is, are the window's shortcuts. Escape takes the focus from any control.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QTextEdit,
    QWidget,
)

from fmstudio.gui.stops import entrance, neighbour, stops

TEXT_FIELDS = (QLineEdit, QAbstractSpinBox, QPlainTextEdit, QTextEdit)
CONTROLS = (QAbstractButton, QAbstractSlider, QAbstractItemView, QComboBox)
"""What has keys of its own, beside widgets with the property ``moves``."""
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
"""Which way a key moves what it moves: (right, up)."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_MOVE = (
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
)
_KEPT = frozenset((Qt.Key.Key_Space, *_ENTER, *_MOVE))
_OTHERS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


class Keyboard(QObject):
    """Watches what the application hears. ``rest`` has the focus where no control has it."""

    def __init__(self, window: QWidget, rest: QWidget) -> None:
        super().__init__(window)
        self._window, self._rest = window, rest
        self._last: QWidget | None = None
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.installEventFilter(self)
        application.focusChanged.connect(self._on_application_focus_changed)

    def close(self) -> None:
        """The window closes."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.removeEventFilter(self)
        application.focusChanged.disconnect(self._on_application_focus_changed)

    def walk(self, forward: bool) -> bool:
        """Tab, or Shift+Tab: the focus goes to the next stop, from the last one where no control has it."""
        focus = self._window.focusWidget()
        if focus is not None and not focus.isVisible():
            self._rest.setFocus()
            return True
        found = stops(self._window)
        if not found:
            return False
        places = {member: index for index, stop in enumerate(found) for member in stop}
        here = next((places[at] for at in (focus, self._last) if at in places), None)
        nothing_yet = -1 if forward else 0
        following = (nothing_yet if here is None else here) + (1 if forward else -1)
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        self._focus(entrance(found[following % len(found)]), reason)
        return True

    def _focus(self, control: QWidget, reason: Qt.FocusReason) -> None:
        control.setFocus(reason)
        above = control.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea):
                above.ensureWidgetVisible(control)
            above = above.parentWidget()

    def _on_application_focus_changed(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is not None and now is not self._rest and now.window() is self._window:
            self._last = now

    # ---- what the application hears ----

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """True for what was used."""
        kind = event.type()
        if kind == QEvent.Type.Show and isinstance(watched, QWidget):
            self._admit(watched)
        elif isinstance(event, QKeyEvent) and isinstance(watched, QWidget):
            ours = watched is QApplication.focusWidget() and watched.window() is self._window
            return ours and self._hear(watched, event)
        return False

    def _admit(self, widget: QWidget) -> None:
        """A widget is about to be seen: by Tab it may have the focus, by a click only if it is typed in."""
        if widget.window() is not self._window or isinstance(widget, TEXT_FIELDS):
            return
        if isinstance(widget, QAbstractScrollArea) and not isinstance(widget, QAbstractItemView):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        elif widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _hear(self, focus: QWidget, event: QKeyEvent) -> bool:
        if event.modifiers() & _OTHERS:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            return self._keep(focus, event)
        return event.type() == QEvent.Type.KeyPress and self._press(focus, event)

    def _keep(self, focus: QWidget, event: QKeyEvent) -> bool:
        """Whether a key that may be a shortcut belongs to what has the focus."""
        typed = event.text().isprintable() and event.text() != ""
        has_keys = isinstance(focus, (*TEXT_FIELDS, *CONTROLS)) or bool(focus.property("moves"))
        is_kept = Qt.Key(event.key()) in _KEPT and has_keys
        if is_kept or (typed and isinstance(focus, (*TEXT_FIELDS, QComboBox))):
            event.accept()
            return True
        return False

    def _press(self, focus: QWidget, event: QKeyEvent) -> bool:
        """Escape, Enter and the arrow keys in a group, which Qt's own controls leave out or do otherwise."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            return self._leave(focus)
        if isinstance(focus, (QLineEdit, QAbstractSpinBox)) and key in _ENTER:
            self._rest.setFocus()  # which ends the editing
            return True
        if isinstance(focus, QAbstractButton) and key in _ENTER:
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                space = QKeyEvent(kind, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ")
                QCoreApplication.sendEvent(focus, space)
            return True
        stop = next((stop for stop in stops(self._window) if focus in stop), ()) if key in _MOVE else ()
        there = neighbour(stop, focus, key) if len(stop) > 1 else None
        if there is None:
            return False
        self._focus(there, Qt.FocusReason.TabFocusReason)
        return True

    def _leave(self, focus: QWidget) -> bool:
        """The focus goes; what was typed and not entered, too."""
        if focus is self._rest:
            return False
        while isinstance(focus, QLineEdit) and focus.isUndoAvailable():
            focus.undo()
        self._rest.setFocus()
        return True
