"""One figure and what it is held to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """``figure`` is what the target speaks of: a ratio to the peer, or our own number."""

    name: str
    ours: float
    unit: str
    target: str = ""
    met: bool | None = None
    peer: float | None = None
    peer_name: str = ""
    figure: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def at_least(name: str, ours: float, peer: float, peer_name: str, unit: str, ratio: float) -> Row:
    """A rate that must be ``ratio`` times the peer's."""
    figure = ours / peer
    return Row(name, ours, unit, f"at least {ratio:g} times", figure >= ratio, peer, peer_name, figure)


def within(name: str, ours: float, unit: str, limit: float) -> Row:
    """A time that must stay within ``limit``."""
    return Row(name, ours, unit, f"within {limit:g} {unit}", ours <= limit, figure=ours)
