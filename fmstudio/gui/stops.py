"""Where Tab stops: the controls of a window as they are read, one stop a group. GUI thread.

A widget with the property ``group`` makes its buttons one stop, among which the arrow keys go.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cmp_to_key

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QWidget

Stop = tuple[QWidget, ...]
"""A control, or the buttons of a group."""

_AHEAD = (Qt.Key.Key_Right, Qt.Key.Key_Down)
_BESIDE = (Qt.Key.Key_Left, Qt.Key.Key_Right)
_UPRIGHT = (Qt.Key.Key_Up, Qt.Key.Key_Down)


def make_group(widget: QWidget) -> None:
    """Its buttons are one stop from now on."""
    widget.setProperty("group", True)


def stops(root: QWidget) -> list[Stop]:
    """All stops below ``root`` that can be used now."""
    found: dict[QWidget, list[QWidget]] = {}
    for control in _controls(root):
        found.setdefault(_group_of(control), []).append(control)
    return [tuple(members) for members in found.values()]


def entrance(stop: Stop) -> QWidget:
    """Which of a stop's members gets the focus: the first that is chosen, or the first."""
    chosen = (member for member in stop if isinstance(member, QAbstractButton) and member.isChecked())
    return next(chosen, stop[0])


def neighbour(stop: Stop, here: QWidget, key: Qt.Key) -> QWidget | None:
    """Where a key leads within a stop; None for a key that leads nowhere."""
    if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
        return stop[0] if key == Qt.Key.Key_Home else stop[-1]
    if key not in (*_BESIDE, *_UPRIGHT):
        return None
    other_row = _in_the_next_row(stop, here, 1 if key in _AHEAD else -1) if key in _UPRIGHT else None
    return other_row or stop[(stop.index(here) + (1 if key in _AHEAD else -1)) % len(stop)]


def _in_the_next_row(stop: Stop, here: QWidget, way: int) -> QWidget | None:
    """The nearest member wholly above or below."""
    middle = _middle(here)
    beyond = [member for member in stop if way * (_middle(member).y() - middle.y()) >= here.height()]
    return min(beyond, key=lambda member: (_middle(member) - middle).manhattanLength(), default=None)


def _middle(widget: QWidget) -> QPoint:
    return widget.mapToGlobal(widget.rect().center())


def _group_of(control: QWidget) -> QWidget:
    """The control itself, where it is in no group."""
    at: QWidget | None = control if isinstance(control, QAbstractButton) else None
    while at is not None and not at.isWindow():
        if at.property("group"):
            return at
        at = at.parentWidget()
    return control


def _controls(widget: QWidget) -> Iterator[QWidget]:
    """What can take the focus by Tab, below ``widget``, as one reads."""
    parts = [part for part in widget.children() if isinstance(part, QWidget)]
    shown = [part for part in parts if not part.isWindow() and part.isVisible()]
    for part in sorted(shown, key=cmp_to_key(_reading_order)):
        if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isEnabled() and part.focusProxy() is None:
            yield part
        yield from _controls(part)


def _reading_order(a: QWidget, b: QWidget) -> int:
    """Negative where ``a`` is above ``b`` or, side by side, left of it."""
    if a.geometry().bottom() < b.y():
        return -1
    if b.geometry().bottom() < a.y():
        return 1
    return a.x() - b.x()
