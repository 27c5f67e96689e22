"""Particles: our layer beside vispy's Markers, the same picture, off-screen and read back."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from fmstudio.bench.row import Row, at_least
from fmstudio.render.palette import DARK
from fmstudio.render.scene import Array, Bytes, Camera, Pane, ParticleLayer, Scene
from fmstudio.render.vispy.offscreen import OffscreenRenderer, unseen_canvas

SIDE = 1000
DIAMETER = 5.0
HALF = 3.3
SECONDS = 1.5


def measure() -> list[Row]:
    """Frames/s of particles that move, at 10,000 and 100,000."""
    return [_row(n) for n in (10_000, 100_000)]


def _row(n: int) -> Row:
    a, b, colours = _states(n)
    ours, peer = frame_rate(_our_frames(a, b, colours)), frame_rate(_marker_frames(a, b, colours))
    ratio = 2.5 if n >= 100_000 else 1.0
    return at_least(
        f"{n:,} particles, {SIDE} x {SIDE}", ours, peer, "vispy Markers.set_data", "frames/s", ratio
    )


def _states(n: int) -> tuple[Array, Array, Bytes]:
    generator = np.random.default_rng(0)
    a = generator.normal(size=(n, 2)).astype(np.float32)
    b = (a + 0.1 * generator.normal(size=(n, 2))).astype(np.float32)
    return a, b, generator.integers(64, 256, (n, 4), dtype=np.uint8) | np.array([0, 0, 0, 255], np.uint8)


def frame_rate(draw: Callable[[float], object], seconds: float = SECONDS) -> float:
    """Calls a second of ``draw(weight)``, the first one (which uploads) not counted."""
    draw(0.0)
    began, frames = time.perf_counter(), 0
    while time.perf_counter() - began < seconds or frames < 3:
        frames += 1
        draw((frames % 50) / 50)
    return frames / (time.perf_counter() - began)


def _our_frames(a: Array, b: Array, colours: Bytes) -> Callable[[float], object]:
    renderer = OffscreenRenderer(SIDE, SIDE, 1.0, time_bar=False)

    def draw(weight: float) -> None:
        layer = ParticleLayer(a, b, weight, colours, DIAMETER)
        renderer.draw(Scene((Pane("", "", (layer,)),), Camera(0, 0, HALF), DARK, weight, chrome=False))

    return draw


def _marker_frames(a: Array, b: Array, colours: Bytes) -> Callable[[float], object]:
    from vispy import scene
    from vispy.scene.visuals import Markers

    canvas = unseen_canvas(scene.SceneCanvas, size=(SIDE, SIDE), bgcolor=DARK.canvas)
    view = canvas.central_widget.add_view(camera=scene.PanZoomCamera(rect=(-HALF, -HALF, 2 * HALF, 2 * HALF)))
    markers = Markers(parent=view.scene)
    faces = colours.astype(np.float32) / 255

    def draw(weight: float) -> None:
        markers.set_data((1 - weight) * a + weight * b, face_color=faces, size=DIAMETER, edge_width=0)
        canvas.render(alpha=False)

    return draw
