"""What the actions of a lesson do. Thin, as gui.handlers."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject

from fmstudio.studio import moments
from fmstudio.studio.session import Session


class Hall(Protocol):
    """Where a lesson is made and presented."""

    def toggle_strip(self) -> None: ...
    def present(self, from_start: bool = False) -> None: ...
    def end_presenting(self) -> None: ...
    def toggle_presenting(self) -> None: ...


class Room(Protocol):
    """A window with such a hall."""

    @property
    def arrangement(self) -> Hall: ...


class LessonHandlers(QObject):
    """One method an action (see gui.actions.ACTIONS)."""

    def __init__(self, room: Room, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._room, self._session = room, session

    def on_lesson(self) -> None:
        self._room.arrangement.toggle_strip()

    def on_present(self) -> None:
        self._room.arrangement.toggle_presenting()

    def on_present_from_start(self) -> None:
        self._room.arrangement.present(from_start=True)

    def on_end_presenting(self) -> None:
        self._room.arrangement.end_presenting()

    def on_next_moment(self) -> None:
        self._session.lesson.step(1)

    def on_previous_moment(self) -> None:
        self._session.lesson.step(-1)

    def on_add_moment(self) -> None:
        moments.add(self._session)

    def on_replace_moment(self) -> None:
        moments.replace(self._session)

    def on_earlier(self) -> None:
        moments.move(self._session, -1)

    def on_later(self) -> None:
        moments.move(self._session, 1)

    def on_remove_moment(self) -> None:
        moments.remove(self._session)

    def on_show_all(self) -> None:
        moments.show_all(self._session)
