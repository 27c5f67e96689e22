"""The probe on the canvas: the data points that pull, as large as their weight, lines to them, and what they
sum up to. What is pointed at in the probe's panel stands out, with a mark of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from fmstudio.engine.client import Job
from fmstudio.engine.messages import ProbeRequest
from fmstudio.render.palette import Palette
from fmstudio.render.probe_marks import arrow, bold_lines, mark
from fmstudio.render.scene import Layer, PointLayer
from fmstudio.studio.probing import Probed, nearest_pull, probed
from fmstudio.studio.tools import Pointed

FAINTEST = 0.12
"""Of a line whose weight is next to nothing."""
QUIET = 0.3
"""Opacity of all else while something is pointed at."""
SMALLEST, LARGEST = 3.0, 15.0
"""Diameters of data points in logical pixels: the area is the weight."""


def probe_layers(job: Job, palette: Palette, pointed: Pointed) -> Iterator[Layer]:
    """Nothing where nothing is asked, or while it has not come."""
    if not isinstance(job.request, ProbeRequest) or job.result.ready < job.result.shape[0]:
        return
    asked, told = job.request, probed(job.result.values)
    role = palette.exact if asked.moving.learned is None else palette.learned
    marks = tuple(mark(pointed.quantity, asked, told, palette, role))
    strength = QUIET if marks else 1.0
    for layer in _answer(asked, told, palette, role):
        yield replace(layer, opacity=strength * layer.opacity)
    yield from marks
    if pointed.z is not None:
        yield from _picked(asked, told, pointed.z, palette)
    yield PointLayer(np.array([asked.x], np.float32), role, 7.0, 1.0)


def _answer(asked: ProbeRequest, told: Probed, palette: Palette, role: str) -> Iterator[Layer]:
    if len(told.points):
        weights = told.weights / max(float(told.weights.max()), 1e-12)
        yield bold_lines(asked.x, told.points, palette.target, FAINTEST + (1 - FAINTEST) * weights)
        yield from _pulls(told, weights, palette)
    if np.isfinite(told.mean).all():
        yield PointLayer(told.mean[None].copy(), palette.canvas, 11.0, 0.8)
        yield PointLayer(told.mean[None].copy(), palette.text, 8.0, 0.95)
    # Of roads that cross, where no equation moves a particle, the mean velocity.
    moving = told.drift if np.isfinite(told.drift).all() else told.velocity
    yield from arrow(asked.x, moving, role, 2.2)


def _pulls(told: Probed, weights: np.ndarray, palette: Palette) -> Iterator[PointLayer]:
    """Those of about one size together."""
    sizes = np.round(np.sqrt(SMALLEST**2 + (LARGEST**2 - SMALLEST**2) * weights))
    for size in np.unique(sizes):
        points = np.ascontiguousarray(told.points[sizes == size], np.float32)
        yield PointLayer(points, palette.canvas, float(size) + 2.5, 0.8)
        yield PointLayer(points, palette.target, float(size), 0.95)


def _picked(asked: ProbeRequest, told: Probed, z: tuple[float, float], palette: Palette) -> Iterator[Layer]:
    """One data point, if it still pulls."""
    number = nearest_pull(told, z, 1e-3)
    if number is not None:
        point = told.points[number : number + 1].copy()
        yield bold_lines(asked.x, point, palette.text, np.ones(1), 2.6)
        yield PointLayer(point, palette.text, LARGEST + 4.0, 1.0)
        yield PointLayer(point, palette.target, LARGEST, 1.0)
