"""A polygon that is clicked corner by corner, and filled when it is closed: one step of undo. GUI thread."""

from __future__ import annotations

import math
from typing import final

from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.document.specs.units import Vector
from fmstudio.studio import commands
from fmstudio.studio.session import Session

FEWEST = 3
MOST = 400


@final
class PolygonTool:
    """Its corners are the tools', and every pane shows them; it is painted when it is closed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def _corners(self) -> tuple[Vector, ...]:
        """None where the end is no drawing any more."""
        tools = self._session.tools
        law = getattr(self._session.store.document, tools.end)
        return tools.corners if isinstance(law, DrawnSpec) else ()

    @property
    def is_open(self) -> bool:
        """Corners have been clicked."""
        return bool(self._corners)

    def click(self, at: Vector, reach: float) -> None:
        """A corner; a click within ``reach`` of the first closes."""
        corners = self._corners
        if not corners:
            commands.start_drawing(self._session)
        elif len(corners) >= FEWEST and math.dist(at, corners[0]) <= reach:
            self.close()
            return
        if len(corners) < MOST:
            self._session.tools.take_corners((*corners, at))

    def hover(self, at: Vector) -> None:
        """The next edge follows the pointer."""
        if self.is_open:
            self._session.tools.aim_at(at)

    def back(self) -> None:
        """The last corner is none."""
        self._session.tools.take_corners(self._corners[:-1])

    def close(self) -> None:
        """Filled, if it has an inside; two corners are dropped."""
        corners = self._corners
        self.drop()
        if len(corners) >= FEWEST:
            commands.draw_polygon(self._session, corners, self._session.tools.brush)

    def drop(self) -> None:
        self._session.tools.take_corners(())
