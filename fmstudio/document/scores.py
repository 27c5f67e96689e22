"""Which learned velocity tells the score of its path, and which path is a noising undone. Pure."""

from __future__ import annotations

from fmstudio.document.specs.distribution import StandardNormalSpec
from fmstudio.document.specs.motion import Motion
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import Coupling, Trained, TrainingSpec


def why_no_flow(dynamics: Motion, problem: Problem) -> str:
    """Why a motion that belongs to the noising of the data is not one of this problem, in one sentence."""
    normal = isinstance(problem.source, StandardNormalSpec) and problem.coupling.is_plain
    if not dynamics.needs_normal_source or normal:
        return ""
    return (
        f"{dynamics.title} undoes the noising of the data, which takes a standard normal source and "
        "independent ends: the ODE takes any."
    )


def why_no_training(problem: Problem, training: TrainingSpec) -> str:
    """Why that cannot be learned of this problem, in one sentence."""
    if training.objective.facts.needs_noise and problem.coupling.is_plain:
        return (
            "Flow and score matching learns from noise on the way, and there is none: "
            "join the ends by a bridge, or set γ above 0."
        )
    return ""


def why_no_score(problem: Problem, training: TrainingSpec) -> str:
    """Why a model of this training does not tell the score, as the end of a sentence; '' if it does: it
    learned one, or x_0 is standard normal whatever z is."""
    if training.objective.facts.makes is Trained.FLOW_AND_SCORE:
        return ""
    if not training.objective.facts.uses_path:
        return "a model trained by maximum likelihood does not tell"
    if training.reflow:
        return "a flow straightened by reflow does not tell"
    if training.coupling is not Coupling.INDEPENDENT:
        return f"a model trained on {training.coupling.facts.drawn} pairs does not tell"
    if not problem.coupling.is_plain:
        return "a flow between ends that are joined does not tell (flow and score matching learns one)"
    if not isinstance(problem.source, StandardNormalSpec):
        return "a model of another source than the standard normal does not tell"
    return ""
