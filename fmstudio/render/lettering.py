"""Words as ink: how much of each pixel their letters cover, by whatever font of the system has them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fmstudio.render.fonts import pieces
from fmstudio.render.scene import Array

HEIGHT = 160
"""Pixels from below p to above h: more than any drawing has cells for them."""
_SIZE = 128
MOST = 60
"""Characters that are drawn."""


@lru_cache(maxsize=16)
def lettering(text: str) -> Array:
    """(HEIGHT, w) in [0, 1], the uppermost row first; without a column where there is nothing to see."""
    runs = list(pieces(text.strip()[:MOST], _SIZE, True))
    width = sum(font.getlength(run) for run, font in runs)
    picture = Image.new("L", (max(1, round(width)), HEIGHT))
    pen, x = ImageDraw.Draw(picture), 0.0
    for run, font in runs:
        anchor = "ls" if isinstance(font, ImageFont.FreeTypeFont) else None
        pen.text((x, 0.78 * HEIGHT if anchor else 0.1 * HEIGHT), run, 255, font, anchor)
        x += font.getlength(run)
    ink = np.asarray(np.asarray(picture) / 255, np.float32)
    return ink if ink.any() else np.zeros((HEIGHT, 0), np.float32)
