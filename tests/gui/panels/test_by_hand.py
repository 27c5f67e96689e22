"""The curves of a path and of sigma, drawn by hand with real clicks and keys."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from fmstudio.document.specs.dynamics import SDESpec, SigmaProfile
from fmstudio.document.specs.path import CosineSpec, SplineSpec
from fmstudio.gui.panels import Panel
from fmstudio.gui.panels.motion import MotionPanel
from fmstudio.gui.panels.path import PathPanel
from fmstudio.gui.widgets.curve_plot import CurvePlot
from fmstudio.studio.curve_editing import SHAPES, Knob, spline_like
from fmstudio.studio.session import Session

Show = Callable[[type[Panel]], Panel]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def path_plot(show: Show, session: Session) -> CurvePlot:
    session.store.edit(lambda d: d.model_copy(update={"path": SplineSpec()}), "By hand")
    return show(PathPanel).plot  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def shape_plot(show: Show, session: Session) -> CurvePlot:
    drawn = SDESpec(profile=SigmaProfile.DRAWN)
    session.store.edit(lambda d: d.model_copy(update={"dynamics": drawn}), "By hand")
    return show(MotionPanel).shape  # type: ignore[attr-defined, no-any-return]


def at(plot: CurvePlot, knob: Knob) -> QPoint:
    return plot.place_of(knob).toPoint()


def test_that_a_drag_bends_the_path_in_one_step_of_undo(path_plot: CurvePlot, session: Session) -> None:
    before, start = session.store.document.path, at(path_plot, Knob(1, 0))
    QTest.mousePress(path_plot, LEFT, pos=start)
    for dy in (-8, -16, -24):
        QTest.mouseMove(path_plot, start + QPoint(6, dy))
    QTest.mouseRelease(path_plot, LEFT, pos=start + QPoint(6, -24))
    after = session.store.document.path
    assert isinstance(after, SplineSpec)
    assert after.handles[1][1] > before.handles[1][1]
    assert after.handles[1][2] == before.handles[1][2]  # type: ignore[union-attr]
    session.store.undo()
    assert session.store.document.path == before


def test_that_a_handle_is_added_and_taken_away(path_plot: CurvePlot, session: Session) -> None:
    middle = QPoint(path_plot.width() // 2, 4)
    QTest.mouseDClick(path_plot, LEFT, pos=middle)
    assert len(session.store.document.path.handles) == 5  # type: ignore[union-attr]
    QTest.mouseClick(path_plot, Qt.MouseButton.RightButton, pos=at(path_plot, Knob(2, 0)))
    assert session.store.document.path == SplineSpec()


def test_that_keys_choose_move_add_and_take_away(path_plot: CurvePlot, session: Session) -> None:
    def handles() -> tuple[tuple[float, float, float], ...]:
        path = session.store.document.path
        assert isinstance(path, SplineSpec)
        return path.handles

    before = handles()
    QTest.keyClick(path_plot, Qt.Key.Key_Up)
    assert handles()[1] == pytest.approx((before[1][0], before[1][1] + 0.01, before[1][2]))
    QTest.keyClick(path_plot, Qt.Key.Key_PageDown)
    QTest.keyClick(path_plot, Qt.Key.Key_Left)
    assert handles()[2][0] == pytest.approx(before[2][0] - 0.01)
    assert "at t = 0.69" in path_plot.accessibleName()
    QTest.keyClick(path_plot, Qt.Key.Key_Insert)
    assert len(handles()) == 5
    QTest.keyClick(path_plot, Qt.Key.Key_Delete)
    assert len(handles()) == 4


def test_that_a_path_given_by_a_formula_has_no_handles(path_plot: CurvePlot, session: Session) -> None:
    session.store.edit(lambda d: d.model_copy(update={"path": CosineSpec()}), "Cosine")
    assert path_plot.handles == ()
    QTest.mouseDClick(path_plot, LEFT, pos=QPoint(path_plot.width() // 2, 20))
    assert session.store.document.path == CosineSpec()


def test_that_a_path_by_hand_may_begin_like_another(show: Show, session: Session) -> None:
    session.store.edit(lambda d: d.model_copy(update={"path": SplineSpec()}), "By hand")
    panel = show(PathPanel)
    panel.likes.picked.emit("cosine")  # type: ignore[attr-defined]
    assert session.store.document.path == spline_like(CosineSpec())


def test_that_the_noise_is_drawn_at_its_ends_too(shape_plot: CurvePlot, session: Session) -> None:
    start = at(shape_plot, Knob(0, 0))
    QTest.mousePress(shape_plot, LEFT, pos=start)
    QTest.mouseMove(shape_plot, start + QPoint(30, -40))
    QTest.mouseRelease(shape_plot, LEFT, pos=start + QPoint(30, -40))
    shape = session.store.document.dynamics.shape  # type: ignore[union-attr]
    assert shape[0][0] == 0
    assert shape[0][1] > 0.5


def test_that_a_shape_to_begin_with_is_taken(show: Show, session: Session) -> None:
    drawn = SDESpec(profile=SigmaProfile.DRAWN)
    session.store.edit(lambda d: d.model_copy(update={"dynamics": drawn}), "By hand")
    panel = show(MotionPanel)
    assert panel.shapes.isVisible()  # type: ignore[attr-defined]
    panel.shapes.picked.emit("late")  # type: ignore[attr-defined]
    assert session.store.document.dynamics.shape == SHAPES["late"].handles  # type: ignore[union-attr]


def test_that_sigma_is_drawn_as_it_is_for_every_profile(show: Show, session: Session) -> None:
    panel = show(MotionPanel)
    assert not panel.shape.isVisible()  # type: ignore[attr-defined]
    for profile in SigmaProfile:
        spec = SDESpec(profile=profile)
        session.store.edit(lambda d, spec=spec: d.model_copy(update={"dynamics": spec}), "Noise")
        assert panel.shape.isVisible()  # type: ignore[attr-defined]
        assert bool(panel.shape.handles) == (profile is SigmaProfile.DRAWN)  # type: ignore[attr-defined]
        line = panel.shape._lines[0]  # type: ignore[attr-defined]
        t = np.linspace(0, 1, len(line.values))
        assert line.values == pytest.approx(spec.shares(1 - t, t))
