"""What moves: particles, trails and paths, coupling lines, warped grids. Results and a time -> layers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import partial
from typing import final

import numpy as np

from fmstudio.document.document import Document
from fmstudio.document.specs.colouring import ParticleColour
from fmstudio.engine.client import Job
from fmstudio.engine.messages import WarpRequest
from fmstudio.render import lines
from fmstudio.render.kept import Kept
from fmstudio.render.palette import Palette
from fmstudio.render.particle_colours import (
    density_colours,
    label_colours,
    one_colour,
    origin_colours,
    plain_colours,
    speed_colours,
    time_colours,
)
from fmstudio.render.scene import Bytes, Layer, ParticleLayer, PointLayer, TrailLayer
from fmstudio.studio.resolve import colour_request
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
        colours = self._colours(job, low, document.view.particle_colour, palette)[1]
        size = document.view.particle_size * _crowd_scale(job.result.shape[1])
        a, b = self._kept.row(job, low), self._kept.row(job, high)
        yield ParticleLayer(a, b, weight, colours, size, glows=document.view.particle_glow)

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
        key, own = self._colours(job, low, by, palette)
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

    def reference(self, job: Job, t: float, palette: Palette) -> Iterator[Layer]:
        """The true paths so far, thin, and where they have come to."""
        found = _state(job, t)
        if found is None:
            return
        points = lines.paths(job.result.values, *found[::2])
        make = partial(one_colour, job.result.shape[1], palette.text)
        colours = self._kept.of(job, ("reference", palette.name), make)
        yield TrailLayer(points, colours, width=0.9, opacity=0.5, fade=False)
        now = lines.now(job.result.values, *found[::2])
        yield PointLayer(now, palette.text, 3.0, 0.8)

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

    def _colours(
        self, job: Job, row: int, choice: ParticleColour, palette: Palette
    ) -> tuple[Hashable, Bytes]:
        """What particles are coloured by at a state, as a key, and the colours: where each began, until what
        is asked is known."""
        key, make = self._made_by(job, row, choice, palette) or (
            ("origin", palette.name),
            partial(origin_colours, job.result.values[0], palette),
        )
        return key, self._kept.of(job, key, make)

    def _made_by(
        self, job: Job, row: int, choice: ParticleColour, palette: Palette
    ) -> tuple[Hashable, Callable[[], Bytes]] | None:
        values, count, last = job.result.values, job.result.shape[1], job.result.shape[0] - 1
        if choice is ParticleColour.PLAIN:
            return ("plain", palette.name), partial(plain_colours, count, palette)
        if choice is ParticleColour.TIME:
            return ("time", row, palette.name), partial(time_colours, count, row / last, palette)
        if choice is ParticleColour.SPEED:
            after = min(row + 1, job.result.ready - 1)
            return ("speed", row), lambda: speed_colours(values[after] - values[row])
        if choice is ParticleColour.END and job.result.ready > last:
            return ("end", palette.name), partial(origin_colours, values[last], palette)
        found = self._told(job, choice)
        if found is not None and choice is ParticleColour.LABEL:
            return ("labels", found.id), partial(label_colours, found.result.values[0])
        if found is not None:
            return ("log-density", found.id, row), partial(density_colours, found.result.values[row])
        return None

    def _told(self, job: Job, choice: ParticleColour) -> Job | None:
        """What the engine has told of these particles."""
        asked = colour_request(job.request, choice)
        return None if asked is None else self._results.cached(asked)

    def _origin(self, job: Job, palette: Palette) -> Bytes:
        return self._kept.of(
            job, ("origin", palette.name), partial(origin_colours, job.result.values[0], palette)
        )


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
