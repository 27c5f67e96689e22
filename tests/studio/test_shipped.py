"""What is seen before the engine answers is what the engine will answer."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.document import Document
from fmstudio.document.gallery import ENTRIES
from fmstudio.document.specs.distribution import RingsSpec
from fmstudio.engine.client import InlineEngine
from fmstudio.render.palette import PALETTES
from fmstudio.render.presenter import Presenter
from fmstudio.render.scene import ArrowLayer, DensityLayer, ParticleLayer, Scene
from fmstudio.studio.planner import thumbnail_lanes
from fmstudio.studio.session import Session
from fmstudio.studio.shipped import lay_under
from tests.fakes import FakeEngine


def scene(engine, document: Document, under: bool, complete: bool) -> tuple[Scene, Session]:
    session = Session(engine, document, lambda _sentence: None)
    session.tick(0.0)
    if under:
        lay_under(session.results, document, session.planner.wanted)
        session.tick(0.0)
    while complete and not session.is_complete:
        session.tick(0.0)
    return Presenter(session.stage).scene(document, 0.0, PALETTES["dark"]), session


def test_that_the_opening_scene_is_there_at_once_and_does_not_jump() -> None:
    document = ENTRIES[0].make()
    early, waiting = scene(FakeEngine(), document, under=True, complete=False)
    late, done = scene(InlineEngine(), document, under=True, complete=True)
    before, after = ({type(layer): layer for layer in s.panes[0].layers} for s in (early, late))
    assert {DensityLayer, ArrowLayer, ParticleLayer} <= set(before)
    np.testing.assert_allclose(before[ParticleLayer].a, after[ParticleLayer].a, atol=4e-3)
    a, b = before[DensityLayer], after[DensityLayer]
    assert (a.x0, a.y0, a.x1, a.y1) == (b.x0, b.y0, b.x1, b.y1)
    assert np.abs(a.a - b.a).max() < 0.02 * b.a.max()
    assert a.top == pytest.approx(b.top, rel=0.02)
    arrows = before[ArrowLayer], after[ArrowLayer]
    np.testing.assert_allclose(arrows[0].positions, arrows[1].positions)
    np.testing.assert_allclose(arrows[0].vectors, arrows[1].vectors, atol=0.02)
    for lane in thumbnail_lanes():
        shipped, own = (s.results.slots[lane].at(0) for s in (waiting, done))
        np.testing.assert_allclose(shipped.result.values, own.result.values, atol=4e-3)
        assert own.id > 0, "the engine's own has taken its place"
    waiting.close()
    done.close()


def test_that_only_the_tiles_ship_for_another_scene() -> None:
    early, session = scene(FakeEngine(), Document(target=RingsSpec()), under=True, complete=False)
    assert early.panes[0].layers == ()
    assert session.results.slots["thumbnail/rings"].at(0) is not None
    session.close()


def test_that_what_ships_is_no_answer() -> None:
    _, session = scene(FakeEngine(), Document(), under=True, complete=False)
    assert not session.is_complete
    assert all(not session.results.slots[lane].is_settled for lane in session.planner.wanted)
    session.close()
