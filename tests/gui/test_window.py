"""The whole window on a real engine process, driven as a person would: mouse, keys, buttons."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtTest import QTest

from fmstudio.document import gallery
from fmstudio.document.document import Document
from fmstudio.document.preferences import Preferences
from fmstudio.document.specs.distribution import DrawnSpec, PinwheelSpec
from fmstudio.document.specs.dynamics import LangevinSpec, ODESpec, SDESpec
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.client import ProcessEngine
from fmstudio.engine.messages import TrainingState
from fmstudio.gui.app import make_window
from fmstudio.gui.dialogs.gallery_dialog import GalleryDialog
from fmstudio.gui.main_window import MainWindow
from fmstudio.gui.theme import Theme, apply_theme
from fmstudio.render.scene import ParticleLayer
from fmstudio.studio import commands
from fmstudio.studio.fit import camera_of
from fmstudio.studio.opening import open_gallery
from tests.fakes import FakeEngine
from tests.videos import stream_of

pytestmark = [pytest.mark.display, pytest.mark.timeout(1200)]
PATIENCE = 600_000
"""Milliseconds. What is waited for ends the wait; this only ends a hang, on however busy a machine."""


def _window(qapp, qtbot, engine, document: Document) -> MainWindow:
    theme = Theme(parent=None)
    apply_theme(qapp, theme.palette)
    window = make_window(engine, document, (), theme, Preferences())
    window.files.asks = False
    window.resize(1100, 700)
    window.add_right_column()
    with qtbot.waitExposed(window):
        window.show()
    window.start()
    return window


def _end(qtbot, window: MainWindow) -> None:
    window.close()
    window.session.close()
    window.theme.deleteLater()
    window.deleteLater()
    qtbot.wait(10)


@pytest.fixture
def window(qapp, qtbot) -> Iterator[MainWindow]:
    window = _window(qapp, qtbot, ProcessEngine(), Document())
    try:
        qtbot.waitUntil(lambda: window.session.is_complete, timeout=PATIENCE)
        yield window
    finally:
        _end(qtbot, window)


@pytest.fixture
def quick_window(qapp, qtbot) -> Iterator[MainWindow]:
    """On an engine that never answers: for what needs no results."""
    window = _window(qapp, qtbot, FakeEngine(), Document())
    try:
        yield window
    finally:
        _end(qtbot, window)


def _stroke(window: MainWindow, *points: tuple[float, float]) -> None:
    native = window.canvas.native
    pixels = [window.canvas.pixel_of(*point) for point in points]
    QTest.mousePress(native, Qt.MouseButton.LeftButton, pos=pixels[0])
    for pixel in pixels[1:]:
        QTest.mouseMove(native, pixel)
        window.canvas.eventFilter(native, _move(pixel))
    QTest.mouseRelease(native, Qt.MouseButton.LeftButton, pos=pixels[-1])


def _move(pixel: QPoint):
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent

    left = Qt.MouseButton.LeftButton
    return QMouseEvent(
        QEvent.Type.MouseMove, QPointF(pixel), QPointF(pixel), left, left, Qt.KeyboardModifier.NoModifier
    )


def test_that_time_runs_and_the_picture_follows(qtbot, window):
    draws = window.canvas.canvas.draws
    window.session.playback.play()
    qtbot.waitUntil(lambda: window.session.playback.t > 0.1, timeout=PATIENCE)
    assert window.canvas.canvas.draws > draws
    before = window.canvas.canvas.picture()
    qtbot.waitUntil(lambda: window.session.playback.t > 0.4, timeout=PATIENCE)
    assert not np.array_equal(window.canvas.canvas.picture(), before)


def test_that_a_drawn_stroke_becomes_the_target_with_its_exact_flow_and_undo_takes_it_back(qtbot, window):
    window.top_bar.draw.click()
    assert isinstance(window.session.store.document.target, DrawnSpec)
    qtbot.waitUntil(lambda: not window.session.store.document.target.is_empty, timeout=PATIENCE)
    begun = window.session.store.document.target
    _stroke(window, (-1.0, 0.0), (0.0, 0.8), (1.0, 0.0))
    drawn = window.session.store.document.target
    assert drawn != begun
    qtbot.waitUntil(lambda: window.session.is_complete, timeout=PATIENCE)
    job = window.session.results.slots["density/0"].job
    assert job.request.problem.target == drawn
    end = job.result.values[job.request.order.index(len(job.request.times) - 1)]
    assert end.max() > 0.1
    window.top_bar.undo.click()
    assert window.session.store.document.target == begun
    window.frame(0.0)
    window.top_bar.redo.click()
    assert window.session.store.document.target == drawn


def test_that_train_pause_resume_and_stop_do_as_they_say(qtbot, window):
    training = lambda: window.session.results.training  # noqa: E731
    commands.set_field(window.session, "training.steps", 500_000, "A long training")
    window.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: training().step > 20 and training().floor is not None, timeout=PATIENCE)
    window.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: training().state is TrainingState.PAUSED, timeout=PATIENCE)
    paused = training().step
    qtbot.wait(200)
    assert training().step == paused
    window.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: training().step > paused, timeout=PATIENCE)
    window.actions_by_id["exact-learned"].trigger()
    fields = [pane.field for pane in window.session.store.document.view.panes]
    assert fields == [FieldChoice.EXACT, FieldChoice.LEARNED]
    qtbot.waitUntil(lambda: window.session.stage.shown(1, "trajectories") is not None, timeout=PATIENCE)
    window.actions_by_id["stop-training"].trigger()
    qtbot.waitUntil(lambda: training().state is TrainingState.STOPPED, timeout=PATIENCE)
    assert window.session.results.models


def test_that_scrubbing_pauses_time_and_release_resumes_it(quick_window):
    playback, line = quick_window.session.playback, quick_window.timeline.line
    playback.play()
    middle = QPoint(line.width() // 2, 21)
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=middle)
    assert not playback.playing
    assert playback.t == pytest.approx(0.5, abs=0.02)
    QTest.mouseRelease(line, Qt.MouseButton.LeftButton, pos=middle)
    assert playback.playing


def test_that_buttons_and_keys_move_time(qtbot, quick_window):
    playback, bar = quick_window.session.playback, quick_window.timeline
    steps = quick_window.session.store.document.simulation.steps
    playback.pause()
    playback.seek(0.0)
    bar.next.click()
    assert playback.t == pytest.approx(1 / steps)
    quick_window.activateWindow()
    qtbot.waitUntil(quick_window.isActiveWindow, timeout=PATIENCE)
    bar.line.setFocus()
    QTest.keyClick(bar.line, Qt.Key.Key_Right)
    assert playback.t == pytest.approx(2 / steps)
    bar.last.click()
    assert playback.t == 1.0
    bar.loop.click()
    assert quick_window.session.store.document.view.loop == "bounce"
    bar.play.click()
    assert playback.playing


def test_that_the_wheel_zooms_at_the_pointer(qtbot, quick_window):
    native = quick_window.canvas.native
    qtbot.waitUntil(lambda: quick_window.canvas.canvas.draws > 0, timeout=PATIENCE)
    point = QPoint(native.width() // 4, native.height() // 3)
    before = quick_window.canvas.canvas.to_plane(point.x(), point.y())
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent

    none, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        QPointF(point), QPointF(point), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, none, phase, False
    )
    half = camera_of(quick_window.session.store.document).half
    quick_window.canvas.eventFilter(native, event)
    quick_window.frame(0.0)
    assert camera_of(quick_window.session.store.document).half < half
    after = quick_window.canvas.canvas.to_plane(point.x(), point.y())
    assert after == pytest.approx(before, abs=1e-3)


def test_that_layer_switches_switch_layers(quick_window):
    switch = quick_window.canvas.switches[0].buttons[0]
    assert switch.layer == "density"
    switch.click()
    assert not quick_window.session.store.document.view.panes[0].layers.density
    quick_window.frame(0.0)
    assert not switch.isChecked()
    quick_window.top_bar.undo.click()
    quick_window.frame(0.0)
    assert switch.isChecked()


def test_that_the_probe_answers_where_the_pointer_is_and_goes_with_the_mode(qtbot, window):
    window.top_bar.probe.click()
    pixel = window.canvas.pixel_of(0.5, 0.25)
    window.canvas.eventFilter(window.canvas.native, _move(pixel))

    def answered() -> bool:
        slot = window.session.results.slots.get("probe/0")
        return slot is not None and slot.is_settled

    qtbot.waitUntil(answered, timeout=PATIENCE)
    request = window.session.planner.wanted["probe/0"]
    assert request.x == pytest.approx((0.5, 0.25), abs=0.02)
    window.top_bar.look.click()
    window.frame(0.0)
    assert "probe/0" not in window.session.results.slots


def test_that_a_killed_engine_is_told_and_replaced_and_the_work_goes_on(qtbot, window):
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    engines = [int(pid) for pid in children if b"spawn" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    engines = engines or [int(pid) for pid in children]
    document = window.session.store.document
    for pid in engines:
        if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: "engine" in window.notices.text.lower(), timeout=PATIENCE)
    assert window.session.store.document == document
    commands.set_field(window.session, "target", PinwheelSpec(), "Choose target")
    qtbot.wait(50)
    qtbot.waitUntil(lambda: window.session.is_complete, timeout=PATIENCE)
    assert window.session.results.slots["trajectories/0"].job.request.problem.target == PinwheelSpec()


def test_that_a_video_is_exported_with_progress(qtbot, window, tmp_path):
    window.actions_by_id["export"].trigger()
    dialog = window._export
    dialog.fps.show_value(10)
    dialog.seconds.show_value(0.5)
    dialog.size_box.addItem("small", (320, 200))
    dialog.size_box.setCurrentIndex(dialog.size_box.count() - 1)
    dialog.export_to(tmp_path / "film.mp4")
    assert dialog.is_running
    qtbot.waitUntil(lambda: not dialog.is_running, timeout=PATIENCE)
    assert "Saved film.mp4" in dialog.words.text()
    assert tuple(stream_of(tmp_path / "film.mp4")) == (320, 200, 5)


def test_that_a_cancelled_export_leaves_nothing(qtbot, window, tmp_path):
    window.show_export()
    dialog = window._export
    dialog.seconds.show_value(60)
    dialog.export_to(tmp_path / "film.mp4")
    qtbot.waitUntil(lambda: "Frame" in dialog.words.text(), timeout=PATIENCE)
    dialog.cancel_button.click()
    qtbot.waitUntil(lambda: not dialog.is_running, timeout=PATIENCE)
    assert "Cancelled" in dialog.words.text()
    assert list(tmp_path.iterdir()) == []


def test_that_everything_comes_back_from_a_file(qtbot, window, tmp_path):
    window.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: bool(window.session.results.models), timeout=PATIENCE)
    window.actions_by_id["stop-training"].trigger()
    qtbot.waitUntil(lambda: not window.session.results.training.is_active, timeout=PATIENCE)
    commands.set_field(window.session, "simulation.steps", 33, "Steps")
    path = tmp_path / "mine.fmstudio"
    window.session.store.mark_saved(path)
    assert window.files.save()
    saved, models = window.session.store.document, dict(window.session.results.models)
    window.files.new()
    window.session.results.models.clear()
    window.open_path(path)
    assert window.session.store.document == saved
    assert window.session.results.models == models
    assert not window.session.store.is_dirty


def read_in(window, qtbot):
    """Wait until a file that was dropped has been read, beside the window."""

    def is_read():
        window.frame(0.02)
        return not window.importer.is_busy

    qtbot.waitUntil(is_read, timeout=120_000)


def test_that_a_bad_file_is_told_in_one_sentence_and_costs_nothing(qtbot, quick_window, tmp_path):
    before = quick_window.session.store.document
    for name, content in (("bad.csv", b"1,2,3\n4,5,6\n"), ("bad.npy", b"junk"), ("bad.fmstudio", b"PK junk")):
        path = tmp_path / name
        path.write_bytes(content)
        quick_window.canvas._on_drop(QUrl.fromLocalFile(str(path)))
        read_in(quick_window, qtbot)
        assert quick_window.notices.text
        assert "\n" not in quick_window.notices.text
        quick_window.notices.notices[-1].dismiss.click()
    assert quick_window.session.store.document == before


def test_that_points_dropped_on_the_canvas_become_the_target(qtbot, quick_window, tmp_path):
    path = tmp_path / "cloud.npy"
    np.save(path, np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32))
    quick_window.canvas._on_drop(QUrl.fromLocalFile(str(path)))
    read_in(quick_window, qtbot)
    assert quick_window.session.store.document.target.kind == "points"
    assert not quick_window.notices.text


@pytest.mark.parametrize("entry", [entry.id for entry in gallery.ENTRIES])
def test_that_every_gallery_entry_opens(quick_window, entry):
    quick_window.files.open_gallery(entry)
    quick_window.frame(0.02)
    quick_window.frame(0.02)
    document, _ = open_gallery(entry)
    assert quick_window.session.store.document == document
    assert len(quick_window.canvas.switches) == len(document.view.panes)
    assert not quick_window.notices.text


def test_that_both_themes_can_be_chosen_while_it_runs(qtbot, quick_window):
    for name in ("light", "dark"):
        quick_window.choose_theme(name)
        quick_window.frame(0.0)
        qtbot.waitUntil(lambda: not quick_window.theme.is_changing)
        assert quick_window.theme.palette.name == name
        assert quick_window.updatesEnabled()


def test_that_the_gallery_is_searched_and_opens_what_is_chosen(qtbot, quick_window):
    quick_window.top_bar.gallery_button.click()
    dialog = next(w for w in quick_window.findChildren(GalleryDialog) if w.isVisible())
    QTest.keyClicks(dialog.search, "langevin five")
    shown = [row for row in range(dialog.cards.count()) if not dialog.cards.isRowHidden(row)]
    assert dialog.cards.currentRow() in shown
    dialog.open_button.click()
    assert quick_window.session.store.document.title == gallery.ENTRIES[shown[0]].title
    qtbot.waitUntil(lambda: not quick_window.findChildren(GalleryDialog), timeout=PATIENCE)


@pytest.mark.parametrize("death", [False, True], ids=["the engine lives", "the engine dies"])
def test_that_at_every_frame_particles_move_by_the_motion_that_the_pane_names(qtbot, window, death):
    session = window.session
    commands.set_field(session, "simulation.steps", 4, "Four steps")
    for dynamics in (SDESpec(), LangevinSpec(), ODESpec(solver="rk4"), ODESpec()):
        commands.set_field(session, "dynamics", dynamics, "Choose dynamics")
        if death:
            window.frame(0.0)
            os.kill(session.engine.pid, signal.SIGKILL)
        for _ in range(2000):
            qtbot.wait(5)
            pane = window.canvas.canvas.scene.panes[0]
            of = [layer.answers for layer in pane.layers if isinstance(layer, ParticleLayer)]
            assert {str(request.dynamics.title) for request in of} <= {pane.title}
            if session.is_complete and session.store.document.dynamics.title == pane.title:
                break
        qtbot.waitUntil(lambda: session.is_complete, timeout=PATIENCE)
        window.frame(0.0)
        pane = window.canvas.canvas.scene.panes[0]
        assert not any(layer.is_waiting for layer in pane.layers)
        if death:
            break


def test_that_the_plus_adds_panes_until_there_are_six(qtbot, quick_window):
    document = quick_window.session.store.document
    for count in range(2, 9):
        qtbot.mouseClick(quick_window.top_bar.add_pane, Qt.MouseButton.LeftButton)
        assert len(quick_window.session.store.document.view.panes) == min(count, 6)
    for _ in range(5):
        quick_window.session.store.undo()
    assert quick_window.session.store.document == document
