"""What each line of the probe's panel is on the canvas."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from fmstudio.document.specs.motion import duration_of, substeps_of
from fmstudio.document.specs.units import Vector
from fmstudio.engine.messages import ProbeRequest
from fmstudio.render.palette import Palette, rgb
from fmstudio.render.scene import Array, ArrowLayer, Layer, PointLayer, TrailLayer
from fmstudio.studio.probing import Figures, Probed

REACH = 0.7
"""The longest arrow, in plane units; slow ones are shorter."""
CORNERS = 65
CIRCLES = 6
"""Data points around which the noise scale is drawn: the heaviest."""
PATCH, WHILE = 0.35, 0.2
"""Radius of the particles whose spreading is shown, and for how long."""
MOST = 8.0
"""A divergence beyond is drawn as this."""
SPOKES = 12

Mark = Callable[[ProbeRequest, Probed, Palette, str], Iterator[Layer]]


def mark(key: str, asked: ProbeRequest, told: Probed, palette: Palette, role: str) -> Iterator[Layer]:
    """The mark of one quantity; nothing where it is not known."""
    if key in _MARKS:
        yield from _MARKS[key](asked, told, palette, role)


def arrow(x: Vector, along: Figures, colour: str, width: float) -> Iterator[Layer]:
    """From x, as long as ``along`` in a scale that no arrow leaves."""
    if np.isfinite(along).all():
        vector = np.asarray(along * (REACH / (1 + float(np.hypot(*along)))), np.float32)
        middle = np.asarray(np.array(x) + vector / 2, np.float32)
        yield ArrowLayer(middle[None], vector[None], colour, 1.0, width)


def bold_lines(x: Vector, points: Array, colour: str, strengths: Figures, width: float = 1.6) -> TrailLayer:
    """From x to each point."""
    lines = np.stack([np.broadcast_to(np.array(x, np.float32), points.shape), points], 1)
    return _trails(lines, colour, strengths, width)


def _trails(lines: Array, colour: str, strengths: Figures, width: float) -> TrailLayer:
    colours = np.empty((len(lines), 4))
    colours[:, :3], colours[:, 3] = rgb(colour), strengths
    ready = np.ascontiguousarray(lines, np.float32)
    return TrailLayer(ready, np.round(255 * colours).astype(np.uint8), width, 0.9, fade=False)


def _circles(centres: Figures, radius: float, colour: str, strengths: Figures, width: float) -> TrailLayer:
    angle = np.linspace(0, 2 * np.pi, CORNERS)
    ring = radius * np.stack([np.cos(angle), np.sin(angle)], -1)
    return _trails(np.asarray(np.atleast_2d(centres)[:, None] + ring, np.float32), colour, strengths, width)


def _circle(x: Vector, radius: float, colour: str, strength: float = 1.0, width: float = 2.2) -> TrailLayer:
    return _circles(np.array([x]), radius, colour, np.array([strength]), width)


def _alpha(_asked: ProbeRequest, told: Probed, palette: Palette, _role: str) -> Iterator[Layer]:
    if np.isfinite(told.alpha) and len(told.points):
        there = np.asarray(told.alpha * told.points, np.float32)
        yield _trails(np.stack([told.points, there], 1), palette.target, np.full(len(there), 0.6), 1.6)
        yield PointLayer(there, palette.canvas, 9.0, 0.8)
        yield PointLayer(there, palette.target, 6.5, 1.0)


def _beta(asked: ProbeRequest, told: Probed, palette: Palette, role: str) -> Iterator[Layer]:
    if np.isfinite(told.beta) and len(told.points):
        heavy = np.argsort(-told.weights)[:CIRCLES]
        strengths = np.sqrt(told.weights[heavy] / max(float(told.weights[heavy[0]]), 1e-12))
        yield _circles(told.alpha * told.points[heavy], told.beta, palette.source, strengths, 2.2)
        yield from _alpha(asked, told, palette, role)


def _sigma(asked: ProbeRequest, told: Probed, palette: Palette, _role: str) -> Iterator[Layer]:
    if np.isfinite(told.sigma):
        moving = asked.moving
        steps = moving.simulation.steps * substeps_of(moving.dynamics)
        dt = duration_of(moving.dynamics) / steps
        yield _circle(asked.x, told.sigma * float(np.sqrt(dt)), palette.text)


def _density(asked: ProbeRequest, told: Probed, palette: Palette, _role: str) -> Iterator[Layer]:
    if np.isfinite(told.density):
        yield _circle(asked.x, float(np.sqrt(told.density / np.pi)), palette.text)


def _drift(asked: ProbeRequest, told: Probed, _palette: Palette, role: str) -> Iterator[Layer]:
    yield from arrow(asked.x, told.drift, role, 3.4)


def _velocity(asked: ProbeRequest, told: Probed, _palette: Palette, role: str) -> Iterator[Layer]:
    yield from arrow(asked.x, told.velocity, role, 3.4)


def _score(asked: ProbeRequest, told: Probed, palette: Palette, _role: str) -> Iterator[Layer]:
    yield from arrow(asked.x, told.score, palette.text, 3.4)


def _divergence(asked: ProbeRequest, told: Probed, palette: Palette, role: str) -> Iterator[Layer]:
    """A patch of area A becomes exp(div u dt) A; in the plane its radius grows by the root of that."""
    if np.isfinite(told.divergence):
        later = PATCH * float(np.exp(np.clip(told.divergence, -MOST, MOST) * WHILE / 2))
        angle = np.linspace(0, 2 * np.pi, SPOKES, endpoint=False)
        spokes = np.stack([np.cos(angle), np.sin(angle)], -1)
        middles = np.asarray(np.array(asked.x) + spokes * (PATCH + later) / 2, np.float32)
        yield _circle(asked.x, PATCH, palette.text, 0.55, 1.4)
        yield _circle(asked.x, later, role, 1.0, 2.6)
        yield ArrowLayer(middles, np.asarray(spokes * (later - PATCH), np.float32), role, 1.0, 1.6)


def _mean(asked: ProbeRequest, told: Probed, palette: Palette, _role: str) -> Iterator[Layer]:
    if np.isfinite(told.mean).all():
        mean = np.array([told.mean], np.float32)
        if len(told.points):
            weights = told.weights / max(float(told.weights.max()), 1e-12)
            lines = np.stack([np.broadcast_to(mean, told.points.shape), told.points], 1)
            yield _trails(lines, palette.target, np.maximum(weights, 0.25), 1.8)
            yield PointLayer(told.points.copy(), palette.target, 6.0, 1.0)
        yield bold_lines(asked.x, mean, palette.text, np.ones(1), 2.2)
        yield PointLayer(mean, palette.canvas, 15.0, 0.9)
        yield PointLayer(mean, palette.text, 11.0, 1.0)


def _pull(asked: ProbeRequest, told: Probed, palette: Palette, _role: str) -> Iterator[Layer]:
    if len(told.points):
        heaviest = told.points[[int(told.weights.argmax())]]
        yield bold_lines(asked.x, heaviest, palette.target, np.ones(1), 3.0)
        yield PointLayer(heaviest, palette.canvas, 19.0, 0.9)
        yield PointLayer(heaviest, palette.target, 15.0, 1.0)


_MARKS: dict[str, Mark] = {
    "alpha": _alpha,
    "beta": _beta,
    "sigma": _sigma,
    "density": _density,
    "drift": _drift,
    "velocity": _velocity,
    "score": _score,
    "divergence": _divergence,
    "mean": _mean,
    "pull": _pull,
}
"""By the key of the quantity (``studio.probing``)."""
