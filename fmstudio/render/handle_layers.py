"""The handles of a mixture: an ellipse and a mean for each normal, and the axes of the chosen one. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec, GaussianMixtureSpec
from fmstudio.render.palette import Palette, rgb
from fmstudio.render.scene import Array, HandleLayer, PointLayer, TrailLayer
from fmstudio.studio.handles import shown_in
from fmstudio.studio.mixtures import REACH, Handles, Shape, shape_of, share

CORNERS = 65
"""Of an ellipse as a line."""
QUIET, PLAIN = 0.5, 1.0
"""Opacity of what is not chosen, and of what is."""
MEAN, LEAST_MEAN, MOST_MEAN = 10.0, 6.0, 20.0
"""Diameter of a mean in logical pixels; its area is its weight beside an equal share."""
TIP = 9.0
RIM = 3.0


def handle_layers(
    document: Document, index: int, handles: Handles, palette: Palette
) -> Iterator[HandleLayer]:
    """Of the mixtures that a pane shows, each in the colour of its end; the chosen one's on top."""
    shown = shown_in(document, index, handles.ends)
    for end in sorted(shown, key=lambda end: handles.chosen_at(end) is not None):
        colour = palette.source if end == "source" else palette.target
        yield _layer(shown[end], handles.chosen_at(end), colour, palette)
    if handles.outline and isinstance(getattr(document, handles.outline_end), DrawnSpec):
        colour = palette.source if handles.outline_end == "source" else palette.target
        yield _outline(handles.outline, colour, palette)


@lru_cache(maxsize=4)
def _outline(corners: tuple[tuple[float, float], ...], colour: str, palette: Palette) -> HandleLayer:
    """Edges between the corners, and the first corner larger: a click on it closes."""
    lines = np.array([corners if len(corners) > 1 else corners * 2], np.float32)
    places = np.array(corners, np.float32)
    discs = ((places, TIP - RIM), (places[:1], TIP + RIM))
    return HandleLayer(
        (_trails(lines, [PLAIN], palette.canvas, 3.6, 0.7), _trails(lines, [PLAIN], colour, 1.6, 1.0)),
        tuple(PointLayer(points, colour, size, 1.0) for points, size in discs),
    )


@lru_cache(maxsize=16)
def _layer(mixture: GaussianMixtureSpec, chosen: int | None, colour: str, palette: Palette) -> HandleLayer:
    """The same object for the same handles, so that a canvas uploads them once."""
    parts = mixture.components
    chosen = chosen if chosen is not None and chosen < len(parts) else None
    shapes = [shape_of(part.cov) for part in parts]
    outlines = [_ellipse(part.mean, shape) for part, shape in zip(parts, shapes, strict=True)]
    strengths = [PLAIN if index == chosen else QUIET for index in range(len(parts))]
    tips = np.zeros((0, 2), np.float32)
    if chosen is not None:
        tips = np.array(shapes[chosen].tips(parts[chosen].mean), np.float32)
        outlines += [_line(tips[2], tips[0]), _line(tips[3], tips[1])]
        strengths += [PLAIN, PLAIN]
    lines = np.stack(outlines)
    return HandleLayer(
        (_trails(lines, strengths, palette.canvas, 3.6, 0.7), _trails(lines, strengths, colour, 1.6, 1.0)),
        (*_means(mixture, chosen, colour, palette), *_knobs(tips, colour, palette)),
    )


def _trails(lines: Array, strengths: list[float], colour: str, width: float, opacity: float) -> TrailLayer:
    colours = np.empty((len(lines), 4), np.float32)
    colours[:, :3], colours[:, 3] = rgb(colour), strengths
    return TrailLayer(lines, np.round(255 * colours).astype(np.uint8), width, opacity, fade=False)


def _means(
    mixture: GaussianMixtureSpec, chosen: int | None, colour: str, palette: Palette
) -> Iterator[PointLayer]:
    """Discs of the same size together; the chosen one has a rim of the text's colour, and is drawn last."""
    sizes: dict[tuple[bool, float], list[tuple[float, float]]] = {}
    for index, part in enumerate(mixture.components):
        area = share(mixture, index) * len(mixture.components)
        size = float(round(min(MOST_MEAN, max(LEAST_MEAN, MEAN * area**0.5))))
        sizes.setdefault((index == chosen, size), []).append(part.mean)
    for (is_chosen, size), means in sorted(sizes.items()):
        points = np.array(means, np.float32)
        yield PointLayer(points, palette.canvas, size + RIM + (RIM if is_chosen else 0), 0.9)
        if is_chosen:
            yield PointLayer(points, palette.text, size + RIM, 1.0)
        yield PointLayer(points, colour, size, 1.0)


def _knobs(tips: Array, colour: str, palette: Palette) -> Iterator[PointLayer]:
    """Hollow discs."""
    if len(tips):
        yield PointLayer(tips, palette.canvas, TIP + RIM, 0.9)
        yield PointLayer(tips, colour, TIP, 1.0)
        yield PointLayer(tips, palette.canvas, TIP - 2 * 1.8, 1.0)


def _ellipse(mean: tuple[float, float], shape: Shape) -> Array:
    at = np.linspace(0, 2 * np.pi, CORNERS)
    along, across = REACH * shape.first * np.cos(at), REACH * shape.second * np.sin(at)
    cos, sin = np.cos(shape.angle), np.sin(shape.angle)
    x, y = mean[0] + cos * along - sin * across, mean[1] + sin * along + cos * across
    return np.stack([x, y], 1).astype(np.float32)


def _line(start: Array, end: Array) -> Array:
    """With as many points as an ellipse."""
    at = np.linspace(0, 1, CORNERS, dtype=np.float32)[:, None]
    return np.asarray((1 - at) * start + at * end, np.float32)
