"""Every key with the focus on every kind of control, found by walking the real window."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QGraphicsView, QLineEdit, QWidget

from fmstudio.document.document import Document
from fmstudio.document.specs.dynamics import SDESpec
from fmstudio.document.specs.view import PaneSpec, ViewSpec
from fmstudio.gui.actions import ACTIONS, OF_A_LESSON
from fmstudio.gui.dialogs.command_palette import CommandPalette
from fmstudio.gui.keyboard import CONTROLS, TEXT_FIELDS
from fmstudio.gui.main_window import MainWindow
from fmstudio.gui.panels import Panel
from fmstudio.gui.stops import stops
from fmstudio.studio.playback import Playback
from tests.gui.windows import press_and_think_better_of_it, silent_window, type_key

pytestmark = pytest.mark.display

START = 0.5
STEPS = 60
TIME_KEYS: dict[Qt.Key, Callable[[Playback], bool]] = {
    Qt.Key.Key_Space: lambda playback: playback.playing,
    Qt.Key.Key_Left: lambda playback: playback.t == pytest.approx(START - 1 / STEPS),
    Qt.Key.Key_Right: lambda playback: playback.t == pytest.approx(START + 1 / STEPS),
    Qt.Key.Key_Home: lambda playback: playback.t == 0.0,
    Qt.Key.Key_End: lambda playback: playback.t == 1.0,
    Qt.Key.Key_PageUp: lambda playback: playback.t == pytest.approx(START - 0.1),
    Qt.Key.Key_PageDown: lambda playback: playback.t == pytest.approx(START + 0.1),
}


@pytest.fixture
def window(qtbot) -> Iterator[MainWindow]:
    """Two panes and a motion with noise, so that there is a control of every kind."""
    panes = (PaneSpec(title="a"), PaneSpec(title="b"))
    with silent_window(qtbot, Document(dynamics=SDESpec(), view=ViewSpec(panes=panes))) as window:
        window.clock.stop()
        yield window


def _rest(playback: Playback) -> None:
    playback.pause()
    playback.seek(START)


def _controls(window: MainWindow) -> list[QWidget]:
    return [control for stop in stops(window) for control in stop]


def _name(widget: QWidget) -> str:
    words = widget.accessibleName() or getattr(widget, "text", str)()
    return f"{type(widget).__name__} {words!r}"


def test_that_after_a_click_on_any_control_the_keys_of_time_still_work(window):
    store, playback, faults = window.session.store, window.session.playback, []
    for control in _controls(window):
        if isinstance(control, TEXT_FIELDS):
            continue
        before = store.document
        press_and_think_better_of_it(control)
        store.edit(lambda _, before=before: before, "As before")
        if QApplication.focusWidget() is control:
            faults.append(f"{_name(control)} took the focus")
        playback.end_scrub()
        for key, works in TIME_KEYS.items():
            _rest(playback)
            type_key(key)
            if not works(playback):
                faults.append(f"{key} after {_name(control)}: {playback.t}, playing: {playback.playing}")
    assert not faults


def test_that_a_control_that_was_reached_by_tab_keeps_its_keys_and_a_text_field_always(window):
    faults, seen = [], set()
    for control in _controls(window):
        if not isinstance(control, (*TEXT_FIELDS, *CONTROLS)):
            continue
        seen.add(type(control))
        control.setFocus(Qt.FocusReason.TabFocusReason)
        faults += [f"{key} at {_name(control)}" for key in TIME_KEYS if not _is_kept(control, key)]
    assert not faults
    assert len(seen) > 8


def _is_kept(control: QWidget, key: Qt.Key) -> bool:
    """What Qt asks before a shortcut is taken."""
    asks = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
    asks.ignore()
    QCoreApplication.sendEvent(control, asks)
    return asks.isAccepted()


def test_that_a_click_beside_a_text_field_ends_the_typing(window):
    fields = [control for control in _controls(window) if isinstance(control, QLineEdit)]
    assert fields
    for field in fields:
        QTest.mouseClick(field, Qt.MouseButton.LeftButton)
        assert QApplication.focusWidget() is field
        QTest.mouseClick(window.top_bar.title, Qt.MouseButton.LeftButton)
        _rest(window.session.playback)
        type_key(Qt.Key.Key_Space)
        assert window.session.playback.playing, field.accessibleName()


def test_that_enter_takes_what_was_typed_and_escape_does_not_and_both_give_the_keys_back(window):
    fields = (control for control in _controls(window) if isinstance(control, QLineEdit))
    field = next(field for field in fields if "Steps" in field.accessibleName())
    for key, steps in ((Qt.Key.Key_Escape, STEPS), (Qt.Key.Key_Return, 7)):
        QTest.mouseClick(field, Qt.MouseButton.LeftButton)
        field.selectAll()
        QTest.keyClicks(field, "7")
        QTest.keyClick(field, key)
        assert window.session.store.document.simulation.steps == steps
        assert QApplication.focusWidget() is window.canvas.native


def test_that_tab_goes_round_once_and_back_with_one_stop_a_group(window):
    expected = stops(window)
    assert 15 < len(expected) < 45
    window.canvas.native.setFocus()
    forward = []
    for _ in expected:
        type_key(Qt.Key.Key_Tab)
        forward.append(QApplication.focusWidget())
    assert [next(i for i, stop in enumerate(expected) if at in stop) for at in forward] == list(
        range(len(expected))
    )
    type_key(Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is forward[0]
    for at in reversed(forward):
        type_key(Qt.Key.Key_Backtab)
        assert QApplication.focusWidget() is at
    assert not window.left.isHidden()


def test_that_tab_goes_on_where_escape_left_it(window):
    for _ in range(4):
        type_key(Qt.Key.Key_Tab)
    here = QApplication.focusWidget()
    type_key(Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is window.canvas.native
    type_key(Qt.Key.Key_Tab)
    type_key(Qt.Key.Key_Backtab)
    assert QApplication.focusWidget() is here


def test_that_arrow_keys_reach_every_member_of_every_group_and_come_back(window):
    groups = [stop for stop in stops(window) if len(stop) > 1]
    assert len(groups) > 6
    for group in groups:
        group[0].setFocus(Qt.FocusReason.TabFocusReason)
        for member in (*group[1:], group[0]):
            type_key(Qt.Key.Key_Right)
            assert QApplication.focusWidget() is member, (_name(member), _name(QApplication.focusWidget()))
        type_key(Qt.Key.Key_End)
        assert QApplication.focusWidget() is group[-1]
        type_key(Qt.Key.Key_Home)
        assert QApplication.focusWidget() is group[0]


def test_that_down_goes_to_the_row_below(window):
    tiles = next(stop for stop in stops(window) if stop[0].accessibleName() == "Standard normal")
    tiles[0].setFocus(Qt.FocusReason.TabFocusReason)
    type_key(Qt.Key.Key_Down)
    below = QApplication.focusWidget()
    assert below in tiles
    assert below.y() > tiles[0].y()
    assert below.x() == tiles[0].x()


def test_that_every_stop_has_a_name_and_looks_different_with_the_focus(window):
    faults = []
    for theme in ("dark", "light"):
        window.theme.choose(theme)
        for control in _controls(window):
            window.canvas.native.setFocus()
            before = control.grab().toImage()
            control.setFocus(Qt.FocusReason.TabFocusReason)
            if control.grab().toImage() == before:
                faults.append(f"{_name(control)} shows no ring in the {theme} dress")
            if not control.accessibleName() and not getattr(control, "text", str)():
                faults.append(f"{_name(control)} has no name")
    assert not faults


def test_that_plots_and_columns_are_no_stops_though_they_scroll(window):
    assert window.right is not None
    for panel in window.right.widget().findChildren(Panel):
        panel.show()
    areas = [area for area in window.findChildren(QAbstractScrollArea) if area.isVisible()]
    assert any(isinstance(area, QGraphicsView) for area in areas)
    assert not set(areas) & set(_controls(window))


def test_that_space_and_enter_press_what_tab_has_reached(window):
    play = window.timeline.play
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return):
        _rest(window.session.playback)
        play.setFocus(Qt.FocusReason.TabFocusReason)
        type_key(key)
        assert window.session.playback.playing


def test_that_no_shortcut_stands_twice_and_each_is_the_windows(window):
    shortcuts = [info.shortcut for info in ACTIONS if info.shortcut]
    assert len(set(shortcuts)) == len(shortcuts)
    assert "Tab" not in shortcuts
    for info in ACTIONS:
        assert window.actions_by_id[info.id] in window.actions()


def test_that_one_list_has_every_key_of_the_table(window, qtbot):
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F1, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(CommandPalette)
    rows = [dialog.list.topLevelItem(row) for row in range(dialog.list.topLevelItemCount())]
    off = {"undo", "redo", *OF_A_LESSON}  # there is nothing to undo yet, and no lesson
    keys = {QKeySequence(info.shortcut) for info in ACTIONS if info.shortcut and info.id not in off}
    assert {QKeySequence(row.text(2)) for row in rows} >= keys - {QKeySequence("Ctrl+K")}
    dialog.close()
    qtbot.wait(10)


def test_that_what_is_hidden_while_it_has_the_focus_gives_it_to_the_canvas(window):
    switch = window.canvas.switches[1].buttons[0]
    switch.setFocus(Qt.FocusReason.TabFocusReason)
    window.canvas.switches[1].hide()
    assert QApplication.focusWidget() is window.canvas.native
