import numpy as np
import pytest

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.render.words import waiting
from fmstudio.studio import commands, drawing
from fmstudio.studio.drawing import Brush, stamp
from fmstudio.studio.session import Session
from fmstudio.studio.stage import FOLLOWING
from tests.fakes import FakeEngine

HALF, CELLS = 3.0, 128


def _centres() -> np.ndarray:
    return (np.arange(CELLS) + 0.5) * 2 * HALF / CELLS - HALF


def test_that_a_stroke_covers_what_is_within_its_radius_and_nothing_else():
    raster = stamp(np.zeros((CELLS, CELLS), np.float32), HALF, (-1, -0.5), (1, 0.5), Brush(0.3, 0.0))
    x, y = np.meshgrid(_centres(), _centres())
    along = np.clip(((x + 1) * 2 + (y + 0.5) * 1) / 5, 0, 1)
    distance = np.hypot(x - (-1 + 2 * along), y - (-0.5 + along))
    assert (raster[distance < 0.29] > 0.99).all()
    assert (raster[distance > 0.31] == 0).all()


def test_that_y_goes_up_with_the_rows():
    raster = stamp(np.zeros((CELLS, CELLS), np.float32), HALF, (0, 2), (0, 2), Brush(0.2))
    rows, columns = np.nonzero(raster)
    assert _centres()[rows].mean() == pytest.approx(2, abs=0.05)
    assert _centres()[columns].mean() == pytest.approx(0, abs=0.05)


def test_that_painting_twice_is_painting_once_and_erasing_clears():
    empty = np.zeros((CELLS, CELLS), np.float32)
    once = stamp(empty, HALF, (0, 0), (1, 1), Brush(0.3))
    assert np.array_equal(stamp(once, HALF, (0, 0), (1, 1), Brush(0.3)), once)
    erased = stamp(once, HALF, (0, 0), (1, 1), Brush(0.6, 0.0, erase=True))
    assert not erased.any()
    assert not empty.any()


def test_that_a_stroke_outside_the_raster_draws_nothing():
    raster = stamp(np.zeros((CELLS, CELLS), np.float32), HALF, (9, 9), (12, 9), Brush(0.3))
    assert not raster.any()


def test_that_clearing_keeps_the_size_of_the_canvas():
    drawn = drawing.stroke(DrawnSpec(half=2.0), (0, 0), (1, 0), Brush())
    assert not drawn.is_empty
    cleared = drawing.cleared(drawn)
    assert cleared.is_empty
    assert cleared.half == 2.0


@pytest.fixture
def session():
    session = Session(FakeEngine(), Document(), lambda _sentence: None)
    yield session
    session.close()


def _draws(session: Session, points: np.ndarray) -> None:
    """What the engine answers to the drawing that was begun."""
    (job,) = session.engine.in_lane("ink")
    job.result.write(0, np.resize(points, (job.request.n, 2)).astype(np.float32))
    session.engine.finish(job)
    session.tick(0.0)


def test_that_ink_is_where_the_samples_are_and_full_where_they_are_densest():
    points = np.random.default_rng(0).normal((1.0, -0.5), 0.2, (50_000, 2)).astype(np.float32)
    ink = drawing.begun(points, HALF).raster.values
    x, y = np.meshgrid(*2 * [(np.arange(len(ink)) + 0.5) * 2 * HALF / len(ink) - HALF])
    assert (ink * x).sum() / ink.sum() == pytest.approx(1.0, abs=0.02)
    assert (ink * y).sum() / ink.sum() == pytest.approx(-0.5, abs=0.02)
    assert ink.max() == 1.0
    assert ink[np.hypot(x - 1.0, y + 0.5) > 1.5].max() == 0.0


def test_that_a_drawing_begins_with_the_target_and_that_is_one_step(session):
    before = session.store.document
    commands.start_drawing(session)
    assert session.store.document.target.is_empty
    _draws(session, np.random.default_rng(0).normal(size=(1000, 2)))
    begun = session.store.document.target
    assert not begun.is_empty
    commands.draw_segment(session, (0.0, 0.0), (1.0, 0.0), Brush())
    commands.end_stroke(session)
    session.store.undo()
    assert session.store.document.target == begun
    session.store.undo()
    assert session.store.document == before


def test_that_the_old_picture_stands_until_the_ink_is_there(session):
    """The drawing is empty for a moment, and nobody sees it so; if no ink comes it is."""
    for _ in range(4):
        session.tick(0.0)
        session.engine.finish_all()
    session.tick(0.0)
    before = session.stage.panes[0]
    assert before.is_settled
    commands.start_drawing(session)
    for _ in range(3):
        session.tick(0.3)
        standing = session.stage.panes[0]
        assert standing.resolved is before.resolved
        assert {kind: one.job for kind, one in standing.shown.items()} == {
            kind: one.job for kind, one in before.shown.items() if kind not in FOLLOWING
        }
        assert not session.is_complete
    assert standing.shown["trajectories"].is_dimmed
    assert waiting(standing) == "Computing what is asked\N{NO-BREAK SPACE}…"
    session.forget_ink()
    session.tick(0.0)
    assert session.stage.panes[0].resolved.is_waiting_for_a_stroke
    assert not session.stage.panes[0].shown


def test_that_ink_comes_beneath_what_was_painted_meanwhile(session):
    commands.start_drawing(session)
    commands.draw_segment(session, (2.0, 2.0), (2.0, 2.0), Brush(0.3, 0.0))
    painted = session.store.document.target.raster.values
    _draws(session, np.random.default_rng(0).normal(-1.0, 0.1, (1000, 2)))
    both = session.store.document.target.raster.values
    assert (both >= painted).all()
    assert both.sum() > painted.sum()


def test_that_late_ink_does_not_come_back_over_what_was_undone_or_chosen_since(session):
    commands.start_drawing(session)
    session.store.undo()
    left = session.store.document
    _draws(session, np.zeros((10, 2)))
    assert session.store.document == left


def test_that_late_ink_is_beneath_each_step_that_was_taken_meanwhile(session):
    commands.start_drawing(session)
    for x in (-2.0, 0.0, 2.0):
        commands.draw_segment(session, (x, 2.0), (x, 2.0), Brush(0.3, 0.0))
        commands.end_stroke(session)
    _draws(session, np.random.default_rng(0).normal(-1.0, 0.1, (1000, 2)))
    amounts = [session.store.document.target.raster.values.sum()]
    for _ in range(3):
        session.store.undo()
        amounts.append(session.store.document.target.raster.values.sum())
    assert amounts == sorted(amounts, reverse=True)
    assert len(set(amounts)) == 4
    assert amounts[-1] > 0


def test_that_late_ink_does_not_come_back_over_what_was_cleared(session):
    commands.start_drawing(session)
    commands.draw_segment(session, (0.0, 0.0), (1.0, 0.0), Brush())
    commands.end_stroke(session)
    commands.clear_drawing(session, "target")
    (job,) = session.engine.in_lane("ink")
    assert "ink" in session.engine.cancelled
    session.tick(0.0)
    assert session.store.document.target.is_empty
    assert job.result.ready == 0


@pytest.mark.parametrize("end", ["source", "target"])
def test_that_either_end_is_drawn_and_the_other_stays(session, end):
    before = session.store.document
    session.tools.draw_at(end)
    assert session.tools.inks == {end}
    commands.start_drawing(session)
    _draws(session, np.random.default_rng(0).normal(size=(1000, 2)))
    commands.draw_segment(session, (2.0, 2.0), (2.0, 2.0), Brush(0.3, 0.0))
    commands.end_stroke(session)
    drawn = getattr(session.store.document, end)
    other = "target" if end == "source" else "source"
    assert drawn.raster.values.max() == 1
    assert getattr(session.store.document, other) == getattr(before, other)
    commands.clear_drawing(session, end)
    assert getattr(session.store.document, end).is_empty
    for _ in range(3):
        session.store.undo()
    assert session.store.document == before


def test_that_strokes_at_two_ends_are_two_steps(session):
    for end in ("source", "target"):
        session.tools.draw_at(end)
        commands.start_drawing(session)
    session.tools.draw_at("source")
    commands.draw_segment(session, (0.0, 0.0), (1.0, 0.0), Brush())
    session.tools.draw_at("target")
    commands.draw_segment(session, (0.0, 0.0), (1.0, 0.0), Brush())
    session.store.undo()
    assert session.store.document.target.is_empty
    assert not session.store.document.source.is_empty
