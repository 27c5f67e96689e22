"""The words around the panes, and the time bar of exported pictures."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial

import numpy as np
from vispy import gloo

from fmstudio.render.palette import Palette, rgb
from fmstudio.render.scene import Bytes, Scene
from fmstudio.render.sheet import BAR, MARGIN, Placed
from fmstudio.render.text import PAD, block, label_block
from fmstudio.render.vispy.pictures import PictureVisual


class Chrome:
    """Puts words on a canvas. Positions are physical pixels from the upper left."""

    def __init__(self) -> None:
        self._pictures = PictureVisual()

    def begin(self, width: int, height: int) -> None:
        """The viewport is a canvas of this size."""
        self._pictures.begin(width, height)

    def draw_words(self, placed: Placed, palette: Palette) -> None:
        """Words on their plate, where the sheet has put them."""
        lines, ratio, centred = placed.lines, placed.ratio, placed.centred
        picture = self._picture(block, lines, palette, ratio, centred)
        self._pictures.put(picture, placed.x, placed.y)

    def draw_time(self, scene: Scene, top: int, width: int, ratio: float) -> None:
        """The time bar below ``top``: the start, a line with a knob, the end, and the time by its clock."""
        palette, clock, middle = scene.palette, scene.clock, top + BAR * ratio / 2
        margin, gap, pad = MARGIN * ratio, 10 * ratio, PAD * ratio
        colours = getattr(palette, clock.start_role), getattr(palette, clock.end_role)
        start, end = (
            self._picture(label_block, label, colour, ratio)
            for label, colour in zip(clock.labels, colours, strict=True)
        )
        time = self._picture(label_block, clock.words(scene.t), palette.text, ratio, True)
        widest = self._picture(label_block, clock.words(1.0), palette.text, ratio, True)
        clock_left = width - margin + pad - widest.shape[1]
        left = margin + start.shape[1] - 2 * pad + gap
        right = clock_left - gap - end.shape[1] + pad
        for label, x in ((start, margin - pad), (end, right + gap - pad), (time, clock_left)):
            self._put(label, x, middle - label.shape[0] / 2)
        if right - left >= 4 * gap:
            self._draw_line(scene, (left, right), middle, ratio)

    def _draw_line(self, scene: Scene, span: tuple[float, float], middle: float, ratio: float) -> None:
        palette, t = scene.palette, min(max(scene.t, 0.0), 1.0)
        left, length = span[0], span[1] - span[0]
        thick = max(2, round(2.5 * ratio))
        top = round(middle - thick / 2)
        ends = getattr(palette, scene.clock.start_role), getattr(palette, scene.clock.end_role)
        for strength, part in ((0.3, 1.0), (1.0, t)):
            line = self._picture(_line, ends, strength, thick)
            self._pictures.put(line, round(left), top, part, round(length))
        knob = self._picture(_knob, palette, ratio)
        side = knob.shape[0]
        self._pictures.put(knob, left + length * t - side / 2, top + (thick - side) / 2)

    def _picture(self, make: Callable[..., Bytes], *words: Hashable) -> gloo.Texture2D:
        return self._pictures.of((make, *words), partial(make, *words))

    def _put(self, picture: gloo.Texture2D, x: float, y: float) -> None:
        """At whole pixels, so that words stay sharp."""
        self._pictures.put(picture, round(x), round(y))


def _line(ends: tuple[str, str], strength: float, thick: int) -> Bytes:
    """From the start's colour to the end's."""
    at = np.linspace(0, 1, 256)[:, None]
    colour = (1 - at) * np.array(rgb(ends[0])) + at * np.array(rgb(ends[1]))
    row = np.concatenate([colour, np.ones((256, 1))], 1) * strength * 255
    return np.repeat(np.round(row).astype(np.uint8)[None], thick, axis=0)


def _knob(palette: Palette, ratio: float) -> Bytes:
    """A disc of the text's colour with a ring of the canvas around it."""
    radius, ring = 6 * ratio, 2 * ratio
    side = 2 * int(np.ceil(radius + ring)) + 2
    at = np.arange(side) - (side - 1) / 2
    distance = np.hypot(at[:, None], at[None])[..., None]
    inner, outer = np.clip(radius + 0.5 - distance, 0, 1), np.clip(radius + ring + 0.5 - distance, 0, 1)
    disc = np.array([*rgb(palette.text), 1.0]) * inner
    return np.asarray(
        np.round(255 * (disc + (1 - inner) * outer * np.array([*rgb(palette.canvas), 1.0]))), np.uint8
    )
