"""A film of what cannot be computed is a sentence, and soon."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec, PointsSpec, RingSpec
from fmstudio.document.specs.dynamics import LangevinSpec
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import LearnedModel
from fmstudio.export.errors import ExportError
from fmstudio.export.film import Film, Shot
from fmstudio.render.palette import DARK
from fmstudio.render.scene import ArrowLayer, DensityLayer, ParticleLayer
from fmstudio.studio import learning
from fmstudio.studio.opening import Opened

SHOT = Shot(64, 48, 5, 1)


def misfit() -> Opened:
    """Weights of another network than the document says."""
    document = Document()
    pane = document.view.panes[0].model_copy(update={"field": FieldChoice.LEARNED})
    document = document.model_copy(update={"view": document.view.model_copy(update={"panes": (pane,)})})
    r = learning.recipe_of(document)
    flat = FrozenArray(np.ones(7, np.float32))
    model = LearnedModel(
        r.model,
        r.training.objective,
        flat,
        10,
        r.problem,
        r.training,
    )
    return document, (model,)


def far() -> Opened:
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    points[0] = 1e30
    target = PointsSpec(points=FrozenArray(points), width=0.1)
    return Document().model_copy(update={"target": target}), ()


def runaway() -> Opened:
    return Document().model_copy(update={"dynamics": LangevinSpec(duration=50.0, sigma=4.0)}), ()


@pytest.mark.parametrize(
    ("make", "words"), [(misfit, "do not fit"), (far, "infinity"), (runaway, "infinity")]
)
def test_that_what_was_refused_ends_a_film_with_its_sentence(make: Callable[[], Opened], words: str) -> None:
    document, models = make()
    with Film(document, models, DARK, SHOT) as film, pytest.raises(ExportError, match=words):
        film.prepare()


def drawn(value: float) -> Document:
    raster = np.zeros((64, 64), np.float32)
    raster[20:40, 10:50] = value
    return Document().model_copy(update={"target": DrawnSpec(raster=FrozenArray(raster))})


@pytest.mark.parametrize("value", [0.0, 1e-45, 1e-40])
def test_that_a_drawing_without_ink_waits_for_a_stroke_at_every_door(value: float) -> None:
    """Denormal numbers are 0 to the engine's arithmetic, and must be no ink to the window either."""
    document = drawn(value)
    assert isinstance(document.target, DrawnSpec)
    assert document.target.is_empty
    with Film(document, (), DARK, SHOT) as film:
        film.prepare()
        assert film.scene_at(0.5).panes[0].notice


def test_that_a_film_between_any_two_ends_shows_particles_and_density() -> None:
    document = Document().model_copy(update={"source": RingSpec()})
    with Film(document, (), DARK, SHOT) as film:
        film.prepare()
        pane = film.scene_at(0.5).panes[0]
    assert not pane.notice
    assert {DensityLayer, ParticleLayer, ArrowLayer} <= {type(layer) for layer in pane.layers}
