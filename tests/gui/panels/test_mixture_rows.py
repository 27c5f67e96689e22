"""The rows of a mixture: the same numbers as its handles on the canvas."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import Qt

from fmstudio.document.specs.distribution import FiveModesSpec, GaussianMixtureSpec, RingSpec
from fmstudio.gui.panels.end import source_panel, target_panel
from fmstudio.gui.panels.mixture_rows import NONE
from fmstudio.studio import handles
from fmstudio.studio.mixtures import Chosen
from tests.gui.conftest import drag, frame

PANELS = {"source": source_panel, "target": target_panel}
LEFT = Qt.MouseButton.LeftButton


def law(session, end):
    return handles.mixture_at(session.store.document, end)


@pytest.fixture(params=PANELS)
def end(request):
    return request.param


@pytest.fixture
def panel(session, show, end, qtbot):
    panel = show(PANELS[end])
    qtbot.mouseClick(panel.tiles.tiles["gaussian-mixture"], LEFT)
    frame(session, panel)
    return panel


def choose(session, panel, index: int) -> None:
    box = panel.mixture.box
    box.setCurrentIndex(index)
    box.activated.emit(index)
    frame(session, panel)


def fill(qtbot, figure, text: str) -> None:
    figure.selectAll()
    qtbot.keyClicks(figure, text)
    qtbot.keyClick(figure, Qt.Key.Key_Return)


def test_that_the_tile_opens_the_rows_and_another_closes_them(qtbot, panel):
    rows = panel.mixture
    assert rows.isVisible()
    assert [rows.box.itemText(i) for i in range(rows.box.count())] == [
        "3 Gaussians",
        "Gaussian 1",
        "Gaussian 2",
        "Gaussian 3",
    ]
    qtbot.mouseClick(panel.tiles.tiles["ring"], LEFT)
    assert rows.isHidden()


def test_that_a_chosen_normal_shows_its_numbers_and_each_typed_one_is_a_step(qtbot, session, panel, end):
    choose(session, panel, 2)
    assert session.tools.chosen == Chosen(end, 1)
    rows = panel.mixture.rows
    for label, text in (
        ("Mean x", "0.5"),
        ("Mean y", "-0.25"),
        ("Axis 1", "0.8"),
        ("Angle", "30"),
        ("Weight", "3"),
    ):
        before = session.store.document
        fill(qtbot, rows[label].figure, text)
        frame(session, panel)
        assert rows[label].value == pytest.approx(float(text))
        after = session.store.document
        session.store.undo()
        assert session.store.document == before
        session.store.redo()
        assert session.store.document == after
    normal = law(session, end).components[1]
    assert normal.mean == (0.5, -0.25)
    assert normal.weight == 3
    along = (math.cos(math.radians(30)), math.sin(math.radians(30)))
    xx, xy, yy = normal.cov
    assert xx * along[0] ** 2 + 2 * xy * along[0] * along[1] + yy * along[1] ** 2 == pytest.approx(0.64)


def test_that_a_drag_of_a_slider_is_one_step_and_turns_through_a_right_angle_without_a_jump(
    qtbot, session, panel, end
):
    choose(session, panel, 1)
    rows = panel.mixture.rows
    fill(qtbot, rows["Axis 1"].figure, "1")
    before = session.store.document
    slider = rows["Angle"].slider
    shown = []
    rows["Angle"].dragged.connect(lambda value: shown.append((value, rows["Angle"].value)))
    drag(qtbot, slider, slider.width() // 2, slider.width() // 4, slider.width() - 4)
    frame(session, panel)
    assert rows["Angle"].value > 45
    assert rows["Axis 1"].value == pytest.approx(1.0)
    assert session.store.undo() == f"Shape Gaussian 1 of the {end}"
    assert session.store.document == before


def test_that_buttons_add_and_remove(qtbot, session, panel, end):
    rows = panel.mixture
    assert not rows.remove.isEnabled()
    qtbot.mouseClick(rows.add, LEFT)
    frame(session, panel)
    assert len(law(session, end).components) == 4
    assert rows.box.currentText() == "Gaussian 4"
    qtbot.mouseClick(rows.remove, LEFT)
    frame(session, panel)
    assert law(session, end) == GaussianMixtureSpec()


def test_that_handles_can_be_taken_from_the_canvas(qtbot, session, panel, end):
    assert end in session.tools.handles.ends
    qtbot.mouseClick(panel.mixture.on_canvas, LEFT)
    assert end not in session.tools.handles.ends
    qtbot.mouseClick(panel.mixture.on_canvas, LEFT)
    assert end in session.tools.handles.ends


def test_that_five_modes_become_a_mixture_and_a_ring_does_not(qtbot, session, show, end):
    panel = show(PANELS[end])
    session.store.edit(lambda d: d.model_copy(update={end: RingSpec()}), "Ring")
    assert panel.mixture.isHidden()
    session.store.edit(lambda d: d.model_copy(update={end: FiveModesSpec()}), "Five")
    assert panel.mixture.become.isVisible()
    qtbot.mouseClick(panel.mixture.become, LEFT)
    frame(session, panel)
    assert len(law(session, end).components) == 5
    assert panel.mixture.box.currentText() == "Gaussian 1"
    choose(session, panel, 0)
    assert panel.mixture.box.currentData() == NONE
    assert session.tools.chosen is None


def test_that_every_control_has_a_name_of_its_own(panel):
    rows = panel.mixture
    named = [rows.box, rows.add, rows.remove, rows.on_canvas, *(row.slider for row in rows.rows.values())]
    names = [widget.accessibleName() for widget in named]
    assert all(names)
    assert len(set(names)) == len(names)
