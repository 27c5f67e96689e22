"""A film along the training goes from one kept step to the next, and tells which it shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from fmstudio.document.document import Document
from fmstudio.export.errors import ExportError
from fmstudio.export.film import Along, Film, Shot
from fmstudio.render.palette import DARK
from fmstudio.render.scene import ParticleLayer, Scene
from tests.studio.test_training_steps import DOCUMENT

SHOT = Shot(64, 48, 8, 2, Along.TRAINING, at=1.0)
SMALL = DOCUMENT.model_copy(
    update={"simulation": DOCUMENT.simulation.model_copy(update={"particles": 50, "steps": 5})}
)


@pytest.fixture(scope="module")
def scenes() -> Iterator[list[Scene]]:
    with Film(SMALL, (), DARK, SHOT) as film:
        film.prepare()
        yield list(film.scenes())


def particles(scene: Scene) -> np.ndarray:
    layer = next(layer for layer in scene.panes[0].layers if isinstance(layer, ParticleLayer))
    return np.asarray((1 - layer.weight) * layer.a + layer.weight * layer.b)


def test_that_it_begins_with_the_first_step_and_ends_with_the_newest(scenes: list[Scene]) -> None:
    assert len(scenes) == SHOT.frames
    assert scenes[0].clock.words(0.0) == "t = 1.00, step 0"
    assert scenes[-1].clock.words(scenes[-1].t) == "t = 1.00, step 60"
    assert (scenes[0].t, scenes[-1].t) == (0.0, 1.0)
    assert [scene.t for scene in scenes] == sorted(scene.t for scene in scenes)


def test_that_each_step_that_was_kept_is_shown_and_nothing_between(scenes: list[Scene]) -> None:
    told = dict.fromkeys(scene.clock.words(scene.t).rpartition(" ")[2] for scene in scenes)
    assert list(told) == ["0", "1", "2", "5", "10", "20", "50", "60"]


def test_that_the_particles_of_two_steps_differ_and_those_of_one_do_not(scenes: list[Scene]) -> None:
    for one, next_ in pairwise(scenes):
        same = one.t == next_.t
        assert np.array_equal(particles(one), particles(next_)) is same


def test_that_the_caption_tells_the_step(scenes: list[Scene]) -> None:
    assert "before the first of 60 steps" in scenes[0].panes[0].subtitle
    assert any("after step 5 of 60" in scene.panes[0].subtitle for scene in scenes)


def test_that_without_a_training_there_is_a_sentence() -> None:
    with Film(Document(), (), DARK, SHOT) as film, pytest.raises(ExportError, match="No steps of a training"):
        film.prepare()
