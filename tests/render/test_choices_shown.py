"""A pane's density and arrows: never an old picture under a new legend, and legends that say how."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import DensityMethod, Meaning
from fmstudio.document.specs.dynamics import ODESpec, SDESpec
from fmstudio.render.palette import DARK
from fmstudio.render.presenter import Presenter
from fmstudio.render.scene import ArrowLayer, DensityLayer, Layer, Pane, TrailLayer
from fmstudio.studio import commands
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode, Place
from tests.fakes import FakeEngine, settle


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def session(engine: FakeEngine) -> Iterator[Session]:
    session = Session(engine, Document(), print)
    yield session
    session.close()


def pane(session: Session, t: float) -> Pane:
    return Presenter(session.stage).scene(session.store.document, t, DARK).panes[0]


def shown(session: Session, kind: type[Layer], t: float = 0.5) -> Layer | None:
    return next((layer for layer in pane(session, t).layers if isinstance(layer, kind)), None)


def test_that_a_picture_stands_under_its_own_legend_until_the_new_one_comes(
    session: Session, engine: FakeEngine
) -> None:
    settle(session, engine)
    for choice in (DensityMethod.KDE, DensityMethod.RESIDUAL, Quantity.SCORE):
        kind = ArrowLayer if isinstance(choice, Quantity) else DensityLayer
        for answer in (False, True):
            commands.choose_shown(session, 0, choice)
            session.tick(0.0)
            if answer:
                settle(session, engine)
            scene = pane(session, 0.5)
            (layer,) = (layer for layer in scene.layers if isinstance(layer, kind))
            assert layer.is_waiting is not answer
            assert layer.answers in [entry.answers for entry in scene.legend]


def test_that_a_march_shows_no_moment_that_it_has_not_come_to(session: Session, engine: FakeEngine) -> None:
    commands.choose_shown(session, 0, DensityMethod.FOKKER_PLANCK)
    session.tick(0.0)
    job = engine.in_lane("density/0")[-1]
    engine.fill(job, rows=job.result.shape[0] // 2)
    assert shown(session, DensityLayer, 0.3) is not None
    assert shown(session, DensityLayer, 0.9) is None
    words = [entry.text for entry in pane(session, 0.3).legend]
    assert any(text.endswith("· 40% done") for text in words)


@pytest.mark.parametrize(
    ("choice", "meaning"),
    [
        (DensityMethod.LIKELIHOOD, Meaning.DENSITY),
        (DensityMethod.MINUS_DIVERGENCE, Meaning.SIGNED),
        (DensityMethod.RESIDUAL, Meaning.SIGNED),
        (DensityMethod.NAIVE_ERROR, Meaning.ERROR),
    ],
)
def test_that_a_picture_is_coloured_by_what_it_means(
    session: Session, engine: FakeEngine, choice: DensityMethod, meaning: Meaning
) -> None:
    commands.choose_shown(session, 0, choice)
    settle(session, engine)
    layer = shown(session, DensityLayer)
    assert isinstance(layer, DensityLayer)
    assert layer.meaning is meaning


def test_that_a_small_residual_is_not_blown_up(session: Session, engine: FakeEngine) -> None:
    commands.choose_shown(session, 0, DensityMethod.RESIDUAL)
    session.tick(0.0)
    job = engine.in_lane("density/0")[-1]
    for row in range(job.result.shape[0]):
        job.result.write(row, np.full(job.result.shape[1:], 1e-3, np.float32))
    layer = shown(session, DensityLayer)
    assert isinstance(layer, DensityLayer)
    assert layer.top == 1


def test_that_arrows_without_mass_are_left_out_and_the_legend_says_so(
    session: Session, engine: FakeEngine
) -> None:
    session.tick(0.0)
    job = engine.in_lane("field/0")[-1]
    row = np.ones(job.result.shape[1:], np.float32)
    job.result.write(0, row)
    assert all("mass" not in entry.text for entry in pane(session, 0.5).legend)
    row[:5] = np.nan
    for _ in range(1, job.result.shape[0]):
        job.result.write(job.result.ready, row)
    first = job.request.order[0] / (len(job.request.times) - 1)
    for t in (first, 0.31, 0.5, 1.0):
        layer, scene = shown(session, ArrowLayer, t), pane(session, t)
        assert isinstance(layer, ArrowLayer)
        drawn = np.isfinite(layer.vectors).all(1).reshape(row.shape[:2])
        assert drawn[5:].all()
        assert drawn[:5].all() if t == first else not drawn[:5].any()
        assert "exact velocity uₜ where pₜ has mass" in [entry.text for entry in scene.legend]


def test_that_a_pane_without_any_mass_has_no_arrow_and_no_fault(session: Session, engine: FakeEngine) -> None:
    session.tick(0.0)
    job = engine.in_lane("field/0")[-1]
    for _ in range(job.result.shape[0]):
        job.result.write(job.result.ready, np.full(job.result.shape[1:], np.nan, np.float32))
    layer = shown(session, ArrowLayer)
    assert isinstance(layer, ArrowLayer)
    assert not np.isfinite(layer.vectors).any()


def test_that_the_legend_names_the_equation_that_was_solved(session: Session, engine: FakeEngine) -> None:
    commands.choose_shown(session, 0, DensityMethod.FOKKER_PLANCK)
    for dynamics, name in ((ODESpec(), "continuity equation"), (SDESpec(), "Fokker–Planck equation")):
        commands.set_field(session, "dynamics", dynamics, "Choose dynamics")
        settle(session, engine)
        assert any(entry.text.startswith(name) for entry in pane(session, 0.5).legend)


def test_that_every_choice_has_a_legend_of_its_own(session: Session, engine: FakeEngine) -> None:
    texts = set()
    for choice in DensityMethod:
        commands.choose_shown(session, 0, choice)
        settle(session, engine)
        texts.add(next(e.text for e in pane(session, 0.5).legend if e.name in ("density", "map", "error")))
    assert len(texts) == len(DensityMethod) - 2  # AUTO is the closed form; without a model so is ERROR


def test_that_the_probe_draws_lines_to_what_pulls(session: Session, engine: FakeEngine) -> None:
    session.tools.choose_mode(Mode.PROBE)
    session.tools.hover(Place(0.5, 0.25, 0))
    commands.toggle_layer(session, 0, "trajectories")
    session.tick(0.0)
    job = engine.in_lane("probe/0")[-1]
    rows = np.full(job.result.shape, np.nan, np.float32)
    rows[0, :10] = (0.1, 3.0, 4.0, 1.0, 1.0, 0.0, 1.0, 1.0, 3.0, 4.0)
    rows[1:3, :5] = [(2.0, 2.0, 0.8, 0, 0), (-2.0, 1.0, 0.2, 0, 0)]
    for number, row in enumerate(rows):
        job.result.write(number, row)
    session.tick(0.0)
    lines = shown(session, TrailLayer)
    assert isinstance(lines, TrailLayer)
    np.testing.assert_allclose(lines.points, [[[0.5, 0.25], [2, 2]], [[0.5, 0.25], [-2, 1]]])
    assert lines.colours[0, 3] == 255 > lines.colours[1, 3]
