"""Slider rows, segments, sections, tiles: driven by mouse and keyboard."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QWheelEvent
from PySide6.QtWidgets import QLabel

from fmstudio.gui.widgets.progress_line import ProgressLine
from fmstudio.gui.widgets.scale import Scale
from fmstudio.gui.widgets.section import Section
from fmstudio.gui.widgets.segmented import Choice, Segmented
from fmstudio.gui.widgets.slider_row import SliderRow
from fmstudio.gui.widgets.tile_grid import TileGrid
from fmstudio.gui.widgets.tiles import IconTile, Thumbnail
from fmstudio.studio.guardrails import Guardrail, Remedy
from fmstudio.studio.guardrails import Section as Place

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def row(qtbot):
    row = SliderRow("σ_min", Scale(0.0, 1.0, step=0.01, least=0.0, most=2.0))
    qtbot.addWidget(row)
    row.resize(260, 24)
    row.show_value(0.5)
    with qtbot.waitExposed(row):
        row.show()
    return row


def test_that_a_drag_is_told_from_press_to_release(qtbot, row):
    told = []
    row.pressed.connect(lambda: told.append("pressed"))
    row.dragged.connect(told.append)
    row.settled.connect(lambda: told.append("settled"))
    middle = row.slider.height() // 2
    qtbot.mousePress(row.slider, LEFT, pos=QPoint(10, middle))
    qtbot.mouseMove(row.slider, QPoint(40, middle))
    qtbot.mouseRelease(row.slider, LEFT, pos=QPoint(40, middle))
    assert told[-1] == "settled"
    assert "pressed" in told
    numbers = [value for value in told if not isinstance(value, str)]
    assert numbers
    assert all(0 <= value < 0.5 for value in numbers)


def test_that_showing_a_value_tells_nobody(qtbot, row):
    with qtbot.assertNotEmitted(row.dragged), qtbot.assertNotEmitted(row.chosen):
        row.show_value(0.75)
    assert row.figure.text() == "0.75"
    assert row.slider.value() == 75


def test_that_a_typed_number_is_chosen_and_nonsense_goes_back(qtbot, row):
    row.figure.selectAll()
    with qtbot.waitSignal(row.chosen) as told:
        qtbot.keyClicks(row.figure, "1.5")
        qtbot.keyClick(row.figure, Qt.Key.Key_Return)
    assert told.args == [1.5]
    row.figure.selectAll()
    with qtbot.assertNotEmitted(row.chosen):
        qtbot.keyClicks(row.figure, "much")
        qtbot.keyClick(row.figure, Qt.Key.Key_Return)
    assert row.figure.text() == "0.50"


def test_that_arrow_keys_move_the_slider(qtbot, row):
    with qtbot.waitSignal(row.dragged) as told:
        qtbot.keyClick(row.slider, Qt.Key.Key_Left)
    assert told.args == [0.49]


def test_that_the_wheel_over_a_slider_scrolls_the_column_instead(row):
    row.slider.clearFocus()
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    row.slider.wheelEvent(wheel)
    assert not wheel.isAccepted()
    assert row.slider.value() == 50


def test_that_everything_has_a_name_for_a_screen_reader(row):
    assert row.slider.accessibleName() == "σ min"
    assert row.figure.accessibleName()
    assert row.slider.toolTip()


@pytest.fixture
def segmented(qtbot):
    made = Segmented("Fruit", (Choice("a", "Apple"), Choice("b", "Bean"), Choice("c", "Corn")))
    qtbot.addWidget(made)
    made.show_choices("a")
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_that_a_pressed_segment_is_told_but_not_checked_by_itself(qtbot, segmented):
    with qtbot.waitSignal(segmented.chosen) as told:
        qtbot.mouseClick(segmented.buttons["b"], LEFT)
    assert told.args == ["b"]
    assert [button.isChecked() for button in segmented.buttons.values()] == [True, False, False]
    segmented.show_choices("b", "c")
    assert [button.isChecked() for button in segmented.buttons.values()] == [False, True, True]


@pytest.fixture
def section(qtbot, theme):
    made = Section("Source", "p_init", QLabel("content"), theme)
    qtbot.addWidget(made)
    made.resize(272, 200)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_that_a_section_folds_by_mouse_and_unfolds_by_key_and_keeps_its_summary(qtbot, section):
    section.set_summary("Standard normal")
    qtbot.mouseClick(section.head, LEFT)
    assert section.is_folded
    assert not section.content.isVisible()
    assert section.head.summary == "Standard normal"
    assert section.head.accessibleName() == "Source: Standard normal"
    section.head.setFocus()
    qtbot.keyClick(section.head, Qt.Key.Key_Space)
    assert section.content.isVisible()


def test_that_a_guardrail_stays_in_sight_when_folded_and_offers_its_remedy(qtbot, section):
    note = Guardrail(Place.SOURCE, "This cannot work.", Remedy.TRAIN)
    section.show_notes((note,))
    section.fold(True)
    shown = section.notes.notes[0]
    assert shown.isVisible()
    assert shown.words.text() == "This cannot work."
    with qtbot.waitSignal(section.remedy_chosen) as told:
        qtbot.mouseClick(shown.button, LEFT)
    assert told.args == [note]
    section.show_notes(())
    assert not section.notes.isVisible()


def test_that_a_note_without_remedy_has_no_button(section):
    section.show_notes((Guardrail(Place.SOURCE, "So it is."),))
    assert section.notes.notes[0].button is None


def _drop(tile: Thumbnail, path: str) -> None:
    """The event borrows the data: these must outlive it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path)])
    at, action, keys = QPointF(5, 5), Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    tile.dropEvent(QDropEvent(at, action, data, LEFT, keys))


def test_that_a_tile_takes_a_file_of_points_and_no_other(qtbot, theme):
    tile = Thumbnail("Ring", "Ring", "target", theme)
    qtbot.addWidget(tile)
    with qtbot.waitSignal(tile.file_dropped) as told:
        _drop(tile, "/tmp/points.CSV")
    assert told.args == ["/tmp/points.CSV"]
    with qtbot.assertNotEmitted(tile.file_dropped):
        _drop(tile, "/tmp/letter.docx")


def _pixels(tile) -> np.ndarray:
    image = tile.grab().toImage().convertToFormat(tile.grab().toImage().Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def test_that_a_thumbnail_shows_its_points_where_they_are(qtbot, theme):
    tile = Thumbnail("Corner", "Corner", "target", theme)
    qtbot.addWidget(tile)
    tile.resize(44, 44)
    empty = _pixels(tile)
    corners = np.array([[-1, -1], [1, -1], [1, 1]], np.float32).repeat(60, 0)
    tile.show_points(corners)
    ink = np.abs(_pixels(tile) - empty).sum(2) > 30
    assert tile.has_points
    assert ink[:22, 22:].any()
    assert ink[22:, :22].any()
    assert ink[22:, 22:].any()
    assert not ink[:22, :22].any()


def test_that_a_drawing_shows_on_its_tile_the_right_way_up(qtbot, theme):
    tile = IconTile("Draw", "Draw", "target", theme, "draw")
    qtbot.addWidget(tile)
    tile.resize(44, 44)
    raster = np.zeros((64, 64), np.float32)
    raster[40:, 32:] = 1
    tile.show_raster(raster)
    bright = _pixels(tile)[8:36, 8:36].sum(2) > 200
    assert bright[:10, 18:].all()
    assert not bright[18:, :].any()


def test_that_a_progress_line_fills_as_far_as_it_is_told(qtbot, theme):
    line = ProgressLine("Training", "learned", theme)
    qtbot.addWidget(line)
    line.resize(100, 4)
    line.show_share(0.5)
    pixels = _pixels(line)[2].sum(1)
    assert len({*pixels[5:45]}) == 1
    assert len({*pixels[55:95]}) == 1
    assert pixels[25] > pixels[75]
    assert line.accessibleName() == "Training: 50 %"
    line.show_share(7)
    assert line.share == 1.0


def test_that_tiles_fill_the_width_of_their_column(qtbot, theme):
    grid = TileGrid("Tiles", 5)
    qtbot.addWidget(grid)
    tiles = [Thumbnail(str(i), str(i), "source", theme) for i in range(7)]
    for tile in tiles:
        grid.add(tile)
    grid.resize(244, 100)
    with qtbot.waitExposed(grid):
        grid.show()
    assert tiles[4].geometry().right() in range(241, 245)
    assert tiles[5].y() == tiles[0].height() + TileGrid.GAP
    assert grid.height() == 2 * tiles[0].height() + TileGrid.GAP
