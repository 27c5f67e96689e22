"""The left column, driven by mouse and keyboard on an engine that does as it is told."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QWidget

from fmstudio.document.specs.distribution import (
    DrawnSpec,
    EightGaussiansSpec,
    PointsSpec,
    RingSpec,
    TwoMoonsSpec,
)
from fmstudio.document.specs.dynamics import LangevinSpec
from fmstudio.document.specs.path import CondOTSpec, FMOTSpec, VESpec
from fmstudio.document.specs.training import Objective
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import TrainingCommand, TrainingProgress, TrainingState
from fmstudio.gui.importer import Importer
from fmstudio.gui.notices import NoticeBar
from fmstudio.gui.panels.end import source_panel, target_panel
from fmstudio.gui.panels.field import FieldPanel
from fmstudio.gui.panels.path import PathPanel
from fmstudio.studio import commands
from fmstudio.studio.planner import thumbnail_lane
from fmstudio.studio.tools import Mode
from tests.gui.conftest import drag, frame

LEFT = Qt.MouseButton.LeftButton


# ---- source and target ----


def test_that_a_thumbnail_chooses_the_source_and_undo_takes_it_back(qtbot, session, show):
    panel = show(source_panel)
    qtbot.mouseClick(panel.tiles.tiles["ring"], LEFT)
    assert session.store.document.source == RingSpec()
    assert panel.tiles.tiles["ring"].isChecked()
    assert panel.section.head.summary == "Ring"
    session.store.undo()
    assert panel.tiles.tiles["standard-normal"].isChecked()
    assert not panel.tiles.tiles["ring"].isChecked()
    assert panel.section.head.summary == "Standard normal"


def test_that_choosing_what_is_chosen_keeps_its_parameters(qtbot, session, show):
    panel = show(target_panel)
    commands.set_field(session, "target", TwoMoonsSpec(noise=0.3), "Choose target")
    qtbot.mouseClick(panel.tiles.tiles["two-moons"], LEFT)
    assert session.store.document.target == TwoMoonsSpec(noise=0.3)


def test_that_thumbnails_show_samples_when_they_have_come(engine, session, show):
    panel = show(target_panel)
    tile = panel.tiles.tiles["pinwheel"]
    assert not tile.has_points
    engine.finish(engine.in_lane(thumbnail_lane("pinwheel"))[0])
    frame(session, panel)
    assert tile.has_points
    assert not panel.tiles.tiles["rings"].has_points


def test_that_parameters_of_the_chosen_target_are_sliders_behind_a_switch(qtbot, session, show):
    panel = show(target_panel)
    assert not panel.form.isVisible()
    qtbot.mouseClick(panel.settings, LEFT)
    assert list(panel.form.rows) == ["noise", "scale"]
    qtbot.mouseClick(panel.tiles.tiles["eight-gaussians"], LEFT)
    assert list(panel.form.rows) == ["radius", "std"]
    assert panel.form.isVisible()
    before = session.store.document
    slider = panel.form.rows["radius"].slider
    drag(qtbot, slider, 20, 40, 55, 70)
    assert isinstance(session.store.document.target, EightGaussiansSpec)
    assert session.store.document.target.radius != 2.0
    assert session.store.undo() == "Change radius"
    assert session.store.document == before
    assert panel.form.rows["radius"].value == 2.0


@pytest.mark.parametrize("end", ["source", "target"])
def test_that_drawing_starts_with_the_brush_in_hand_and_clears_undoably(qtbot, session, show, end):
    panel = show({"source": source_panel, "target": target_panel}[end])
    assert not panel.brush.isVisible()
    qtbot.mouseClick(panel.draw, LEFT)
    assert isinstance(getattr(session.store.document, end), DrawnSpec)
    assert (session.tools.mode, session.tools.end) == (Mode.DRAW, end)
    assert panel.brush.isVisible()
    assert panel.draw.isChecked()
    commands.draw_segment(session, (0, 0), (1, 1), session.tools.brush)
    commands.end_stroke(session)
    qtbot.mouseClick(panel.brush.clear, LEFT)
    assert getattr(session.store.document, end).is_empty
    session.store.undo()
    assert not getattr(session.store.document, end).is_empty


@pytest.mark.parametrize("panel_of", [source_panel, target_panel])
def test_that_either_panel_lets_the_ends_change_places(qtbot, session, show, panel_of):
    panel = show(panel_of)
    before = session.store.document
    qtbot.mouseClick(panel.swap, LEFT)
    after = session.store.document
    assert (after.source, after.target) == (before.target, before.source)
    assert not panel.swap.isChecked()


def test_that_the_brush_belongs_to_the_tools_and_not_to_the_document(qtbot, session, show):
    panel = show(target_panel)
    commands.start_drawing(session)
    before = session.store.document
    qtbot.mouseClick(panel.brush.pens.buttons["eraser"], LEFT)
    assert session.tools.brush.erases
    radius = session.tools.brush.radius
    drag(qtbot, panel.brush.size_row.slider, 10, 90)
    assert session.tools.brush.radius > radius
    frame(session, panel)
    assert panel.brush.pens.buttons["eraser"].isChecked()
    assert panel.brush.size_row.value == session.tools.brush.radius
    assert session.store.document == before


def test_that_an_empty_drawing_is_noted_and_its_button_gives_the_brush(qtbot, session, show):
    panel = show(target_panel)
    commands.start_drawing(session)
    frame(session, panel)
    note = panel.section.notes.notes[0]
    assert "empty" in note.words.text()
    qtbot.mouseClick(note.button, LEFT)
    assert session.tools.mode is Mode.DRAW


def read_files(qtbot, session, said) -> None:
    """What the window does beside its panels: read the files that were asked for."""
    notices = NoticeBar(QWidget())
    importer = Importer(session, notices)

    def is_done() -> bool:
        importer.tick()
        return not importer.is_busy

    qtbot.waitUntil(is_done, timeout=60_000)
    importer.close()
    said.extend(notice.findChild(QLabel).text() for notice in notices.notices)


def test_that_a_dropped_file_becomes_the_target(qtbot, session, show, tmp_path, said):
    panel = show(target_panel)
    file = tmp_path / "cloud.csv"
    np.savetxt(file, np.random.default_rng(0).normal(size=(40, 2)), delimiter=",")
    panel.tiles.tiles["ring" if "ring" in panel.tiles.tiles else "rings"].file_dropped.emit(str(file))
    read_files(qtbot, session, said)
    frame(session, panel)
    assert isinstance(session.store.document.target, PointsSpec)
    assert panel.imported.isChecked()
    assert panel.section.head.summary == session.store.document.target.name
    assert not said


def test_that_a_bad_file_is_a_sentence_and_changes_nothing(qtbot, session, show, tmp_path, said, monkeypatch):
    panel = show(target_panel)
    file = tmp_path / "bad.csv"
    file.write_text("one,two\nthree,four\n")
    before = session.store.document
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    panel.imported.click()
    read_files(qtbot, session, said)
    assert session.store.document == before
    assert len(said) == 1


# ---- path ----


def test_that_a_path_is_chosen_by_its_tile_and_shows_formula_and_parameters(qtbot, session, show):
    panel = show(PathPanel)
    assert not panel.form.isVisible()
    qtbot.mouseClick(panel.tiles[FMOTSpec], LEFT)
    assert session.store.document.path == FMOTSpec()
    assert panel.tiles[FMOTSpec].isChecked()
    assert "<sub>min</sub>" in panel.formula.text()
    assert panel.form.isVisible()
    session.store.undo()
    assert panel.tiles[CondOTSpec].isChecked()
    assert not panel.form.isVisible()


def test_that_two_parameters_that_contradict_each_other_are_refused_in_words(qtbot, session, show, said):
    commands.set_field(session, "path", VESpec(), "Choose path")
    panel = show(PathPanel)
    row = panel.form.rows["sigma_max"]
    row.figure.selectAll()
    commands.set_field(session, "path.sigma_min", 0.9, "σ_min")
    qtbot.keyClicks(row.figure, "0.5")
    qtbot.keyClick(row.figure, Qt.Key.Key_Return)
    assert session.store.document.path == VESpec(sigma_min=0.9)
    assert said == ["σ_max must be larger than σ_min: 0.5 is not larger than 0.9."]
    assert row.figure.text() == "5.0"


def test_that_the_dots_follow_time(session, show):
    panel = show(PathPanel)
    before = panel.plot.grab().toImage()
    session.playback.seek(0.8)
    frame(session, panel)
    assert panel.plot.grab().toImage() != before
    assert "0.80" in panel.plot.toolTip()
    commands.set_field(session, "dynamics", LangevinSpec(), "Choose dynamics")
    frame(session, panel)
    still = panel.plot.grab().toImage()
    session.playback.seek(0.3)
    frame(session, panel)
    assert panel.plot.time is None
    assert panel.plot.grab().toImage() == still


# ---- field ----


def test_that_exact_learned_and_both_are_one_switch(qtbot, session, show):
    panel = show(FieldPanel)
    qtbot.mouseClick(panel.fields.buttons["both"], LEFT)
    assert [pane.field for pane in session.store.document.view.panes] == list(FieldChoice)
    assert panel.section.head.summary == "Exact | learned"
    qtbot.mouseClick(panel.fields.buttons["learned"], LEFT)
    assert [pane.field for pane in session.store.document.view.panes] == [FieldChoice.LEARNED]
    session.store.undo()
    assert panel.fields.buttons["both"].isChecked()


def test_that_a_learned_field_without_a_model_is_noted_and_its_button_trains(qtbot, engine, session, show):
    panel = show(FieldPanel)
    commands.single_pane(session, FieldChoice.LEARNED)
    frame(session, panel)
    note = panel.section.notes.notes[0]
    assert "No model" in note.words.text()
    qtbot.mouseClick(note.button, LEFT)
    assert len(engine.trained) == 1


def _progress(state: TrainingState, step: int) -> TrainingProgress:
    losses = np.ones(step, np.float32)
    return TrainingProgress(1, state, step, 4000, 0, losses, 512.0, 6.4, floor=0.4)


def test_that_train_pause_resume_and_stop_do_as_they_say(qtbot, engine, session, show):
    panel = show(FieldPanel)
    button = panel.training.button
    qtbot.mouseClick(button, LEFT)
    assert engine.trained[0].training.steps == 4000
    session.results.training.take(_progress(TrainingState.RUNNING, 1000))
    frame(session, panel)
    assert button.text() == "Pause"
    assert panel.training.steps.text() == "1,000 / 4,000"
    assert panel.training.below.text() == "6 s left"
    assert panel.training.bar.share == 0.25
    qtbot.mouseClick(button, LEFT)
    session.results.training.take(_progress(TrainingState.PAUSED, 1000))
    frame(session, panel)
    assert button.text() == "Resume"
    qtbot.mouseClick(button, LEFT)
    qtbot.mouseClick(panel.training.stop, LEFT)
    assert engine.commands == [TrainingCommand.PAUSE, TrainingCommand.RESUME, TrainingCommand.STOP]
    session.results.training.take(_progress(TrainingState.STOPPED, 1000))
    frame(session, panel)
    assert not panel.training.stop.isVisible()
    assert button.text() == "Train"


def test_that_a_failed_training_says_so_and_why(session, show):
    panel = show(FieldPanel)
    session.train()
    failed = TrainingProgress(
        1, TrainingState.FAILED, 3, 4000, 0, np.ones(3, np.float32), 0, 0, None, "It diverged."
    )
    session.results.training.take(failed)
    frame(session, panel)
    assert "failed" in panel.training.steps.text()
    assert panel.training.toolTip() == "It diverged."


def test_that_the_settings_of_the_training_are_a_form(qtbot, session, show):
    panel = show(FieldPanel)
    qtbot.mouseClick(panel.settings, LEFT)
    rows = panel.training_form.rows
    rows["objective"].box.setCurrentIndex(1)
    rows["objective"].box.activated.emit(1)
    assert session.store.document.training.objective is Objective.DSM
    figure = rows["steps"].figure
    figure.selectAll()
    qtbot.keyClicks(figure, "200000")
    qtbot.keyClick(figure, Qt.Key.Key_Return)
    assert session.store.document.training.steps == 200_000
    assert figure.text() == "200,000"
    shown = [name for name, row in panel.model_form.rows.items() if not row.isHidden()]
    assert shown == ["width", "layers"]
    layered = rows["objective"].box.findText("RealNVP")
    rows["objective"].box.setCurrentIndex(layered)
    rows["objective"].box.activated.emit(layered)
    shown = [name for name, row in panel.model_form.rows.items() if not row.isHidden()]
    assert shown == ["width", "couplings"]
    assert rows["reflow"].isHidden()
