"""What moves: particles, trails and paths, coupling lines, warped grids. Results and a time -> layers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import final

import numpy as np

from fmstudio.document.document import Document
from fmstudio.document.specs.view import ParticleColour
from fmstudio.engine.client import Job
from fmstudio.engine.messages import LabelsRequest, TrajectoriesRequest, WarpRequest
from fmstudio.render import lines
from fmstudio.render.kept import Kept
from fmstudio.render.palette import Palette
from fmstudio.render.particle_colours import (
    label_colours,
    one_colour,
    origin_colours,
    plain_colours,
    speed_colours,
)
from fmstudio.render.scene import Bytes, Layer, ParticleLayer, TrailLayer
from fmstudio.studio.results import Results, is_row_ready

TRAIL_PARTICLES = 600
PATH_PARTICLES = 200
"""Of so many the whole path can still be followed."""


@final
class MovingLayers:
    """Each method takes the job of its layer, and yields a layer if there is something to show."""

    def __init__(self, results: Results, kept: Kept) -> None:
        self._results = results
        self._kept = kept

    def particles(self, job: Job, document: Document, t: float, palette: Palette) -> Iterator[Layer]:
        found = _state(job, t)
        if found is None:
            return
        low, high, weight = found
        colours = self._colours(job, low, document.view.particle_colour, palette)
        size = document.view.particle_size * _crowd_scale(job.result.shape[1])
        a, b = self._kept.row(job, low), self._kept.row(job, high)
        yield ParticleLayer(a, b, weight, colours, size)

    def trails(
        self, job: Job, t: float, by: ParticleColour, palette: Palette, whole: bool
    ) -> Iterator[Layer]:
        """Fading tails, or the ``whole`` of fewer paths."""
        found = _state(job, t)
        if found is None:
            return
        low, _, weight = found
        count = min(PATH_PARTICLES if whole else TRAIL_PARTICLES, job.result.shape[1])
        states = job.result.values[:, :count]
        points = (lines.paths if whole else lines.tails)(states, low, weight)
        key, own = self._lasting(job, by, palette)
        colours = self._kept.of(job, ("trail colours", count, key, palette.name), own[:count].copy)
        if whole:
            yield TrailLayer(points, colours, width=1.1, opacity=0.6, fade=False)
        else:
            yield TrailLayer(points, colours, width=1.5, opacity=0.85)

    def couplings(self, job: Job, palette: Palette) -> Iterator[Layer]:
        if is_row_ready(job, 1):
            points = self._kept.of(
                job, "lines", lambda: np.ascontiguousarray(job.result.values.transpose(1, 0, 2))
            )
            yield TrailLayer(points, self._origin(job, palette), width=1.0, opacity=0.45, fade=False)

    def grid(self, job: Job, t: float, palette: Palette) -> Iterator[Layer]:
        found = _state(job, t)
        if found is None:
            return
        low, _, weight = found
        request = job.request
        assert isinstance(request, WarpRequest)
        points = lines.grid_lines(job.result.values, low, weight, request.points)
        colours = self._kept.of(
            job, ("grid", palette.name), lambda: one_colour(2 * request.lines, palette.source)
        )
        yield TrailLayer(points, colours, width=1.3, opacity=0.75, fade=False)

    def _colours(self, job: Job, row: int, choice: ParticleColour, palette: Palette) -> Bytes:
        if choice in (ParticleColour.ORIGIN, ParticleColour.LABEL):
            return self._lasting(job, choice, palette)[1]
        if choice is ParticleColour.PLAIN:
            return self._kept.of(
                job, ("plain", palette.name), lambda: plain_colours(job.result.shape[1], palette)
            )
        return self._kept.of(
            job,
            ("speed colours", row),
            lambda: speed_colours(
                job.result.values[min(row + 1, job.result.ready - 1)] - job.result.values[row]
            ),
        )

    def _lasting(self, job: Job, choice: ParticleColour, palette: Palette) -> tuple[int, Bytes]:
        """The colours that particles keep, and what they are of: labels once they are known, else origins."""
        if choice is ParticleColour.LABEL and isinstance(job.request, TrajectoriesRequest):
            found = self._results.cached(LabelsRequest(job.request))
            if found is not None:
                make = partial(label_colours, found.result.values[0])
                return found.id, self._kept.of(job, ("labels", found.id), make)
        return 0, self._origin(job, palette)

    def _origin(self, job: Job, palette: Palette) -> Bytes:
        make = partial(origin_colours, job.result.values[0], palette)
        return self._kept.of(job, ("origin", palette.name), make)


def _crowd_scale(n: int) -> float:
    """Many particles are drawn smaller."""
    return float(np.clip((2000 / n) ** 0.25, 0.35, 1.15))


def _state(job: Job, t: float) -> tuple[int, int, float] | None:
    """The states around t and the weight of the later one; the last that was reached, if t is ahead of it."""
    last = job.result.shape[0] - 1
    if last < 1 or not job.result.ready:
        return None
    place = t * last
    low = min(int(place), last - 1)
    if job.result.ready >= low + 2:
        return low, low + 1, place - low
    reached = job.result.ready - 1
    return reached, reached, 0.0
