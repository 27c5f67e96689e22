"""Which parts of the window are seen: all, those that a lesson leaves, or, presenting, the canvas and what is
said of it. GUI thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from PySide6.QtCore import Qt

from fmstudio.document.document import Document
from fmstudio.document.specs.view import Region
from fmstudio.gui.hall_bar import HallBar, Said
from fmstudio.gui.lesson_strip import LessonStrip, has_lesson
from fmstudio.gui.panels import LEFT_PANELS

if TYPE_CHECKING:
    from fmstudio.gui.main_window import MainWindow

HALL = 1.9
"""Words on a presented canvas are so much larger in a window of REFERENCE logical pixels: 25 at 1080."""
REFERENCE = 1080


@final
class Arrangement:
    """Looks once per frame, and changes what is seen only where it changed."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.bar = HallBar()
        self.strip = LessonStrip(window.session, window.theme, window.actions_by_id)
        self.is_presenting = False
        self.are_columns_away = False
        """somebody wants the canvas wide"""
        self._is_lesson_asked = False
        self._seen: object = None
        self._said: object = None

    # ---- what a person asks for ----

    def toggle_strip(self) -> None:
        """Make a lesson, or have done with it; a lesson that is there is seen all the same."""
        self._is_lesson_asked = not (self._is_lesson_asked or self.strip.is_editing)
        self.strip.edit.setChecked(self._is_lesson_asked)

    def toggle_columns(self) -> None:
        self.are_columns_away = not self.are_columns_away

    def toggle_presenting(self) -> None:
        """There, and back to where and how large the window was."""
        if self.is_presenting:
            self.end_presenting()
        else:
            self.present()

    def present(self, from_start: bool = False) -> None:
        """Canvas, caption and time alone, over the whole screen."""
        lesson = self._window.session.lesson
        if lesson.moments and (from_start or lesson.at is None):
            lesson.go(0)
        if not self.is_presenting:
            self.is_presenting = True
            self._spread(True)

    def end_presenting(self) -> None:
        if self.is_presenting:
            self.is_presenting = False
            self._spread(False)

    def _spread(self, full: bool) -> None:
        window, spread = self._window, Qt.WindowState.WindowFullScreen
        state = window.windowState()
        window.setWindowState(state | spread if full else state & ~spread)
        window.show()
        window.canvas.native.setFocus()

    # ---- what is seen ----

    def refresh(self) -> None:
        """Once per frame."""
        window, document = self._window, self._window.session.store.document
        if self.is_presenting:
            self._say(document)
        else:
            self.strip.refresh()
        hidden, lesson = frozenset(document.view.hidden), bool(document.lesson)
        asked = self._is_lesson_asked or has_lesson(document)
        size = window.height() if self.is_presenting else 0
        seen = (self.is_presenting, self.are_columns_away, hidden, lesson, asked, size, window.right is None)
        if seen == self._seen:
            return
        self._seen = seen
        self._show_columns(hidden)
        self.strip.setVisible(asked and not self.is_presenting)
        window.top_bar.setVisible(not self.is_presenting)
        window.actions_by_id.follow(self.is_presenting, lesson, bool(hidden))
        larger = max(HALL * size / REFERENCE, 1.2) if self.is_presenting else 1.0
        window.canvas.present(larger)
        window.timeline.present(larger)
        if not self.is_presenting:
            self.bar.hide()

    def _show_columns(self, hidden: frozenset[Region]) -> None:
        window, away = self._window, self.are_columns_away or self.is_presenting
        for entry, panel in zip(LEFT_PANELS, window.left.panels, strict=True):
            panel.is_wanted = entry.id not in hidden
        window.left.setVisible(not away and any(panel.is_wanted for panel in window.left.panels))
        window.right_part.setVisible(not away and Region.PLOTS not in hidden)

    def _say(self, document: Document) -> None:
        """What the bar says; it comes with the first words."""
        lesson, window = self._window.session.lesson, self._window
        moment = lesson.moment
        if moment is None:
            said = Said("" if document.lesson else window.session.store.name, _first(document.caption))
            captions: tuple[str, ...] = (said.caption,)
        else:
            place = f"{(lesson.at or 0) + 1} / {len(lesson.moments)}"
            said = Said(moment.title, moment.caption, place)
            captions = tuple(each.caption for each in lesson.moments)
        look = (said, captions, window.width(), window.height())
        if look != self._said or self.bar.isHidden():
            self._said = look
            self.bar.fit(window.width(), window.height(), captions)
            self.bar.show_words(said)
            self.bar.setVisible(bool(said.title))


def _first(caption: str) -> str:
    """The first paragraph: what one sees."""
    return " ".join(caption.split("\n\n")[0].split())
