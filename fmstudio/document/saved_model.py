"""A trained network as it is kept in a file: the same fields as the engine's LearnedModel."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.specs.coupling import IndependentSpec, JoiningSpec
from fmstudio.document.specs.distribution import DistributionSpec
from fmstudio.document.specs.path import PathSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.spec import Spec
from fmstudio.document.specs.training import ModelSpec, Objective, TrainingSpec


class SavedCurve(Spec):
    """The losses of a training, step by step from ``first_step`` on, of ``steps`` in all."""

    first_step: int = Field(ge=0)
    steps: int = Field(ge=0)
    losses: FrozenArray
    """(n,) float32"""
    floor: float | None = None
    """the irreducible loss, where it is known"""

    @model_validator(mode="after")
    def _flat(self) -> Self:
        if len(self.losses.shape) != 1:
            raise ValueError(f"losses must be one row, got shape {self.losses.shape}")
        return self


MOST_CHECKPOINTS = 24
"""Of one model."""


class Checkpoint(Spec):
    """The weights as they were after so many steps of the training."""

    step: int = Field(ge=0)
    parameters: FrozenArray
    """(P,) float32, finite"""


class SavedModel(Spec):
    """What the network is, its flat parameters, and what it was trained on."""

    model: ModelSpec
    objective: Objective
    parameters: FrozenArray
    """(P,) float32, finite"""
    step: int = Field(ge=0)
    source: DistributionSpec
    target: DistributionSpec
    path: PathSpec
    coupling: JoiningSpec = Field(default_factory=IndependentSpec)
    training: TrainingSpec
    curve: SavedCurve | None = None
    """how its loss fell; None in files from before it was kept"""
    checkpoints: tuple[Checkpoint, ...] = Field(default=(), max_length=MOST_CHECKPOINTS)
    """what it was on its way, by step; none in files from before they were kept"""

    @property
    def problem(self) -> Problem:
        return Problem(self.source, self.target, self.path).joined(self.coupling)

    @model_validator(mode="after")
    def _flat(self) -> Self:
        if len(self.parameters.shape) != 1 or self.parameters.shape[0] == 0:
            raise ValueError(f"the weights must be one vector, got shape {self.parameters.shape}")
        if not np.isfinite(self.parameters.values).all():
            raise ValueError("the weights hold NaN or infinite values")
        return self

    @model_validator(mode="after")
    def _on_its_way(self) -> Self:
        steps = [checkpoint.step for checkpoint in self.checkpoints]
        if steps != sorted(set(steps)):
            raise ValueError("the checkpoints are not in the order of their steps")
        for kept in self.checkpoints:
            if kept.parameters.shape != self.parameters.shape:
                raise ValueError(f"the checkpoint of step {kept.step} is of another network")
            if not np.isfinite(kept.parameters.values).all():
                raise ValueError(f"the checkpoint of step {kept.step} holds NaN or infinite values")
        return self
