"""Where the panes of a canvas lie, and how their pixels correspond to the plane.

Pixels here are physical, with the origin in the upper left corner and y down; the plane has y up.
"""

from __future__ import annotations

from dataclasses import dataclass

from fmstudio.render.scene import Camera, layout


@dataclass(frozen=True)
class PaneArea:
    """The pixels of one pane."""

    x: int
    y: int
    width: int
    height: int

    def contains(self, px: float, py: float) -> bool:
        return self.x <= px < self.x + self.width and self.y <= py < self.y + self.height

    def pixels_per_unit(self, camera: Camera) -> float:
        return self.height / (2 * camera.half_height)

    def to_plane(self, px: float, py: float, camera: Camera) -> tuple[float, float]:
        """The plane's point under a pixel position."""
        scale = self.pixels_per_unit(camera)
        x = camera.x + (px - self.x - self.width / 2) / scale
        return x, camera.y - (py - self.y - self.height / 2) / scale

    def to_pixel(self, x: float, y: float, camera: Camera) -> tuple[float, float]:
        """The pixel position of a point of the plane."""
        scale = self.pixels_per_unit(camera)
        px = self.x + self.width / 2 + (x - camera.x) * scale
        return px, self.y + self.height / 2 - (y - camera.y) * scale


def pane_areas(n: int, width: int, height: int, line: int = 1) -> tuple[PaneArea, ...]:
    """The areas of ``n`` panes, row by row, with ``line`` pixels between neighbours. All pixels but the lines
    belong to a pane; sizes differ by at most one pixel."""
    columns, rows = layout(n)
    xs, ys = _spans(width, columns, line), _spans(height, rows, line)
    return tuple(
        PaneArea(xs[i % columns][0], ys[i // columns][0], xs[i % columns][1], ys[i // columns][1])
        for i in range(n)
    )


def _spans(length: int, count: int, line: int) -> list[tuple[int, int]]:
    """(start, size) of ``count`` equal parts of ``length``."""
    room = max(length - line * (count - 1), count)
    edges = [round(room * i / count) for i in range(count + 1)]
    return [(edges[i] + line * i, edges[i + 1] - edges[i]) for i in range(count)]
