"""Scenes of few layers, for tests that look at pixels."""

from __future__ import annotations

import numpy as np

from fmstudio.render.palette import DARK, Palette, rgb
from fmstudio.render.scene import Array, Camera, DensityLayer, Layer, Pane, ParticleLayer, Scene

CAMERA = Camera(0.5, -0.25, 3.0)
WHITE = np.array([255, 255, 255, 255], np.uint8)


def scene(
    *layers: Layer, panes: int = 1, palette: Palette = DARK, chrome: bool = False, t: float = 0.5
) -> Scene:
    return Scene((Pane("", "", layers),) * panes, CAMERA, palette, t, chrome)


def points(*rows: tuple[float, float]) -> Array:
    return np.array(rows, np.float32)


def particles(a: Array, b: Array | None = None, weight: float = 0.0, size: float = 9.0) -> ParticleLayer:
    return ParticleLayer(a, a if b is None else b, weight, np.tile(WHITE, (len(a), 1)), size)


def density(
    a: Array, b: Array | None = None, weight: float = 0.0, top: float = 1.0, half: float = 2.0
) -> DensityLayer:
    return DensityLayer(a, a if b is None else b, weight, top, -half, -half, half, half)


def bump(n: int = 64, x: float = 0.0, y: float = 0.0, width: float = 0.5, half: float = 2.0) -> Array:
    """A Gaussian of height 1 on the points of [-half, half]^2."""
    at = np.linspace(-half, half, n)
    column, row = np.meshgrid(at, at)
    return np.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * width**2)).astype(np.float32)


def canvas_of(palette: Palette) -> np.ndarray:
    return np.round(255 * np.array(rgb(palette.canvas))).astype(int)


def brightness(pixels: np.ndarray, palette: Palette = DARK) -> np.ndarray:
    """How far each pixel is from the canvas, 0 to 1."""
    return np.abs(pixels[..., :3].astype(int) - canvas_of(palette)).max(-1) / 255


def centre_of_light(light: np.ndarray) -> tuple[float, float]:
    """(x, y) in pixels; the middle of the upper left pixel is (0.5, 0.5)."""
    rows, columns = np.indices(light.shape) + 0.5
    return float((columns * light).sum() / light.sum()), float((rows * light).sum() / light.sum())
