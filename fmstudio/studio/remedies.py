"""What a guardrail's button does: the least change after which what it named works. GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fmstudio.document.document import Document
from fmstudio.document.specs.coupling import BridgeSpec, IndependentSpec
from fmstudio.document.specs.dynamics import ODESpec, SigmaProfile
from fmstudio.document.specs.path import VPSpec
from fmstudio.document.specs.training import Coupling, Objective, TrainingSpec
from fmstudio.studio import commands, guiding, panes
from fmstudio.studio.guardrails import MOST_STEPS, MOST_SUBSTEPS, Guardrail, Remedy, Section, notes_of
from fmstudio.studio.headings import kept_true
from fmstudio.studio.session import Session

Change = Callable[[Document, int, float], Document]
"""(document, pane, amount) -> the document mended for that pane"""


def apply(session: Session, note: Guardrail) -> None:
    """Mend what the guardrail named, in every pane that it speaks of. Raises KeyError for one without a
    remedy."""
    if note.remedy is Remedy.DRAW:
        session.tools.draw_at("source" if note.section is Section.SOURCE else "target")
        commands.start_drawing(session)
        return
    change = _CHANGES[note.remedy]
    document, results = session.store.document, session.results
    named = [i for i in range(len(document.view.panes)) if note in notes_of(document, results, i)]
    session.store.edit(lambda d: _mended(d, change, named, note.amount), note.button)
    if note.remedy in _THEN_TRAINED:
        session.train()


def _mended(document: Document, change: Change, named: list[int], amount: float) -> Document:
    mended = document
    for index in named:
        mended = change(mended, index, amount)
    return kept_true(document, mended)


def _with(document: Document, index: int, part: panes.Part, spec: Any, **pane_changes: Any) -> Document:
    """The document with this part of one pane replaced: its own where it has one, else what all share."""
    shown = list(document.view.panes)
    if getattr(shown[index], part) is None:
        document = document.model_copy(update={part: spec})
    else:
        pane_changes[part] = spec
    shown[index] = shown[index].model_copy(update=pane_changes)
    return document.model_copy(update={"view": document.view.model_copy(update={"panes": tuple(shown)})})


def _of(document: Document, index: int, part: panes.Part) -> Any:
    return getattr(document.view.panes[index], part) or getattr(document, part)


def _set(document: Document, index: int, part: panes.Part, **changes: Any) -> Document:
    return _with(document, index, part, _of(document, index, part).model_copy(update=changes))


def _as_it_is(document: Document, _index: int, _amount: float) -> Document:
    return document


def _flow_matching(document: Document, index: int, _amount: float) -> Document:
    return _set(document, index, "training", objective=Objective.CFM)


def _independent_pairs(document: Document, index: int, _amount: float) -> Document:
    training: TrainingSpec = _of(document, index, "training")
    by_exact = training.objective.facts.knows_field
    objective = Objective.CFM if by_exact else training.objective
    plain = _with(document, index, "coupling", IndependentSpec())
    return _set(plain, index, "training", coupling=Coupling.INDEPENDENT, reflow=0, objective=objective)


def _know_labels(document: Document, index: int, _amount: float) -> Document:
    return _set(document, index, "model", conditional=True)


def _show_ode(document: Document, index: int, _amount: float) -> Document:
    own = document.view.panes[index].dynamics is not None
    return _with(document, index, "dynamics", ODESpec(), **({"title": ""} if own else {}))


def _no_guidance(document: Document, _index: int, _amount: float) -> Document:
    return guiding.chosen(document, None)


def _first_label(document: Document, index: int, _amount: float) -> Document:
    return _set(document, index, "guidance", label=0)


def _more_steps(document: Document, index: int, amount: float) -> Document:
    steps = max(int(amount), _of(document, index, "simulation").steps)
    return _set(document, index, "simulation", steps=min(MOST_STEPS, steps))


def _finer_steps(document: Document, index: int, amount: float) -> Document:
    """So many solver steps in all: more of them between two states that are shown, as far as that goes."""
    steps = _of(document, index, "simulation").steps
    substeps = min(MOST_SUBSTEPS, -int(-amount // steps))
    changed = _set(document, index, "dynamics", substeps=substeps)
    return _more_steps(changed, index, -(-amount // substeps))


def _shorter(document: Document, index: int, amount: float) -> Document:
    return _set(document, index, "dynamics", duration=amount)


def _vp_path(document: Document, index: int, _amount: float) -> Document:
    return _with(document, index, "path", VPSpec())


def _bridge(document: Document, index: int, _amount: float) -> Document:
    return _with(document, index, "coupling", BridgeSpec())


def _bridge_noise(document: Document, index: int, amount: float) -> Document:
    return _set(document, index, "dynamics", sigma=amount, profile=SigmaProfile.CONSTANT)


_CHANGES: dict[Remedy, Change] = {
    Remedy.TRAIN: _as_it_is,
    Remedy.FLOW_MATCHING: _flow_matching,
    Remedy.INDEPENDENT_PAIRS: _independent_pairs,
    Remedy.KNOW_LABELS: _know_labels,
    Remedy.SHOW_ODE: _show_ode,
    Remedy.NO_GUIDANCE: _no_guidance,
    Remedy.FIRST_LABEL: _first_label,
    Remedy.MORE_STEPS: _more_steps,
    Remedy.FINER_STEPS: _finer_steps,
    Remedy.SHORTER: _shorter,
    Remedy.VP_PATH: _vp_path,
    Remedy.BRIDGE: _bridge,
    Remedy.BRIDGE_NOISE: _bridge_noise,
}
_THEN_TRAINED = (Remedy.TRAIN, Remedy.FLOW_MATCHING)
