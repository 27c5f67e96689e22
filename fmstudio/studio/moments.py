"""Edits of a lesson: moments are added, replaced, moved, named and removed, each one step of undo."""

from __future__ import annotations

from collections.abc import Callable

from fmstudio.document.document import MOST_MOMENTS, Document, Moment
from fmstudio.document.lesson import moment_of
from fmstudio.document.specs.view import Region
from fmstudio.studio import commands
from fmstudio.studio.session import Session

Moments = tuple[Moment, ...]


def add(session: Session) -> None:
    """What is shown now, after the moment that is shown: at this time, or playing where time runs."""
    session.lesson.arrive()
    if len(session.lesson.moments) == MOST_MOMENTS:
        session.notify(f"A lesson has at most {MOST_MOMENTS} moments: remove one first.")
        return
    at = session.lesson.at
    place = len(session.lesson.moments) if at is None else at + 1
    moment = _shown(session)
    _edit(session, lambda old: (*old[:place], moment, *old[place:]), "Add moment")
    session.lesson.stand_at(place)


def replace(session: Session) -> None:
    """The moment is what is shown now; its words stay."""
    session.lesson.arrive()
    old = session.lesson.moment
    if old is not None:
        _put(session, _shown(session, old.title, old.caption), "Replace moment")


def move(session: Session, by: int) -> None:
    """One place earlier or later; past either end nothing happens."""
    session.lesson.arrive()
    at, last = session.lesson.at, len(session.lesson.moments) - 1
    if at is None or not 0 <= at + by <= last:
        return
    low, high = sorted((at, at + by))
    _edit(
        session,
        lambda old: (*old[:low], old[high], old[low], *old[high + 1 :]),
        f"Move moment {'later' if by > 0 else 'earlier'}",
    )
    session.lesson.stand_at(at + by)


def remove(session: Session) -> None:
    """The moment goes; what it showed stays on the canvas."""
    session.lesson.arrive()
    at = session.lesson.at
    if at is not None:
        _edit(session, lambda old: (*old[:at], *old[at + 1 :]), "Remove moment")


def entitle(session: Session, title: str) -> None:
    """Name the moment; all letters until ``settle`` are one step of undo."""
    _reword(session, "Name moment", "title", title.strip())


def caption(session: Session, words: str) -> None:
    """Say this of the moment; all letters until ``settle`` are one step of undo."""
    _reword(session, "Edit caption", "caption", " ".join(words.split()))


def hide(session: Session, region: Region, hidden: bool) -> None:
    """Hide a part of the window, or show it again."""
    others = [each for each in session.store.document.view.hidden if each is not region]
    kept = tuple(each for each in Region if each in others or (hidden and each is region))
    commands.set_field(session, "view.hidden", kept, f"{'Hide' if hidden else 'Show'} {region}")


def show_all(session: Session) -> None:
    """Every part of the window."""
    commands.set_field(session, "view.hidden", (), "Show all controls")


def _shown(session: Session, title: str = "", caption: str = "") -> Moment:
    playback = session.playback
    t = playback.marks[0] if playback.playing else playback.t
    return moment_of(session.store.document, t, playback.playing, title, caption)


def _reword(session: Session, label: str, part: str, words: str) -> None:
    old = session.lesson.moment
    if old is not None:
        _put(session, old.model_copy(update={part: words}), label, f"{part} of moment {session.lesson.at}")


def _put(session: Session, moment: Moment, label: str, merge_key: str | None = None) -> None:
    at = session.lesson.at
    assert at is not None
    _edit(session, lambda old: (*old[:at], moment, *old[at + 1 :]), label, merge_key)


def _edit(
    session: Session, change: Callable[[Moments], Moments], label: str, merge_key: str | None = None
) -> None:
    def changed(document: Document) -> Document:
        return document.model_copy(update={"lesson": change(document.lesson)})

    session.store.edit(changed, label, merge_key)
