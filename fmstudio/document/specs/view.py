"""What is looked at: panes, layers, camera."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from fmstudio.document.specs.distribution import DistributionSpec
from fmstudio.document.specs.dynamics import DynamicsSpec, SimulationSpec
from fmstudio.document.specs.path import PathSpec
from fmstudio.document.specs.spec import Spec, setting


class FieldChoice(StrEnum):
    """Where the velocity comes from."""

    EXACT = "exact"
    LEARNED = "learned"


class ParticleColour(StrEnum):
    """What a particle's colour means."""

    ORIGIN = "origin"
    SPEED = "speed"
    PLAIN = "plain"


class LayersSpec(Spec):
    """Which layers a pane shows."""

    density: bool = True
    particles: bool = True
    trajectories: bool = True
    field: bool = True
    data: bool = False


class PaneSpec(Spec):
    """One pane: its field and layers, and what it overrides of the document (for comparisons)."""

    title: str = ""
    field: FieldChoice = FieldChoice.EXACT
    layers: LayersSpec = LayersSpec()
    source: DistributionSpec | None = None
    target: DistributionSpec | None = None
    path: PathSpec | None = None
    dynamics: DynamicsSpec | None = None
    simulation: SimulationSpec | None = None


class CameraSpec(Spec):
    """Centre and half height of what all panes show."""

    x: float = 0.0
    y: float = 0.0
    half_height: float = setting(3.2, "Half height", low=0.01, high=100.0)


class ViewSpec(Spec):
    """All panes share camera and time."""

    panes: tuple[PaneSpec, ...] = Field(default=(PaneSpec(),), min_length=1, max_length=6)
    camera: CameraSpec = CameraSpec()
    particle_colour: ParticleColour = ParticleColour.ORIGIN
    particle_size: float = setting(5.0, "Particle size", low=1.0, high=20.0, step=0.5)
    seconds: float = setting(
        4.0, "Seconds", low=0.5, high=60.0, step=0.5, hint="How long one pass takes at 1x"
    )
    loop: Literal["once", "loop", "bounce"] = "loop"
