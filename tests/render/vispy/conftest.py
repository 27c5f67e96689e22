from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fmstudio.render.vispy.offscreen import OffscreenRenderer

Make = Callable[..., OffscreenRenderer]


@pytest.fixture(scope="module")
def renderer() -> Iterator[Make]:
    """Renderers by their arguments, made once a module: an OpenGL context and its shaders take a while."""
    made: dict[tuple[object, ...], OffscreenRenderer] = {}

    def make(width: int = 400, height: int = 300, ratio: float = 1.0, **options: bool) -> OffscreenRenderer:
        key = (width, height, ratio, *sorted(options.items()))
        if key not in made:
            made[key] = OffscreenRenderer(width, height, ratio, **{"time_bar": False, **options})
        return made[key]

    yield make
    for one in made.values():
        one.close()
