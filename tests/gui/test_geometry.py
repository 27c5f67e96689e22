"""The window opens whole on the screen that is there, and as it was left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QWidget

from fmstudio.document.document import Document
from fmstudio.document.preferences import Preferences, WindowGeometry
from fmstudio.gui.app import make_window
from fmstudio.gui.geometry import FRAME, as_left, opening_place
from fmstudio.gui.main_window import SMALLEST, MainWindow
from fmstudio.gui.theme import Theme
from tests.fakes import FakeEngine

pytestmark = pytest.mark.display

SIDES = st.integers(1, 100_000)
PLACES = st.integers(-20_000, 20_000)
LEFT = st.none() | st.builds(WindowGeometry, x=PLACES, y=PLACES, width=SIDES, height=SIDES)
SCREENS = st.lists(
    st.builds(
        QRect,
        st.integers(-5000, 5000),
        st.integers(-5000, 5000),
        st.integers(1024, 8000),
        st.integers(640, 5000),
    ),
    min_size=1,
    max_size=3,
)


@given(LEFT, SCREENS)
def test_that_the_window_opens_with_its_frame_on_one_screen(left, screens: list[QRect]) -> None:
    place = opening_place(left, screens).marginsAdded(FRAME)
    assert any(screen.contains(place) for screen in screens)


@given(st.integers(1024, 1600), st.integers(640, 1000))
def test_that_the_smallest_window_has_room_on_the_smallest_screen(width: int, height: int) -> None:
    place = opening_place(None, [QRect(0, 0, width, height)])
    assert place.width() >= SMALLEST.width()
    assert place.height() >= SMALLEST.height()


def test_that_a_window_comes_back_where_it_was() -> None:
    left = WindowGeometry(x=2000, y=100, width=1200, height=800)
    screens = [QRect(0, 0, 1920, 1080), QRect(1920, 0, 2560, 1440)]
    assert opening_place(left, screens) == QRect(2000, 100, 1200, 800)
    assert screens[0].contains(opening_place(left, screens[:1]))


@pytest.fixture
def open_window(qtbot, theme: Theme) -> Iterator:
    made: list[MainWindow] = []

    def make(preferences: Preferences | None = None) -> MainWindow:
        window = make_window(FakeEngine(), Document(), (), theme, preferences or Preferences())
        window.add_right_column()
        made.append(window)
        with qtbot.waitExposed(window):
            window.show()
        return window

    yield make
    for window in made:
        window.files.asks = False
        window.close()
        window.session.close()
        window.deleteLater()
    qtbot.wait(10)


def test_that_the_geometry_is_remembered(open_window) -> None:
    window = open_window()
    window.setGeometry(60, 70, 1111, 666)
    assert as_left(window) == WindowGeometry(x=60, y=70, width=1111, height=666)
    window.close()
    again = open_window(Preferences.load())
    assert again.geometry() == QRect(60, 70, 1111, 666)


def test_that_presenting_is_left_for_what_was_there(qtbot, open_window) -> None:
    window = open_window()
    window.setGeometry(80, 90, 1200, 700)
    qtbot.wait(20)
    window.arrangement.toggle_presenting()
    assert window.isFullScreen()
    assert as_left(window).width == 1200
    window.arrangement.toggle_presenting()
    assert not window.isFullScreen()
    qtbot.waitUntil(lambda: window.geometry() == QRect(80, 90, 1200, 700))
    window.setWindowState(Qt.WindowState.WindowMaximized)
    window.arrangement.toggle_presenting()
    window.arrangement.toggle_presenting()
    assert window.isMaximized()
    assert as_left(window).maximised


def seen_whole(window: MainWindow, part: QWidget) -> bool:
    corner = part.mapTo(window, part.rect().topLeft())
    return window.rect().contains(QRect(corner, part.size()))


@pytest.mark.parametrize("size", [(1012, 596), (1100, 700), (1440, 850), (900, 520)])
@pytest.mark.parametrize(
    "title", ["untitled", "The score, learned: reverse SDE against probability flow, once more"]
)
@pytest.mark.parametrize("state", ["ready", "training"])
def test_that_every_part_of_the_window_is_on_it_at_any_size(
    qtbot, open_window, size: tuple[int, int], title: str, state: str
) -> None:
    window = open_window()
    session = window.session
    session.device = "a graphics card with a long name"
    if state == "training":
        from fmstudio.engine.messages import TrainingState

        session.results.training.state = TrainingState.RUNNING
        session.results.training.steps_per_second = 1234.0
    session.store.edit(lambda d: d.model_copy(update={"title": title}), "Rename")
    window.resize(*size)
    window.frame(0.0)
    qtbot.wait(20)
    window.frame(0.0)
    qtbot.wait(20)
    assert (window.width(), window.height()) == size
    bar, time = window.top_bar, window.timeline
    parts = [bar.menu_button, bar.gallery_button, bar.undo, bar.redo, bar.look, bar.draw, bar.probe]
    parts += [
        bar.compare_button,
        bar.chip,
        bar.export,
        time.first,
        time.play,
        time.last,
        time.speed,
        time.line,
    ]
    parts += [window.left, window.right, window.canvas, time]
    for part in parts:
        assert part.isVisible()
        assert seen_whole(window, part), part
        if part not in (window.left, window.right, window.canvas, time.line):
            assert part.width() >= part.minimumSizeHint().width()


def test_that_the_canvas_stays_where_it_is_when_the_plots_come(qtbot, theme: Theme) -> None:
    window = make_window(FakeEngine(), Document(), (), theme, Preferences())
    window.files.asks = False
    with qtbot.waitExposed(window):
        window.show()
    before = window.canvas.geometry()
    window.add_right_column()
    qtbot.wait(20)
    assert window.canvas.geometry() == before
    window.close()
    window.session.close()
    window.deleteLater()
    qtbot.wait(10)


def test_that_a_title_without_room_is_cut_with_a_sign_and_told_by_its_hint(qtbot, open_window) -> None:
    window = open_window()
    name = "The score, learned: reverse SDE against probability flow, once more"
    window.session.store.edit(lambda d: d.model_copy(update={"title": name}), "Rename")
    window.resize(900, 520)
    for _ in range(3):
        window.frame(0.0)
        qtbot.wait(20)
    title = window.top_bar.title
    assert title.text().endswith("…")
    assert title.fontMetrics().horizontalAdvance(title.text()) <= title.width()
    assert title.toolTip() == f"{name} •\nThere is unsaved work"
