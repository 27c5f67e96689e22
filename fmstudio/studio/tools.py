"""What the pointer does on the canvas: look or draw, and with which brush. GUI thread."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

from psygnal import Signal

from fmstudio.studio.drawing import Brush

RADIUS_RANGE = (0.02, 1.5)
"""Brush radii that a person can choose, in plane units."""


class Mode(StrEnum):
    """What a press on the canvas means."""

    LOOK = "look"
    """drag pans"""
    DRAW = "draw"
    """drag paints on the target"""


class Tools:
    """Sole owner of mode and brush: no part of the document, so choosing a brush is no undo step."""

    changed = Signal()

    def __init__(self) -> None:
        self._mode = Mode.LOOK
        self._brush = Brush()

    @property
    def mode(self) -> Mode:
        return self._mode

    @property
    def brush(self) -> Brush:
        return self._brush

    def choose_mode(self, mode: Mode) -> None:
        if mode is not self._mode:
            self._mode = mode
            self.changed.emit()

    def change_brush(self, **changes: Any) -> None:
        """Another ``radius``, ``softness`` or ``erase``, each kept within its range."""
        brush = _within_range(replace(self._brush, **changes))
        if brush != self._brush:
            self._brush = brush
            self.changed.emit()


def _within_range(brush: Brush) -> Brush:
    low, high = RADIUS_RANGE
    return replace(
        brush, radius=min(high, max(low, brush.radius)), softness=min(1.0, max(0.0, brush.softness))
    )
