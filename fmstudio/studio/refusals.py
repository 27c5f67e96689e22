"""Why something that a document draws could not be computed. Pure."""

from __future__ import annotations

from fmstudio.studio.planner import Planner
from fmstudio.studio.results import Results

_FIGURES = ("measure/", "error/", "gradients", "thumbnail/", "probe/")
"""Lanes that stand beside the picture."""


def refusal_of_scene(planner: Planner, results: Results) -> str:
    """The engine's sentence for the first part of the picture that was refused; '' where all of it is
    there."""
    lanes = (lane for lane in planner.wanted if not lane.startswith(_FIGURES))
    slots = (results.slots[lane] for lane in lanes if lane in results.slots)
    return next((slot.problem for slot in slots if slot.problem), "")
