"""Particles that are dropped on the canvas. They are in the document's view, so that they are saved, undone
and filmed. What a pane asks of the engine for them, and what it says of them; pure."""

from __future__ import annotations

from dataclasses import replace

from fmstudio.document.document import Experiment
from fmstudio.document.specs.view import DropSpec
from fmstudio.engine.messages import DropsRequest, TrajectoriesRequest
from fmstudio.studio.choices import Available

WAYS = 8
"""Futures, and pasts, of a particle under noise."""


def why_no_way(experiment: Experiment) -> str:
    """Why a particle that is dropped goes nowhere, in one sentence; '' where it goes."""
    if experiment.is_layered:
        return "RealNVP goes from layer to layer: no equation moves a particle that is dropped."
    if not experiment.dynamics.by_equation:
        return "Each particle is put on its line: no equation moves one that is dropped."
    return ""


def why_no_past(moving: TrajectoriesRequest) -> str:
    """Why nobody knows where it came from, in one sentence; '' where it is told."""
    if not moving.dynamics.tells_past:
        return "a sampler's law on its way is not known, and so no past"
    if moving.guide is not None and not moving.dynamics.is_flow:
        return "the law of guided particles is not known, and so no past"
    return ""


def drops_request(
    experiment: Experiment, available: Available, drops: tuple[DropSpec, ...]
) -> DropsRequest | None:
    """None where nothing is dropped, or goes anywhere. The particles' number and start are left out, so that
    they change nothing."""
    moving = available.moving
    if not drops or moving is None or why_no_way(experiment):
        return None
    simulation = moving.simulation.model_copy(update={"particles": 100, "start_seed": 0})
    ways = WAYS if moving.dynamics.draws_noise else 1
    return DropsRequest(replace(moving, simulation=simulation), drops, ways, not why_no_past(moving))


def told(experiment: Experiment, request: DropsRequest | None) -> str:
    """What is seen of the particles that were dropped, in a pane that goes some way."""
    if request is None:
        return why_no_way(experiment)
    moving, many = request.moving, request.ways > 1
    if not many:
        return "where it came from, and where it goes"
    if not request.tells_past:
        return f"{request.ways} futures; {why_no_past(moving)}"
    return f"{request.ways} futures by the {_called(moving)}, {request.ways} pasts by its reversal in time"


def _called(moving: TrajectoriesRequest) -> str:
    return "process" if moving.dynamics.is_process else "SDE"
