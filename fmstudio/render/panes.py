"""Where the panes of a canvas lie, and how their pixels correspond to the plane.

Pixels here are physical, with the origin in the upper left corner and y down; the plane has y up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fmstudio.render.scene import Camera

FULL = 0.8
"""An arrangement without an empty place may show its panes by so much smaller."""
LEAN = 0.1
"""A pane that is all height or all width costs so much of the content's square: words have no room in it."""


@dataclass(frozen=True)
class Edges:
    """Pixels at the upper and lower edge of every pane for its words: what is fitted lies between."""

    top: int = 0
    bottom: int = 0


@dataclass(frozen=True)
class PaneArea:
    """The pixels of one pane. Layers fill all of it; the camera's square fits between ``edges``."""

    x: int
    y: int
    width: int
    height: int
    edges: Edges = Edges()

    def contains(self, px: float, py: float) -> bool:
        return self.x <= px < self.x + self.width and self.y <= py < self.y + self.height

    @property
    def side(self) -> int:
        """The smaller side of what lies between the edges."""
        return max(min(self.width, self.height - self.edges.top - self.edges.bottom), 1)

    @property
    def middle(self) -> tuple[float, float]:
        """The pixel position of the camera's centre."""
        upper, lower = self.y + self.edges.top, self.y + self.height - self.edges.bottom
        return self.x + self.width / 2, (upper + lower) / 2

    def pixels_per_unit(self, camera: Camera) -> float:
        return self.side / (2 * camera.half)

    def to_plane(self, px: float, py: float, camera: Camera) -> tuple[float, float]:
        """The plane's point under a pixel position."""
        scale, (x, y) = self.pixels_per_unit(camera), self.middle
        return camera.x + (px - x) / scale, camera.y - (py - y) / scale

    def to_pixel(self, x: float, y: float, camera: Camera) -> tuple[float, float]:
        """The pixel position of a point of the plane."""
        scale, (px, py) = self.pixels_per_unit(camera), self.middle
        return px + (x - camera.x) * scale, py - (y - camera.y) * scale

    @property
    def sight(self) -> tuple[float, float]:
        """How far one sees from the camera's centre along x and y, in units of its ``half``."""
        _, y = self.middle
        farthest = max(y - self.y, self.y + self.height - y)
        return self.width / self.side, 2 * farthest / self.side


def arrangement(n: int, width: int, height: int, edges: Edges = Edges()) -> tuple[int, int]:
    """(columns, rows) for ``n`` panes on a canvas: those with the largest square for the content, and of
    equals the fewest rows. Places that stay empty, and panes that are long and lean, must be worth it."""

    def merit(columns: int, rows: int) -> tuple[float, int]:
        across, down = width / columns, height / rows
        side = min(across, down - edges.top - edges.bottom)
        lean = 1 - min(across, down) / max(across, down)
        return side * (1.0 if columns * rows == n else FULL) * (1 - LEAN * lean), -rows

    return max(_grids(n), key=lambda grid: merit(*grid))


def _grids(n: int) -> Iterator[tuple[int, int]]:
    """Every number of columns, with as many rows as that takes; none with an empty column."""
    for columns in range(1, n + 1):
        rows = -(-n // columns)
        if (columns - 1) * rows < n:
            yield columns, rows


def pane_areas(
    n: int, width: int, height: int, line: int = 1, edges: Edges = Edges()
) -> tuple[PaneArea, ...]:
    """The areas of ``n`` panes, row by row, with ``line`` pixels between neighbours. All pixels but the lines
    (and places that stay empty) belong to a pane; sizes differ by at most one pixel."""
    columns, rows = arrangement(n, width, height, edges)
    xs, ys = _spans(width, columns, line), _spans(height, rows, line)
    places = ((xs[i % columns], ys[i // columns]) for i in range(n))
    return tuple(PaneArea(x, y, columns, rows, edges) for (x, columns), (y, rows) in places)


def _spans(length: int, count: int, line: int) -> list[tuple[int, int]]:
    """(start, size) of ``count`` equal parts of ``length``."""
    room = max(length - line * (count - 1), count)
    edges = [round(room * i / count) for i in range(count + 1)]
    return [(edges[i] + line * i, edges[i + 1] - edges[i]) for i in range(count)]
