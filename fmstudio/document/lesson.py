"""The moments of a document's lesson: how one is made of what is shown, and shown again. Pure."""

from __future__ import annotations

from fmstudio.document.document import Document, Moment

_PLAIN = Document()


def bare(document: Document) -> Document:
    """What a moment keeps of a document: all but its lesson and its name, which the lesson has."""
    return document.model_copy(update={"lesson": (), "title": _PLAIN.title})


def moment_of(document: Document, t: float, plays: bool, title: str = "", caption: str = "") -> Moment:
    """What is shown now, as a moment."""
    return Moment(title=title, caption=caption, t=t, plays=plays, document=bare(document))


def at_moment(document: Document, index: int) -> Document:
    """The same lesson, showing its moment number ``index``. Raises IndexError."""
    shown = document.lesson[index].document
    return shown.model_copy(update={"lesson": document.lesson, "title": document.title})


def is_as_kept(document: Document, moment: Moment) -> bool:
    """The document shows that moment, wherever one looks."""
    return is_alike(document, moment.document)


def kept_at(document: Document) -> int | None:
    """The first moment that the document shows; None where what it shows is in no moment."""
    found = (index for index, moment in enumerate(document.lesson) if is_as_kept(document, moment))
    return next(found, None)


def is_alike(one: Document, other: Document) -> bool:
    """They show the same, but for the place where one looks."""
    if one.view.camera != other.view.camera:
        other = other.model_copy(update={"view": other.view.model_copy(update={"camera": one.view.camera})})
    return bare(one) == bare(other)


def documents_of(document: Document) -> tuple[Document, ...]:
    """What is shown, and what the moments show."""
    return (document, *(moment.document for moment in document.lesson))
