"""The view that shows all that belongs to a scene: source, target, and all between. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from fmstudio.document.document import Document, Experiment
from fmstudio.document.extent import Extent, Interval, union
from fmstudio.document.specs.motion import FreeMotion, as_free, duration_of
from fmstudio.document.specs.view import CameraSpec

MARGIN = 16 / 15
"""What is shown beyond the scene: a standard normal, 3 to each side, is seen in a square of 3.2."""
MOMENTS = 33
"""Of a path or process so many moments are looked at."""
GUIDED = 1 / 16
"""By so much farther, times its scale, guidance drives particles past the other modes (measured on five
modes: a fifth at S = 4, half at S = 8)."""
NEAREST, FARTHEST = 0.02, 500.0
"""A scene may be a point, or run off to infinity."""


def camera_of(document: Document) -> CameraSpec:
    """Where somebody looked, or else the fitted view."""
    return document.view.camera or fitted(document)


@lru_cache(maxsize=8)
def fitted(document: Document) -> CameraSpec:
    """The smallest square that shows what belongs to any pane, with a margin."""
    x0, y0, x1, y1 = np.clip(scene_extent(document).box, -FARTHEST, FARTHEST).tolist()
    half = _driven(document) * MARGIN * max(x1 - x0, y1 - y0) / 2
    return CameraSpec(x=(x0 + x1) / 2, y=(y0 + y1) / 2, half=min(max(half, NEAREST), FARTHEST))


def _driven(document: Document) -> float:
    """How much farther guided particles come, in the pane where that is most."""
    guided = (document.experiment(index).guidance for index in range(len(document.view.panes)))
    return 1 + GUIDED * max(min(spec.scale, 1 / GUIDED) if spec else 0.0 for spec in guided)


def scene_extent(document: Document) -> Extent:
    """The union over all panes."""
    panes = (document.experiment(index) for index in range(len(document.view.panes)))
    return union(extent_of(experiment) for experiment in panes)


def extent_of(experiment: Experiment) -> Extent:
    """Where the particles and the density of one pane are, from the first moment to the last."""
    return union(_moments(experiment))


def _moments(experiment: Experiment) -> Iterator[Extent]:
    dynamics = experiment.dynamics
    source, target = experiment.source.extent(), experiment.target.extent()
    if dynamics.follows_source:
        yield source
    if dynamics.follows_target:
        yield target
    if dynamics.follows_path:
        times = np.linspace(0, 1, MOMENTS)
        blurs = experiment.coupling.spread * np.sqrt(times * (1 - times))
        curves = (*experiment.path.curves(times), blurs)
        for alpha, beta, blur in zip(*(curve.tolist() for curve in curves), strict=True):
            noise = Extent(Interval(0.0, 0.0, blur), Interval(0.0, 0.0, blur))
            yield target.scaled(alpha).plus(source.scaled(beta)).plus(noise)
    free = as_free(dynamics)
    if free is not None:
        yield from _law(free, source)


def _law(dynamics: FreeMotion, start: Extent) -> Iterator[Extent]:
    """X_t = m X_0 + c + s epsilon of a linear SDE, by exact steps with coefficients held between moments."""
    step = duration_of(dynamics) / (MOMENTS - 1)
    scale, x, y, variance = 1.0, 0.0, 0.0, 0.0
    for moment in range(MOMENTS - 1):
        a, b_x, b_y, g = dynamics.coefficients((moment + 0.5) * step)
        growth = math.exp(min(a * step, 20.0))
        drifted = step if abs(a) < 1e-9 else (growth - 1) / a
        spread = step if abs(a) < 1e-9 else (growth**2 - 1) / (2 * a)
        scale, variance = min(scale * growth, 1e6), min(variance * growth**2 + g * g * spread, 1e12)
        x, y = x * growth + b_x * drifted, y * growth + b_y * drifted
        blur = math.sqrt(variance)
        yield start.scaled(scale).plus(Extent(Interval(x, 0.0, blur), Interval(y, 0.0, blur)))
