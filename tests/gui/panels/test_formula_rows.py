"""A formula is typed: what is good is followed, what is bad keeps the last good one and says where."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import (
    DoubleWellSpec,
    FormulaSpec,
    FunnelSpec,
    TwoMoonsSpec,
    UniformSquareSpec,
)
from fmstudio.document.specs.view import PaneSpec, ViewSpec
from fmstudio.gui.panels import formula_rows
from fmstudio.gui.panels.end import source_panel, target_panel
from fmstudio.gui.panels.formula_rows import LOG, PAUSE_SECONDS, PLAIN, FormulaRows
from fmstudio.gui.widgets.formula_field import pointed
from fmstudio.studio import panes
from tests.gui.conftest import frame

PANELS = {"source": source_panel, "target": target_panel}
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(formula_rows.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def rows(session, show) -> FormulaRows:
    """Of a target that is a formula."""
    session.store.edit(lambda d: d.model_copy(update={"target": FormulaSpec()}), "Choose target")
    return show(target_panel).formula


def write(qtbot, rows: FormulaRows, text: str, done: bool = True) -> None:
    rows.field.selectAll()
    qtbot.keyClicks(rows.field, text)
    if done:
        qtbot.keyClick(rows.field, Qt.Key.Key_Return)


def target(session):
    return session.store.document.target


@pytest.mark.parametrize("end", ["source", "target"])
def test_that_the_tile_of_a_formula_opens_its_rows_and_other_tiles_close_them(qtbot, session, show, end):
    panel = show(PANELS[end])
    assert panel.formula.isHidden()
    qtbot.mouseClick(panel.tiles.tiles["formula"], LEFT)
    assert getattr(session.store.document, end) == FormulaSpec()
    assert not panel.formula.isHidden()
    assert list(panel.form.rows) == ["half"]
    assert not panel.form.isHidden()
    assert panel.settings.isHidden()
    qtbot.mouseClick(panel.tiles.tiles["ring"], LEFT)
    assert panel.formula.isHidden()


@pytest.mark.parametrize("end", ["source", "target"])
def test_that_what_is_typed_is_followed_once_it_rests_and_is_one_step_to_undo(
    qtbot, session, show, clock, end
):
    session.store.edit(lambda d: d.model_copy(update={end: FormulaSpec()}), "Choose")
    panel = show(PANELS[end])
    rows = panel.formula
    write(qtbot, rows, "-x^2", done=False)
    frame(session, panel)
    assert getattr(session.store.document, end) == FormulaSpec()
    clock[0] += 2 * PAUSE_SECONDS
    frame(session, panel)
    assert getattr(session.store.document, end) == FormulaSpec(expression="-x^2")
    assert "Cut off" in rows.note.text()
    assert rows.note.isVisible()
    qtbot.keyClicks(rows.field, " - y^2 ")
    clock[0] += 2 * PAUSE_SECONDS
    frame(session, panel)
    assert getattr(session.store.document, end) == FormulaSpec(expression="-x^2 - y^2")
    assert rows.field.text == "-x^2 - y^2 "
    assert not rows.note.isVisible()
    qtbot.keyClick(rows.field, Qt.Key.Key_Return)
    assert session.store.undo() == "Change formula"
    assert getattr(session.store.document, end) == FormulaSpec()
    assert rows.field.text == FormulaSpec().expression


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        ("-x^2 - ", "breaks off", 6),
        ("exp(-x^2", "not closed", 3),
        ("1 + sine(x)", "did you mean sin", 4),
        ("0,5 x", "point", 1),
        ("log p = 0,5 x", "point", 9),
        ("sqrt(x)", "no number at", None),
        ("p = x", "negative", None),
        ("log(0)", "zero in every cell", None),
        ("-2 log(r)", "peak", None),
    ],
)
def test_that_what_is_bad_keeps_the_last_good_formula_and_says_where(
    qtbot, session, rows, said, text, words, place
):
    before = session.store.document
    write(qtbot, rows, text)
    assert session.store.document == before
    assert rows.field.text == text
    assert words in rows.problem.text()
    assert rows.problem.isVisible()
    assert rows.field.property("wrong")
    assert rows.caret.isVisible() is (place is not None)
    if place is not None:
        shown, caret = rows.caret.text().split("\n")
        assert (shown, caret) == (text, " " * place + "^")
    rows.field.clearFocus()
    assert rows.field.text == text
    assert not said
    write(qtbot, rows, "-2 r^2")
    assert target(session) == FormulaSpec(expression="-2 r^2")
    assert not rows.problem.isVisible()
    assert not rows.caret.isVisible()
    assert not rows.field.property("wrong")


def test_that_what_was_good_before_is_good_again(qtbot, session, rows):
    before = session.store.document
    write(qtbot, rows, "-x^2 -")
    write(qtbot, rows, FormulaSpec().expression)
    assert not rows.problem.isVisible()
    assert session.store.document == before


def test_that_a_named_formula_stays_itself_until_it_is_edited(qtbot, session, show):
    panel = show(target_panel)
    qtbot.mouseClick(panel.tiles.tiles["funnel"], LEFT)
    assert target(session) == FunnelSpec()
    assert panel.formula.field.text == FunnelSpec().stated.text
    qtbot.keyClick(panel.formula.field, Qt.Key.Key_Return)
    assert target(session) == FunnelSpec()
    qtbot.keyClick(panel.formula.field, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(panel.formula.field, " - y^4")
    qtbot.keyClick(panel.formula.field, Qt.Key.Key_Return)
    edited = FunnelSpec().stated.text + " - y^4"
    assert target(session) == FormulaSpec(expression=edited, half=FunnelSpec.half)
    assert panel.tiles.tiles["formula"].isChecked()
    assert not panel.tiles.tiles["funnel"].isChecked()
    assert panel.section.head.summary == "Formula"


def test_that_the_side_is_a_switch_and_may_be_typed(qtbot, session, rows):
    qtbot.mouseClick(rows.side.buttons[PLAIN], LEFT)
    assert target(session) == FormulaSpec()
    assert "negative" in rows.problem.text()
    assert rows.side.buttons[PLAIN].isChecked()
    write(qtbot, rows, "exp(-r^2)")
    assert target(session) == FormulaSpec(expression="exp(-r^2)", is_log=False)
    write(qtbot, rows, "log p = -3 r^2")
    assert target(session) == FormulaSpec(expression="-3 r^2")
    assert rows.field.text == "-3 r^2"
    assert rows.side.buttons[LOG].isChecked()


def test_that_a_larger_square_is_looked_at_without_losing_what_is_typed(qtbot, session, show):
    session.store.edit(lambda d: d.model_copy(update={"target": FormulaSpec()}), "Choose target")
    panel = show(target_panel)
    write(qtbot, panel.formula, "-x^2 -")
    figure = panel.form.rows["half"].figure
    figure.selectAll()
    qtbot.keyClicks(figure, "5")
    qtbot.keyClick(figure, Qt.Key.Key_Return)
    assert target(session) == FormulaSpec(half=5.0)
    assert panel.formula.field.text == "-x^2 -"
    assert panel.formula.problem.isVisible()


def test_that_a_square_that_holds_nothing_is_refused_in_a_sentence(qtbot, session, show, said):
    spec = FormulaSpec(expression="p = max(0, 0.1 - abs(r - 2))")
    session.store.edit(lambda d: d.model_copy(update={"target": spec}), "Choose target")
    panel = show(target_panel)
    figure = panel.form.rows["half"].figure
    figure.selectAll()
    qtbot.keyClicks(figure, "0.5")
    qtbot.keyClick(figure, Qt.Key.Key_Return)
    assert target(session) == spec
    assert said == ["The density is zero in every cell of the square of half side 0.5."]


def test_that_all_panes_with_a_formula_follow_and_no_other(qtbot, session, show):
    panes = (PaneSpec(), PaneSpec(target=DoubleWellSpec()), PaneSpec(target=TwoMoonsSpec(noise=0.3)))
    session.open(Document(target=FormulaSpec(), source=UniformSquareSpec(), view=ViewSpec(panes=panes)))
    rows = show(target_panel).formula
    write(qtbot, rows, "-3 r^2")
    document = session.store.document
    targets = [document.experiment(index).target for index in range(len(document.view.panes))]
    assert targets == [FormulaSpec(expression="-3 r^2"), TwoMoonsSpec(noise=0.3)]


@pytest.mark.parametrize("place", [0, 7, 30, 59, 60])
def test_that_the_caret_stands_under_its_sign_however_long_the_text(place):
    text = "".join(chr(ord("a") + i % 26) for i in range(60))
    shown, caret = pointed(text, place, 20).split("\n")
    assert len(shown) <= 20
    at = caret.index("^")
    assert caret == " " * at + "^"
    if place < len(text):
        assert shown[at] == text[place]
    else:
        assert at == len(shown)


# ---- drafts --------------------------------------------------------------------------------------------

BAD = "-x^2 - sine(y)"


def is_draft_there(rows: FormulaRows, text: str = BAD) -> bool:
    shown = rows.caret.text().split("\n")[0] if rows.caret.isVisible() else ""
    told = "did you mean sin" in rows.problem.text() and bool(rows.field.property("wrong"))
    return rows.field.text == text and shown == text and told


@pytest.mark.parametrize("end", ["source", "target"])
def test_that_a_draft_outlives_the_choice_of_another_tile(qtbot, session, show, end):
    panel = show(PANELS[end])
    tiles, rows = panel.tiles.tiles, panel.formula
    qtbot.mouseClick(tiles["formula"], LEFT)
    write(qtbot, rows, "-x^2 - y^2")
    write(qtbot, rows, BAD, done=False)
    qtbot.mouseClick(tiles["ring"], LEFT)
    qtbot.mouseClick(tiles["funnel"], LEFT)
    assert rows.field.text == FunnelSpec().stated.text
    assert not rows.problem.isVisible()
    assert not rows.caret.isVisible()
    before = session.store.document
    qtbot.mouseClick(tiles["formula"], LEFT)
    assert is_draft_there(rows)
    assert getattr(session.store.document, end) == FormulaSpec()
    session.store.undo()
    assert session.store.document == before
    qtbot.mouseClick(tiles["formula"], LEFT)
    write(qtbot, rows, "-x^2 - sin(y)^2")
    assert getattr(session.store.document, end) == FormulaSpec(expression="-x^2 - sin(y)^2")
    qtbot.mouseClick(tiles["ring"], LEFT)
    qtbot.mouseClick(tiles["formula"], LEFT)
    assert rows.field.text == FormulaSpec().expression


def test_that_undoing_the_choice_finds_the_draft_too(qtbot, session, rows):
    write(qtbot, rows, "-x^4 - y^2")
    write(qtbot, rows, BAD)
    panes.choose_new(session, "target", TwoMoonsSpec)
    session.store.undo()
    assert target(session) == FormulaSpec(expression="-x^4 - y^2")
    assert is_draft_there(rows)


@pytest.mark.usefixtures("clock")
def test_that_a_draft_that_was_not_read_yet_is_kept(qtbot, session, rows):
    write(qtbot, rows, BAD, done=False)
    panes.choose_new(session, "target", TwoMoonsSpec)
    panes.choose_new(session, "target", FormulaSpec)
    assert is_draft_there(rows)


def test_that_any_other_change_of_the_formula_ends_the_draft(qtbot, session, rows):
    write(qtbot, rows, "-x^4 - y^2")
    write(qtbot, rows, BAD)
    session.store.undo()
    assert rows.field.text == FormulaSpec().expression
    panes.choose_new(session, "target", TwoMoonsSpec)
    panes.choose_new(session, "target", FormulaSpec)
    assert rows.field.text == FormulaSpec().expression
    assert not rows.problem.isVisible()


def test_that_a_draft_is_of_its_document_and_its_end(qtbot, session, show, rows):
    other = show(source_panel).formula
    write(qtbot, rows, BAD)
    panes.choose_new(session, "source", FormulaSpec)
    assert other.field.text == FormulaSpec().expression
    panes.choose_new(session, "target", TwoMoonsSpec)
    session.open(Document(title="another"))
    panes.choose_new(session, "target", FormulaSpec)
    assert rows.field.text == FormulaSpec().expression
    assert not rows.problem.isVisible()
