"""Export: our films beside matplotlib's FuncAnimation with ffmpeg, of 10,000 particles, field and density."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from fmstudio.bench.row import Row, at_least
from fmstudio.export.frames import frames
from fmstudio.export.video import ffmpeg_program, write_video
from fmstudio.render.palette import DARK
from fmstudio.render.particle_colours import origin_colours
from fmstudio.render.scene import (
    Array,
    ArrowLayer,
    Camera,
    DensityLayer,
    Pane,
    ParticleLayer,
    Scene,
)
from fmstudio.render.vispy.offscreen import OffscreenRenderer

SIDE = 800
PARTICLES = 10_000
OURS, THEIRS = 180, 24
"""frames of each film: about as long"""
STATES = 60
HALF = 3.2


def measure() -> list[Row]:
    """Frames/s of a film, encoding included."""
    if find_spec("matplotlib") is None:
        raise ValueError(
            "The peer of the export figure is missing: pip install 'fmstudio[bench]' brings matplotlib."
        )
    motion = Motion()
    with tempfile.TemporaryDirectory() as folder:
        ours = _our_rate(motion, Path(folder) / "ours.mp4")
        peer = _matplotlib_rate(motion, Path(folder) / "theirs.mp4")
    name = f"film of {PARTICLES:,} particles, field and density, {SIDE} x {SIDE}"
    return [at_least(name, ours, peer, "matplotlib FuncAnimation", "frames/s", 5)]


class Motion:
    """A normal cloud that goes over into two moons: particles, density and field at each of STATES times."""

    def __init__(self) -> None:
        generator = np.random.default_rng(0)
        angle = np.pi * generator.random(PARTICLES)
        upper = np.where(generator.random(PARTICLES) < 0.5, 1.0, -1.0)
        ends = np.stack([2 * np.cos(angle) - upper, upper * (2 * np.sin(angle) - 0.5)], 1)
        start = generator.normal(size=(PARTICLES, 2))
        end = ends + 0.15 * generator.normal(size=(PARTICLES, 2))
        times = np.linspace(0, 1, STATES)
        self.states: list[Array] = [((1 - t) * start + t * end).astype(np.float32) for t in times]
        self.densities = [_histogram(state) for state in self.states]
        self.colours = origin_colours(self.states[0], DARK)
        x, y = np.meshgrid(np.linspace(-HALF, HALF, 21), np.linspace(-HALF, HALF, 21))
        self.grid: Array = np.stack([x, y], -1).reshape(-1, 2).astype(np.float32)
        self.field: Array = (0.3 * np.stack([-np.sin(y), np.sin(x)], -1)).reshape(-1, 2).astype(np.float32)


def _histogram(points: Array) -> Array:
    edges = np.linspace(-HALF, HALF, 129)
    counts = np.histogram2d(points[:, 1], points[:, 0], bins=(edges, edges))[0]
    kernel = np.exp(-0.5 * (np.arange(-6, 7) / 2) ** 2)
    for axis in (0, 1):
        counts = np.apply_along_axis(np.convolve, axis, counts, kernel / kernel.sum(), "same")
    return counts.astype(np.float32)


def _our_scenes(motion: Motion, n: int) -> Iterator[Scene]:
    top = float(motion.densities[-1].max())
    for frame in range(n):
        place = frame / n * (STATES - 1)
        low, weight = int(place), place % 1
        layers = (
            DensityLayer(
                motion.densities[low], motion.densities[low + 1], weight, top, -HALF, -HALF, HALF, HALF
            ),
            ArrowLayer(motion.grid, motion.field, DARK.secondary, 0.5, 1.3),
            ParticleLayer(motion.states[low], motion.states[low + 1], weight, motion.colours, 4.0),
        )
        yield Scene((Pane("ODE", "Heun", layers),), Camera(0, 0, HALF), DARK, frame / n)


def _our_rate(motion: Motion, path: Path) -> float:
    renderer = OffscreenRenderer(SIDE, SIDE)
    renderer.draw(next(_our_scenes(motion, 1)))
    began = time.perf_counter()
    for _ in write_video(path, frames(_our_scenes(motion, OURS), renderer), (SIDE, SIDE), 30):
        pass
    seconds = time.perf_counter() - began
    renderer.close()
    return OURS / seconds


def _matplotlib_rate(motion: Motion, path: Path) -> float:
    """The same film as one would write it with matplotlib: artists made once, then given new data."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.animation import FFMpegWriter, FuncAnimation
    from matplotlib.artist import Artist

    mpl.rcParams["animation.ffmpeg_path"] = ffmpeg_program()
    figure = plt.figure(figsize=(SIDE / 100, SIDE / 100), dpi=100, facecolor=DARK.canvas)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-HALF, HALF), ylim=(-HALF, HALF), facecolor=DARK.canvas)
    box = (-HALF, HALF, -HALF, HALF)
    image = axes.imshow(motion.densities[0], extent=box, origin="lower", interpolation="bilinear")
    axes.quiver(*motion.grid.T, *motion.field.T, color=DARK.secondary, alpha=0.5, scale_units="xy", scale=1)
    dots = axes.scatter(*motion.states[0].T, s=9, c=motion.colours / 255, linewidths=0)

    def show(frame: int) -> list[Artist]:
        state = frame * (STATES - 1) // THEIRS
        image.set_data(motion.densities[state])
        dots.set_offsets(motion.states[state])
        return [image, dots]

    film = FuncAnimation(figure, show, frames=THEIRS, init_func=lambda: [image, dots])
    began = time.perf_counter()
    film.save(path, writer=FFMpegWriter(fps=30, codec="libx264", extra_args=["-preset", "veryfast"]), dpi=100)
    seconds = time.perf_counter() - began
    plt.close(figure)
    return THEIRS / seconds
