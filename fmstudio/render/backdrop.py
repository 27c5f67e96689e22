"""What stands behind the particles: densities, arrows, samples. Results and a time -> layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import numpy as np

from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import Meaning
from fmstudio.engine.client import Job
from fmstudio.engine.messages import DensityRequest, FieldRequest
from fmstudio.render.kept import Kept
from fmstudio.render.palette import Palette
from fmstudio.render.particle_colours import one_colour
from fmstudio.render.scales import arrow_lengths, grid_points, top_of, typical_speed
from fmstudio.render.scene import Array, ArrowLayer, DensityLayer, Layer, PointLayer, TrailLayer
from fmstudio.render.streaks import streaks
from fmstudio.studio.answers import is_slow
from fmstudio.studio.results import is_row_ready, nearest_row


@final
class Backdrop:
    """Each method takes the job of its layer, and yields a layer if there is something to show."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def density(self, job: Job, t: float, fills: bool = True, contours: bool = False) -> Iterator[Layer]:
        """Coloured, with level lines, or both."""
        found = _pair(job, t)
        if found is None:
            return
        a, b, weight = found
        request = job.request
        assert isinstance(request, DensityRequest)
        grid = request.grid
        meaning = request.method.facts.meaning
        top = (1 - weight) * self._top(job, a, meaning) + weight * self._top(job, b, meaning)
        if request.method.facts.is_relative:
            top = max(top, 1.0)
        yield DensityLayer(
            self._kept.row(job, a),
            self._kept.row(job, b),
            weight,
            max(top, 1e-12),
            grid.cx - grid.half_x,
            grid.cy - grid.half_y,
            grid.cx + grid.half_x,
            grid.cy + grid.half_y,
            meaning,
            fills=fills,
            contours=contours,
        )

    def field(self, job: Job, t: float, palette: Palette, drifts: bool = False) -> Iterator[Layer]:
        """Arrows, or streaks that drift along them."""
        found = _pair(job, t)
        if found is None:
            return
        a, b, weight = found
        request = job.request
        assert isinstance(request, FieldRequest)
        grid = request.grid
        vectors = _mixed(self._kept.row(job, a), self._kept.row(job, b), weight)
        cell = 2 * grid.half_y / max(grid.ny - 1, 1)
        typical = (1 - weight) * self._speed(job, a) + weight * self._speed(job, b)
        arrows = arrow_lengths(vectors.reshape(-1, 2), typical, cell)
        if drifts:
            lines, strengths = streaks(arrows.reshape(vectors.shape), grid, t)
            colours = one_colour(len(lines), palette.secondary)
            colours[:, 3] = np.round(255 * strengths)
            yield TrailLayer(lines, colours, width=1.6, opacity=0.85)
            return
        positions = self._kept.of(job, ("grid"), lambda: grid_points(grid.xs, grid.ys))
        yield ArrowLayer(positions, arrows, palette.secondary, 0.55, 1.3)

    def _top(self, job: Job, row: int, meaning: Meaning) -> float:
        return self._kept.of(job, ("top", row), lambda: top_of(self._kept.row(job, row), meaning))

    def _speed(self, job: Job, row: int) -> float:
        flux = isinstance(job.request, FieldRequest) and job.request.quantity is Quantity.FLUX
        return self._kept.of(job, ("speed", row), lambda: typical_speed(self._kept.row(job, row), flux))

    def data(self, job: Job, palette: Palette) -> Iterator[Layer]:
        if is_row_ready(job, 0):
            yield PointLayer(self._kept.row(job, 0), palette.target, 3.0, 0.5)


def _mixed(a: Array, b: Array, weight: float) -> Array:
    """(1 - weight) a + weight b; NaN where one is that counts: no arrow is drawn there."""
    return a if weight == 0 else b if weight == 1 else (1 - weight) * a + weight * b


def _pair(job: Job, t: float) -> tuple[int, int, float] | None:
    """The two kept moments around t and the weight of the later one; the nearest that is there for both if
    need be."""
    last = job.result.shape[0] - 1
    place = max(t * last, 0.0)
    low = min(int(place), max(last - 1, 0))
    high = min(low + 1, last)
    if is_row_ready(job, low) and is_row_ready(job, high):
        return low, high, place - low
    near = nearest_row(job, low if place - low < 0.5 else high)
    if near is None or (is_slow(job.request) and abs(near - place) > 1):
        return None
    return near, near, 0.0
