"""Plain words where something cannot work as asked, and what mends it: document and results -> notes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from fmstudio.document.document import Document, Experiment
from fmstudio.document.scores import why_no_flow, why_no_score, why_no_training
from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.document.specs.dynamics import SigmaProfile
from fmstudio.document.specs.guidance import GuidanceMethod
from fmstudio.document.specs.motion import Motion, duration_of, growth_of, sigma_of, substeps_of
from fmstudio.document.specs.path import PathSpec
from fmstudio.document.specs.training import Coupling
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import Refusal, TrainingState
from fmstudio.studio import learning
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.motions import (
    FASTEST,
    is_noisy_on_a_bridge,
    is_the_bridge,
    mixes_infinitely_fast,
    pull,
)
from fmstudio.studio.resolve import is_waiting_for_a_stroke
from fmstudio.studio.results import Results


class Section(StrEnum):
    """The panel where a note appears."""

    SOURCE = "source"
    TARGET = "target"
    PATH = "path"
    FIELD = "field"
    MOTION = "motion"


class Remedy(StrEnum):
    """What the note's button does; ``studio.remedies`` carries it out. Braces hold the note's amount."""

    NONE = ""
    TRAIN = "Train"
    FLOW_MATCHING = "Train by flow matching"
    INDEPENDENT_PAIRS = "Train on independent pairs"
    KNOW_LABELS = "Train with the labels"
    SHOW_ODE = "Show its ODE"
    NO_GUIDANCE = "Switch guidance off"
    FIRST_LABEL = "Guide to label 0"
    MORE_STEPS = "Use {} steps"
    FINER_STEPS = "Use {} solver steps"
    SHORTER = "Use a duration of {}"
    VP_PATH = "Use the VP path"
    BRIDGE = "Join the ends by a bridge"
    BRIDGE_NOISE = "Use the bridge's σ = {}"
    DRAW = "Draw"


NOISE_PER_STEP = 0.15
"""sigma^2 dt above which steps overshoot where the score grows."""
MOST_STEPS = 2000
MOST_SUBSTEPS = 500
"""The largest that a document takes of either."""
PLENTY_OF_STEPS = 1000
"""More than these are not asked for: a shorter duration is offered instead."""
FARTHEST = 12.0
"""The logarithm of a growth beyond which particles are lost from sight."""


@dataclass(frozen=True)
class Guardrail:
    """One note: where, what, and the button that mends it."""

    section: Section
    text: str
    remedy: Remedy = Remedy.NONE
    amount: float = 0.0

    @property
    def button(self) -> str:
        """What the button says; '' for none."""
        return self.remedy.value.format(
            f"{self.amount:,.4g}" if self.amount < 1000 else f"{self.amount:,.0f}"
        )


def guardrails(document: Document, results: Results) -> tuple[Guardrail, ...]:
    """All notes for the document as it is, without repetition."""
    notes: dict[Guardrail, None] = {}
    for index in range(len(document.view.panes)):
        notes.update(dict.fromkeys(notes_of(document, results, index)))
    return tuple(notes)


def notes_of(document: Document, results: Results, index: int) -> Iterator[Guardrail]:
    """Those of one pane. What cannot work once it is trained is told before it is."""
    experiment = document.experiment(index)
    if is_waiting_for_a_stroke(experiment):
        yield from _empty(experiment)
        return
    reasons = list(hopeless(experiment))
    yield from reasons
    if not reasons:
        yield from _of_model(experiment, results)
        yield from _refused(experiment, results, index)
    yield from overshoots(experiment.dynamics, experiment.path, experiment.simulation.steps)
    if not reasons:
        yield from _of_another_noise(experiment)
    dynamics = experiment.dynamics
    if dynamics.is_process and dynamics.fades and mixes_infinitely_fast(experiment.path):
        text = (
            f"The noising SDE of {experiment.path.title} has no bound towards pure noise, where α = 0: "
            f"its rate is cut off at {FASTEST:g}. Those of VP, sub-VP and VE are finite."
        )
        yield Guardrail(Section.MOTION, text, Remedy.VP_PATH)


def _of_another_noise(experiment: Experiment) -> Iterator[Guardrail]:
    """Any noise keeps the law of a bridge; its own alone keeps the ways."""
    if not is_noisy_on_a_bridge(experiment) or is_the_bridge(experiment):
        return
    sigma, own = sigma_of(experiment.dynamics), experiment.coupling.spread
    shape = getattr(experiment.dynamics, "profile", SigmaProfile.CONSTANT).facts.in_words
    chosen = f"With σ = {sigma:g}{shape}" if sigma else "Without noise"
    text = (
        f"The bridge's own noise is a steady σ = {own:g}. "
        f"{chosen}, pₜ is the same and each particle's way is not."
    )
    yield Guardrail(Section.MOTION, text, Remedy.BRIDGE_NOISE, own)


def _empty(experiment: Experiment) -> Iterator[Guardrail]:
    if isinstance(experiment.source, DrawnSpec) and experiment.source.is_empty:
        yield Guardrail(Section.SOURCE, "The drawing is empty. Draw on the canvas.", Remedy.DRAW)
    else:
        yield Guardrail(Section.TARGET, "The drawing is empty. Draw on the canvas.", Remedy.DRAW)


# ---- what no training can mend -----------------------------------------------------------------------


def hopeless(experiment: Experiment) -> Iterator[Guardrail]:
    """Why a pane stays empty whatever is trained, or needs another field than it asks for."""
    yield from _guided_in_vain(experiment)
    in_vain = list(_learned_in_vain(experiment)) if experiment.is_learned else []
    yield from in_vain
    if not any(note.section is Section.MOTION for note in in_vain) and (
        reason := why_no_flow(experiment.dynamics, experiment.problem)
    ):
        yield Guardrail(Section.MOTION, reason, Remedy.SHOW_ODE)


def _guided_in_vain(experiment: Experiment) -> Iterator[Guardrail]:
    if experiment.guidance is None or experiment.guidance.scale == 0:
        return
    if not experiment.target.is_labelled:
        text = f"{experiment.target.title} has no labels to guide the particles to."
        yield Guardrail(Section.FIELD, text, Remedy.NO_GUIDANCE)
    elif experiment.is_learned and _asks_the_network(experiment) and not experiment.model.conditional:
        text = "Guidance without a classifier needs a network that was told the labels."
        yield Guardrail(Section.FIELD, text, Remedy.KNOW_LABELS)


def _asks_the_network(experiment: Experiment) -> bool:
    guidance = experiment.guidance
    return guidance is not None and guidance.method is GuidanceMethod.CLASSIFIER_FREE


def _learned_in_vain(experiment: Experiment) -> Iterator[Guardrail]:
    """A model that would be trained, and then could not move these particles."""
    if in_vain := why_no_training(experiment.problem, experiment.training):
        yield Guardrail(Section.FIELD, in_vain, Remedy.BRIDGE)
    reason = why_no_score(experiment.problem, experiment.training)
    if experiment.dynamics.needs_score and reason:
        text = f"{experiment.dynamics.title} needs a score, which {reason}."
        yield Guardrail(Section.MOTION, text, Remedy.SHOW_ODE)
    training = experiment.training
    if not training.objective.facts.uses_path and not experiment.source.is_normal:
        text = (
            f"Maximum likelihood needs the density of a normal source, and {experiment.source.title} is none."
        )
        yield Guardrail(Section.FIELD, text, Remedy.FLOW_MATCHING)
    if not (experiment.model.conditional and training.objective.facts.uses_path):
        return
    if not experiment.target.is_labelled:
        text = f"The network is to be told labels, and {experiment.target.title} has none."
        yield Guardrail(Section.FIELD, text, Remedy.NO_GUIDANCE)
    elif training.objective.facts.knows_field or not _on_fresh_pairs(experiment):
        text = "A network that is told labels learns from independent pairs, by flow or score matching."
        yield Guardrail(Section.FIELD, text, Remedy.INDEPENDENT_PAIRS)


def _on_fresh_pairs(experiment: Experiment) -> bool:
    """Independent ones, that no flow made."""
    training = experiment.training
    reflows = training.objective.facts.reflows and training.reflow > 0
    is_plain = experiment.coupling.is_plain
    return training.coupling is Coupling.INDEPENDENT and is_plain and not reflows


def why_not_train(document: Document) -> str:
    """Why no pane as it is now could show what would be trained, in one sentence; '' where one could."""
    experiments = [document.experiment(index) for index in range(len(document.view.panes))]
    if not any(learning.needs_model(e) or learning.needs_classifier(e) for e in experiments):
        learned = document.showing(FieldChoice.LEARNED)
        experiments = [learned.experiment(index) for index in range(len(learned.view.panes))]
    notes = [next(_no_hope(experiment), None) for experiment in experiments]
    reasons = [note.text for note in notes if note is not None]
    return idle(document, Control.FIELD) or (reasons[0] if len(reasons) == len(notes) else "")


def _no_hope(experiment: Experiment) -> Iterator[Guardrail]:
    if is_waiting_for_a_stroke(experiment):
        yield from _empty(experiment)
    yield from hopeless(experiment)


# ---- models and refusals -----------------------------------------------------------------------------


def _of_model(experiment: Experiment, results: Results) -> Iterator[Guardrail]:
    trained, training = learning.learned(experiment, results.models), results.training
    if trained.is_complete or training.is_active:
        return
    failed = training.state is TrainingState.FAILED and training.recipe == learning.recipe_of(experiment)
    if failed and experiment.is_learned:
        by_exact = experiment.training.objective.facts.knows_field
        yield Guardrail(Section.FIELD, training.message, Remedy.FLOW_MATCHING if by_exact else Remedy.TRAIN)
    else:
        yield Guardrail(Section.FIELD, "No model of what is asked here yet.", Remedy.TRAIN)


def _refused(experiment: Experiment, results: Results, index: int) -> Iterator[Guardrail]:
    """What only the engine could know."""
    slot = results.slots.get(f"trajectories/{index}")
    if slot is None or not slot.problem or slot.refusal is Refusal.FAILURE:
        return
    note = Guardrail(Section.MOTION, slot.problem)
    more = min(3 * experiment.simulation.steps, MOST_STEPS)
    if slot.refusal is Refusal.TOO_COARSE and more > experiment.simulation.steps:
        yield replace(note, remedy=Remedy.MORE_STEPS, amount=more)
    else:
        yield _mendable(experiment, note)


def _mendable(experiment: Experiment, note: Guardrail) -> Guardrail:
    dynamics, simulation, guidance = experiment.dynamics, experiment.simulation, experiment.guidance
    if guidance is not None:
        remedy = Remedy.FIRST_LABEL if guidance.label else Remedy.NO_GUIDANCE
        return replace(note, remedy=remedy)
    if dynamics.moved_by == "score":
        taken = simulation.steps * substeps_of(dynamics)
        finer = min(5 * taken, MOST_STEPS * MOST_SUBSTEPS)
        return replace(note, remedy=Remedy.FINER_STEPS, amount=finer) if finer > taken else note
    if dynamics.is_process and 5 * simulation.steps <= PLENTY_OF_STEPS:
        return replace(note, remedy=Remedy.MORE_STEPS, amount=max(100, 5 * simulation.steps))
    if dynamics.is_process and duration_of(dynamics) > 0.2:
        return replace(note, remedy=Remedy.SHORTER, amount=duration_of(dynamics) / 2)
    return note


def overshoots(dynamics: Motion, path: PathSpec, steps: int) -> Iterator[Guardrail]:
    """Too few steps for what the motion does in one, or too much time for where it leads."""
    if dynamics.follows_path and not dynamics.is_process:
        yield from _of_noise(dynamics, steps)
    yield from _of_drift(dynamics, path, steps)


def _of_noise(dynamics: Motion, steps: int) -> Iterator[Guardrail]:
    """A noise that a person chose, and a score that must make up for it step by step."""
    sigma, duration, taken = sigma_of(dynamics), duration_of(dynamics), steps * substeps_of(dynamics)
    needed = sigma**2 * duration / NOISE_PER_STEP
    if needed <= taken:
        return
    if dynamics.moved_by == "score":
        text = f"σ = {sigma:g} for {duration:g} time units is large for {taken} steps."
        yield Guardrail(Section.MOTION, text, Remedy.FINER_STEPS, _round_up(needed))
    else:
        text = f"σ = {sigma:g} is large for {steps} steps: the steps overshoot near t = 1."
        yield Guardrail(Section.MOTION, text, Remedy.MORE_STEPS, _round_up(needed))


def _of_drift(dynamics: Motion, path: PathSpec, steps: int) -> Iterator[Guardrail]:
    """A linear drift that throws the particles out, in truth or by steps that are too long."""
    growth = growth_of(dynamics)
    if growth > FARTHEST:
        text = f"Within this duration the particles go e^{growth:.0f} times as far: out of sight."
        shorter = _shortened(dynamics, lambda d: growth_of(d) <= FARTHEST)
        yield Guardrail(Section.MOTION, text, Remedy.SHORTER, shorter)
    needed = math.ceil(pull(dynamics, path) * duration_of(dynamics))
    if steps < needed:
        text = f"{steps} steps are few for a pull this strong: below {needed} they overshoot."
        if needed <= PLENTY_OF_STEPS:
            yield Guardrail(Section.MOTION, text, Remedy.MORE_STEPS, _round_up(needed))
        else:
            shorter = _shortened(dynamics, lambda d: pull(d, path) * duration_of(d) <= steps)
            yield Guardrail(Section.MOTION, text, Remedy.SHORTER, shorter)


def _shortened(dynamics: Motion, is_enough: Callable[[Motion], bool]) -> float:
    """The duration, halved until it is enough."""
    duration = duration_of(dynamics)
    while not is_enough(dynamics) and duration > 0.2:
        duration = float(f"{duration / 2:.2g}")
        dynamics = dynamics.model_copy(update={"duration": duration})
    return duration


def _round_up(number: float) -> float:
    """To two digits, never below."""
    unit = 10.0 ** max(0, math.floor(math.log10(number)) - 1)
    return float(math.ceil(number / unit) * unit)
