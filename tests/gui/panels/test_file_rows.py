"""What came from a file: its story stays beside it; what of a picture is ink can be turned, undone, seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.imports import import_target
from fmstudio.document.specs.distribution import DrawnSpec, PictureSpec
from fmstudio.gui.panels import file_rows
from fmstudio.gui.panels.end import source_panel, target_panel
from fmstudio.studio import commands
from fmstudio.studio.asked_files import End
from fmstudio.studio.drawing import Brush
from fmstudio.studio.importing import place
from tests.gui.conftest import drag, frame

PANELS = {"source": source_panel, "target": target_panel}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Shades from the ground on, so that every threshold takes other ink."""
    path = tmp_path / "shades.png"
    shades = np.full((64, 64), 255, np.uint8)
    shades[8:56, 8:56] = np.linspace(250, 0, 48).astype(np.uint8)
    Image.fromarray(shades).save(path)
    return path


def at(session, end: End) -> DrawnSpec:
    spec = getattr(session.store.document, end)
    assert isinstance(spec, DrawnSpec)
    return spec


@pytest.mark.parametrize("end", ["source", "target"])
def test_that_a_drag_of_the_threshold_changes_the_ink_as_it_goes_and_is_one_step_to_undo(
    qtbot, session, show, picture, end
):
    place(session, end, picture, import_target(picture))
    rows = show(PANELS[end]).file.ink
    before = at(session, end)
    seen = []
    session.store.watch(lambda d: getattr(d, end).picture.threshold, seen.append)
    drag(qtbot, rows.threshold.slider, 10, 30, 50, 70)
    assert len(seen) >= 3
    changed = at(session, end)
    assert changed.picture.threshold == seen[-1] > before.picture.threshold
    assert (changed.raster.values > 0).sum() < (before.raster.values > 0).sum()
    np.testing.assert_array_equal(changed.raster.values, changed.picture.ink())
    assert session.store.undo() == "Change threshold"
    assert at(session, end) == before
    assert rows.threshold.value == before.picture.threshold


@pytest.mark.parametrize("end", ["source", "target"])
def test_that_invert_takes_the_ground_as_ink_and_back(session, show, picture, end):
    place(session, end, picture, import_target(picture))
    rows = show(PANELS[end]).file.ink
    before = at(session, end).raster.values
    rows.invert.click()
    inverted = at(session, end).raster.values
    inside = np.zeros_like(before, bool)
    inside[96:160, 96:160] = True
    np.testing.assert_allclose((before + inverted)[inside], 1.0)
    assert not inverted[~inside].any()
    assert rows.invert.isChecked()
    rows.invert.click()
    np.testing.assert_array_equal(at(session, end).raster.values, before)
    assert not rows.invert.isChecked()
    assert session.store.undo() == "Invert ink"
    assert rows.invert.isChecked()


def test_that_what_was_drawn_here_has_no_picture_to_turn(session, show, picture):
    panel = show(target_panel)
    assert panel.file.isHidden()
    place(session, "target", picture, import_target(picture))
    assert not panel.file.ink.isHidden()
    commands.draw_segment(session, (0.0, 0.0), (1.0, 0.0), Brush())
    commands.end_stroke(session)
    assert panel.file.isHidden()
    session.store.undo()
    assert not panel.file.ink.isHidden()


@pytest.mark.parametrize("end", ["source", "target"])
def test_that_an_import_shows_its_ink_for_a_moment_and_while_it_is_turned(
    session, show, picture, end, monkeypatch
):
    now = [100.0]
    monkeypatch.setattr(file_rows.time, "monotonic", lambda: now[0])
    panel = show(PANELS[end])
    frame(session, panel)
    assert not session.tools.inks
    place(session, end, picture, import_target(picture))
    frame(session, panel)
    assert session.tools.inks == {end}
    now[0] += file_rows.GLANCE_SECONDS
    frame(session, panel)
    assert not session.tools.inks
    panel.file.ink.threshold.slider.setSliderDown(True)
    frame(session, panel)
    assert session.tools.inks == {end}
    panel.file.ink.threshold.slider.setSliderDown(False)
    frame(session, panel)
    assert not session.tools.inks


@pytest.mark.parametrize("end", ["source", "target"])
@pytest.mark.parametrize(("scale", "offset"), [(1e-6, 0.0), (0.01, 5.0), (100.0, 0.0), (1.0, 5e6)])
def test_that_the_story_of_a_file_stays_beside_it_and_its_name_on_top(
    session, show, tmp_path, end, scale, offset
):
    path = tmp_path / "survey.csv"
    np.savetxt(path, np.random.default_rng(1).normal(size=(60, 2)) * scale + offset, delimiter=",")
    panel = show(PANELS[end])
    place(session, end, path, import_target(path))
    spec = getattr(session.store.document, end)
    for part in ("survey", "60 points", f"{spec.units.scale:.3g}"):
        assert part in panel.file.words.text()
    assert not panel.file.isHidden()
    if end == "target":
        assert session.store.document.title == "survey"
        assert panel.section.head.summary == "survey"


def test_that_a_saved_picture_is_turned_after_it_was_opened_again(session, show):
    contrast = np.zeros((32, 32), np.float32)
    contrast[8:24, 8:24] = 1.0
    spec = DrawnSpec.of_picture(PictureSpec(contrast=FrozenArray(contrast)), "old", "a note")
    session.open(Document.model_validate(Document(target=spec).model_dump()))
    rows = show(target_panel).file
    rows.ink.invert.click()
    assert at(session, "target").picture.inverted
    assert rows.words.text() == "old: a note"
