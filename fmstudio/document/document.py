"""The document: everything a person asked for, in one frozen value."""

from __future__ import annotations

from fmstudio.document.specs.distribution import DistributionSpec, StandardNormalSpec, TwoMoonsSpec
from fmstudio.document.specs.dynamics import FIELDLESS, DynamicsSpec, LangevinSpec, ODESpec, SimulationSpec
from fmstudio.document.specs.guidance import GuidanceSpec
from fmstudio.document.specs.path import CondOTSpec, PathSpec
from fmstudio.document.specs.spec import Spec
from fmstudio.document.specs.training import ModelSpec, ModelTraining, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec

SCHEMA_VERSION = 1
UNGUIDED: tuple[type[Spec], ...] = (*FIELDLESS, LangevinSpec)
"""Motions that no guidance reaches: they follow no field, or the target's own score."""


class Experiment(Spec):
    """What one pane computes: the document with that pane's overrides applied.

    ``field`` is EXACT where the motion follows no field."""

    source: DistributionSpec
    target: DistributionSpec
    path: PathSpec
    field: FieldChoice
    dynamics: DynamicsSpec
    simulation: SimulationSpec
    model: ModelSpec = ModelSpec()
    training: TrainingSpec = TrainingSpec()
    has_own_training: bool = False
    """the pane is there to compare trainings"""
    guidance: GuidanceSpec | None = None


class Document(Spec):
    """The whole state of a studio, but for results (which can be computed again) and preferences."""

    schema_version: int = SCHEMA_VERSION
    title: str = "untitled"
    caption: str = ""
    source: DistributionSpec = StandardNormalSpec()
    target: DistributionSpec = TwoMoonsSpec()
    path: PathSpec = CondOTSpec()
    model: ModelSpec = ModelSpec()
    training: ModelTraining = TrainingSpec()
    dynamics: DynamicsSpec = ODESpec()
    simulation: SimulationSpec = SimulationSpec()
    guidance: GuidanceSpec | None = None
    view: ViewSpec = ViewSpec()

    def experiment(self, pane: int) -> Experiment:
        """What pane number ``pane`` computes. Raises IndexError for a pane that is not there."""
        spec: PaneSpec = self.view.panes[pane]
        dynamics = spec.dynamics or self.dynamics
        return Experiment(
            source=spec.source or self.source,
            target=spec.target or self.target,
            path=spec.path or self.path,
            field=FieldChoice.EXACT if isinstance(dynamics, FIELDLESS) else spec.field,
            dynamics=dynamics,
            simulation=spec.simulation or self.simulation,
            model=spec.model or self.model,
            training=spec.training or self.training,
            has_own_training=spec.training is not None,
            guidance=None if isinstance(dynamics, UNGUIDED) else spec.guidance or self.guidance,
        )
