"""Between widgets and document fields: edits go in by one object a control, news come by a watch. GUI thread.

Slots are bound methods throughout: a lambda or partial that is connected to a signal keeps its widget alive.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from PySide6.QtCore import QObject

from fmstudio.document.document import Document
from fmstudio.document.editing import SettingError
from fmstudio.studio import commands, panes
from fmstudio.studio.session import Session
from fmstudio.studio.store import Store, Watch

T = TypeVar("T")
Notify = Callable[[str], None]


class FieldEdit:
    """One field of the document ("path.sigma_min"), as a control edits it.

    ``set`` is one undo step. ``drag`` may be called many times between ``begin`` and ``settle``: one step in
    all. A value that the document refuses is answered with a sentence through ``notify``.
    """

    def __init__(self, session: Session, path: str, label: str, notify: Notify) -> None:
        self._session = session
        self._path = path
        self._label = label
        self._notify = notify

    def set(self, value: Any) -> None:
        self._session.store.settle()
        self._change(value, merge=False)

    def begin(self) -> None:
        """A drag starts: measures wait until it ends."""
        self._session.store.settle()
        self._session.is_interacting = True

    def drag(self, value: Any) -> None:
        self._change(value, merge=True)

    def settle(self) -> None:
        self._session.is_interacting = False
        self._session.store.settle()

    def _change(self, value: Any, merge: bool) -> None:
        part, _, name = self._path.partition(".")
        try:
            if part in get_args(panes.Part) and name and "." not in name:
                panes.set_everywhere(self._session, part, name, value, self._label, merge)  # type: ignore[arg-type]
            else:
                commands.set_field(self._session, self._path, value, self._label, merge)
        except (SettingError, ValidationError) as error:
            self._notify(sentence(error))


def sentence(error: Exception) -> str:
    """The first complaint of pydantic (which may be the cause of ``error``), without its preamble."""
    cause = error if isinstance(error, ValidationError) else error.__cause__
    if not isinstance(cause, ValidationError):
        return str(error)
    message = str(cause.errors()[0]["msg"]).removeprefix("Value error, ")
    first_word = message.split(" ")[0]
    return ("" if "_" in first_word else message[:1].upper()) + message["_" not in first_word :] + "."


def watch(
    widget: QObject, store: Store, selector: Callable[[Document], T], callback: Callable[[T], None]
) -> Watch:
    """Call ``callback`` (a method of ``widget``) now and on every change, until the widget is destroyed."""
    subscription = store.watch(selector, callback, now=True)
    widget.destroyed.connect(subscription.stop)
    return subscription
