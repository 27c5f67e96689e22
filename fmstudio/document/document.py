"""The document: everything a person asked for, in one frozen value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from pydantic import Field, model_validator

from fmstudio.document.lately import lately
from fmstudio.document.specs.coupling import IndependentSpec, JoiningSpec
from fmstudio.document.specs.distribution import DistributionSpec, StandardNormalSpec, TwoMoonsSpec
from fmstudio.document.specs.dynamics import DynamicsSpec, ODESpec, SimulationSpec
from fmstudio.document.specs.guidance import GuidanceSpec
from fmstudio.document.specs.path import CondOTSpec, PathSpec
from fmstudio.document.specs.problem import Problem
from fmstudio.document.specs.spec import Spec
from fmstudio.document.specs.training import ModelSpec, ModelTraining, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, PaneSpec, ViewSpec

SCHEMA_VERSION = 4
MOST_MOMENTS = 60
MOST_TITLE, MOST_CAPTION = 60, 300
"""Letters: more could not be read from the last row of a hall."""


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
    coupling: JoiningSpec = IndependentSpec()
    training_step: int | None = None
    """what is learned, as it was then; None: the newest"""

    @property
    def problem(self) -> Problem:
        return Problem(self.source, self.target, self.path).joined(self.coupling)

    @property
    def is_learned(self) -> bool:
        """A trained model moves the particles."""
        return self.field is FieldChoice.LEARNED

    @property
    def is_layered(self) -> bool:
        """Its model is no field: particles go from layer to layer, by no solver."""
        return self.is_learned and self.training.objective.facts.is_layered

    @property
    def has_path(self) -> bool:
        """The schedule plays a part."""
        return self.dynamics.follows_path and (not self.is_learned or self.training.objective.facts.uses_path)

    @property
    def may_be_joined(self) -> bool:
        """The coupling of the ends plays a part: of the field along a path, if that can be learned so."""
        by_path = self.dynamics.uses_field and self.dynamics.follows_path
        return by_path and (not self.is_learned or self.training.objective.facts.joins)

    @property
    def is_joined(self) -> bool:
        """x_t is more than alpha z + beta x_0 of independent ends."""
        return self.may_be_joined and not self.coupling.is_plain

    @property
    def goes_its_own_way(self) -> bool:
        """A bridge: whatever the path is."""
        return self.is_joined and not self.coupling.is_independent

    @property
    def breaks_steps(self) -> bool:
        """Its solver takes more steps than are shown where the ends of an exact bridge pull faster than a
        step allows."""
        moves = self.dynamics.is_flow and self.dynamics.by_equation
        return moves and self.goes_its_own_way and not self.is_learned

    @property
    def draws_noise(self) -> bool:
        """The second seed changes something: noise, or the z of a start that is mixed with the target."""
        alpha_0, _ = self.path.start_scales
        is_mixed = self.has_path and self.dynamics.uses_field and alpha_0 > 0 and not self.goes_its_own_way
        return self.dynamics.draws_noise or is_mixed


class Moment(Spec):
    """One step of a lesson: a whole document, the time at which it is looked at, and what is said of it.

    ``document.lesson`` has what goes with these: which of them are alike, and what of a document a moment is.
    """

    title: str = Field("", max_length=MOST_TITLE)
    caption: str = Field("", max_length=MOST_CAPTION)
    t: float = Field(0.0, ge=0.0, le=1.0)
    plays: bool = False
    """time runs from there on; else it stands"""
    document: Document

    @model_validator(mode="after")
    def _plain(self) -> Self:
        if self.document.lesson:
            raise ValueError("the document of a moment can hold no lesson of its own")
        return self


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
    coupling: JoiningSpec = IndependentSpec()
    view: ViewSpec = ViewSpec()
    lesson: tuple[Moment, ...] = Field((), max_length=MOST_MOMENTS)
    """saved moments, in the order in which they are shown"""

    def __hash__(self) -> int:
        """Of what is shown: many moments would take long."""
        return hash(tuple(getattr(self, name) for name in _SHOWN))

    @property
    def problem(self) -> Problem:
        """What a training by its own settings is about."""
        ends = Problem(self.source, self.target, self.path)
        return ends.joined(self.coupling) if self.training.objective.facts.joins else ends

    @lately
    def experiment(self, pane: int) -> Experiment:
        """What pane number ``pane`` computes. Raises IndexError for a pane that is not there."""
        spec: PaneSpec = self.view.panes[pane]
        dynamics, training = spec.dynamics or self.dynamics, spec.training or self.training
        field = spec.field if dynamics.uses_field else FieldChoice.EXACT
        asked = Experiment(
            source=(spec.source or self.source) if dynamics.follows_source else StandardNormalSpec(),
            target=(spec.target or self.target) if dynamics.follows_target else StandardNormalSpec(),
            path=spec.path or self.path,
            field=field,
            dynamics=dynamics,
            simulation=spec.simulation or self.simulation,
            model=spec.model or self.model,
            training=training,
            has_own_training=spec.training is not None,
            guidance=spec.guidance or self.guidance,
            coupling=spec.coupling or self.coupling,
            training_step=self.view.training_step if spec.training_step is None else spec.training_step,
        )
        return asked.model_copy(update=_idle_parts(asked))

    def showing(self, field: FieldChoice) -> Document:
        """The same with the exact or the learned field in every pane."""
        return self.with_panes(lambda pane: pane.model_copy(update={"field": field}))

    def with_panes(self, change: Callable[[PaneSpec], PaneSpec], **own: object) -> Document:
        """Every pane changed, and these parts of the document itself."""
        panes = tuple(change(pane) for pane in self.view.panes)
        if panes == self.view.panes and not own:
            return self
        return self.model_copy(update={**own, "view": self.view.model_copy(update={"panes": panes})})

    def everywhere(self, part: str, change: Callable[[Any], object]) -> Document:
        """One part changed: the document's own, and that of each pane that has its own."""

        def changed(holder: Document | PaneSpec) -> dict[str, object]:
            own = getattr(holder, part)
            return {} if own is None else {part: change(own)}

        return self.with_panes(lambda pane: pane.model_copy(update=changed(pane)), **changed(self))


_SHOWN = tuple(name for name in Document.model_fields if name != "lesson")


def _idle_parts(asked: Experiment) -> dict[str, Any]:
    """What plays no part in a pane, as it comes."""
    dynamics, changes = asked.dynamics, dict[str, Any]()
    if not asked.is_learned:
        changes["training_step"] = None
    if not asked.may_be_joined:
        changes["coupling"] = IndependentSpec()
    if asked.is_joined:
        changes["guidance"] = None
    if not asked.has_path or asked.goes_its_own_way:
        changes["path"] = CondOTSpec()
    if not asked.draws_noise:
        changes["simulation"] = asked.simulation.model_copy(update={"noise_seed": 0})
    if not dynamics.uses_field or (asked.is_learned and not asked.training.objective.facts.uses_path):
        changes["guidance"] = None
    if asked.is_layered:
        solver = type(dynamics).model_fields["solver"].default
        changes["dynamics"] = dynamics.model_copy(update={"solver": solver})
    return changes
