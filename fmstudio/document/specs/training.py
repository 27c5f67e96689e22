"""What is learned and how: coupling, network, objective."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator

from fmstudio.document.specs.spec import Spec, setting
from fmstudio.document.specs.units import Units


class Coupling(StrEnum):
    """How x_0 and z are paired in a batch."""

    INDEPENDENT = "independent"
    OT = "ot"
    SINKHORN = "sinkhorn"


class Objective(StrEnum):
    """What the loss is."""

    CFM = "cfm"
    """conditional flow matching (Khungurn 2024, Thm 3; Liao et al. 2024)"""
    DSM = "dsm"
    """denoising score matching with the noise weighting (Chen 2024, eq 34)"""
    EXACT = "exact"
    """regression on the exact marginal field"""
    CNF_ML = "cnf-ml"
    """a continuous normalizing flow by maximum likelihood, with the exact trace (Liao et al. 2024)"""
    REALNVP = "realnvp"
    """affine couplings by maximum likelihood: another model, not a field (Liao et al. 2024)"""
    CLASSIFIER = "classifier"
    """p_t(y given x), for guidance: no model of the data (Chen 2024, sec 5)"""

    @property
    def uses_path(self) -> bool:
        """The schedule plays a part: maximum likelihood asks for the two ends alone."""
        return self not in (Objective.CNF_ML, Objective.REALNVP)

    @property
    def uses_pairs(self) -> bool:
        """It makes a difference how x_0 and z are paired."""
        return self in FIELD_OBJECTIVES

    @property
    def in_nats(self) -> bool:
        """The loss is a mean of −log p, not of squares."""
        return self in (Objective.CNF_ML, Objective.REALNVP, Objective.CLASSIFIER)

    def in_units(self, loss: float, units: Units) -> float:
        """A loss of the plane in the units of a file: squares of velocities grow with the square of lengths,
        likelihoods are per area, and the noise and the labels have no unit."""
        if self in (Objective.CFM, Objective.EXACT):
            return loss * units.scale**2
        return loss + units.log_area if self in (Objective.CNF_ML, Objective.REALNVP) else loss


FIELD_OBJECTIVES = (Objective.CFM, Objective.DSM, Objective.EXACT)
"""What learns the field of a path, and therefore tends to the exact one."""
MODEL_OBJECTIVES = (*FIELD_OBJECTIVES, Objective.CNF_ML, Objective.REALNVP)
"""What a person may ask for: all that moves particles."""


class ModelSpec(Spec):
    """The network: an MLP with SiLU on (x, features of t), or the networks of RealNVP's couplings."""

    kind: Literal["mlp"] = "mlp"
    width: int = setting(64, "Width", low=8, high=512, step=8, hint="Units in each hidden layer")
    layers: int = setting(3, "Hidden layers", low=1, high=6, step=1)
    couplings: int = setting(
        8, "Couplings", low=2, high=24, step=1, hint="Of RealNVP: each moves one coordinate by the other"
    )
    conditional: bool = False
    """the network is told the label of z, now and then none: for guidance without a classifier"""


class TrainingSpec(Spec):
    """The optimiser's run: Adam with a cosine decay of the learning rate to 0."""

    objective: Objective = Objective.CFM
    coupling: Coupling = Coupling.INDEPENDENT
    steps: int = setting(4000, "Steps", low=1, high=1_000_000, step=500)
    batch_size: int = setting(256, "Batch", low=2, high=8192, step=64)
    learning_rate: float = setting(1e-2, "Learning rate", low=1e-6, high=1.0, step=1e-3, log=True)
    seed: int = setting(0, "Seed", low=0, high=2**31 - 1, step=1)
    reflow: int = setting(
        0,
        "Reflow",
        low=0,
        high=3,
        step=1,
        hint="Rounds of training anew on the pairs that the flow itself has made: straighter paths",
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @property
    def total_steps(self) -> int:
        """Those of all rounds."""
        return self.steps * (1 + self.reflow)


def _of_a_model(training: TrainingSpec) -> TrainingSpec:
    if training.objective not in MODEL_OBJECTIVES:
        raise ValueError(f"objective takes {', '.join(MODEL_OBJECTIVES)}; a classifier comes with guidance")
    return training


ModelTraining = Annotated[TrainingSpec, AfterValidator(_of_a_model)]
"""The training of what moves particles: what a document may ask for."""
