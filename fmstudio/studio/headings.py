"""Panes after an edit: those that it made alike are one, and a heading that it made false goes. Pure.

The heading of a pane was given when the pane was made and says what it differs by. An edit that reaches
through what panes override (a slider, another motion, a button that mends) may leave four panes of one
experiment, or "sigma = 0.5" above a sigma of 2.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.dynamics import SOLVER_TITLES
from fmstudio.document.specs.spec import Spec, settings_of
from fmstudio.document.specs.view import PaneSpec

OVERRIDES = tuple(
    name
    for name, field in PaneSpec.model_fields.items()
    if field.default is None and name in Experiment.model_fields
)
"""What a pane may compute otherwise than others."""
_FIGURE = re.compile(r"[-−]?\d+(?:\.\d+)?")


def kept_true(before: Document, after: Document) -> Document:
    """``after``, which was made of ``before`` by one edit, with its panes and headings put right."""
    if before.view.panes == after.view.panes and all(
        before.experiment(i) == after.experiment(i) for i in range(len(after.view.panes))
    ):
        return after
    panes = list(after.view.panes)
    if len(before.view.panes) == len(panes):
        panes = [_with_true_title(before, after, index) for index in range(len(panes))]
        if len(set(_shown(after))) < len(set(_shown(before))):
            panes = _without_twins(after, panes)
    return after.model_copy(update={"view": after.view.model_copy(update={"panes": tuple(panes)})})


def _without_twins(document: Document, panes: list[PaneSpec]) -> list[PaneSpec]:
    """The first of those that are alike; what their titles told them apart by is gone."""
    first: dict[Hashable, PaneSpec] = {}
    for shown, pane in zip(_shown(document), panes, strict=True):
        first.setdefault(shown, pane.model_copy(update={"title": ""}))
    return list(first.values())


def _shown(document: Document) -> list[Hashable]:
    """What each pane computes and how it draws it, by whatever overrides."""
    nothing: dict[str, Any] = dict.fromkeys(("title", "field", *OVERRIDES))
    return [
        (document.experiment(index), pane.model_copy(update=nothing))
        for index, pane in enumerate(document.view.panes)
    ]


def _with_true_title(before: Document, after: Document, index: int) -> PaneSpec:
    """Without its title, if that names or counts what is no more."""
    pane, was, now = after.view.panes[index], before.experiment(index), after.experiment(index)
    told = {float(figure.replace("−", "-")) for figure in _FIGURE.findall(pane.title)}
    is_false = bool(told & _values_gone(was, now)) or any(
        re.search(rf"\b{re.escape(name)}\b", pane.title, re.IGNORECASE) for name in _names(was) - _names(now)
    )
    return pane.model_copy(update={"title": ""}) if is_false else pane


def _values_gone(was: Experiment, now: Experiment) -> set[float]:
    """The numbers that an experiment had and has no more."""
    gone: set[float] = set()
    for part in OVERRIDES:
        old, new = getattr(was, part), getattr(now, part)
        if old is None or old == new:
            continue
        settings = settings_of(old) if isinstance(old, Spec) else {part: old}
        for name, value in settings.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if is_number and value != getattr(new, name, None):
                gone.add(float(value))
    return gone


def _names(experiment: Experiment) -> set[str]:
    """What a heading may call the parts of an experiment by."""
    dynamics = experiment.dynamics
    solver = SOLVER_TITLES.get(getattr(dynamics, "solver", ""), "")
    ends = {str(experiment.source.title), str(experiment.target.title)}
    way = {str(experiment.path.title), experiment.coupling.title, experiment.coupling.called}
    trained = experiment.training.objective.facts.title if experiment.is_learned else ""
    return {*ends, *way, str(dynamics.title), solver, trained, experiment.field.value} - {""}
