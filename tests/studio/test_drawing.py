from dataclasses import replace

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec
from fmstudio.render.words import waiting
from fmstudio.studio import commands, drawing
from fmstudio.studio.drawing import Brush, Pen, stamp
from fmstudio.studio.session import Session
from fmstudio.studio.stage import FOLLOWING
from fmstudio.studio.strokes import Stroke
from fmstudio.studio.tools import RADIUS_RANGE
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
    erased = stamp(once, HALF, (0, 0), (1, 1), Brush(0.6, 0.0, Pen.ERASER))
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
    session.ink.forget()
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


# ---- pens and symmetry -----------------------------------------------------------------------------------


LETTERS = FrozenArray(np.pad(np.tri(40, 60, dtype=np.float32), 4))
"""No sign of any script, and like none of its images."""


def ink_of(brush: Brush, start: tuple[float, float] = (0.3, 0.2), end: tuple[float, float] = (1.1, 0.7)):
    brush = replace(brush, letters=LETTERS)
    return drawing.stroke(DrawnSpec(half=2.0), start, end, brush).raster.values


@pytest.mark.parametrize("pen", [pen for pen in Pen if pen is not Pen.ERASER])
@pytest.mark.parametrize("turns", [2, 4])
def test_that_copies_around_the_middle_look_the_same_after_a_turn(pen: Pen, turns: int) -> None:
    ink = ink_of(Brush(0.15, pen=pen, turns=turns))
    assert ink.any()
    turned = np.rot90(ink, 4 // turns)
    np.testing.assert_allclose(turned, ink, atol=2e-3)
    assert ink.sum() > 1.5 * ink_of(Brush(0.15, pen=pen)).sum()


@pytest.mark.parametrize("pen", [pen for pen in Pen if pen is not Pen.ERASER])
def test_that_a_mirrored_stroke_is_its_own_mirror_image(pen: Pen) -> None:
    ink = ink_of(Brush(0.15, pen=pen, mirrored=True, turns=3))
    np.testing.assert_allclose(ink[:, ::-1], ink, atol=2e-3)


def test_that_an_eraser_takes_from_every_copy() -> None:
    full = DrawnSpec(half=2.0).model_copy(update={"raster": FrozenArray(np.ones((256, 256), np.float32))})
    ink = drawing.stroke(full, (1.0, 0.0), (1.0, 0.0), Brush(0.2, 0.0, Pen.ERASER, turns=4)).raster.values
    for row, column in ((128, 192), (192, 128), (128, 64), (64, 128)):
        assert ink[row, column] == 0
    assert ink[128, 128] == 1


def test_that_an_ellipse_lies_in_its_box_and_is_hollow() -> None:
    ink = ink_of(Brush(0.1, pen=Pen.ELLIPSE), (-1.2, -0.6), (1.2, 0.6))
    rows, columns = np.nonzero(ink > 0.5)
    cell = 4 / 256
    assert abs((columns.max() - columns.min()) * cell - 2.5) < 0.15
    assert abs((rows.max() - rows.min()) * cell - 1.3) < 0.15
    assert ink[128, 128] == 0


def test_that_a_spray_scatters_drops_around_the_piece_and_the_same_piece_leaves_the_same() -> None:
    brush = Brush(0.4, pen=Pen.SPRAY)
    ink = ink_of(brush)
    assert np.array_equal(ink, ink_of(brush))
    assert not np.array_equal(ink, ink_of(brush, end=(1.1, 0.71)))
    share = (ink > 0.5).mean() / (ink_of(Brush(0.4)) > 0.5).mean()
    assert 0.01 < share < 0.6


@pytest.mark.parametrize("pen", [Pen.LINE, Pen.ELLIPSE, Pen.TEXT])
def test_that_a_shape_follows_the_pointer_from_where_it_began_and_is_one_step(session, pen):
    session.tools.draw_at("target")
    session.tools.change_brush(pen=pen, letters=LETTERS)
    session.store.edit(lambda d: d.model_copy(update={"target": DrawnSpec(half=2.0)}), "Draw")
    before = session.store.document
    stroke = Stroke(session, (-1.0, -0.5))
    for at in ((1.5, 1.5), (0.2, -1.0), (1.0, 0.5)):
        stroke.reach(at)
    commands.end_stroke(session)
    drawn = session.store.document.target.raster.values
    once = drawing.stroke(before.target, (-1.0, -0.5), (1.0, 0.5), session.tools.brush).raster.values
    np.testing.assert_array_equal(drawn, once)
    assert session.store.undo() == f"{pen.capitalize()} stroke"
    assert session.store.document == before


def test_that_a_shape_that_begins_a_drawing_keeps_the_ink_that_comes_meanwhile(session):
    session.tools.draw_at("target")
    session.tools.change_brush(pen=Pen.LINE)
    stroke = Stroke(session, (-1.5, -1.5))
    stroke.reach((1.5, -1.5))
    _draws(session, np.random.default_rng(0).normal(size=(1000, 2)))
    with_ink = session.store.document.target.raster.values.sum()
    assert session.ink.latest is not None
    stroke.reach((1.5, -1.6))
    commands.end_stroke(session)
    after = session.store.document.target.raster.values.sum()
    assert after == pytest.approx(with_ink, rel=0.05)
    line = drawing.stroke(DrawnSpec(half=2.0), (-1.5, -1.5), (1.5, -1.6), session.tools.brush)
    assert after > 1.2 * line.raster.values.sum()


def test_that_keys_scale_the_brush_within_its_range(session):
    tools = session.tools
    before = tools.brush.radius
    tools.scale_brush(1)
    tools.scale_brush(-1)
    assert tools.brush.radius == pytest.approx(before)
    for _ in range(60):
        tools.scale_brush(1)
    assert tools.brush.radius == RADIUS_RANGE[1]
    for _ in range(90):
        tools.scale_brush(-1)
    assert tools.brush.radius == RADIUS_RANGE[0]
