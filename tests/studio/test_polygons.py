"""Polygons that are clicked, and what they and words leave on a drawing."""

from __future__ import annotations

import numpy as np
import pytest

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec, RingSpec
from fmstudio.render.handle_layers import handle_layers
from fmstudio.render.palette import DARK
from fmstudio.studio import drawing, masks, panes
from fmstudio.studio.drawing import Brush, Pen
from fmstudio.studio.polygons import PolygonTool
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode
from tests.fakes import FakeEngine

TRIANGLE = ((0.2, 0.3), (1.4, 0.5), (0.5, 1.3))
HALF, CELLS = 2.0, 256


def filled(corners=TRIANGLE, **brush):
    return drawing.filled(DrawnSpec(half=HALF), corners, Brush(pen=Pen.POLYGON, **brush)).raster.values


def area(ink) -> float:
    return float(ink.sum()) * (2 * HALF / CELLS) ** 2


def test_that_a_polygon_has_the_area_of_its_corners_soft_or_hard():
    (a, b), (c, d), (e, f) = TRIANGLE
    true = abs((c - a) * (f - b) - (e - a) * (d - b)) / 2
    for softness in (0.0, 0.5, 1.0):
        assert area(filled(softness=softness)) == pytest.approx(true, rel=0.03)
    assert set(np.unique(filled(softness=0.0)[40:60, 40:60])) == {0.0}


def test_that_a_concave_polygon_leaves_its_notch_empty():
    notch = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (0.0, -0.5), (-1.0, 1.0))
    ink = filled(notch, softness=0.0)
    assert ink[160, 128] == 0
    assert ink[75, 128] == 1


@pytest.mark.parametrize("turns", [2, 4])
def test_that_copies_of_a_polygon_look_the_same_after_a_turn_and_in_the_mirror(turns):
    ink = filled(turns=turns)
    np.testing.assert_allclose(np.rot90(ink, 4 // turns), ink, atol=2 / 16)
    mirrored = filled(mirrored=True, turns=3)
    np.testing.assert_allclose(mirrored[:, ::-1], mirrored, atol=2 / 16)
    assert area(ink) == pytest.approx(turns * area(filled()), rel=0.01)


def test_that_words_stand_upright_where_they_are_put_at_the_size_of_the_brush():
    letters = np.zeros((40, 80), np.float32)
    letters[4:20, 4:76] = 1  # the upper half
    brush = Brush(0.2, 0.0, Pen.TEXT, letters=FrozenArray(letters))
    ink = drawing.stroke(DrawnSpec(half=HALF), (0, 0), (0.5, -0.5), brush).raster.values
    cell = 2 * HALF / CELLS
    rows, columns = (index * cell - HALF for index in np.nonzero(ink > 0.5))
    assert np.ptp(columns) == pytest.approx(0.8 * 2 * 72 / 80, abs=0.06)
    assert columns.mean() == pytest.approx(0.5, abs=0.03)
    assert rows.min() == pytest.approx(-0.5, abs=0.04)
    assert rows.max() == pytest.approx(-0.5 + 0.4 * 0.8, abs=0.05)
    again = drawing.stroke(DrawnSpec(half=HALF), (0, 0), (0.5, -0.5), brush).raster.values
    np.testing.assert_array_equal(ink, again)


def test_that_letters_of_a_few_cells_are_none():
    assert not masks.words(np.ones((9, 9), np.float32), (0, 0), [(1, 0, 1)], 64, 3.0, 0.1, 0.0).any()


@pytest.fixture
def session():
    session = Session(FakeEngine(), Document(target=DrawnSpec(half=HALF)), print)
    session.tools.draw_at("target")
    session.tools.change_brush(pen=Pen.POLYGON)
    yield session
    session.close()


def test_that_a_click_on_the_first_corner_closes_and_fills_in_one_step(session):
    tool, before = PolygonTool(session), session.store.document
    for corner in TRIANGLE:
        tool.click(corner, 0.05)
        assert session.store.document == before
    tool.hover((0.0, 0.0))
    assert session.tools.outline == (*TRIANGLE, (0.0, 0.0))
    tool.click((0.22, 0.31), 0.05)
    assert session.tools.outline == ()
    np.testing.assert_array_equal(session.store.document.target.raster.values, filled())
    assert session.store.undo() == "Polygon stroke"
    assert session.store.document == before


def test_that_two_corners_or_a_dropped_polygon_leave_nothing(session):
    tool, before = PolygonTool(session), session.store.document
    for corner in TRIANGLE:
        tool.click(corner, 0.05)
    tool.drop()
    assert not tool.is_open
    for corner in TRIANGLE:
        tool.click(corner, 0.05)
    tool.back()
    tool.close()
    assert session.store.document == before


@pytest.mark.parametrize("leave", ["pen", "mode", "end", "document"])
def test_that_another_tool_drops_an_open_polygon(session, leave):
    tool = PolygonTool(session)
    tool.click(TRIANGLE[0], 0.05)
    if leave == "pen":
        session.tools.change_brush(pen=Pen.BRUSH)
    elif leave == "mode":
        session.tools.choose_mode(Mode.LOOK)
    elif leave == "end":
        session.tools.draw_at("source")
    else:
        session.open(Document(target=DrawnSpec(half=HALF)))
    assert session.tools.outline == ()
    assert not tool.is_open
    session.tools.draw_at("target")
    session.tools.change_brush(pen=Pen.POLYGON)
    assert session.tools.outline == ()


def test_that_no_polygon_is_seen_or_filled_where_the_drawing_is_no_more(session):
    tool = PolygonTool(session)
    for corner in TRIANGLE:
        tool.click(corner, 0.05)
    panes.choose_new(session, "target", RingSpec)
    document = session.store.document
    assert not tool.is_open
    assert list(handle_layers(document, 0, session.tools.handles, DARK)) == []
    tool.close()
    assert session.store.document == document
    tool.click(TRIANGLE[0], 0.05)
    assert session.tools.outline == TRIANGLE[:1]
    assert isinstance(session.store.document.target, DrawnSpec)
