"""What the density and the arrows of a pane may show, and the requests that follow. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fmstudio.document.document import Experiment
from fmstudio.document.specs.arrows import CHOSEN, Quantity
from fmstudio.document.specs.density import Basis, DensityMethod, Need
from fmstudio.document.specs.dynamics import SimulationSpec
from fmstudio.document.specs.motion import Motion
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import (
    DensityRequest,
    FieldRequest,
    LearnedModel,
    TrajectoriesRequest,
)
from fmstudio.studio import learning, motions

FRAMES = 49
"""Moments for which densities and fields are kept; between two of them the picture is mixed."""
LIKELIHOOD_ROWS = 80
"""Each point of such a grid is a flow of its own."""
LIKELIHOOD_FRAMES = 25


@dataclass(frozen=True)
class Available:
    """What there is to compute with: the particles' motion, the network."""

    moving: TrajectoriesRequest | None
    learned: LearnedModel | None

    @property
    def is_guided(self) -> bool:
        """The particles follow neither the closed form nor the network alone."""
        return self.moving is not None and self.moving.guide is not None


def densities(experiment: Experiment, available: Available) -> tuple[DensityMethod, ...]:
    """What is defined for this pane, in the order in which it is offered."""
    met = _met(experiment, available)
    return tuple(method for method in DensityMethod if met.issuperset(method.facts.needs))


def _met(experiment: Experiment, available: Available) -> set[Need]:
    """What of all that a method may need holds in this pane."""
    dynamics = experiment.dynamics
    by_equation = learning.has_field(experiment) and dynamics.by_equation
    holds = {
        Need.LAW: not motions.is_coupled(dynamics),
        Need.PARTICLES: available.moving is not None,
        Need.EQUATION: by_equation,
        Need.VELOCITY: _follows_velocity(dynamics) and by_equation and not available.is_guided,
        Need.MODEL: available.learned is not None,
        Need.INDEPENDENCE: experiment.coupling.is_plain,
    }
    return {need for need, met in holds.items() if met}


def arrows(experiment: Experiment, available: Available) -> tuple[Quantity, ...]:
    """What is defined for this pane, in the order in which it is offered."""
    if not _follows_velocity(experiment.dynamics):
        return (Quantity.VELOCITY,)
    if not learning.has_score(experiment):
        return (Quantity.VELOCITY,)
    if not available.is_guided:
        averages = experiment.coupling.is_plain
        return tuple(q for q in CHOSEN if averages or q is not Quantity.NAIVE_AVERAGE)
    return (Quantity.VELOCITY, Quantity.SCORE)


def _follows_velocity(dynamics: Motion) -> bool:
    """It is moved by the velocity of a path, with noise or without."""
    return dynamics.uses_field and dynamics.moved_by == "velocity"


def chosen_density(
    auto: DensityRequest, choice: DensityMethod, experiment: Experiment, available: Available, t: float
) -> DensityRequest:
    """The request for what is chosen, the moment ``t`` first; ``auto`` itself where that is not defined."""
    if choice is DensityMethod.AUTO or choice not in densities(experiment, available):
        return auto
    plain, basis = replace(auto, method=choice, trajectories=None), choice.facts.basis
    if basis is Basis.LAW:
        return plain
    timed = _at_frames(replace(plain, law=None), FRAMES, t)
    if basis is Basis.PARTICLES:
        return replace(timed, trajectories=available.moving)
    if basis is Basis.MOTION:
        assert available.moving is not None
        return replace(timed, trajectories=replace(available.moving, simulation=SimulationSpec()))
    if experiment.field is FieldChoice.LEARNED or basis is Basis.MODEL:
        timed = replace(timed, learned=available.learned)
    return _coarse(timed, t) if choice.facts.is_coarse else timed


def _at_frames(request: DensityRequest, frames: int, t: float) -> DensityRequest:
    times = tuple(i / (frames - 1) for i in range(frames))
    return replace(request, times=times, first=round(t * (frames - 1)))


def _coarse(request: DensityRequest, t: float) -> DensityRequest:
    """On fewer points and at fewer moments."""
    grid = request.grid
    wide = round(grid.nx * LIKELIHOOD_ROWS / grid.ny)
    grid = replace(grid, nx=wide, ny=LIKELIHOOD_ROWS)
    return replace(_at_frames(request, LIKELIHOOD_FRAMES, t), grid=grid)


def chosen_arrows(
    auto: FieldRequest, choice: Quantity, experiment: Experiment, available: Available
) -> FieldRequest:
    """The request for what is chosen; ``auto`` itself where that is not defined."""
    if choice is Quantity.VELOCITY or choice not in arrows(experiment, available):
        return auto
    return replace(auto, quantity=choice)
