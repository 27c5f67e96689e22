"""What is asked of a training: that it begins, and how it goes on. Frozen and picklable; no torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.training import ModelSpec, TrainingSpec
from fmstudio.engine.requests import LearnedModel


@dataclass(frozen=True)
class TrainRequest:
    """Train a model for ``training.total_steps`` steps.

    ``resume`` continues from its parameters (the optimiser's moments start afresh): the steps that remain of
    that run or, if it was complete, as many again.
    """

    problem: Problem
    model: ModelSpec
    training: TrainingSpec
    resume: LearnedModel | None = None


class TrainingCommand(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
