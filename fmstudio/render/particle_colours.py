"""Colours of particles: (n, 4) RGBA bytes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fmstudio.render.palette import Palette, rgb
from fmstudio.render.scene import Array, Bytes

Floats = npt.NDArray[Any]
SECTORS = 12
"""Of a wheel or a bar in a legend."""
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def origin_colours(start: Array, palette: Palette) -> Bytes:
    """Hue by the angle at which a particle began, lightness and chroma by its radius (OKLCH); darker on
    a white canvas."""
    offset = start - start.mean(0)
    radius = np.hypot(offset[:, 0], offset[:, 1])
    rank = np.clip(radius / max(float(np.quantile(radius, 0.95)), 1e-9), 0, 1)
    return _wheel(np.arctan2(offset[:, 1], offset[:, 0]), rank, palette)


def wheel(palette: Palette) -> tuple[str, ...]:
    """'#rrggbb' around the rim of those, against the clock from the right."""
    angle = (np.arange(SECTORS) + 0.5) * 2 * np.pi / SECTORS
    return _hex(_wheel(angle, np.ones(SECTORS), palette))


def _wheel(angle: Floats, rank: Floats, palette: Palette) -> Bytes:
    lightness = (0.68 if palette.name == "light" else 0.82) - 0.08 * rank
    chroma = 0.08 + 0.11 * rank
    return _rgba(_oklch(lightness, chroma, angle))


def label_colours(labels: Array) -> Bytes:
    """A hue for each label, as far from the one before as the golden angle."""
    hues = (0.6 + labels * GOLDEN_ANGLE) % (2 * np.pi)
    lightness = np.where(labels % 2 == 0, 0.8, 0.7)
    return _rgba(_oklch(lightness, np.full(len(labels), 0.15), hues))


def label_swatches(count: int) -> list[str]:
    """'#rrggbb' of the labels 0, 1, ..."""
    return list(_hex(label_colours(np.arange(count, dtype=np.float32))))


def _hex(colours: Bytes) -> tuple[str, ...]:
    return tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue, _ in colours)


def speed_colours(displacement: Array) -> Bytes:
    """Slow to fast."""
    speed = np.hypot(displacement[:, 0], displacement[:, 1])
    return _ramp(speed / max(float(np.quantile(speed, 0.98)), 1e-12))


def density_colours(log_density: Array) -> Bytes:
    """Low to high, between the quantiles of all but few particles; what is not known is low."""
    known = log_density[np.isfinite(log_density)]
    if not len(known):
        return _ramp(np.zeros(len(log_density)))
    low, high = np.quantile(known, [0.02, 0.98])
    return _ramp(np.nan_to_num((log_density - low) / max(float(high - low), 1e-9), nan=0.0, neginf=0.0))


def ramp_swatches() -> tuple[str, ...]:
    """'#rrggbb' from low to high."""
    return _hex(_ramp(np.linspace(0, 1, SECTORS)))


def time_colours(n: int, t: float, palette: Palette) -> Bytes:
    """All of one colour, from the source's to the target's."""
    return _rgba(np.tile(_at_time(t, palette), (n, 1)))


def time_swatches(palette: Palette) -> tuple[str, ...]:
    """'#rrggbb' from t = 0 to 1."""
    return _hex(_rgba(np.stack([_at_time(t, palette) for t in np.linspace(0, 1, SECTORS)])))


def _at_time(t: float, palette: Palette) -> Floats:
    """Mixed in light, where amber and cyan do not meet in grey mud."""
    ends = np.array([rgb(palette.source), rgb(palette.target)]) ** 2
    return np.asarray(np.sqrt((1 - t) * ends[0] + t * ends[1]))


@lru_cache(maxsize=1)
def _table() -> Floats:
    from cmap import Colormap

    return np.asarray(Colormap("bids:viridis").lut(256))[:, :3]


def _ramp(part: Floats) -> Bytes:
    """From 0, blue, to 1, yellow."""
    return _rgba(_table()[(np.clip(part, 0, 1) * 255).astype(int)])


def plain_colours(n: int, palette: Palette) -> Bytes:
    return one_colour(n, palette.text)


def one_colour(n: int, colour: str) -> Bytes:
    """``n`` times '#rrggbb'."""
    return _rgba(np.tile(np.array(rgb(colour)), (n, 1)))


def _rgba(colours: Floats) -> Bytes:
    out = np.full((len(colours), 4), 255, np.uint8)
    out[:, :3] = np.clip(np.round(colours * 255), 0, 255)
    return out


def _oklch(lightness: Floats, chroma: Floats, hue: Floats) -> Floats:
    """OKLCH to sRGB in [0, 1] (clipped). B. Ottosson, 'A perceptual color space for image processing'."""
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    root = np.stack(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ],
        -1,
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip(root**3 @ to_linear.T, 0, 1)
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))
