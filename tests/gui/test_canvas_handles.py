"""Handles on the canvas of a real window, by mouse and keys."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from fmstudio.bench.monkey.hand import Hand
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import FiveModesSpec, GaussianMixtureSpec
from fmstudio.engine.client import ProcessEngine
from fmstudio.gui.main_window import MainWindow
from fmstudio.render.scene import HandleLayer
from fmstudio.studio import handles
from fmstudio.studio.mixtures import Chosen, shape_of
from fmstudio.studio.tools import Mode
from tests.gui.windows import silent_window

pytestmark = [pytest.mark.display, pytest.mark.timeout(1200)]
LEFT, RIGHT, PLAIN = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier
MIXED = Document(
    source=GaussianMixtureSpec(), target=GaussianMixtureSpec(components=GaussianMixtureSpec().components[:2])
)
APART = MIXED.model_copy(
    update={
        "source": GaussianMixtureSpec(
            components=tuple(
                part.model_copy(update={"mean": (part.mean[0], part.mean[1] - 1.7)})
                for part in GaussianMixtureSpec().components
            )
        )
    }
)


@pytest.fixture
def window(qtbot) -> Iterator[MainWindow]:
    with silent_window(qtbot, APART) as window:
        yield window


@pytest.fixture
def hand(window) -> Hand:
    return Hand(window, np.random.default_rng(0))


def normal(window, end, index):
    return handles.mixture_at(window.session.store.document, end).components[index]


def at(window, place) -> QPoint:
    window.frame(0.0)
    return window.canvas.pixel_of(*place)


def pull(window, hand, start, *stops) -> None:
    hand.drag(window.canvas.native, [at(window, start), *(at(window, stop) for stop in stops)])


def click(window, place, button=LEFT) -> None:
    QTest.mouseClick(window.canvas.native, button, PLAIN, at(window, place))


def unit(window) -> float:
    return window.canvas.canvas.to_pixel(1.0, 0.0)[0] - window.canvas.canvas.to_pixel(0.0, 0.0)[0]


@pytest.mark.parametrize("end", handles.ENDS)
def test_that_a_mean_is_dragged_by_the_mouse_and_undone_in_one_step(window, hand, end):
    before = window.session.store.document
    mean = normal(window, end, 1).mean
    goal = (mean[0] - 0.4, mean[1] + 0.3)
    pull(window, hand, mean, (mean[0], mean[1] + 0.3), goal)
    assert normal(window, end, 1).mean == pytest.approx(goal, abs=2.5 / unit(window))
    assert window.session.tools.chosen == Chosen(end, 1)
    assert window.session.store.undo() == f"Move Gaussian 2 of the {end}"
    assert window.session.store.document == before


def test_that_a_click_chooses_and_the_tip_of_an_axis_turns_and_stretches(window, hand):
    mean = normal(window, "target", 0).mean
    click(window, mean)
    assert window.session.store.undo_label is None
    pull(window, hand, (mean[0] + 0.6, mean[1]), (mean[0] + 0.8, mean[1] + 0.8))
    shape = shape_of(normal(window, "target", 0).cov)
    assert shape.first == pytest.approx(np.hypot(0.8, 0.8) / 2, abs=3 / unit(window))
    assert shape.second == pytest.approx(0.3, abs=1e-6)
    assert np.degrees(shape.angle) == pytest.approx(45, abs=3)
    assert window.session.store.undo_label == "Shape Gaussian 1 of the target"


def test_that_the_wheel_weighs_on_a_handle_and_zooms_beside_it(window, hand):
    mean = normal(window, "target", 0).mean
    place = at(window, mean)
    hand.turn(window.canvas.native, place, 2)
    assert normal(window, "target", 0).weight == pytest.approx(handles.HEAVIER**2)
    assert window.session.store.document.view.camera is None
    hand.turn(window.canvas.native, at(window, (0.0, 0.0)), 1)
    assert window.session.store.document.view.camera is not None


def test_that_a_double_click_adds_while_one_is_chosen_and_else_fits(window):
    empty = (0.1, 0.2)
    QTest.mouseDClick(window.canvas.native, LEFT, PLAIN, at(window, empty))
    assert window.session.store.undo_label is None
    click(window, normal(window, "target", 0).mean)
    QTest.mouseDClick(window.canvas.native, LEFT, PLAIN, at(window, empty))
    added = normal(window, "target", 2)
    assert added.mean == pytest.approx(empty, abs=2 / unit(window))
    assert window.session.tools.chosen == Chosen("target", 2)


def test_that_keys_are_about_the_chosen_one_and_escape_gives_them_back(window):
    native, session = window.canvas.native, window.session
    native.setFocus()
    click(window, normal(window, "target", 0).mean)
    mean = normal(window, "target", 0).mean
    QTest.keyClick(native, Qt.Key.Key_Right)
    QTest.keyClick(native, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    right, up = np.subtract(normal(window, "target", 0).mean, mean)
    assert up == pytest.approx(10 * right, rel=0.2)
    assert right > 0
    assert session.store.undo() == "Nudge Gaussian 1 of the target"
    QTest.keyClick(native, Qt.Key.Key_Plus)
    assert normal(window, "target", 0).weight == pytest.approx(handles.HEAVIER)
    QTest.keyClick(native, Qt.Key.Key_Insert)
    assert session.tools.chosen == Chosen("target", 2)
    QTest.keyClick(native, Qt.Key.Key_Delete)
    assert len(handles.mixture_at(session.store.document, "target").components) == 2
    t, before = session.playback.t, session.store.document
    QTest.keyClick(native, Qt.Key.Key_Escape)
    assert session.tools.chosen is None
    QTest.keyClick(native, Qt.Key.Key_Right)
    QTest.keyClick(native, Qt.Key.Key_Delete)
    assert session.playback.t > t
    assert session.store.document == before


def test_that_the_menu_adds_copies_rounds_removes_and_a_right_drag_still_pans(window):
    session, tool = window.session, window.canvas.handles

    def take(place, title):
        menu = tool.menu(QPointF(at(window, place)))
        entry = next(entry for entry in menu.actions() if entry.text() == title)
        entry.trigger()
        menu.deleteLater()

    take((0.2, 0.3), "Add a Gaussian to the source here")
    assert normal(window, "source", 3).mean == pytest.approx((0.2, 0.3), abs=2 / unit(window))
    take(normal(window, "source", 3).mean, "Remove it")
    take(normal(window, "target", 0).mean, "Copy this Gaussian")
    assert len(handles.mixture_at(session.store.document, "target").components) == 3
    take(normal(window, "target", 0).mean, "Make it round")
    before = session.store.document
    native, start = window.canvas.native, at(window, (0.0, 0.0))
    QTest.mousePress(native, RIGHT, PLAIN, start)
    QTest.mouseMove(native, start + QPoint(40, 0))
    window.canvas.handles.release_menu(QPointF(start + QPoint(40, 0)))
    QTest.mouseRelease(native, RIGHT, PLAIN, start + QPoint(40, 0))
    assert native.findChild(
        type(tool.menu(QPointF(start))), options=Qt.FindChildOption.FindDirectChildrenOnly
    )
    assert session.store.document.target == before.target
    for menu in native.findChildren(type(tool.menu(QPointF(start)))):
        menu.deleteLater()


def test_that_a_menu_is_no_more_when_it_was_used_or_closed(qtbot, window):
    native, tool = window.canvas.native, window.canvas.handles
    for is_used in (True, False):
        click(window, (0.0, 0.0), RIGHT)
        (menu,) = native.findChildren(QMenu)
        if is_used:
            QTest.keyClick(menu, Qt.Key.Key_Down)
            QTest.keyClick(menu, Qt.Key.Key_Return)
        else:
            menu.close()
        del menu
        qtbot.waitUntil(lambda: not native.findChildren(QMenu))
    assert len(handles.mixture_at(window.session.store.document, "source").components) == 4
    assert tool.menu(QPointF(-5.0, -5.0)) is None


def test_that_another_button_does_not_end_a_drag(window, hand):
    native, start = window.canvas.native, at(window, normal(window, "target", 0).mean)
    QTest.mousePress(native, LEFT, PLAIN, start)
    hand._move(native, start + QPoint(30, 0), LEFT)
    QTest.mousePress(native, RIGHT, PLAIN, start + QPoint(30, 0))
    QTest.mouseRelease(native, RIGHT, PLAIN, start + QPoint(30, 0))
    before = normal(window, "target", 0).mean
    hand._move(native, start + QPoint(60, 0), LEFT)
    assert normal(window, "target", 0).mean != before
    QTest.mouseRelease(native, LEFT, PLAIN, start + QPoint(60, 0))
    assert window.canvas._pan_from is None
    assert not window.session.is_interacting


def test_that_a_right_click_opens_the_menu_of_a_law_that_may_become_a_mixture(window):
    window.session.store.edit(lambda d: d.model_copy(update={"target": FiveModesSpec()}), "Five")
    menu = window.canvas.handles.menu(QPointF(at(window, (0.0, 0.0))))
    titles = [entry.text() for entry in menu.actions()]
    assert titles == ["Add a Gaussian to the source here", "Edit the target as a mixture"]
    menu.actions()[1].trigger()
    menu.deleteLater()
    assert len(handles.mixture_at(window.session.store.document, "target").components) == 5


def test_that_no_handle_is_there_while_probing_or_in_a_copied_picture(window):
    seen = lambda: [x for x in window.canvas.canvas.scene.panes[0].layers if isinstance(x, HandleLayer)]  # noqa: E731
    window.frame(0.0)
    assert len(seen()) == 2
    with_handles = window.canvas.canvas.picture()
    for end in handles.ENDS:
        window.session.tools.show_handles(end, False)
    window.frame(0.0)
    assert seen() == []
    np.testing.assert_array_equal(window.canvas.canvas.picture(), with_handles)
    for end in handles.ENDS:
        window.session.tools.show_handles(end, True)
    window.session.tools.choose_mode(Mode.PROBE)
    window.frame(0.0)
    assert seen() == []
    click(window, normal(window, "target", 0).mean)
    assert window.session.tools.chosen is None


def test_that_density_and_particles_follow_during_the_drag(qapp, qtbot):
    from tests.gui.test_window import PATIENCE, _end, _window

    window = _window(qapp, qtbot, ProcessEngine(), APART)
    try:
        qtbot.waitUntil(lambda: window.session.is_complete, timeout=PATIENCE)
        hand, native = Hand(window, np.random.default_rng(0)), window.canvas.native
        start = at(window, normal(window, "target", 0).mean)
        QTest.mousePress(native, LEFT, PLAIN, start)
        hand._move(native, start + QPoint(60, 0), LEFT)
        assert window.session.store.document.target != APART.target

        def follows() -> bool:
            moved, slots = window.session.store.document.target, window.session.results.slots
            jobs = [slots[lane].job for lane in ("density/0", "trajectories/0", "field/0")]
            return all(job.request.problem.target == moved and job.result.ready for job in jobs)

        qtbot.waitUntil(follows, timeout=PATIENCE)
        assert window.session.is_interacting
        QTest.mouseRelease(native, LEFT, PLAIN, start + QPoint(60, 0))
        assert not window.session.is_interacting
    finally:
        _end(qtbot, window)
