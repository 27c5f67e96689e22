"""The colour tables of densities and maps: perceptually even, rising out of the canvas."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fmstudio.document.specs.density import Meaning
from fmstudio.render.palette import Palette, rgb
from fmstudio.render.scene import Array

TABLE_SIZE = 512
TONE = 0.68
"""The colour of a value is at (value / top) ** TONE: faint tails show, and modes keep apart."""


@lru_cache(maxsize=16)
def colour_table(palette: Palette, meaning: Meaning, transparent: bool = False) -> Array:
    """(n, 4) premultiplied RGBA: over sqrt(value / top), or for a map with a sign over its signed root, from
    -1 to 1 with the canvas in the middle."""
    if meaning is not Meaning.SIGNED:
        return _arm(palette.density if meaning is Meaning.DENSITY else palette.error, palette, transparent)
    below, above = _arm(palette.ebb, palette, transparent), _arm(palette.density, palette, transparent)
    return np.ascontiguousarray(np.concatenate([below[:0:-1], above]))


def _arm(stops: tuple[str, ...], palette: Palette, transparent: bool) -> Array:
    """Opaque it begins with the canvas colour itself, so a picture's rectangle has no edge. Transparent it
    begins with nothing and shows the same when laid over the canvas; over anything else it is a glow."""
    from cmap import Colormap

    at = np.linspace(0.0, 1.0, TABLE_SIZE)
    canvas = np.array(rgb(palette.canvas))
    shown = np.asarray(Colormap(list(stops))(at ** (2 * TONE), N=1 << 14))[:, :3]
    shown[0] = canvas
    alpha = np.ones(TABLE_SIZE)
    if transparent:
        alpha = np.maximum(_smooth(at / 0.4), _least_alpha(shown, canvas))
    colour = shown - (1 - alpha)[:, None] * canvas
    return np.ascontiguousarray(np.concatenate([colour, alpha[:, None]], 1), dtype=np.float32)


def _smooth(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _least_alpha(shown: npt.NDArray[np.float64], canvas: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The smallest opacity with which some colour in [0, 1] turns the canvas into ``shown``."""
    darker = 1 - shown / np.maximum(canvas, 1e-6)
    lighter = (shown - canvas) / np.maximum(1 - canvas, 1e-6)
    return np.asarray(np.clip(np.maximum(darker, lighter).max(1), 0, 1))
