"""The document: everything a person asked for, in one frozen value."""

from __future__ import annotations

from fmstudio.document.specs.distribution import DistributionSpec, StandardNormalSpec, TwoMoonsSpec
from fmstudio.document.specs.dynamics import DynamicsSpec, Motion, ODESpec, SimulationSpec
from fmstudio.document.specs.guidance import GuidanceSpec
from fmstudio.document.specs.path import CondOTSpec, PathSpec
from fmstudio.document.specs.spec import Spec
from fmstudio.document.specs.training import ModelSpec, ModelTraining, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec

SCHEMA_VERSION = 1


class Experiment(Spec):
    """What one pane computes: the document with that pane's overrides applied.

    What plays no part in it is as it comes, so that it changes nothing: the ends and the path that a motion
    does not follow, the seed of a noise that there is not, the guidance of what follows no field (whose
    ``field`` is EXACT)."""

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
        dynamics, training = spec.dynamics or self.dynamics, spec.training or self.training
        field = spec.field if dynamics.uses_field else FieldChoice.EXACT
        has_path = dynamics.follows_path and (field is FieldChoice.EXACT or training.objective.uses_path)
        return Experiment(
            source=(spec.source or self.source) if dynamics.follows_source else StandardNormalSpec(),
            target=(spec.target or self.target) if dynamics.follows_target else StandardNormalSpec(),
            path=(spec.path or self.path) if has_path else CondOTSpec(),
            field=field,
            dynamics=dynamics,
            simulation=_simulated(spec.simulation or self.simulation, dynamics),
            model=spec.model or self.model,
            training=training,
            has_own_training=spec.training is not None,
            guidance=(spec.guidance or self.guidance) if dynamics.uses_field else None,
        )


def _simulated(simulation: SimulationSpec, dynamics: Motion) -> SimulationSpec:
    return simulation if dynamics.draws_noise else simulation.model_copy(update={"noise_seed": 0})
