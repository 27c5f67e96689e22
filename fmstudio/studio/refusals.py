"""Why something that a document draws could not be computed. Pure."""

from __future__ import annotations

from fmstudio.studio.planner import Planner
from fmstudio.studio.results import Results

_FIGURES = ("measure/", "error/", "gradients", "thumbnail/", "probe/")
"""Lanes that stand beside the picture."""


def refusal_of_scene(planner: Planner, results: Results) -> str:
    """The engine's sentence for the first part of the picture that was refused; '' where all of it is
    there."""
    for lane in planner.wanted:
        slot = results.slots.get(lane)
        if slot is None or lane.startswith(_FIGURES):
            continue
        if slot.problem:
            return slot.problem
    return ""
