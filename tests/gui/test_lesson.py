"""A lesson is made, read and presented in the real window, with hand and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from fmstudio.document.document import MOST_CAPTION, Document
from fmstudio.document.files import load, save
from fmstudio.document.gallery import ENTRIES, LESSONS
from fmstudio.document.lesson import moment_of
from fmstudio.document.specs.dynamics import SDESpec
from fmstudio.document.specs.view import Region, ViewSpec
from fmstudio.gui.arrangement import HALL, REFERENCE
from fmstudio.gui.hall_bar import CAPTION, MOST_LINES, TITLE, has_room
from fmstudio.gui.main_window import MainWindow
from tests.gui.windows import silent_window, type_key

pytestmark = pytest.mark.display

WORDS = ("First words.", "Second words.", "Third words, which are more than the others.")


def _lesson() -> Document:
    """Three moments that stand, the last without the source and the plots."""
    plain = Document(title="Mine")
    hiding = Document(view=ViewSpec(hidden=(Region.SOURCE, Region.PLOTS)))
    shown = (plain, plain.model_copy(update={"dynamics": SDESpec()}), hiding)
    moments = (moment_of(each, 0.2 * (k + 1), False, f"Moment {k}", WORDS[k]) for k, each in enumerate(shown))
    return plain.model_copy(update={"lesson": tuple(moments)})


@pytest.fixture
def window(qtbot) -> Iterator[MainWindow]:
    with silent_window(qtbot, _lesson()) as window:
        window.clock.stop()
        window.session.lesson.begin()
        window.frame(0.0)
        yield window


@pytest.fixture
def plain(qtbot) -> Iterator[MainWindow]:
    with silent_window(qtbot) as window:
        window.clock.stop()
        window.session.playback.pause()
        window.frame(0.0)
        yield window


def _arrive(window: MainWindow) -> None:
    for _ in range(8):
        window.frame(0.1)


def _press(window: MainWindow, *keys: Qt.Key) -> int | None:
    """The moment that the keys lead to."""
    window.canvas.native.setFocus()
    for key in keys:
        type_key(key)
        _arrive(window)
    return window.session.lesson.at


def _click(button) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_that_a_lesson_is_read_above_the_time_line(window):
    strip = window.arrangement.strip
    assert strip.isVisible()
    assert (strip.title.text(), strip.place.text()) == ('<p style="margin: 0px 0 0 0">Moment 0</p>', "1 / 3")
    assert WORDS[0] in strip.caption.text()
    assert window.session.playback.t == pytest.approx(0.2)
    height = strip.height()
    _click(strip.next)
    _arrive(window)
    assert WORDS[1] in strip.caption.text()
    assert strip.height() == height
    assert window.session.playback.t == pytest.approx(0.4)
    assert not strip.edit.isChecked()


def test_that_there_is_no_strip_until_somebody_asks(plain):
    strip = plain.arrangement.strip
    assert not strip.isVisible()
    plain.actions_by_id["lesson"].trigger()
    plain.frame(0.0)
    assert strip.isVisible()
    assert strip.is_editing
    plain.actions_by_id["lesson"].trigger()
    plain.frame(0.0)
    assert not strip.isVisible()


def test_that_page_keys_go_through_a_lesson_and_arrows_through_time(window):
    assert _press(window, Qt.Key.Key_PageDown, Qt.Key.Key_PageDown) == 2
    assert _press(window, Qt.Key.Key_PageUp) == 1
    before = window.session.playback.t
    assert _press(window, Qt.Key.Key_Right) == 1
    assert window.session.playback.t > before


def test_that_presenting_shows_canvas_caption_and_time_alone(window):
    window.actions_by_id["present"].trigger()
    window.frame(0.0)
    hidden = (window.top_bar, window.left, window.right, window.arrangement.strip, window.timeline.speed)
    assert not any(part.isVisible() for part in (*hidden, *window.canvas.switches))
    assert window.arrangement.bar.isVisible()
    assert WORDS[0] in window.arrangement.bar.caption.text()
    assert window.arrangement.bar.place.text() == "1 / 3"
    assert window.canvas.canvas.enlarged == pytest.approx(HALL * window.height() / REFERENCE)
    assert _press(window, Qt.Key.Key_Escape) == 0
    window.frame(0.0)
    assert all(part.isVisible() for part in (*hidden, *window.canvas.switches))
    assert not window.arrangement.bar.isVisible()
    assert window.canvas.canvas.enlarged == 1.0
    assert not window.isFullScreen()


@pytest.mark.parametrize(
    ("on", "back"),
    [
        (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp),
        (Qt.Key.Key_Right, Qt.Key.Key_Left),
        (Qt.Key.Key_Down, Qt.Key.Key_Up),
        (Qt.Key.Key_Space, Qt.Key.Key_Backspace),
    ],
)
def test_that_whatever_a_clicker_sends_goes_through_a_presented_lesson(window, on, back):
    window.actions_by_id["present"].trigger()
    window.frame(0.0)
    assert _press(window, on, on) == 2
    assert _press(window, back) == 1
    assert not window.session.playback.playing
    _press(window, Qt.Key.Key_Return)
    assert window.session.playback.playing


def test_that_the_bar_keeps_its_height_so_that_the_canvas_does_not_jump(window):
    window.actions_by_id["present-from-start"].trigger()
    _arrive(window)
    heights = {window.arrangement.bar.height()}
    for _ in range(2):
        _press(window, Qt.Key.Key_PageDown)
        heights.add(window.arrangement.bar.height())
    assert len(heights) == 1


def test_that_presenting_without_a_lesson_leaves_the_keys_of_time(plain):
    plain.actions_by_id["present"].trigger()
    plain.frame(0.0)
    before = plain.session.playback.t
    assert _press(plain, Qt.Key.Key_Right) is None
    assert plain.session.playback.t > before
    assert not plain.top_bar.isVisible()
    _press(plain, Qt.Key.Key_Escape)
    plain.frame(0.0)
    assert plain.top_bar.isVisible()


def test_that_a_moment_hides_controls_and_they_are_shown_again(window):
    _press(window, Qt.Key.Key_PageDown, Qt.Key.Key_PageDown)
    source, target = window.left.panels[0], window.left.panels[1]
    assert (source.isVisible(), target.isVisible(), window.right.isVisible()) == (False, True, False)
    _click(window.arrangement.strip.show_all)
    window.frame(0.0)
    assert source.isVisible()
    assert window.right.isVisible()
    assert window.session.store.undo_label == "Show all controls"


def test_that_a_lesson_is_made_by_hand_and_survives_its_file(plain, tmp_path: Path, monkeypatch):
    strip, session = plain.arrangement.strip, plain.session
    plain.actions_by_id["lesson"].trigger()
    plain.frame(0.0)
    _click(strip.making["add-moment"])
    plain.frame(0.0)
    QTest.keyClicks(strip.title_field, "Noise")
    QTest.keyClicks(strip.caption_field, "Look at  p_t. ")
    plain.frame(0.0)
    assert strip.caption_field.toPlainText() == "Look at  p_t. "  # who types is not disturbed
    session.playback.jump(1.0)
    _click(strip.making["add-moment"])
    plain.frame(0.0)
    _click(strip.making["earlier"])
    first, second = session.lesson.moments
    assert (first.t, second.t) == (1.0, 0.0)
    assert (second.title, second.caption) == ("Noise", "Look at p_t.")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    save(tmp_path / "mine.fmstudio", session.store.document)
    assert load(tmp_path / "mine.fmstudio")[0].lesson == session.lesson.moments


def test_that_what_is_typed_into_a_caption_is_one_undo_step(window):
    strip, session = window.arrangement.strip, window.session
    strip.edit.setChecked(True)
    window.frame(0.0)
    strip.caption_field.selectAll()
    QTest.keyClicks(strip.caption_field, "Another thing")
    assert session.lesson.moments[0].caption == "Another thing"
    session.store.undo()
    assert session.lesson.moments[0].caption == WORDS[0]
    window.frame(0.0)
    assert strip.caption_field.toPlainText() == WORDS[0]


def test_that_a_caption_takes_no_more_letters_than_can_be_read(window):
    strip = window.arrangement.strip
    strip.edit.setChecked(True)
    window.frame(0.0)
    strip.caption_field.setPlainText("a" * MOST_CAPTION)
    QTest.keyClicks(strip.caption_field, "bcd")
    assert strip.caption_field.toPlainText() == "a" * MOST_CAPTION
    assert window.session.lesson.moments[0].caption == "a" * MOST_CAPTION


def test_that_a_changed_moment_says_so_and_can_be_replaced(window):
    strip, session = window.arrangement.strip, window.session
    strip.edit.setChecked(True)
    window.frame(0.0)
    assert not strip.making["replace-moment"].isEnabled()
    session.store.edit(lambda d: d.model_copy(update={"dynamics": SDESpec(sigma=2.0)}), "Sigma")
    window.frame(0.0)
    _click(strip.making["replace-moment"])
    window.frame(0.0)
    assert session.lesson.moments[0].document.dynamics == SDESpec(sigma=2.0)
    assert not strip.making["replace-moment"].isEnabled()


def test_that_the_menu_of_moments_goes_to_any(window):
    menu = window.arrangement.strip.place.menu()
    menu.aboutToShow.emit()
    assert [entry.text() for entry in menu.actions()] == ["1  Moment 0", "2  Moment 1", "3  Moment 2"]
    menu.actions()[2].trigger()
    _arrive(window)
    assert window.session.lesson.at == 2


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.group == LESSONS], ids=lambda entry: entry.id)
def test_that_captions_that_ship_fit_a_hall_in_the_largest_type(entry):
    captions = [moment.caption for moment in entry.make().lesson]
    for width, height in ((1920, 1080), (1280, 800)):
        margin = round(height * TITLE)
        assert has_room(captions, round(height * CAPTION[0]), width - 2 * margin)


@pytest.mark.usefixtures("qapp")
def test_that_long_captions_are_set_smaller_until_they_have_room():
    long = "A word or two. " * 20
    assert has_room([WORDS[0]], 36, 1800)
    assert not has_room([long], 72, 900)
    assert MOST_LINES == 3
