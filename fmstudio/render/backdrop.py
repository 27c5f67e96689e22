"""What stands behind the particles: densities, arrows, samples. Results and a time -> layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from fmstudio.engine.client import Job
from fmstudio.engine.messages import DensityMethod, DensityRequest, FieldRequest, Quantity
from fmstudio.render.kept import Kept
from fmstudio.render.palette import Palette
from fmstudio.render.scales import RELATIVE, arrow_lengths, grid_points, meaning_of, top_of, typical_speed
from fmstudio.render.scene import ArrowLayer, DensityLayer, Layer, Meaning, PointLayer
from fmstudio.studio.results import Slot, request_of

SLOW = (DensityMethod.LIKELIHOOD, DensityMethod.LIKELIHOOD_HUTCHINSON, DensityMethod.FOKKER_PLANCK)
"""They take seconds: until they have come to the moment that is looked at, nothing is shown in its place."""


@final
class Backdrop:
    """Each method takes the slot of its lane, and yields a layer if there is something to show."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def density(self, slot: Slot | None, t: float) -> Iterator[Layer]:
        found = self._pair(slot, t)
        if found is None:
            return
        job, a, b, weight = found
        request = job.request
        assert isinstance(request, DensityRequest)
        grid = request.grid
        meaning = meaning_of(request.method)
        top = (1 - weight) * self._top(job, a, meaning) + weight * self._top(job, b, meaning)
        if request.method in RELATIVE:
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
            answers=request,
        )

    def arrows(self, slot: Slot | None, t: float, palette: Palette) -> Iterator[Layer]:
        found = self._pair(slot, t)
        if found is None:
            return
        job, a, b, weight = found
        request = job.request
        assert isinstance(request, FieldRequest)
        grid = request.grid
        vectors = (1 - weight) * self._kept.row(job, a) + weight * self._kept.row(job, b)
        positions = self._kept.of(job, ("grid"), lambda: grid_points(grid.xs, grid.ys))
        cell = 2 * grid.half_y / max(grid.ny - 1, 1)
        typical = (1 - weight) * self._speed(job, a) + weight * self._speed(job, b)
        arrows = arrow_lengths(vectors.reshape(-1, 2), typical, cell)
        yield ArrowLayer(positions, arrows, palette.secondary, 0.55, 1.3, answers=request)

    def _pair(self, slot: Slot | None, t: float) -> tuple[Job, int, int, float] | None:
        """The two kept moments around t and the weight of the later one; a ready one for both if need be."""
        if slot is None or not slot.jobs:
            return None
        newest = slot.jobs[0]
        last = newest.result.shape[0] - 1
        place = t * last
        low = min(int(place), max(last - 1, 0))
        high = min(low + 1, last)
        near = slot.nearest(low if place - low < 0.5 else high)
        if near is None:
            return None
        job, row = near
        if _shows(job) is not _shows(newest):
            return None
        if _shows(job) in SLOW and abs(row - place) > 1:
            return None
        if slot.at(low) is job and slot.at(high) is job and job.result.shape[0] == last + 1:
            return job, low, high, place - low
        return job, row, row, 0.0

    def _top(self, job: Job, row: int, meaning: Meaning) -> float:
        return self._kept.of(job, ("top", row), lambda: top_of(self._kept.row(job, row), meaning))

    def _speed(self, job: Job, row: int) -> float:
        flux = _shows(job) is Quantity.FLUX
        return self._kept.of(job, ("speed", row), lambda: typical_speed(self._kept.row(job, row), flux))

    def data(self, slot: Slot | None, palette: Palette) -> Iterator[Layer]:
        job = slot.at(0) if slot is not None else None
        if job is not None:
            yield PointLayer(self._kept.row(job, 0), palette.target, 3.0, 0.5, answers=request_of(job))


def _shows(job: Job) -> object:
    """What a density or a field is: a picture of something else must not stand under a new legend."""
    return getattr(job.request, "method", None) or getattr(job.request, "quantity", None)
