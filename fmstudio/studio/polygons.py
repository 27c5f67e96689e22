"""A polygon that is clicked corner by corner, and filled when it is closed: one step of undo. GUI thread."""

from __future__ import annotations

import math
from typing import final

from fmstudio.document.specs.units import Vector
from fmstudio.studio import commands
from fmstudio.studio.session import Session

FEWEST = 3
MOST = 400


@final
class PolygonTool:
    """Its corners so far are the tools' outline, which every pane shows; it is painted when it is closed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._corners: tuple[Vector, ...] = ()

    @property
    def is_open(self) -> bool:
        """Corners have been clicked; they are dropped where another tool was taken."""
        if self._corners and not self._session.tools.draws_polygons:
            self.drop()
        return bool(self._corners)

    def click(self, at: Vector, reach: float) -> None:
        """A corner; a click within ``reach`` of the first closes."""
        if not self.is_open:
            commands.start_drawing(self._session)
        elif len(self._corners) >= FEWEST and math.dist(at, self._corners[0]) <= reach:
            self.close()
            return
        if len(self._corners) < MOST:
            self._take((*self._corners, at))

    def hover(self, at: Vector) -> None:
        """The next edge follows the pointer."""
        if self.is_open:
            self._session.tools.show_outline((*self._corners, at))

    def back(self) -> None:
        """The last corner is none."""
        self._take(self._corners[:-1])

    def close(self) -> None:
        """Filled, if it has an inside; two corners are dropped."""
        corners = self._corners
        self.drop()
        if len(corners) >= FEWEST:
            commands.draw_polygon(self._session, corners, self._session.tools.brush)

    def drop(self) -> None:
        self._take(())

    def _take(self, corners: tuple[Vector, ...]) -> None:
        self._corners = corners
        self._session.tools.show_outline(corners)
