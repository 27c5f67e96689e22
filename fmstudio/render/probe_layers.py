"""The probe on the canvas: lines to the target points that pull, as bright as their weight, and what they
sum up to."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fmstudio.engine.client import Job
from fmstudio.engine.messages import ProbeRequest
from fmstudio.render.palette import Palette, rgb
from fmstudio.render.scene import ArrowLayer, Layer, PointLayer, TrailLayer
from fmstudio.studio.probing import Probed, probed

FAINTEST = 0.12
"""Of a line whose weight is next to nothing."""
REACH = 0.7
"""The longest arrow, in plane units; slow ones are shorter."""


def probe_layers(job: Job, palette: Palette) -> Iterator[Layer]:
    """Nothing where nothing is asked, or while it has not come."""
    if not isinstance(job.request, ProbeRequest) or job.result.ready < job.result.shape[0]:
        return
    asked = job.request
    x = np.array(asked.x, np.float32)
    told = probed(job.result.values)
    if len(told.points):
        yield _pulls(asked, told, palette)
        yield PointLayer(told.points, palette.target, 5.0, 0.9)
    if np.isfinite(told.mean).all():
        yield PointLayer(told.mean[None].copy(), palette.text, 8.0, 0.95)
    role = palette.exact if asked.moving.learned is None else palette.learned
    yield from _heading(asked, told, role)
    yield PointLayer(x[None], role, 7.0, 1.0)


def _pulls(asked: ProbeRequest, told: Probed, palette: Palette) -> TrailLayer:
    x = np.array(asked.x, np.float32)
    lines = np.stack([np.broadcast_to(x, told.points.shape), told.points], 1)
    strength = FAINTEST + (1 - FAINTEST) * told.weights / max(float(told.weights.max()), 1e-12)
    colours = np.concatenate([np.tile(rgb(palette.target), (len(lines), 1)), strength[:, None]], 1)
    return TrailLayer(
        np.ascontiguousarray(lines, np.float32),
        np.round(255 * colours).astype(np.uint8),
        width=1.6,
        opacity=0.9,
        fade=False,
    )


def _heading(asked: ProbeRequest, told: Probed, colour: str) -> Iterator[ArrowLayer]:
    """An arrow along what moves a particle here: the drift, or the mean velocity of roads that cross."""
    velocity = told.drift if np.isfinite(told.drift).all() else told.velocity
    if not np.isfinite(velocity).all():
        return
    speed = float(np.hypot(*velocity))
    arrow = np.asarray(velocity * (REACH / (1 + speed)), np.float32)
    middle = np.asarray(np.array(asked.x) + arrow / 2, np.float32)
    yield ArrowLayer(middle[None], arrow[None], colour, 1.0, 2.2)
