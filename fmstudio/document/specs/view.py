"""What is looked at: panes, layers, camera."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from fmstudio.document.specs.distribution import DistributionSpec
from fmstudio.document.specs.dynamics import DynamicsSpec, SimulationSpec
from fmstudio.document.specs.guidance import GuidanceSpec
from fmstudio.document.specs.path import PathSpec
from fmstudio.document.specs.spec import Spec, setting
from fmstudio.document.specs.training import ModelSpec, ModelTraining


class FieldChoice(StrEnum):
    """Where the velocity comes from."""

    EXACT = "exact"
    LEARNED = "learned"


class DensityChoice(StrEnum):
    """What the density layer shows, and how it is obtained."""

    AUTO = "auto"
    """the closed form where it belongs to the particles, or else a KDE"""
    EXACT = "exact"
    """the closed form of p_t"""
    KDE = "kde"
    """a kernel density estimate of the pane's particles"""
    LIKELIHOOD = "likelihood"
    """log p_0 less the divergence along the flow (Khungurn 2024, eq 2-3; Liao et al. 2024)"""
    LIKELIHOOD_HUTCHINSON = "likelihood-hutchinson"
    """the same with Hutchinson's estimate of the divergence"""
    FOKKER_PLANCK = "fokker-planck"
    """the Fokker-Planck equation of the pane's motion, solved on a grid (6.S184 notes, Thm 2.4)"""
    TIME_DERIVATIVE = "time-derivative"
    """d_t p"""
    MINUS_DIVERGENCE = "minus-divergence"
    """-div(p u)"""
    RESIDUAL = "residual"
    """d_t p + div(p u): what the continuity equation says is zero (6.S184 notes, Thm 2.2)"""
    ERROR = "error"
    """|v - u|, learned against exact"""
    NAIVE_ERROR = "naive-error"
    """|naive average - u|"""


class ArrowChoice(StrEnum):
    """What the arrows show."""

    VELOCITY = "velocity"
    """what moves the particles: u_t, or for a sampler the score of what it samples"""
    SCORE = "score"
    """grad log p_t"""
    FLUX = "flux"
    """p_t u_t"""
    NAIVE_AVERAGE = "naive-average"
    """the mean of u_t(x given z) over p_data instead of over the posterior (“Vector fields” post)"""


class ParticleColour(StrEnum):
    """What a particle's colour means."""

    ORIGIN = "origin"
    SPEED = "speed"
    LABEL = "label"
    """the label of where a particle ends"""
    PLAIN = "plain"


class LayersSpec(Spec):
    """Which layers a pane shows."""

    density: bool = True
    particles: bool = True
    trajectories: bool = True
    """the last part of each path, fading"""
    paths: bool = False
    """the whole of each path so far"""
    field: bool = True
    data: bool = False
    couplings: bool = False
    """lines between the ends x_0 and z of some pairs"""
    grid: bool = False
    """a square grid, warped by the flow"""


class PaneSpec(Spec):
    """One pane: its field and layers, and what it overrides of the document (for comparisons)."""

    title: str = ""
    field: FieldChoice = FieldChoice.EXACT
    layers: LayersSpec = LayersSpec()
    until: float = setting(
        1.0, "Until", low=0.0, high=1.0, step=0.05, hint="The pane goes no further than this part of the way"
    )
    density: DensityChoice = DensityChoice.AUTO
    arrows: ArrowChoice = ArrowChoice.VELOCITY
    source: DistributionSpec | None = None
    target: DistributionSpec | None = None
    path: PathSpec | None = None
    dynamics: DynamicsSpec | None = None
    simulation: SimulationSpec | None = None
    model: ModelSpec | None = None
    training: ModelTraining | None = None
    guidance: GuidanceSpec | None = None


class CameraSpec(Spec):
    """Centre of what all panes show, and half the side of the square that each pane shows at least: of a
    pane's two sides the smaller is ``2 half`` long, whatever its shape."""

    x: float = 0.0
    y: float = 0.0
    half: float = setting(3.2, "Half side", low=0.01, high=500.0)


class ViewSpec(Spec):
    """All panes share camera and time."""

    panes: tuple[PaneSpec, ...] = Field(default=(PaneSpec(),), min_length=1, max_length=6)
    camera: CameraSpec | None = None
    """where somebody looked; None: fitted to what belongs to the scene (``studio.fit``)"""
    particle_colour: ParticleColour = ParticleColour.ORIGIN
    particle_size: float = setting(5.0, "Particle size", low=1.0, high=20.0, step=0.5)
    seconds: float = setting(
        4.0, "Seconds", low=0.5, high=60.0, step=0.5, hint="How long one pass takes at 1x"
    )
    gradients: bool = False
    """beside the plots, how far the gradients of FM and CFM agree (Khungurn 2024, Thm 3)"""
    loop: Literal["once", "loop", "bounce"] = "loop"
