"""What a motion needs of the engine, and what may be said of it: an experiment -> requests. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.dynamics import (
    FreeProcess,
    SigmaProfile,
)
from fmstudio.document.specs.motion import Motion, pull_of
from fmstudio.document.specs.path import PathSpec
from fmstudio.document.specs.training import Coupling
from fmstudio.engine.messages import PAIR_BATCH, PairsRequest, TrajectoriesRequest, WarpRequest
from fmstudio.studio import learning

GRID_HALF = 2.4
"""Half the side of the grid that a flow warps, in units of beta_0: it covers most of a normal source."""
REFERENCE_STEPS, REFERENCES = 200, 200
"""Steps of a reference path, and for how many particles there is one: so many can still be followed."""
PAIRS = 256
"""Coupling lines that can still be told apart."""

FASTEST = 20.0
"""Where alpha_0 = 0 the noising SDE is cut off at this rate (``flows.motion.diffusion.NoisingSigma``)."""


def law_of(dynamics: Any) -> FreeProcess | None:
    """The process whose exact law p_t is; None along a path."""
    return cast(FreeProcess, dynamics) if dynamics.is_process else None


def quantity_of(dynamics: Motion) -> Quantity:
    """What moves the particles, as arrows."""
    return Quantity(dynamics.moved_by)


def is_coupled(dynamics: Motion) -> bool:
    """Pairs whose p_t is their own: the closed form belongs to independent pairs."""
    return dynamics.pairs not in (None, Coupling.INDEPENDENT)


def is_noisy_on_a_bridge(experiment: Experiment) -> bool:
    """It is moved by the velocity of a bridge, with a noise that a person chose."""
    dynamics = experiment.dynamics
    chosen = dynamics.moved_by == "velocity" and "sigma" in type(dynamics).model_fields
    return chosen and experiment.goes_its_own_way and experiment.coupling.spread > 0


def is_the_bridge(experiment: Experiment) -> bool:
    """The noise is the bridge's own, so that particles go as the bridge does, and not by its law alone."""
    if not is_noisy_on_a_bridge(experiment):
        return False
    dynamics: Any = experiment.dynamics
    return bool(dynamics.profile is SigmaProfile.CONSTANT and dynamics.sigma == experiment.coupling.spread)


def has_arrows(experiment: Experiment) -> bool:
    """There is a field to draw: u_t, a score or a drift."""
    return not is_coupled(experiment.dynamics) and learning.has_field(experiment)


def grid_request(moving: TrajectoriesRequest) -> WarpRequest | None:
    """A square over most of where particles start, if the motion is a flow. The particles' number and seeds
    are left out, so that they change nothing."""
    if not moving.dynamics.is_flow:
        return None
    scale = 1.0 if moving.dynamics.is_process else float(moving.problem.path.curves(0.0)[1])
    simulation = moving.simulation.model_copy(update={"particles": 100, "start_seed": 0, "noise_seed": 0})
    return WarpRequest(replace(moving, simulation=simulation), GRID_HALF * scale)


def reference_request(moving: TrajectoriesRequest) -> TrajectoriesRequest | None:
    """The first of the same particles by the same flow, in many fine steps; None where it is no flow, or no
    equation."""
    is_layered = moving.learned is not None and moving.learned.objective.facts.is_layered
    if not moving.dynamics.is_flow or is_layered:
        return None
    fine = {"steps": REFERENCE_STEPS, "particles": min(REFERENCES, moving.simulation.particles)}
    return replace(
        moving,
        dynamics=moving.dynamics.model_copy(update={"solver": "rk4"}),
        simulation=moving.simulation.model_copy(update=fine),
    )


def coupling_of(document: Document, experiment: Experiment) -> Coupling:
    """The pane's own coupling, if its motion has one, else that of the training."""
    return experiment.dynamics.pairs or document.training.coupling


def pairs_in_words(document: Document, experiment: Experiment) -> str:
    """Whose pairs the coupling lines join: '... pairs'."""
    if not experiment.coupling.is_independent:
        return f"{experiment.coupling.pairs} pairs"
    return f"{coupling_of(document, experiment).facts.pairs} pairs"


def pairs_request(document: Document, experiment: Experiment) -> PairsRequest:
    """The pairs that an interpolant's particles run between, or as many as a training would draw."""
    own, simulation = experiment.dynamics.pairs is not None, experiment.simulation
    return PairsRequest(
        experiment.problem,
        coupling_of(document, experiment),
        PAIR_BATCH if own else document.training.batch_size,
        min(simulation.particles, PAIRS),
        simulation.start_seed,
        simulation.noise_seed,
    )


def mixes_infinitely_fast(path: PathSpec) -> bool:
    """alpha_0 = 0: the noising SDE's rate alpha'/alpha has no bound towards t = 0."""
    return float(path.curves(0.0)[0]) < 1e-9


def pull(dynamics: Motion, path: PathSpec) -> float:
    """The fastest rate at which a linear drift draws particles in; an explicit step of more than 1 / rate
    overshoots. 0 where there is no such drift."""
    if not dynamics.fades:
        return pull_of(dynamics)
    return FASTEST if mixes_infinitely_fast(path) else min(FASTEST, _fading(path))


def _fading(path: PathSpec) -> float:
    """The largest alpha'/alpha."""
    t = np.linspace(0, 1, 201)
    return float(np.diff(np.log(path.curves(t)[0])).max() / (t[1] - t[0]))
