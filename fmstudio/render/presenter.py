"""From (document, results, t) to a scene. Pure but for small caches; computes no mathematics of its own."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import partial
from typing import Any, TypeVar

import numpy as np

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.document.specs.view import ParticleColour
from fmstudio.engine.client import Job
from fmstudio.engine.messages import (
    DensityMethod,
    DensityRequest,
    FieldRequest,
    LabelsRequest,
    Quantity,
    WarpRequest,
)
from fmstudio.render import lines, words
from fmstudio.render.palette import Palette
from fmstudio.render.particle_colours import (
    label_colours,
    one_colour,
    origin_colours,
    plain_colours,
    speed_colours,
)
from fmstudio.render.probe_layers import probe_layers
from fmstudio.render.scales import arrow_lengths, grid_points, meaning_of, top_of, typical_speed
from fmstudio.render.scene import (
    Array,
    ArrowLayer,
    Bytes,
    Camera,
    DensityLayer,
    InkLayer,
    Layer,
    Meaning,
    Pane,
    ParticleLayer,
    PointLayer,
    Scene,
    TrailLayer,
    layout,
)
from fmstudio.studio.clocks import clock
from fmstudio.studio.planner import is_waiting_for_a_stroke
from fmstudio.studio.probing import probe_lane
from fmstudio.studio.results import Results, Slot, position_of

T = TypeVar("T")
TRAIL_PARTICLES = 600
PATH_PARTICLES = 200
"""Of so many the whole path can still be followed."""
SLOW = (DensityMethod.LIKELIHOOD, DensityMethod.LIKELIHOOD_HUTCHINSON, DensityMethod.FOKKER_PLANCK)
"""They take seconds: until they have come to the moment that is looked at, nothing is shown in its place."""
INK_OPACITY = 0.38


class Presenter:
    """Makes scenes. Keeps one array object per drawn row, so that the canvas uploads each only once."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._cache: dict[int, dict[Hashable, Any]] = {}

    def scene(self, document: Document, t: float, palette: Palette, drawing: bool = False) -> Scene:
        """What the studio shows at time t; while ``drawing`` the ink is seen at every t."""
        self._forget_the_gone()
        view = document.view.camera
        panes = tuple(
            self._pane(document, index, t, palette, drawing) for index in range(len(document.view.panes))
        )
        camera = Camera(view.x, view.y, view.half_height)
        return Scene(panes, camera, palette, t, clock=clock(document))

    def _pane(self, document: Document, index: int, t: float, palette: Palette, drawing: bool) -> Pane:
        experiment = document.experiment(index)
        spec = document.view.panes[index]
        title, subtitle = words.title(spec.title, experiment), words.subtitle(experiment, spec)
        if is_waiting_for_a_stroke(experiment):
            return Pane(title, subtitle, (), notice="Draw here: press and move the mouse")
        layers = tuple(self._layers(document, index, min(t, spec.until), palette))
        if drawing and isinstance(experiment.target, DrawnSpec):
            layers = (*layers, _ink(experiment.target, palette))
        legend = tuple(words.legend(document, self._results, index))
        return Pane(title, subtitle, layers, legend, words.notice(experiment, self._results, index))

    def _layers(self, document: Document, index: int, t: float, palette: Palette) -> Iterator[Layer]:
        on = document.view.panes[index].layers
        slots = self._results.slots
        if on.density:
            yield from self._density(slots.get(f"density/{index}"), t)
        if on.field:
            yield from self._arrows(slots.get(f"field/{index}"), t, palette)
        if on.data:
            yield from self._data(slots.get(f"data/{index}"), palette)
        if on.couplings:
            yield from self._couplings(slots.get(f"pairs/{index}"))
        if on.grid:
            yield from self._grid(slots.get(f"grid/{index}"), t, palette)
        moving = slots.get(f"trajectories/{index}")
        by = document.view.particle_colour
        if on.paths:
            yield from self._trails(moving, t, by, whole=True)
        if on.trajectories:
            yield from self._trails(moving, t, by, whole=False)
        if on.particles:
            yield from self._particles(moving, document, t, palette)
        yield from probe_layers(slots.get(probe_lane(index)), palette)

    # ---- density and field ----

    def _density(self, slot: Slot | None, t: float) -> Iterator[Layer]:
        found = self._pair(slot, t)
        if found is None:
            return
        job, a, b, weight = found
        request = job.request
        assert isinstance(request, DensityRequest)
        grid = request.grid
        meaning = meaning_of(request.method)
        top = (1 - weight) * self._top(job, a, meaning) + weight * self._top(job, b, meaning)
        if request.method is DensityMethod.RESIDUAL:
            top = 1.0
        yield DensityLayer(
            self._row(job, a),
            self._row(job, b),
            weight,
            max(top, 1e-12),
            grid.cx - grid.half_x,
            grid.cy - grid.half_y,
            grid.cx + grid.half_x,
            grid.cy + grid.half_y,
            meaning,
        )

    def _arrows(self, slot: Slot | None, t: float, palette: Palette) -> Iterator[Layer]:
        found = self._pair(slot, t)
        if found is None:
            return
        job, a, b, weight = found
        request = job.request
        assert isinstance(request, FieldRequest)
        grid = request.grid
        vectors = (1 - weight) * self._row(job, a) + weight * self._row(job, b)
        positions = self._cached(job, ("grid"), lambda: grid_points(grid.xs, grid.ys))
        cell = 2 * grid.half_y / max(grid.ny - 1, 1)
        typical = (1 - weight) * self._speed(job, a) + weight * self._speed(job, b)
        yield ArrowLayer(
            positions, arrow_lengths(vectors.reshape(-1, 2), typical, cell), palette.secondary, 0.55, 1.3
        )

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
        return self._cached(job, ("top", row), lambda: top_of(self._row(job, row), meaning))

    def _speed(self, job: Job, row: int) -> float:
        flux = _shows(job) is Quantity.FLUX
        return self._cached(job, ("speed", row), lambda: typical_speed(self._row(job, row), flux))

    # ---- particles ----

    def _particles(
        self, slot: Slot | None, document: Document, t: float, palette: Palette
    ) -> Iterator[Layer]:
        found = self._state(slot, t)
        if found is None:
            return
        job, low, high, weight = found
        colours = self._colours(job, low, document.view.particle_colour, palette)
        rows = layout(len(document.view.panes))[1]
        size = document.view.particle_size * _crowd_scale(job.result.shape[1]) / rows**0.5
        yield ParticleLayer(self._row(job, low), self._row(job, high), weight, colours, size)

    def _trails(self, slot: Slot | None, t: float, by: ParticleColour, whole: bool) -> Iterator[Layer]:
        """Fading tails, or the ``whole`` of fewer paths."""
        found = self._state(slot, t)
        if found is None:
            return
        job, low, _, weight = found
        count = min(PATH_PARTICLES if whole else TRAIL_PARTICLES, job.result.shape[1])
        states = job.result.values[:, :count]
        points = (lines.paths if whole else lines.tails)(states, low, weight)
        key, own = self._lasting(job, by)
        colours = self._cached(job, ("trail colours", count, key), own[:count].copy)
        if whole:
            yield TrailLayer(points, colours, width=1.1, opacity=0.6, fade=False)
        else:
            yield TrailLayer(points, colours, width=1.5, opacity=0.85)

    def _couplings(self, slot: Slot | None) -> Iterator[Layer]:
        job = slot.at(1) if slot is not None else None
        if job is not None:
            points = self._cached(
                job, "lines", lambda: np.ascontiguousarray(job.result.values.transpose(1, 0, 2))
            )
            yield TrailLayer(points, self._origin(job), width=1.0, opacity=0.45, fade=False)

    def _grid(self, slot: Slot | None, t: float, palette: Palette) -> Iterator[Layer]:
        found = self._state(slot, t)
        if found is None:
            return
        job, low, _, weight = found
        request = job.request
        assert isinstance(request, WarpRequest)
        points = lines.grid_lines(job.result.values, low, weight, request.points)
        colours = self._cached(
            job, ("grid", palette.name), lambda: one_colour(2 * request.lines, palette.source)
        )
        yield TrailLayer(points, colours, width=1.3, opacity=0.75, fade=False)

    def _data(self, slot: Slot | None, palette: Palette) -> Iterator[Layer]:
        job = slot.at(0) if slot is not None else None
        if job is not None:
            yield PointLayer(self._row(job, 0), palette.target, 3.0, 0.5)

    def _state(self, slot: Slot | None, t: float) -> tuple[Job, int, int, float] | None:
        """The newest simulation that has come as far as t: its states around t."""
        if slot is None:
            return None
        for job in slot.jobs:
            last = job.result.shape[0] - 1
            place = t * last
            low = min(int(place), last - 1)
            if job.result.ready >= low + 2:
                return job, low, low + 1, place - low
        started = [job for job in slot.jobs if job.result.ready]
        if not started:
            return None
        reached = started[0].result.ready - 1
        return started[0], reached, reached, 0.0

    def _colours(self, job: Job, row: int, choice: ParticleColour, palette: Palette) -> Bytes:
        if choice in (ParticleColour.ORIGIN, ParticleColour.LABEL):
            return self._lasting(job, choice)[1]
        if choice is ParticleColour.PLAIN:
            return self._cached(
                job, ("plain", palette.name), lambda: plain_colours(job.result.shape[1], palette)
            )
        return self._cached(
            job,
            ("speed colours", row),
            lambda: speed_colours(
                job.result.values[min(row + 1, job.result.ready - 1)] - job.result.values[row]
            ),
        )

    def _lasting(self, job: Job, choice: ParticleColour) -> tuple[int, Bytes]:
        """The colours that particles keep, and what they are of: labels once they are known, else origins."""
        for slot in self._results.slots.values() if choice is ParticleColour.LABEL else ():
            found = slot.at(0) if isinstance(slot.request, LabelsRequest) else None
            if found is not None and found.request == LabelsRequest(job.request):  # type: ignore[arg-type]
                return found.id, self._cached(found, "labels", partial(label_colours, found.result.values[0]))
        return 0, self._origin(job)

    def _origin(self, job: Job) -> Bytes:
        return self._cached(job, ("origin"), lambda: origin_colours(job.result.values[0]))

    # ---- caches ----

    def _row(self, job: Job, row: int) -> Array:
        return self._cached(job, ("row", row), lambda: job.result.values[position_of(job, row)])

    def _cached(self, job: Job, key: Hashable, make: Callable[[], T]) -> T:
        """What was made of this job before, or made now; kept for as long as the job is shown."""
        kept = self._cache.setdefault(job.id, {})
        if key not in kept:
            kept[key] = make()
        found: T = kept[key]
        return found

    def _forget_the_gone(self) -> None:
        """Let go of jobs that no lane holds: a kept row keeps its whole result in memory."""
        live = {job.id for slot in self._results.slots.values() for job in slot.jobs}
        for gone in self._cache.keys() - live:
            del self._cache[gone]


def _ink(target: DrawnSpec, palette: Palette) -> InkLayer:
    return InkLayer(target.raster.values, target.half, palette.target, INK_OPACITY)


def _shows(job: Job) -> object:
    """What a density or a field is: a picture of something else must not stand under a new legend."""
    return getattr(job.request, "method", None) or getattr(job.request, "quantity", None)


def _crowd_scale(n: int) -> float:
    """Many particles are drawn smaller."""
    return float(np.clip((2000 / n) ** 0.25, 0.35, 1.15))
