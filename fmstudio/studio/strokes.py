"""One drag on the canvas that paints at an end: one step of undo. GUI thread."""

from __future__ import annotations

from typing import final

from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.document.specs.units import Vector
from fmstudio.studio import commands, drawing
from fmstudio.studio.session import Session


@final
class Stroke:
    """Begins where it is made, on the end that the tools draw at; the end becomes a drawing if it is none."""

    def __init__(self, session: Session, at: Vector) -> None:
        self._session, self._end = session, session.tools.end
        self._begins = not isinstance(self._law, DrawnSpec)
        commands.start_drawing(session)
        self._upon = self._law
        self._first = self._last = at
        self.reach(at)

    @property
    def _law(self) -> object:
        return getattr(self._session.store.document, self._end)

    def reach(self, at: Vector) -> None:
        """The pointer is there now."""
        brush = self._session.tools.brush
        if brush.pen.spans:
            commands.draw_segment(self._session, self._first, at, brush, self._ground())
        else:
            commands.draw_segment(self._session, self._last, at, brush)
        self._last = at

    def _ground(self) -> DrawnSpec | None:
        """What a shape is drawn upon: as it was before, and the ink that came meanwhile."""
        ground, ink = self._upon, self._session.ink.latest
        if not isinstance(ground, DrawnSpec):
            return None
        return drawing.merged(ground, ink) if self._begins and ink is not None else ground
