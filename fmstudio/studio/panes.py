"""What all panes show, and edits that reach through a pane's overrides. GUI thread.

A comparison gives panes a path or a motion of their own. A control that edits "the motion" then means every
pane that has the parameter; choosing another kind means all panes.
"""

from __future__ import annotations

from typing import Any, Literal

from fmstudio.document.document import Document
from fmstudio.document.editing import with_field
from fmstudio.document.naming import called
from fmstudio.document.specs.dynamics import (
    DYNAMICS,
    MORE_DYNAMICS,
)
from fmstudio.document.specs.motion import Motion
from fmstudio.document.specs.spec import Spec
from fmstudio.document.specs.view import FieldChoice, PaneSpec
from fmstudio.studio import commands
from fmstudio.studio.headings import kept_true
from fmstudio.studio.session import Session

Part = Literal[
    "source", "target", "path", "dynamics", "simulation", "model", "training", "guidance", "coupling"
]
"""What a pane may override."""


def shown(document: Document, part: Part) -> tuple[Any, ...]:
    """The different values of one part over all panes as they were asked for, in their order."""
    values = (getattr(pane, part) or getattr(document, part) for pane in document.view.panes)
    return tuple(dict.fromkeys(values))


def summary(document: Document, part: Part) -> str:
    """What the panes show of one part, in words: 'ODE · SDE'."""
    return " · ".join(dict.fromkeys(called(value) for value in shown(document, part)))


def choose(session: Session, part: Part, spec: Spec, label: str) -> None:
    """Give every pane this value; panes that are then the same become one."""
    session.store.edit(lambda d: _chosen(d, part, spec), label)


def choose_new(session: Session, part: Part, spec: type[Spec]) -> None:
    """Give every pane a value of this kind, as it comes; nothing happens where all have one."""
    if {type(value) for value in shown(session.store.document, part)} != {spec}:
        choose(session, part, spec(), f"Choose {part} {spec.title}")  # type: ignore[attr-defined]


def choose_motion(session: Session, kind: str) -> None:
    """Let every pane move by the dynamics of this kind: as one of them has it, or as it comes."""
    there = shown(session.store.document, "dynamics")
    if {spec.kind for spec in there} == {kind}:
        return
    kept = next((spec for spec in there if spec.kind == kind), None)
    spec = kept or _motions()[kind](**_shared_settings(there, kind))
    choose(session, "dynamics", spec, f"Choose {spec.title}")


def _motions() -> dict[str, Any]:
    return {str(spec.model_fields["kind"].default): spec for spec in (*DYNAMICS, *MORE_DYNAMICS)}


def _shared_settings(there: tuple[Any, ...], kind: str) -> dict[str, Any]:
    """σ goes along from the SDE to the samplers and back, where it may."""
    sigma = next((spec.sigma for spec in there if _has_sigma(type(spec))), None)
    if sigma is None or not _has_sigma(_motions()[kind]):
        return {}
    return {"sigma": max(sigma, 0.05)}


def _has_sigma(motion: type[Motion]) -> bool:
    """A person chooses how much noise it has on its way to the target."""
    return "sigma" in motion.model_fields and not motion.is_process


def set_everywhere(
    session: Session, part: Part, name: str, value: Any, label: str, merge: bool = False
) -> None:
    """Set one parameter in the document and in every pane that overrides that part and has the parameter.

    Raises SettingError (a ValueError) for a value out of range.
    """
    session.store.edit(
        lambda d: _set_everywhere(d, part, name, value), label, f"set {part}.{name}" if merge else None
    )


def swap_ends(session: Session) -> None:
    """Let source and target change places, in every pane."""
    session.store.edit(_swapped, "Swap source and target")


def show_field(session: Session, choice: FieldChoice) -> None:
    """Show the exact or the learned field: in all panes of a comparison, or in one where both were shown."""
    document = session.store.document
    if len(document.view.panes) == 1 or commands.field_shown(document) == "both":
        commands.single_pane(session, choice)
        return
    session.store.edit(lambda d: kept_true(d, d.showing(choice)), f"Show {choice} field")


def _chosen(document: Document, part: Part, spec: Spec) -> Document:
    changed = with_field(document, part, spec)
    if part in ("source", "target"):
        changed = changed.model_copy(update={"caption": ""})  # it spoke of other distributions
    return kept_true(document, changed.with_panes(lambda pane: pane.model_copy(update={part: None})))


def _swapped(document: Document) -> Document:
    def swapped(pane: PaneSpec) -> PaneSpec:
        return pane.model_copy(update={"source": pane.target, "target": pane.source})

    changed = document.with_panes(swapped, source=document.target, target=document.source, caption="")
    return kept_true(document, changed)


def _set_everywhere(document: Document, part: Part, name: str, value: Any) -> Document:
    changed = document
    own = getattr(document, part)
    if own is not None and name in type(own).model_fields:
        changed = with_field(document, f"{part}.{name}", value)
    return kept_true(document, changed.with_panes(lambda pane: _pane_with(pane, part, name, value)))


def _pane_with(pane: PaneSpec, part: Part, name: str, value: Any) -> PaneSpec:
    own = getattr(pane, part)
    if own is None or name not in type(own).model_fields:
        return pane
    fields = {field: getattr(own, field) for field in type(own).model_fields}
    return pane.model_copy(update={part: type(own).model_validate({**fields, name: value})})
