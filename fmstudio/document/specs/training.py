"""What is learned and how: coupling, network, objective."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator

from fmstudio.document.specs.spec import Kind, Spec, setting
from fmstudio.document.specs.units import Units


@dataclass(frozen=True)
class CouplingFacts:
    """What everybody must know of a coupling; the permutation itself is in ``flows.paths.couplings``."""

    title: str
    hint: str
    """of the training"""
    paired: str
    """'paired ...'"""
    pairs: str
    """'... pairs'"""
    drawn: str
    """'... pairs' that a model was trained on"""


class Coupling(Kind):
    """How x_0 and z are paired in a batch."""

    facts: CouplingFacts

    INDEPENDENT = (
        "independent",
        CouplingFacts(
            title="As joined",
            hint="Training draws its pairs as the ends are joined: at random, or from the bridge",
            paired="at random",
            pairs="independent",
            drawn="independent",
        ),
    )
    OT = (
        "ot",
        CouplingFacts(
            title="OT",
            hint="Training pairs a batch by exact optimal transport",
            paired="by exact optimal transport",
            pairs="optimal",
            drawn="optimally transported",
        ),
    )
    SINKHORN = (
        "sinkhorn",
        CouplingFacts(
            title="Sinkhorn",
            hint="Training pairs a batch by entropic optimal transport",
            paired="by entropic transport (Sinkhorn)",
            pairs="entropic",
            drawn="entropically transported",
        ),
    )


class LossUnit(StrEnum):
    """What a loss is measured in."""

    SQUARED_SPEED = "squared-speed"
    """it grows with the square of lengths"""
    NONE = "none"
    """the noise has no unit"""
    NATS = "nats"
    """a mean of −log of a probability"""
    NATS_OF_DENSITY = "nats-of-density"
    """a mean of −log of a density, which is per area"""

    def in_units(self, loss: float, units: Units) -> float:
        """A loss of the plane in the units of a file."""
        if self is LossUnit.SQUARED_SPEED:
            return loss * units.scale**2
        return loss + units.log_area if self is LossUnit.NATS_OF_DENSITY else loss


class Trained(StrEnum):
    """What kind of model an objective makes."""

    NETWORK = "network"
    """a velocity"""
    FLOW_AND_SCORE = "flow-and-score"
    """a velocity and a score"""
    LAYERS = "layers"
    """RealNVP: no field, particles go from layer to layer, by no solver"""
    CLASSIFIER = "classifier"
    """it guides particles, and does not move them"""


class Fitted(StrEnum):
    """What a regression is fitted to at a place on the way of a pair."""

    VELOCITY = "velocity"
    """of that pair"""
    NOISE = "noise"
    """its x_0"""
    FIELD = "field"
    """the exact one, of all pairs together"""


@dataclass(frozen=True)
class ObjectiveFacts:
    """What everybody must know of an objective."""

    title: str
    learned: str
    """what it has made, as a part of a subtitle"""
    loss: str
    """what the figure of the loss is"""
    unit: LossUnit
    regresses: bool = False
    """it learns the field of a path from pairs (x_0, z), and tends to a floor that is known"""
    fits: Fitted = Fitted.VELOCITY
    makes: Trained = Trained.NETWORK
    uses_path: bool = True
    """the schedule plays a part: maximum likelihood asks for the two ends alone"""
    knows_field: bool = False
    """it is taught by the closed form, which must exist"""
    joins: bool = False
    """it learns the field of any coupling of the ends, noise on the way and all"""
    needs_noise: bool = False
    """and asks for some on the way"""
    reflows: bool = False
    """it may be trained anew on the pairs that its own flow has made"""

    @property
    def is_layered(self) -> bool:
        return self.makes is Trained.LAYERS

    @property
    def in_nats(self) -> bool:
        return self.unit in (LossUnit.NATS, LossUnit.NATS_OF_DENSITY)


_SQUARES = "Mean squared error of the regression, weighted"


class Objective(Kind):
    """What the loss is."""

    facts: ObjectiveFacts

    CFM = (
        "cfm",
        ObjectiveFacts(
            "Flow matching",
            "learned field",
            _SQUARES,
            LossUnit.SQUARED_SPEED,
            regresses=True,
            joins=True,
            reflows=True,
        ),
    )
    """conditional flow matching (Khungurn 2024, Thm 3; Liao et al. 2024)"""
    DSM = (
        "dsm",
        ObjectiveFacts(
            "Score matching",
            "learned field, by score matching",
            _SQUARES,
            LossUnit.NONE,
            regresses=True,
            fits=Fitted.NOISE,
        ),
    )
    """denoising score matching with the noise weighting (Chen 2024, eq 34)"""
    EXACT = (
        "exact",
        ObjectiveFacts(
            "Exact field",
            "learned field, from the exact one",
            _SQUARES,
            LossUnit.SQUARED_SPEED,
            regresses=True,
            fits=Fitted.FIELD,
            joins=True,
            knows_field=True,
        ),
    )
    """regression on the exact marginal field"""
    SF2M = (
        "sf2m",
        ObjectiveFacts(
            "Flow and score",
            "learned flow and score",
            "Mean squared error of the flow's regression, weighted",
            LossUnit.SQUARED_SPEED,
            regresses=True,
            joins=True,
            needs_noise=True,
            makes=Trained.FLOW_AND_SCORE,
        ),
    )
    """flow and score of Brownian bridges between pairs, by a network each ([SF]2M: Tong et al. 2023)"""
    CNF_ML = (
        "cnf-ml",
        ObjectiveFacts(
            "Maximum likelihood",
            "learned field, by maximum likelihood",
            "Mean of −log p₁(z), in nats",
            LossUnit.NATS_OF_DENSITY,
            uses_path=False,
        ),
    )
    """a continuous normalizing flow by maximum likelihood, with the exact trace (Liao et al. 2024)"""
    REALNVP = (
        "realnvp",
        ObjectiveFacts(
            "RealNVP",
            "RealNVP",
            "Mean of −log p(z), in nats",
            LossUnit.NATS_OF_DENSITY,
            uses_path=False,
            makes=Trained.LAYERS,
        ),
    )
    """affine couplings by maximum likelihood: another model, not a field (Liao et al. 2024)"""
    CLASSIFIER = (
        "classifier",
        ObjectiveFacts(
            "Classifier",
            "classifier",
            "Cross-entropy of the label, in nats",
            LossUnit.NATS,
            makes=Trained.CLASSIFIER,
        ),
    )
    """p_t(y given x), for guidance: no model of the data (Chen 2024, sec 5)"""


MODEL_OBJECTIVES = tuple(o for o in Objective if o.facts.makes is not Trained.CLASSIFIER)
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
