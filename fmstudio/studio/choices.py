"""What the density and the arrows of a pane may show, and the requests that follow. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fmstudio.document.document import Experiment
from fmstudio.document.specs.dynamics import (
    InterpolantSpec,
    Motion,
    SimulationSpec,
)
from fmstudio.document.specs.view import ArrowChoice, DensityChoice, FieldChoice
from fmstudio.engine.messages import (
    DensityMethod,
    DensityRequest,
    FieldRequest,
    LearnedModel,
    Quantity,
    TrajectoriesRequest,
)
from fmstudio.studio import learning, motions

FRAMES = 49
"""Moments for which densities and fields are kept; between two of them the picture is mixed."""
LIKELIHOOD_ROWS = 80
"""Each point of such a grid is a flow of its own."""
LIKELIHOOD_FRAMES = 25

_LIKELIHOODS = (DensityChoice.LIKELIHOOD, DensityChoice.LIKELIHOOD_HUTCHINSON)
_BALANCE = (DensityChoice.TIME_DERIVATIVE, DensityChoice.MINUS_DIVERGENCE, DensityChoice.RESIDUAL)
_QUANTITIES = {
    ArrowChoice.SCORE: Quantity.SCORE,
    ArrowChoice.FLUX: Quantity.FLUX,
    ArrowChoice.NAIVE_AVERAGE: Quantity.NAIVE_AVERAGE,
}


@dataclass(frozen=True)
class Means:
    """What there is to compute with: the particles' motion, the network, the closed form."""

    moving: TrajectoriesRequest | None
    learned: LearnedModel | None
    closed_form: bool

    @property
    def is_guided(self) -> bool:
        """The particles follow neither the closed form nor the network alone."""
        return self.moving is not None and self.moving.guide is not None


def densities(experiment: Experiment, means: Means) -> tuple[DensityChoice, ...]:
    """What is defined for this pane, in the order in which it is offered."""
    steps = learning.has_field(experiment) and not isinstance(experiment.dynamics, InterpolantSpec)
    flows = _follows_velocity(experiment.dynamics) and steps and not means.is_guided
    has_field = means.moving is not None and (means.closed_form or means.moving.learned is not None)
    moves = has_field or (means.moving is not None and not motions.follows_closed_form(experiment))
    offers = {
        DensityChoice.EXACT: (means.closed_form or experiment.dynamics.is_process)
        and not motions.is_coupled(experiment.dynamics),
        DensityChoice.KDE: moves,
        **dict.fromkeys(_LIKELIHOODS, flows and has_field),
        DensityChoice.FOKKER_PLANCK: moves and steps,
        **dict.fromkeys(_BALANCE, flows and has_field and means.closed_form),
        DensityChoice.ERROR: flows and means.closed_form and means.learned is not None,
        DensityChoice.NAIVE_ERROR: flows and means.closed_form,
    }
    return (DensityChoice.AUTO, *(choice for choice, offered in offers.items() if offered))


def arrows(experiment: Experiment, means: Means) -> tuple[ArrowChoice, ...]:
    """What is defined for this pane, in the order in which it is offered."""
    if not _follows_velocity(experiment.dynamics):
        return (ArrowChoice.VELOCITY,)
    if not learning.has_score(experiment):
        return (ArrowChoice.VELOCITY,)
    if means.closed_form and not means.is_guided:
        return tuple(ArrowChoice)
    return (ArrowChoice.VELOCITY, ArrowChoice.SCORE)


def _follows_velocity(dynamics: Motion) -> bool:
    """It is moved by the velocity of a path, with noise or without."""
    return dynamics.uses_field and dynamics.moved_by == "velocity"


def chosen_density(
    auto: DensityRequest, choice: DensityChoice, experiment: Experiment, means: Means, t: float
) -> DensityRequest:
    """The request for what is chosen, the moment ``t`` first; ``auto`` itself where that is not defined."""
    if choice is DensityChoice.AUTO or choice not in densities(experiment, means):
        return auto
    method = DensityMethod(choice.value)
    if choice is DensityChoice.EXACT:
        return replace(auto, method=method, trajectories=None)
    timed = _at_frames(replace(auto, method=method, trajectories=None, law=None), FRAMES, t)
    if choice is DensityChoice.KDE:
        return replace(timed, trajectories=means.moving)
    if choice is DensityChoice.FOKKER_PLANCK:
        assert means.moving is not None
        return replace(timed, trajectories=replace(means.moving, simulation=SimulationSpec()))
    if experiment.field is FieldChoice.LEARNED or choice is DensityChoice.ERROR:
        timed = replace(timed, learned=means.learned)
    return _coarse(timed, t) if choice in _LIKELIHOODS else timed


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
    auto: FieldRequest, choice: ArrowChoice, experiment: Experiment, means: Means
) -> FieldRequest:
    """The request for what is chosen; ``auto`` itself where that is not defined."""
    if choice is ArrowChoice.VELOCITY or choice not in arrows(experiment, means):
        return auto
    return replace(auto, quantity=_QUANTITIES[choice])
