"""Plain words where something cannot work as asked, and what mends it: document and results -> notes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec, StandardNormalSpec
from fmstudio.document.specs.dynamics import (
    AnnealedLangevinSpec,
    Motion,
    NoisingSpec,
    SDESpec,
    duration_of,
)
from fmstudio.document.specs.path import PathSpec
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import Refusal
from fmstudio.studio import learning
from fmstudio.studio.motions import FASTEST, follows_closed_form, mixes_infinitely_fast, pull
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
    VP_PATH = "Use the VP path"
    DRAW = "Draw"


NOISE_PER_STEP = 0.15
"""sigma^2 dt above which steps overshoot where the score grows."""


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
    trained, training = learning.learned(experiment, results.models), results.training
    if not trained.is_complete and not training.is_active:
        yield Guardrail(Section.FIELD, "No model of what is asked here yet.", Remedy.TRAIN)
    if follows_closed_form(experiment) and key in results.no_closed_form:
        yield Guardrail(Section.FIELD, results.no_closed_form[key], Remedy.TRAIN_AND_SHOW)
    yield from _of_motion(document, results, index)


def _of_motion(document: Document, results: Results, index: int) -> Iterator[Guardrail]:
    experiment = document.experiment(index)
    dynamics, simulation = experiment.dynamics, experiment.simulation
    slot = results.slots.get(f"trajectories/{index}")
    refused = slot is not None and slot.problem and slot.refusal is not Refusal.FAILURE
    if slot is not None and refused and dynamics.moved_by == "score":
        yield Guardrail(Section.MOTION, slot.problem, Remedy.FINER_LANGEVIN)
    elif slot is not None and refused and dynamics.is_process:
        yield Guardrail(Section.MOTION, slot.problem, Remedy.MORE_STEPS)
    elif slot is not None and refused and experiment.field is FieldChoice.LEARNED:
        remedy = Remedy.NONE if isinstance(experiment.source, StandardNormalSpec) else Remedy.NORMAL_SOURCE
        yield Guardrail(Section.MOTION, slot.problem, remedy)
    yield from overshoots(dynamics, experiment.path, simulation.steps)
    if isinstance(dynamics, NoisingSpec) and mixes_infinitely_fast(experiment.path):
        text = (
            f"The noising SDE of {experiment.path.title} has no bound towards pure noise, where α = 0: "
            f"its rate is cut off at {FASTEST:g}. Those of VP, sub-VP and VE are finite."
        )
        yield Guardrail(Section.MOTION, text, Remedy.VP_PATH)


def overshoots(dynamics: Motion, path: PathSpec, steps: int) -> Iterator[Guardrail]:
    """Too few steps for what the motion does in one."""
    if isinstance(dynamics, SDESpec) and dynamics.sigma**2 > NOISE_PER_STEP * steps:
        text = f"σ = {dynamics.sigma:g} is large for {steps} steps: the steps overshoot near t = 1."
        yield Guardrail(Section.MOTION, text, Remedy.MORE_STEPS)
    if isinstance(dynamics, AnnealedLangevinSpec):
        taken = steps * dynamics.substeps
        if dynamics.sigma**2 * dynamics.duration > NOISE_PER_STEP * taken:
            text = f"σ = {dynamics.sigma:g} for {dynamics.duration:g} time units is large for {taken} steps."
            yield Guardrail(Section.MOTION, text, Remedy.FINER_LANGEVIN)
    needed = math.ceil(pull(dynamics, path) * duration_of(dynamics))
    if steps < needed:
        text = f"{steps} steps are few for a pull this strong: below {needed} they overshoot."
        yield Guardrail(Section.MOTION, text, Remedy.MORE_STEPS if needed <= 100 else Remedy.NONE)
