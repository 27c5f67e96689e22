"""What of a picture was refused: its own parts count, the figures beside it do not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from fmstudio.studio.refusals import refusal_of_scene


def refusal(**problems: str | None) -> str:
    """Of lanes that are wanted, with what their slots say; None for a lane without one."""
    lanes = {name.replace("_", "/"): problem for name, problem in problems.items()}
    slots = {lane: SimpleNamespace(problem=p) for lane, p in lanes.items() if p is not None}
    planner: Any = SimpleNamespace(wanted=lanes)
    results: Any = SimpleNamespace(slots=slots)
    return refusal_of_scene(planner, results)


def test_that_the_first_part_of_the_picture_that_was_refused_is_told() -> None:
    assert refusal(density_0="", trajectories_0="Too coarse.", field_1="Another.") == "Too coarse."
    assert refusal(density_0="", trajectories_0="") == ""


def test_that_a_lane_that_was_not_asked_yet_is_no_refusal() -> None:
    assert refusal(density_0=None, field_0="No.") == "No."


def test_that_figures_beside_the_picture_do_not_count() -> None:
    beside = {"measure_0": "A.", "error_0": "B.", "gradients": "C.", "thumbnail_ring": "D.", "probe_0": "E."}
    assert refusal(**beside) == ""
    assert refusal(**beside, density_0="F.") == "F."
