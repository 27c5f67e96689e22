"""Particles that were dropped: their ways, amber where they came from and cyan where they go, where they are
now, and a ring where they were dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from fmstudio.document.specs.view import DropSpec
from fmstudio.engine.client import Job
from fmstudio.engine.messages import DropsRequest
from fmstudio.engine.requests import drop_row
from fmstudio.render.kept import Kept
from fmstudio.render.palette import Palette
from fmstudio.render.particle_colours import one_colour
from fmstudio.render.scene import Array, Bytes, Layer, PointLayer, TrailLayer

POINTS = 400
"""Of a longer way so many are drawn."""
RING, RIM = 13.0, 2.0
END, NOW = 5.0, 8.0
ALONE, ONE_OF_MANY = 1.0, 0.6
"""Opacity of the one way of a particle, and of one of several."""


@dataclass(frozen=True, eq=False)
class Ways:
    """All ways of what is dropped, (drops * ways, k, 2) each, NaN where the other is; and their ends."""

    past: Array
    future: Array
    starts: Array
    ends: Array


def drop_layers(
    kept: Kept, job: Job, drops: Sequence[DropSpec], t: float, palette: Palette
) -> Iterator[Layer]:
    """Those of the job that are still in the document."""
    request = job.request
    if not isinstance(request, DropsRequest) or job.result.ready < job.result.shape[0]:
        return
    found = tuple(number for number, drop in enumerate(request.drops) if drop in drops)
    if not found:
        return
    ways = kept.of(job, ("ways", found), lambda: _ways(request, job.result.values, found))
    opacity = ALONE if request.ways == 1 else ONE_OF_MANY
    for lines, colour in ((ways.past, palette.source), (ways.future, palette.target)):
        under, over = (_colours(kept, job, len(lines), each) for each in (palette.canvas, colour))
        yield TrailLayer(lines, under, width=4.5, opacity=0.6 * opacity, fade=False)
        yield TrailLayer(lines, over, width=2.0, opacity=opacity, fade=False)
    for points, colour in ((ways.starts, palette.source), (ways.ends, palette.target)):
        yield PointLayer(points, palette.canvas, END + 2 * RIM, 0.8)
        yield PointLayer(points, colour, END, 1.0)
    now = np.concatenate([_now(request, job.result.values, number, t) for number in found])
    yield PointLayer(now, palette.canvas, NOW + RIM, 0.9)
    yield PointLayer(now, palette.text, NOW, 1.0)


@lru_cache(maxsize=8)
def drop_marks(drops: tuple[DropSpec, ...], palette: Palette) -> tuple[Layer, ...]:
    """A ring at each place; the same arrays for the same drops, so that a canvas uploads them once."""
    if not drops:
        return ()
    places = np.array([(drop.x, drop.y) for drop in drops], np.float32)
    rings = ((RING + 2 * RIM, palette.canvas), (RING, palette.text), (RING - 2 * RIM, palette.canvas))
    return tuple(PointLayer(places, colour, size, 1.0) for size, colour in rings)


def _colours(kept: Kept, job: Job, count: int, colour: str) -> Bytes:
    return kept.of(job, ("way colours", count, colour), partial(one_colour, count, colour))


def _ways(request: DropsRequest, values: Array, found: tuple[int, ...]) -> Ways:
    steps = request.moving.simulation.steps
    rows = np.unique(np.linspace(0, steps + 1, min(POINTS, steps + 2)).round().astype(int))
    own = np.repeat([drop_row(request.drops[number].t, steps) for number in found], request.ways)[:, None]
    ways = np.concatenate([values[number] for number in found])
    lines = ways[:, rows]
    past, future = (
        np.where(there[:, :, None], lines, np.nan).astype(np.float32) for there in (rows <= own, rows >= own)
    )
    return Ways(past, future, _known(ways[:, 0]), _known(ways[:, -1]))


def _now(request: DropsRequest, values: Array, number: int, t: float) -> Array:
    """Where each way of one particle is at the part ``t``: between the two states around it."""
    steps, own = request.moving.simulation.steps, request.drops[number].t
    times = np.insert(np.arange(steps + 1) / steps, drop_row(own, steps), own)
    low = int(np.clip(np.searchsorted(times, t, side="right") - 1, 0, steps))
    span = times[low + 1] - times[low]
    weight = float(np.clip((t - times[low]) / span, 0, 1)) if span > 0 else 0.0
    return _known((1 - weight) * values[number][:, low] + weight * values[number][:, low + 1])


def _known(points: Array) -> Array:
    return np.ascontiguousarray(points[np.isfinite(points).all(1)], np.float32)
