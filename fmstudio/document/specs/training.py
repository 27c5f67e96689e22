"""What is learned and how: coupling, network, objective."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from fmstudio.document.specs.spec import Spec, setting


class Coupling(StrEnum):
    """How x_0 and z are paired in a batch."""

    INDEPENDENT = "independent"
    OT = "ot"
    SINKHORN = "sinkhorn"


class Objective(StrEnum):
    """What the loss is."""

    CFM = "cfm"
    """conditional flow matching (000 Thm 3; 004)"""
    DSM = "dsm"
    """denoising score matching with the noise weighting (002 eq 34)"""
    EXACT = "exact"
    """regression on the exact marginal field"""


class ModelSpec(Spec):
    """The velocity network: an MLP with SiLU on (x, features of t)."""

    kind: Literal["mlp"] = "mlp"
    width: int = setting(64, "Width", low=8, high=512, step=8, hint="Units in each hidden layer")
    layers: int = setting(3, "Hidden layers", low=1, high=6, step=1)


class TrainingSpec(Spec):
    """The optimiser's run: Adam with a cosine decay of the learning rate to 0."""

    objective: Objective = Objective.CFM
    coupling: Coupling = Coupling.INDEPENDENT
    steps: int = setting(4000, "Steps", low=1, high=1_000_000, step=500)
    batch_size: int = setting(256, "Batch", low=2, high=8192, step=64)
    learning_rate: float = setting(1e-2, "Learning rate", low=1e-6, high=1.0, step=1e-3, log=True)
    seed: int = setting(0, "Seed", low=0, high=2**31 - 1, step=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"
