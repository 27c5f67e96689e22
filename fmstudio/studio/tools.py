"""What the pointer does on the canvas: look, draw (with which brush), probe (where), and which normal of a
mixture it holds. GUI thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from psygnal import Signal

from fmstudio.document.specs.units import Vector
from fmstudio.studio.asked_files import End
from fmstudio.studio.drawing import Brush, Pen
from fmstudio.studio.mixtures import Chosen, Handles

RADIUS_RANGE = (0.02, 1.5)
"""Brush radii that a person can choose, in plane units."""
MOST_TURNS = 12
SIZE_STEP = 1.25
"""By which a key makes the brush larger or smaller."""


class Mode(StrEnum):
    """What a press on the canvas means."""

    LOOK = "look"
    """drag pans"""
    DRAW = "draw"
    """drag paints at one end"""
    PROBE = "probe"
    """hovering tells what is there; drag pans"""


@dataclass(frozen=True)
class Place:
    """Where the probe is, and the pane that the pointer is in (all panes show the same part of the plane)."""

    x: float
    y: float
    pane: int


@dataclass(frozen=True)
class Pointed:
    """What of the probe's answer the pointer is on: a line of its panel, or a data point on the canvas."""

    quantity: str = ""
    z: Vector | None = None


class Tools:
    """Sole owner of mode, brush, probe and chosen normal: no part of the document, so choosing one of them is
    no undo step."""

    changed = Signal()

    def __init__(self) -> None:
        self._mode = Mode.LOOK
        self._end: End = "target"
        self._brush = Brush()
        self._probe: Place | None = None
        self._probed_pane = 0
        self._pointed = Pointed()
        self._inks: frozenset[str] = frozenset()
        self._held_ends: frozenset[End] = frozenset(("source", "target"))
        self._chosen: Chosen | None = None
        self._corners: tuple[Vector, ...] = ()
        self._aim: tuple[Vector, ...] = ()

    @property
    def mode(self) -> Mode:
        return self._mode

    @property
    def end(self) -> End:
        """Where a drag paints."""
        return self._end

    @property
    def brush(self) -> Brush:
        return self._brush

    @property
    def probe(self) -> Place | None:
        """None unless the pointer is over a pane, probing."""
        return self._probe

    @property
    def pointed(self) -> Pointed:
        return self._pointed

    def point_at(self, quantity: str = "", z: Vector | None = None) -> None:
        """A line of the probe's panel, or a data point; nothing any more."""
        self._pointed = Pointed(quantity, z)

    @property
    def probed_pane(self) -> int:
        """The pane that was probed last."""
        return self._probed_pane

    @property
    def inks(self) -> frozenset[str]:
        """The ends ("source", "target") whose ink is to be seen, at every t."""
        return self._inks | {self._end} if self._mode is Mode.DRAW else self._inks

    def show_ink(self, end: str, shows: bool) -> None:
        """What is taken as ink is looked at, or no more."""
        self._inks = self._inks | {end} if shows else self._inks - {end}

    @property
    def chosen(self) -> Chosen | None:
        """The normal that rows and keys are about; it may be no more."""
        return self._chosen

    @property
    def handles(self) -> Handles:
        """What of mixtures may be taken hold of; nothing while probing."""
        if self._mode is Mode.PROBE:
            return Handles()
        return Handles(self._held_ends, self._chosen, self._end, self.outline)

    def shows_handles(self, end: End) -> bool:
        return end in self._held_ends

    @property
    def draws_polygons(self) -> bool:
        return self._mode is Mode.DRAW and self._brush.pen is Pen.POLYGON

    @property
    def corners(self) -> tuple[Vector, ...]:
        """Of a polygon that is not closed yet; another tool, and the other end, drop them."""
        return self._corners

    @property
    def outline(self) -> tuple[Vector, ...]:
        """The same, and where the next one would be."""
        return (*self._corners, *self._aim)

    def take_corners(self, corners: tuple[Vector, ...]) -> None:
        """These are clicked."""
        self._corners, self._aim = corners, ()

    def aim_at(self, place: Vector) -> None:
        """The pointer is there."""
        self._aim = (place,) if self._corners else ()

    def show_handles(self, end: End, shows: bool) -> None:
        """The handles of a mixture at that end are wanted on the canvas, or not."""
        self._held_ends = self._held_ends | {end} if shows else self._held_ends - {end}
        self.changed.emit()

    def choose_normal(self, chosen: Chosen | None) -> None:
        """Keys and rows are about this one from now on."""
        if chosen != self._chosen:
            self._chosen = chosen
            self.changed.emit()

    def choose_mode(self, mode: Mode) -> None:
        if mode is not self._mode:
            self._mode, self._probe, self._pointed = mode, None, Pointed()
            self.take_corners(())
            self.changed.emit()

    def draw_at(self, end: End) -> None:
        """Paint at this end from now on."""
        if (self._mode, self._end) != (Mode.DRAW, end):
            self._mode, self._end, self._probe = Mode.DRAW, end, None
            self.take_corners(())
            self.changed.emit()

    def hover(self, place: Place | None) -> None:
        """The pointer is there, or has left; it matters while probing."""
        self._probe = place if self._mode is Mode.PROBE else None
        if self._probe is not None:
            self._probed_pane = self._probe.pane

    def scale_brush(self, steps: int) -> None:
        """Larger by so many steps, or smaller."""
        self.change_brush(radius=self._brush.radius * SIZE_STEP**steps)

    def change_brush(self, **changes: Any) -> None:
        """Another ``radius``, ``softness``, ``pen``, ``turns``, ... of the brush, kept within its range."""
        brush = _within_range(replace(self._brush, **changes))
        if brush != self._brush:
            if brush.pen is not self._brush.pen:
                self.take_corners(())
            self._brush = brush
            self.changed.emit()


def _within_range(brush: Brush) -> Brush:
    low, high = RADIUS_RANGE
    return replace(
        brush,
        radius=min(high, max(low, brush.radius)),
        softness=min(1.0, max(0.0, brush.softness)),
        turns=min(MOST_TURNS, max(1, brush.turns)),
    )
