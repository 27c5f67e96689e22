"""Whose time it is: along a path t goes from 0 to 1, but samplers and processes have clocks of their own.

Playback knows only the part of the way, in [0, 1]; a clock says what that part is called. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

from fmstudio.document.document import Document
from fmstudio.document.specs.motion import Motion, duration_of

Role = Literal["source", "target", "learned"]


@final
@dataclass(frozen=True)
class Clock:
    """A symbol (none: parts of the way), how long it runs, and the subscripts of p at its two ends, with the
    palette roles of their colours."""

    symbol: str = "t"
    duration: float = 1.0
    start: str = "init"
    end: str = "data"
    start_role: Role = "source"
    end_role: Role = "target"

    @property
    def labels(self) -> tuple[str, str]:
        """What stands at its two ends."""
        return f"p_{self.start}", f"p_{self.end}"

    def words(self, part: float) -> str:
        """'t = 0.42', 's = 3.4 of 6', or '42 %'; never longer than for 1."""
        if not self.symbol:
            return f"{100 * part:.0f} %"
        if self.duration == 1:
            return f"{self.symbol} = {part:.2f}"
        return f"{self.symbol} = {self._figure(part * self.duration)} of {self.duration:g}"

    def span(self) -> str:
        """'s from 0 to 6'; '' for t in [0, 1] along a path."""
        return "" if self == PATH_CLOCK else f"{self.symbol} from 0 to {self.duration:g}"

    def _figure(self, value: float) -> str:
        return f"{value:.2f}" if self.duration < 2 else f"{value:.1f}"


@final
@dataclass(frozen=True)
class TrainingClock:
    """Of a film that goes along a training, at one ``moment`` of the motion."""

    moment: str
    step: int
    total: int
    start_role: Role = "learned"
    end_role: Role = "learned"

    @property
    def labels(self) -> tuple[str, str]:
        return "0", f"{self.total:,} steps"

    def words(self, part: float) -> str:
        """'t = 1.00, step 200'; never longer than for 1."""
        return f"{self.moment}, step {self.step if part < 1 else self.total:,}"


PATH_CLOCK = Clock()
"""From the source at t = 0 to the target at t = 1."""


def clock_of(dynamics: Motion) -> Clock:
    """The clock of one motion. Noising counts s, from data to noise."""
    if dynamics.is_process and not dynamics.follows_source:
        return Clock("s", 1.0, "data", "init", "target", "source")
    if dynamics.is_process:
        return Clock("t", duration_of(dynamics), end="T", end_role="source")
    if dynamics.moved_by == "score":
        return Clock("s", duration_of(dynamics))
    return PATH_CLOCK


def clock(document: Document) -> Clock:
    """The clock of the whole view: what all panes share. Beside a path's time the clocks of samplers are
    told in their panes; where no pane has a path's time, parts of the way are counted."""
    panes = range(len(document.view.panes))
    clocks = dict.fromkeys(clock_of(document.experiment(index).dynamics) for index in panes)
    if len(clocks) == 1:
        return next(iter(clocks))
    if PATH_CLOCK in clocks:
        return PATH_CLOCK
    ends = {(c.start, c.end, c.start_role, c.end_role) for c in clocks}
    return Clock("", 1.0, *ends.pop()) if len(ends) == 1 else Clock("")


def path_time(document: Document, part: float) -> float | None:
    """The time t along the path at this part of the way; None where no motion that is shown follows a path.
    Those that start at the target (noising) run along it from there."""
    shown = (document.experiment(index).dynamics for index in range(len(document.view.panes)))
    along = [dynamics for dynamics in shown if dynamics.follows_path]
    if not along:
        return None
    return part if any(dynamics.follows_source for dynamics in along) else 1 - part


def finest_steps(document: Document) -> int:
    """The solver steps of the pane that takes most: single steps go by these."""
    panes = range(len(document.view.panes))
    return max(document.experiment(index).simulation.steps for index in panes)
