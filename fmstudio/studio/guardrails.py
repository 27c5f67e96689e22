"""Plain words where something cannot work as asked, and what mends it: document and results -> notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec, StandardNormalSpec
from fmstudio.document.specs.dynamics import LangevinSpec, SDESpec
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import Refusal
from fmstudio.studio.planner import is_waiting_for_a_stroke, model_key
from fmstudio.studio.results import Results


class Section(StrEnum):
    """The panel where a note appears."""

    SOURCE = "source"
    TARGET = "target"
    PATH = "path"
    FIELD = "field"
    MOTION = "motion"


class Remedy(StrEnum):
    """What the note's button does; ``studio.remedies`` carries it out."""

    NONE = ""
    TRAIN_AND_SHOW = "Train and show it"
    TRAIN = "Train"
    NORMAL_SOURCE = "Use the normal source"
    SHOW_EXACT = "Show the exact field"
    MORE_STEPS = "Use 100 steps"
    FINER_LANGEVIN = "Use five times the substeps"
    DRAW = "Draw"


@dataclass(frozen=True)
class Guardrail:
    """One note: where, what, and the button that mends it."""

    section: Section
    text: str
    remedy: Remedy = Remedy.NONE


def guardrails(document: Document, results: Results) -> tuple[Guardrail, ...]:
    """All notes for the document as it is, without repetition."""
    notes: dict[Guardrail, None] = {}
    for index in range(len(document.view.panes)):
        notes.update(dict.fromkeys(_of_pane(document, results, index)))
    return tuple(notes)


def _of_pane(document: Document, results: Results, index: int) -> Iterator[Guardrail]:
    experiment = document.experiment(index)
    key = model_key(experiment)
    if is_waiting_for_a_stroke(experiment):
        drawn = isinstance(document.target, DrawnSpec)
        section = Section.TARGET if drawn else Section.SOURCE
        yield Guardrail(section, "The drawing is empty. Draw on the canvas.", Remedy.DRAW)
        return
    is_training = results.training.is_active and results.training.key == key
    if experiment.field is FieldChoice.LEARNED and key not in results.models and not is_training:
        yield Guardrail(Section.FIELD, "No model for this source, target and path yet.", Remedy.TRAIN)
    if experiment.field is FieldChoice.EXACT and key in results.no_closed_form:
        yield Guardrail(Section.FIELD, results.no_closed_form[key], Remedy.TRAIN_AND_SHOW)
    yield from _of_motion(document, results, index)


def _of_motion(document: Document, results: Results, index: int) -> Iterator[Guardrail]:
    experiment = document.experiment(index)
    dynamics, simulation = experiment.dynamics, experiment.simulation
    slot = results.slots.get(f"trajectories/{index}")
    refused = slot is not None and slot.problem and slot.refusal is not Refusal.FAILURE
    if slot is not None and refused and isinstance(dynamics, LangevinSpec):
        yield Guardrail(Section.MOTION, slot.problem, Remedy.FINER_LANGEVIN)
    elif slot is not None and refused and experiment.field is FieldChoice.LEARNED:
        remedy = Remedy.NONE if isinstance(experiment.source, StandardNormalSpec) else Remedy.NORMAL_SOURCE
        yield Guardrail(Section.MOTION, slot.problem, remedy)
    if isinstance(dynamics, SDESpec) and dynamics.sigma**2 > 0.15 * simulation.steps:
        text = (
            f"σ = {dynamics.sigma:g} is large for {simulation.steps} steps: the steps overshoot near t = 1."
        )
        yield Guardrail(Section.MOTION, text, Remedy.MORE_STEPS)
