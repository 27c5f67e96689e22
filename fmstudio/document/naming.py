"""What a document is called: as its author said, for as long as it shows what it was called after. Pure."""

from __future__ import annotations

from typing import Any

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.distribution import DrawnSpec, PointsSpec


def called(spec: Any) -> str:
    """A drawing or a file by its own name, whatever else there is by its kind's."""
    if isinstance(spec, DrawnSpec) and spec.name == "drawing":
        return "Drawing"
    return spec.name if isinstance(spec, DrawnSpec | PointsSpec) else str(spec.title)


def renamed(before: Document, after: Document) -> Document:
    """``after``, called by what it shows if that is of another kind than ``before``, and nobody named it.
    A lesson is called the same in all of its moments."""
    if after.lesson or after.title != before.title or _gist(before) == _gist(after):
        return after
    shown = (_subject(experiment) for experiment in _experiments(after))
    return after.model_copy(update={"title": " · ".join(dict.fromkeys(shown))})


def _gist(document: Document) -> tuple[object, ...]:
    return tuple(
        (_subject(shown), shown.source.kind, shown.path.kind, shown.dynamics.kind, shown.field)
        for shown in _experiments(document)
    )


def _subject(experiment: Experiment) -> str:
    """Where the particles go; a motion that goes nowhere in particular is its own subject."""
    if not experiment.dynamics.follows_target:
        return experiment.dynamics.title
    return called(experiment.target)


def _experiments(document: Document) -> tuple[Experiment, ...]:
    return tuple(document.experiment(index) for index in range(len(document.view.panes)))
