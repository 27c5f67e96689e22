"""What makes one request another, and whether a request is of an experiment. Pure."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args

from fmstudio.document.document import Document, Experiment
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import (
    DensityRequest,
    FieldRequest,
    Guide,
    LearnedModel,
    ProbeRequest,
    Request,
    TrajectoriesRequest,
)
from fmstudio.studio import learning
from fmstudio.studio.results import Recipe

ENDS = ("source", "target", "path")
_ELSEWHERE = {ProbeRequest: ("x", "t"), DensityRequest: ("grid",), FieldRequest: ("grid",)}
"""Neither the part of the plane that is seen, nor where the pointer is, makes a picture false."""
_MADE_OF = ("trajectories", "moving", "flow")


def essence(request: object, any_snapshot: bool = False) -> Any:
    """What is left of a request when that is left out which makes no picture false. With ``any_snapshot``
    all snapshots of one model are alike."""
    if isinstance(request, LearnedModel):
        return learning.recipe_of_model(request) if any_snapshot else request
    if not isinstance(request, (*get_args(Request), Guide)):
        return request
    asked: Any = request
    names = (each.name for each in fields(asked) if each.compare)
    kept = [name for name in names if name not in _ELSEWHERE.get(type(request), ())]
    return (type(request), *(essence(getattr(request, name), any_snapshot) for name in kept))


def differences(request: object, experiment: Experiment) -> list[str]:
    """In what a request is not of this experiment."""
    ends: tuple[str, ...] = ENDS
    if experiment.dynamics.is_steady and isinstance(request, DensityRequest | FieldRequest):
        ends = ("target", "path")  # p_data and its score are the same from any source
    problem, asked = getattr(request, "problem", None), experiment.problem
    found = [n for n in ends if problem is not None and getattr(problem, n) != getattr(asked, n)]
    if isinstance(request, TrajectoriesRequest):
        parts = ("dynamics", "simulation")
        found += [name for name in parts if getattr(request, name) != getattr(experiment, name)]
        if (request.learned is None) is not (experiment.field is FieldChoice.EXACT):
            found.append("field")
    model = getattr(request, "learned", None)
    if isinstance(model, LearnedModel) and not is_of(learning.recipe_of_model(model), experiment):
        found.append("model")
    for name in _MADE_OF:
        moving = getattr(request, name, None)
        if isinstance(moving, TrajectoriesRequest):
            found += [part for part in differences(moving, experiment) if part != "simulation"]
    return found


def is_of(recipe: Recipe, asked: Experiment | Document) -> bool:
    """It is what is asked, or differs by the optimiser's settings alone."""
    other = learning.recipe_of(asked)
    ours, theirs = recipe.training, other.training
    mine = (ours.objective, ours.coupling, ours.reflow)
    return recipe[:2] == other[:2] and mine == (theirs.objective, theirs.coupling, theirs.reflow)
