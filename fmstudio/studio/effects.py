"""Which controls change something of what is shown, and why the others do not. Pure.

A control that is idle changes no request of any pane: ``Document.experiment`` leaves out what plays no part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import get_args

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.view import LAYERS
from fmstudio.studio.motions import has_arrows


class Control(StrEnum):
    """What a person may turn."""

    SOURCE = "source"
    TARGET = "target"
    PATH = "path"
    FIELD = "field"
    JOINING = "joining"
    """how the ends are joined"""
    COUPLING = "coupling"
    """how a training pairs its batches"""
    SOLVER = "solver"
    NOISE_SEED = "noise-seed"
    GUIDANCE = "guidance"
    LABEL = "label"


def idle(document: Document, control: Control) -> str:
    """Why this control changes nothing of what is shown, in one sentence; '' where it acts."""
    return _REASONS[control](document, [document.experiment(i) for i in range(len(document.view.panes))])


def no_equation(document: Document) -> str:
    """Why no solver moves the particles of any pane, in one sentence; '' where one does."""
    shown = [document.experiment(i) for i in range(len(document.view.panes))]
    if all(e.is_layered for e in shown):
        return "RealNVP goes from layer to layer: there is no equation to solve."
    if not any(e.dynamics.by_equation for e in shown):
        return "Each particle is put where it belongs on its line: there is no equation to solve."
    return ""


def _source(_document: Document, shown: list[Experiment]) -> str:
    if any(e.dynamics.follows_source for e in shown):
        return ""
    return f"{_motions(shown)} starts at the target: the source plays no part."


def _target(_document: Document, shown: list[Experiment]) -> str:
    if any(e.dynamics.follows_target for e in shown):
        return ""
    return f"The target plays no part in {_motions(shown)}."


def _path(_document: Document, shown: list[Experiment]) -> str:
    if any(e.has_path and e.coupling.is_independent for e in shown):
        return ""
    if any(not e.coupling.is_independent for e in shown):
        return "A bridge goes its own way, (1 − t) x₀ + t z and noise between: the path plays no part."
    if any(e.dynamics.follows_path for e in shown):
        return "A model trained by maximum likelihood asks for the two ends alone: the path plays no part."
    return f"The path plays no part in {_motions(shown)}."


def _field(_document: Document, shown: list[Experiment]) -> str:
    if any(e.dynamics.uses_field for e in shown):
        return ""
    return f"No field, exact or learned, plays a part in {_motions(shown)}."


def _joining(_document: Document, shown: list[Experiment]) -> str:
    if any(e.may_be_joined for e in shown):
        return ""
    if any(e.is_learned for e in shown):
        titles = " and ".join(dict.fromkeys(e.training.objective.facts.title for e in shown if e.is_learned))
        return f"{titles} learns independent ends alone: flow matching learns any."
    return f"No field of a path plays a part in {_motions(shown)}: its ends are not joined."


def _coupling(document: Document, shown: list[Experiment]) -> str:
    lines = zip(document.view.panes, shown, strict=True)
    if any(pane.layers.couplings and draws_pairs_of_training(e) for pane, e in lines):
        return ""
    if any(e.is_learned and e.training.objective.facts.regresses for e in shown):
        return ""
    if any(e.is_learned for e in shown):
        return "Maximum likelihood pairs nothing."
    return "How pairs are made is a choice of the training: it changes a learned field only."


def idle_layer(experiment: Experiment, layer: str) -> str:
    """Why the layer has nothing to show in this pane, in one sentence; '' where it has."""
    if layer == "field" and not has_arrows(experiment):
        if experiment.is_layered:
            return "RealNVP goes from layer to layer: there is no field to draw."
        return "The field of particles that are paired so has no closed form."
    if layer == "reference" and experiment.is_layered:
        return "RealNVP goes from layer to layer: no finer steps could be taken."
    return LAYERS[layer].why_idle(experiment.dynamics)


def draws_pairs_of_training(experiment: Experiment) -> bool:
    """Coupling lines in this pane would be those of the training: its motion has no pairs of its own."""
    return experiment.dynamics.follows_path and experiment.dynamics.pairs is None


def _solver(document: Document, shown: list[Experiment]) -> str:
    if reason := no_equation(document):
        return reason
    kinds = {type(e.dynamics) for e in shown}
    if len(kinds) > 1:
        return "The panes move by different equations, each with its own solver."
    if len(get_args(kinds.pop().model_fields["solver"].annotation)) == 1:
        return f"There is one solver for {_motions(shown)}."
    return ""


def _noise_seed(_document: Document, shown: list[Experiment]) -> str:
    if any(e.draws_noise for e in shown):
        return ""
    if any(e.dynamics.is_noisy for e in shown):
        return "σ is 0: there is no noise to draw."
    return f"There is no noise in {_motions(shown)}."


def _guidance(_document: Document, shown: list[Experiment]) -> str:
    if any(_may_guide(e) for e in shown):
        return ""
    if any(not e.coupling.is_plain for e in shown):
        return "Guidance is known for independent ends and no noise on the way."
    if any(e.dynamics.uses_field for e in shown):
        return "A model trained by maximum likelihood cannot be guided."
    return f"{_motions(shown)} cannot be guided: it follows no field of the path."


def _may_guide(experiment: Experiment) -> bool:
    by_path = not experiment.is_learned or experiment.training.objective.facts.uses_path
    return experiment.dynamics.uses_field and by_path and experiment.coupling.is_plain


def _label(document: Document, shown: list[Experiment]) -> str:
    guided = [e.guidance for e in shown if e.guidance is not None]
    if guided and all(guidance.scale == 0 for guidance in guided):
        return "S is 0: no label pulls."
    return "" if guided else _guidance(document, shown)


def _motions(shown: Iterable[Experiment]) -> str:
    return " and ".join(dict.fromkeys(e.dynamics.title for e in shown))


_REASONS: dict[Control, Callable[[Document, list[Experiment]], str]] = {
    Control.SOURCE: _source,
    Control.TARGET: _target,
    Control.PATH: _path,
    Control.FIELD: _field,
    Control.JOINING: _joining,
    Control.COUPLING: _coupling,
    Control.SOLVER: _solver,
    Control.NOISE_SEED: _noise_seed,
    Control.GUIDANCE: _guidance,
    Control.LABEL: _label,
}
