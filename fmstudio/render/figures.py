"""Figures of what a pane shows, each with the request that it answers. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fmstudio.engine.messages import Request, W2Request
from fmstudio.studio.answers import snapshot_of
from fmstudio.studio.measures import is_chance
from fmstudio.studio.stage import Standing
from fmstudio.studio.written import figure


@dataclass(frozen=True)
class Distance:
    """W2 to the target beside its sampling floor, in the units of its file; ``step`` is that of the snapshot,
    where it is not the one whose particles are shown."""

    request: Request
    w2: float
    floor: float
    ways: tuple[float, float] | None = None
    """energy and straightness of the particles' ways, of a flow"""
    step: int | None = None

    @property
    def is_chance(self) -> bool:
        return is_chance(self.w2, self.floor)

    @property
    def beside(self) -> str:
        """What stands beside the distance, or in its place."""
        return "within sampling noise" if self.is_chance else f"floor {figure(self.floor)}"


def measures(standing: Standing) -> bool:
    """There is a distance to be told, now or soon."""
    return "measure" in standing.resolved.asks


def distance(standing: Standing) -> Distance | None:
    """Of the particles that a pane shows; None while it is not known, or other particles are asked."""
    shown, moving = standing.shown.get("measure"), standing.shown.get("trajectories")
    if shown is None or moving is None:
        return None
    assert isinstance(shown.request, W2Request)
    ends = shown.request.trajectories
    units = ends.problem.units
    w2, floor, *squares = (float(value) for value in shown.job.result.values[0])
    told = Distance(shown.request, units.length(w2), units.length(floor))
    if ends.dynamics.is_flow:
        energy, straightness = (units.length(units.length(square)) for square in squares)
        told = replace(told, ways=(energy, straightness))
    model, drawn = snapshot_of(shown.request), snapshot_of(moving.request)
    if model is not None and drawn is not None:
        return replace(told, step=model.step if model.step != drawn.step else None)
    return None if moving.is_waiting else told
