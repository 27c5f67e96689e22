"""A training step on the canvas: the pair, its way, what is asked at x_t, and the answers. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fmstudio.render.palette import Palette, rgb
from fmstudio.render.scene import ArrowLayer, Layer, PointLayer, TrailLayer
from fmstudio.studio.one_step import Place, Seen, Stage
from fmstudio.studio.one_step_words import asked_role

QUIET = 0.3
"""Opacity of everything else in the pane, beside what it has: so that this stands out."""
FORMER = 0.35
"""Of the answer before the update."""
RIM = 4.0


def one_step_layers(seen: Seen, palette: Palette) -> Iterator[Layer]:
    """What is told until now, the newest on top."""
    told, stage = seen.told, seen.stage
    if stage >= Stage.WAY:
        yield _line(told.way, palette.secondary, 1.4)
    if stage >= Stage.TARGET:
        yield _arrow(told.x_t, told.asked, getattr(palette, asked_role(seen)))
    if stage >= Stage.ANSWER:
        former = FORMER if stage is Stage.UPDATE else 1.0
        yield _arrow(told.x_t, told.before, palette.learned, former)
    if stage is Stage.ERROR:
        yield _arrow(told.x_t + told.asked, told.before - told.asked, palette.danger)
    if stage is Stage.UPDATE:
        yield _arrow(told.x_t, told.after, palette.learned)
        yield _line(np.stack([told.x_t + told.after, told.x_t + told.asked]), palette.danger, 1.6)
    if stage >= Stage.PAIR:
        yield from _disc(told.x_0, palette.source, palette)
        yield from _disc(told.z, palette.target, palette)
    if stage >= Stage.WAY:
        yield from _disc(told.x_t, palette.text, palette)


def _disc(at: Place, colour: str, palette: Palette) -> Iterator[PointLayer]:
    """With a rim of the canvas, so that it is seen upon anything."""
    place = np.asarray(at[None], np.float32)
    yield PointLayer(place, palette.canvas, 10.0 + RIM, 0.9)
    yield PointLayer(place, colour, 10.0, 1.0)


def _arrow(start: Place, along: Place, colour: str, opacity: float = 1.0) -> ArrowLayer:
    middle = np.asarray((start + along / 2)[None], np.float32)
    return ArrowLayer(middle, np.asarray(along[None], np.float32), colour, opacity, 2.6)


def _line(points: Place, colour: str, width: float) -> TrailLayer:
    colours = np.round(255 * np.array([[*rgb(colour), 1.0]])).astype(np.uint8)
    return TrailLayer(np.asarray(points[None], np.float32), colours, width, 0.9, fade=False)
