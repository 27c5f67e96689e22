"""What is asked of the engine for a pane, and what a figure on show answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fmstudio.engine.messages import Request


@dataclass(frozen=True)
class Figure:
    """A number or a curve on show: the request that it answers, and its words."""

    request: Request
    text: str


def wanted_in(wanted: Mapping[str, Request], pane: int) -> dict[str, Request]:
    """What one pane asks for, by layer: 'density', 'trajectories', 'measure' ..., of all that a planner
    wants."""
    parts = ((lane.partition("/"), request) for lane, request in wanted.items())
    return {kind: request for (kind, _, index), request in parts if index == str(pane)}
