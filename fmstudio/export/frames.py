"""Scenes as pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from fmstudio.render.scene import Bytes, Scene


class SceneRenderer(Protocol):
    """Draws a scene into an array, such as render.vispy.offscreen.OffscreenRenderer."""

    def draw(self, scene: Scene) -> Bytes:
        """(h, w, 3) or (h, w, 4) bytes."""


def frames(scenes: Iterable[Scene], renderer: SceneRenderer) -> Iterator[Bytes]:
    """One picture a scene, drawn when it is asked for, on the renderer's thread."""
    for scene in scenes:
        yield renderer.draw(scene)
