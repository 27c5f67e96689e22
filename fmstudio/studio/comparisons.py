"""Panes side by side that differ by one thing: what may be compared, and how panes come and go. GUI thread.

A choice is a pane that says its title and what it overrides, and nothing else. A comparison is a few of
them; each can also be given to one pane alone. Particles and noise are the same in all of them, for their
seeds are the document's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from fmstudio.document.document import Document
from fmstudio.document.editing import shallow
from fmstudio.document.specs.coupling import BridgeSpec, IndependentSpec, OptimalTransportSpec
from fmstudio.document.specs.distribution import (
    CheckerboardSpec,
    EightGaussiansSpec,
    GaussianMixtureSpec,
    PinwheelSpec,
    RingSpec,
    RingsSpec,
    StandardNormalSpec,
    TwoMoonsSpec,
    TwoSpiralsSpec,
    UniformSquareSpec,
)
from fmstudio.document.specs.dynamics import LangevinSpec, ODESpec, SDESpec
from fmstudio.document.specs.path import CondOTSpec, CosineSpec, LinearVPSpec, SubVPSpec, VESpec, VPSpec
from fmstudio.document.specs.training import MODEL_OBJECTIVES
from fmstudio.document.specs.view import MOST_PANES, FieldChoice, PaneSpec, ViewSpec
from fmstudio.studio.effects import Control, idle, no_equation
from fmstudio.studio.guardrails import hopeless
from fmstudio.studio.session import Session

Choices = tuple[PaneSpec, ...]
BETWEEN = " · "
"""Between the parts of a heading, where a pane differs by several things."""


def _never(_document: Document) -> str:
    return ""


def _of(control: Control) -> Callable[[Document], str]:
    return partial(idle, control=control)


@dataclass(frozen=True)
class Comparison:
    """``choices`` of a document; ``idle`` says why they would change nothing, '' where they do."""

    id: str
    title: str
    choices: Callable[[Document], Choices]
    idle: Callable[[Document], str] = _never


def _fields(_document: Document) -> Choices:
    return tuple(PaneSpec(title=field.value.capitalize(), field=field) for field in FieldChoice)


def _motions(_document: Document) -> Choices:
    motions = (ODESpec(), SDESpec(), LangevinSpec())
    return tuple(PaneSpec(title=motion.title, dynamics=motion) for motion in motions)


def _solvers(_document: Document) -> Choices:
    """The three that textbooks begin with."""
    return (
        PaneSpec(title="Euler", dynamics=ODESpec(solver="euler")),
        PaneSpec(title="Heun", dynamics=ODESpec(solver="heun")),
        PaneSpec(title="RK4", dynamics=ODESpec(solver="rk4")),
    )


def _steps(document: Document) -> Choices:
    counts = (1, 2, 4, 10, 20, 100)
    return tuple(
        PaneSpec(
            title=f"{count} step{'s' if count > 1 else ''}",
            simulation=document.simulation.model_copy(update={"steps": count}),
        )
        for count in counts
    )


def _sigmas(_document: Document) -> Choices:
    return tuple(PaneSpec(title=f"σ = {sigma:g}", dynamics=SDESpec(sigma=sigma)) for sigma in (0, 0.5, 1, 2))


def _couplings(_document: Document) -> Choices:
    bridges = (BridgeSpec(sigma=sigma) for sigma in (2.0, 1.0, 0.5))
    return (
        PaneSpec(title="Independent", coupling=IndependentSpec()),
        *(PaneSpec(title=f"Bridge, σ = {bridge.sigma:g}", coupling=bridge) for bridge in bridges),
        PaneSpec(title="OT", coupling=OptimalTransportSpec()),
    )


def _paths(_document: Document) -> Choices:
    paths = (CondOTSpec(), VPSpec(), SubVPSpec(), VESpec(), CosineSpec(), LinearVPSpec())
    return tuple(PaneSpec(title=path.title, path=path) for path in paths)


def _sources(_document: Document) -> Choices:
    laws = (StandardNormalSpec(), GaussianMixtureSpec(), RingSpec(), UniformSquareSpec())
    return tuple(PaneSpec(title=law.title, source=law) for law in laws)


def _targets(_document: Document) -> Choices:
    laws = (
        TwoMoonsSpec(),
        EightGaussiansSpec(),
        CheckerboardSpec(),
        TwoSpiralsSpec(),
        PinwheelSpec(),
        RingsSpec(),
    )
    return tuple(PaneSpec(title=law.title, target=law) for law in laws)


def _objectives(document: Document) -> Choices:
    return tuple(
        PaneSpec(
            title=objective.facts.title,
            field=FieldChoice.LEARNED,
            training=document.training.model_copy(update={"objective": objective}),
        )
        for objective in MODEL_OBJECTIVES
    )


COMPARISONS = (
    Comparison("exact-learned", "Exact | learned", _fields, _of(Control.FIELD)),
    Comparison("motions", "ODE | SDE | Langevin", _motions),
    Comparison("solvers", "Euler | Heun | RK4", _solvers, _of(Control.SOLVER)),
    Comparison("steps", "Steps of the solver", _steps, no_equation),
    Comparison("sigmas", "Noise σ of the SDE", _sigmas),
    Comparison("paths", "Paths", _paths, _of(Control.PATH)),
    Comparison("couplings", "Couplings of the ends", _couplings, _of(Control.JOINING)),
    Comparison("sources", "Sources", _sources, _of(Control.SOURCE)),
    Comparison("targets", "Targets", _targets, _of(Control.TARGET)),
    Comparison("objectives", "Objectives of the training", _objectives, _of(Control.FIELD)),
)


def named(comparison_id: str) -> Comparison:
    """Raises StopIteration for one that there is not."""
    return next(comparison for comparison in COMPARISONS if comparison.id == comparison_id)


# ---- all panes ---------------------------------------------------------------------------------------


def compare(session: Session, comparison: Comparison) -> None:
    """Split the view; the layers that were on stay on, and so does the field unless it is compared. Leaves
    out what can never work here, and says why; says why not where all panes would be alike."""
    document = session.store.document
    split = with_panes(document, tuple(_split(document, comparison)))
    why_not = comparison.idle(split)
    if why_not:
        session.notify(why_not)
        return
    reasons = [_why_never(split, index) for index in range(len(split.view.panes))]
    kept = tuple(pane for pane, reason in zip(split.view.panes, reasons, strict=True) if not reason)
    if len(kept) < len(reasons):
        left_out = next(k for k, reason in enumerate(reasons) if reason)
        session.notify(f"{split.view.panes[left_out].title} is left out. {reasons[left_out]}")
    if len(kept) > 1:
        set_panes(session, kept, f"Compare {comparison.title}")


def _split(document: Document, comparison: Comparison) -> Iterator[PaneSpec]:
    first = document.view.panes[0]
    base = PaneSpec(layers=first.layers, field=first.field, streaks=first.streaks)
    for choice in comparison.choices(document):
        yield base.model_copy(update=_said(choice))


def _said(choice: PaneSpec) -> dict[str, object]:
    return {name: getattr(choice, name) for name in choice.model_fields_set}


def _why_never(document: Document, index: int) -> str:
    return next((note.text for note in hopeless(document.experiment(index))), "")


# ---- one pane ----------------------------------------------------------------------------------------


def add_pane(session: Session) -> None:
    """One more, which is a copy of the last until it is changed."""
    panes = session.store.document.view.panes
    if len(panes) == MOST_PANES:
        session.notify(f"There are {MOST_PANES} panes: no more can be seen at once.")
    else:
        set_panes(session, (*panes, panes[-1]), "Add a pane")


def remove_pane(session: Session, index: int) -> None:
    panes = session.store.document.view.panes
    if len(panes) == 1:
        session.notify("There is one pane: it cannot be removed.")
    else:
        set_panes(session, (*panes[:index], *panes[index + 1 :]), f"Remove pane {index + 1}")


def change_pane(session: Session, index: int, choice: PaneSpec) -> None:
    """Let that pane alone differ so; its heading says it too. Says why not where it can never work."""
    document = session.store.document
    pane = document.view.panes[index]
    changed = pane.model_copy(update={**_said(choice), "title": _heading(document, pane, choice)})
    panes = (*document.view.panes[:index], changed, *document.view.panes[index + 1 :])
    why_not = _why_never(with_panes(document, panes), index)
    if why_not:
        session.notify(why_not)
    else:
        session.store.edit(lambda d: with_panes(d, panes), f"{choice.title} in pane {index + 1}")


def _heading(document: Document, pane: PaneSpec, choice: PaneSpec) -> str:
    """What the pane said, but for what the choice replaces, and what the choice says."""
    replaced = choice.model_fields_set - {"title"}
    gone = {
        other.title
        for comparison in COMPARISONS
        for other in comparison.choices(document)
        if other.model_fields_set & replaced
    }
    kept = (part for part in pane.title.split(BETWEEN) if part and part not in gone)
    return BETWEEN.join((*kept, choice.title))


# ---- the document's panes ----------------------------------------------------------------------------


def set_panes(session: Session, panes: tuple[PaneSpec, ...], label: str) -> None:
    """A caption of several panes spoke of these: it goes with them."""

    def change(document: Document) -> Document:
        several = len(document.view.panes) > 1
        return with_panes(document.model_copy(update={"caption": ""}) if several else document, panes)

    session.store.edit(change, label)


def with_panes(document: Document, panes: tuple[PaneSpec, ...]) -> Document:
    """The document with these panes."""
    view = ViewSpec.model_validate({**shallow(document.view), "panes": panes})
    return document.model_copy(update={"view": view})
