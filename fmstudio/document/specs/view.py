"""What is looked at: panes, layers, camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Annotated, Literal

from pydantic import Field

from fmstudio.document.specs.arrows import ChosenQuantity, Quantity
from fmstudio.document.specs.colouring import ParticleColour
from fmstudio.document.specs.coupling import JoiningSpec
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import DistributionSpec
from fmstudio.document.specs.dynamics import DynamicsSpec, SimulationSpec
from fmstudio.document.specs.guidance import GuidanceSpec
from fmstudio.document.specs.motion import Motion
from fmstudio.document.specs.path import PathSpec
from fmstudio.document.specs.spec import Spec, setting
from fmstudio.document.specs.training import ModelSpec, ModelTraining


class FieldChoice(StrEnum):
    """Where the velocity comes from."""

    EXACT = "exact"
    LEARNED = "learned"


class Region(StrEnum):
    """A part of the window that may be hidden, for a lesson that is about something else."""

    SOURCE = "source"
    TARGET = "target"
    PATH = "path"
    FIELD = "field"
    MOTION = "motion"
    PLOTS = "plots"


def _whatever(_motion: Motion) -> bool:
    return True


@dataclass(frozen=True)
class Layer:
    """What everybody must know of a layer, beside its switch; ``render.presenter`` makes it."""

    title: str
    is_rare: bool = False
    """in a menu, not a switch of its own"""
    moves: bool = False
    """it is made of the motion: the pane's heading says by what solver that is"""
    told: tuple[str, str] | None = None
    """its entry in the legend, name and words, where these are always the same"""
    shows: Callable[[Motion], bool] = _whatever
    """whether it has something to show of a motion"""
    idle: str = ""
    """why not, of a {motion}"""

    def why_idle(self, motion: Motion) -> str:
        """Why it has nothing to show of this motion, in one sentence; '' where it has."""
        return "" if self.shows(motion) else self.idle.format(motion=motion.title)


class LayersSpec(Spec):
    """Which layers a pane shows, in the order in which they are offered."""

    density: Annotated[bool, Layer("Density")] = True
    particles: Annotated[bool, Layer("Particles", moves=True)] = True
    trajectories: Annotated[bool, Layer("Trajectories", moves=True)] = True
    """the last part of each path, fading"""
    field: Annotated[bool, Layer("Vector field")] = True
    data: Annotated[
        bool,
        Layer(
            "Samples of the target",
            is_rare=True,
            told=("points", "samples of the target"),
            shows=attrgetter("follows_target"),
            idle="The target plays no part in {motion}.",
        ),
    ] = False
    paths: Annotated[bool, Layer("Whole paths", is_rare=True, moves=True)] = False
    """the whole of each path so far"""
    couplings: Annotated[
        bool,
        Layer(
            "Coupling lines",
            is_rare=True,
            shows=attrgetter("follows_path"),
            idle="{motion} goes along no path: it joins no pairs.",
        ),
    ] = False
    """lines between the ends x_0 and z of some pairs"""
    grid: Annotated[
        bool,
        Layer(
            "Warped grid",
            is_rare=True,
            moves=True,
            shows=attrgetter("is_flow"),
            idle="Only a flow warps a grid: {motion} moves each particle on its own.",
        ),
    ] = False
    """a square grid, warped by the flow"""
    reference: Annotated[
        bool,
        Layer(
            "Reference paths",
            is_rare=True,
            moves=True,
            told=("reference", "the same particles in 200 steps of Runge–Kutta 4, thin"),
            shows=attrgetter("is_flow"),
            idle="Only a flow has one true path for each particle: {motion} draws noise.",
        ),
    ] = False
    """what a coarse path should have been, beneath it"""
    contours: Annotated[
        bool, Layer("Contours", is_rare=True, told=("contours", "each line half as high as the next"))
    ] = False
    """level lines of what the density shows"""
    axes: Annotated[bool, Layer("Axes and scale", is_rare=True)] = False
    """lines at round numbers, in the units of the file that an end came from, and a scale bar"""


LAYERS: dict[str, Layer] = {
    name: next(note for note in info.metadata if isinstance(note, Layer))
    for name, info in LayersSpec.model_fields.items()
}
"""By the name of the switch. Raises StopIteration, at import, for a layer that says nothing of itself."""


class CameraSpec(Spec):
    """Centre of what all panes show, and half the side of the square that each pane shows at least: of a
    pane's two sides the smaller is ``2 half`` long, whatever its shape."""

    x: float = 0.0
    y: float = 0.0
    half: float = setting(3.2, "Half side", low=0.01, high=500.0)


class PaneSpec(Spec):
    """One pane: its field and layers, and what it overrides of the document (for comparisons)."""

    title: str = ""
    field: FieldChoice = FieldChoice.EXACT
    layers: LayersSpec = LayersSpec()
    until: float = setting(
        1.0, "Until", low=0.0, high=1.0, step=0.05, hint="The pane goes no further than this part of the way"
    )
    density: DensityMethod = DensityMethod.AUTO
    arrows: ChosenQuantity = Quantity.VELOCITY
    streaks: bool = False
    """the field is drawn as streaks that drift along it, and not as arrows"""
    source: DistributionSpec | None = None
    target: DistributionSpec | None = None
    path: PathSpec | None = None
    dynamics: DynamicsSpec | None = None
    simulation: SimulationSpec | None = None
    model: ModelSpec | None = None
    training: ModelTraining | None = None
    guidance: GuidanceSpec | None = None
    coupling: JoiningSpec | None = None
    training_step: int | None = Field(default=None, ge=0)
    """the pane shows the weights of this step; None: those that all panes show"""
    held: float | None = Field(default=None, ge=0.0, le=1.0)
    """the pane stays at this part of the way; None: it goes with all others"""
    camera: CameraSpec | None = None
    """where one looks in this pane alone; None: as in all others"""

    def at(self, t: float) -> float:
        """The part of the way that the pane shows at ``t``."""
        return min(t, self.until) if self.held is None else self.held


MOST_PANES = 6
MOST_DROPS = 24
"""Particles that can still be told apart by the ways through them."""


class DropSpec(Spec):
    """A particle that was dropped at a place of the plane, the part ``t`` of the way."""

    x: float
    y: float
    t: float = Field(ge=0.0, le=1.0)


class ViewSpec(Spec):
    """All panes share camera and time, but for those that have their own."""

    panes: tuple[PaneSpec, ...] = Field(default=(PaneSpec(),), min_length=1, max_length=MOST_PANES)
    camera: CameraSpec | None = None
    """where somebody looked; None: fitted to what belongs to the scene (``studio.fit``)"""
    particle_colour: ParticleColour = ParticleColour.ORIGIN
    particle_size: float = setting(5.0, "Particle size", low=1.0, high=20.0, step=0.5)
    particle_glow: bool = False
    """a halo around each particle, brighter where many are"""
    only_states: bool = False
    """particles and their tails stay at a state of the solver until the next one, instead of going between"""
    seconds: float = setting(
        4.0, "Seconds", low=0.5, high=60.0, step=0.5, hint="How long one pass takes at 1x"
    )
    gradients: bool = False
    """beside the plots, how far the gradients of FM and CFM agree (Khungurn 2024, Thm 3)"""
    loop: Literal["once", "loop", "bounce"] = "loop"
    training_step: int | None = Field(default=None, ge=0)
    """what is learned is shown as it was after so many steps of its training (the last that was kept until
    then); None: the newest"""
    drops: tuple[DropSpec, ...] = Field(default=(), max_length=MOST_DROPS)
    """particles that somebody dropped, the newest last: each pane shows the ways through them"""
    hidden: tuple[Region, ...] = ()
