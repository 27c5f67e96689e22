"""The lesson above the time line: what is said of the moment, and what makes a lesson. GUI thread."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFocusEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from fmstudio.document.document import MOST_CAPTION, MOST_TITLE, Document
from fmstudio.document.specs.view import Region
from fmstudio.gui.actions import ActionTable
from fmstudio.gui.hall_bar import written_height
from fmstudio.gui.icons import icon
from fmstudio.gui.markup import caption_markup
from fmstudio.gui.stops import make_group
from fmstudio.gui.theme import FONT_PIXELS, Theme
from fmstudio.render.palette import Palette
from fmstudio.studio import moments
from fmstudio.studio.session import Session

EMPTY = (
    "A lesson is a list of saved moments. Set up what is to be seen (panes, time, view), then add it; "
    "the page keys and F11 go through them."
)
MAKING = ("add-moment", "replace-moment", "earlier", "later", "remove-moment")
"""Actions with a button of their own while a lesson is edited."""
_BUTTONS = {"add-moment": "Add moment", "replace-moment": "Replace", "earlier": "Earlier", "later": "Later"}
REGIONS = {
    Region.SOURCE: "Source",
    Region.TARGET: "Target",
    Region.PATH: "Path",
    Region.FIELD: "Field",
    Region.MOTION: "Motion",
    Region.PLOTS: "Plots at the right",
}


class CaptionField(QPlainTextEdit):
    """Two lines for what is said of a moment; each letter is an edit, those of a visit are one undo step."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._is_told = False
        self.setAccessibleName("Caption of the moment")
        self.setPlaceholderText("What to see here, in plain words")
        self.setTabChangesFocus(True)
        self.setFixedHeight(2 * self.fontMetrics().lineSpacing() + 18)
        self.textChanged.connect(self._on_text_changed)

    def show_words(self, words: str) -> None:
        """Another caption; blanks apart, so that who types is not disturbed."""
        if " ".join(self.toPlainText().split()) == words:
            return
        self._is_told = True
        self.setPlainText(words)
        self._is_told = False

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._session.store.settle()

    def _on_text_changed(self) -> None:
        if self._is_told:
            return
        words = self.toPlainText()
        if len(words) > MOST_CAPTION:
            self.undo()  # the letter that is too much
        else:
            moments.caption(self._session, words)


class LessonStrip(QFrame):
    """Reads the session on every frame; each button takes one action or calls one command."""

    def __init__(self, session: Session, theme: Theme, actions: ActionTable) -> None:
        super().__init__()
        self.setObjectName("lessonStrip")
        self._session, self._theme, self._actions = session, theme, actions
        self._shown: object = None
        self.previous = self._arrow("prev", "Previous moment", "previous-moment")
        self.next = self._arrow("next", "Next moment", "next-moment")
        self.place = QPushButton()
        self.title, self.caption = QLabel(), QLabel()
        self.title_field, self.caption_field = QLineEdit(), CaptionField(session)
        self.edit, self.present = QPushButton("Edit"), QPushButton("Present")
        self.show_all = QPushButton("Show all controls")
        self.making = {name: self._button(name) for name in MAKING}
        self.shown = QPushButton("Controls shown")
        self.entries: dict[Region, QAction] = {}
        self._build()
        self._connect()
        self.refresh()

    @property
    def is_editing(self) -> bool:
        return self.edit.isChecked()

    def _arrow(self, picture: str, words: str, action: str) -> QPushButton:
        button = QPushButton()
        button.setProperty("kind", "transport")
        button.setProperty("icon_name", picture)
        button.setToolTip(f"{words} ({'Page Up' if picture == 'prev' else 'Page Down'})")
        button.setAccessibleName(words)
        button.clicked.connect(self._actions[action].trigger)
        return button

    def _button(self, action: str) -> QPushButton:
        made = QPushButton(_BUTTONS.get(action, "Remove"))
        key = self._actions[action].shortcut().toString()
        made.setToolTip(self._actions[action].text() + (f" ({key})" if key else ""))
        made.setAccessibleName(self._actions[action].text())
        made.clicked.connect(self._actions[action].trigger)
        return made

    # ---- making ----

    def _build(self) -> None:
        self.place.setProperty("kind", "plain")
        self.place.setMenu(QMenu(self.place))
        self.place.setToolTip("Go to a moment of the lesson")
        self.show_all.setToolTip("This moment hides some of them")
        self.edit.setCheckable(True)
        self.edit.setToolTip("Add, reword, move and remove moments")
        self.present.setToolTip("Canvas, caption and time alone, in large type (F11); Esc ends it")
        self.title.setProperty("role", "value")
        self.caption.setWordWrap(True)
        self.caption.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.title_field.setMaxLength(MOST_TITLE)
        self.title_field.setPlaceholderText("Title")
        self.title_field.setAccessibleName("Title of the moment")
        self._fill_regions()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 8)
        column.setSpacing(8)
        column.addLayout(self._reading_row())
        self._making_row = self._row_of_making()
        column.addWidget(self._making_row)

    def _reading_row(self) -> QHBoxLayout:
        words = QVBoxLayout()
        words.setSpacing(4)
        texts: tuple[QWidget, ...] = (self.title, self.caption, self.title_field, self.caption_field)
        for text in texts:
            words.addWidget(text)
        words.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(6)
        for widget in (self.previous, self.place, self.next):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)
        row.addSpacing(8)
        row.addLayout(words, 1)
        row.addSpacing(8)
        for widget in (self.show_all, self.edit, self.present):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _row_of_making(self) -> QWidget:
        holder = QWidget()
        make_group(holder)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for button in self.making.values():
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.shown)
        return holder

    def _fill_regions(self) -> None:
        menu = QMenu(self.shown)
        for region, words in REGIONS.items():
            entry = menu.addAction(words)
            entry.setCheckable(True)
            entry.setData(region)
            self.entries[region] = entry
        menu.triggered.connect(self._on_region_triggered)
        self.shown.setMenu(menu)
        self.shown.setToolTip("Which controls this moment shows")

    def _connect(self) -> None:
        self.place.menu().aboutToShow.connect(self._on_places_asked)
        self.place.menu().triggered.connect(self._on_place_triggered)
        self.present.clicked.connect(self._actions["present"].trigger)
        self.show_all.clicked.connect(self._actions["show-all"].trigger)
        self.edit.toggled.connect(self._on_edit_toggled)
        self.title_field.textEdited.connect(self._on_title_edited)
        self.title_field.editingFinished.connect(self._on_title_finished)
        self._theme.changed.connect(self._on_theme_changed)

    # ---- following ----

    def refresh(self) -> None:
        """Once per frame: show where the lesson is."""
        lesson, document = self._session.lesson, self._session.store.document
        look = (
            document,
            lesson.at,
            lesson.is_moving,
            self.is_editing,
            self._theme.palette.name,
            self.width(),
        )
        if look == self._shown:
            return
        self._shown = look
        self._show_place()
        self._show_words()
        self.show_all.setVisible(bool(document.view.hidden))
        for region, entry in self.entries.items():
            entry.setChecked(region not in document.view.hidden)

    def _show_place(self) -> None:
        lesson = self._session.lesson
        at, count = lesson.at, len(lesson.moments)
        self.place.setText(f"{'–' if at is None else at + 1} / {count}")
        self.place.setAccessibleName(f"Moment {self.place.text()}")
        for widget in (self.previous, self.place, self.next):
            widget.setVisible(count > 0)
        self.previous.setEnabled(count > 0 and at != 0)
        self.next.setEnabled(at is None or at < count - 1)
        self.making["earlier"].setEnabled(at is not None and at > 0)
        self.making["later"].setEnabled(at is not None and at < count - 1)
        self.making["remove-moment"].setEnabled(at is not None)
        self.making["replace-moment"].setEnabled(lesson.is_changed)
        palette = self._theme.palette
        for button in (self.previous, self.next):
            colour = palette.text if button.isEnabled() else palette.line
            button.setIcon(icon(str(button.property("icon_name")), colour, 16))

    def _show_words(self) -> None:
        lesson, document = self._session.lesson, self._session.store.document
        moment, fields = lesson.moment, self.is_editing and lesson.moment is not None
        self.title.setVisible(not fields and moment is not None)
        self.caption.setVisible(not fields)
        self.title_field.setVisible(fields)
        self.caption_field.setVisible(fields)
        self._making_row.setVisible(self.is_editing)
        if moment is None:
            first = f"{document.title}: the page keys go through its {len(document.lesson)} moments."
            self.caption.setText(first if document.lesson else EMPTY)
            self.caption.setMinimumHeight(0)
            return
        changed = "  ·  changed since" if lesson.is_changed else ""
        self.title.setText(caption_markup(moment.title + changed))
        self.caption.setText(caption_markup(moment.caption))
        self.caption.setMinimumHeight(self._room(each.caption for each in lesson.moments))
        if self.title_field.text().strip() != moment.title:
            self.title_field.setText(moment.title)
        self.caption_field.show_words(moment.caption)

    def _room(self, captions: Iterable[str]) -> int:
        """As much for each moment, so that the canvas keeps its size."""
        return max(
            (written_height(words, FONT_PIXELS, self.caption.width()) for words in captions), default=0
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._shown = None

    # ---- what a person does ----

    def _on_places_asked(self) -> None:
        menu = self.place.menu()
        menu.clear()
        for index, moment in enumerate(self._session.lesson.moments):
            entry = menu.addAction(f"{index + 1}  {moment.title or 'Untitled moment'}")
            entry.setCheckable(True)
            entry.setChecked(index == self._session.lesson.at)
            entry.setData(index)

    def _on_place_triggered(self, entry: QAction) -> None:
        self._session.lesson.go(int(entry.data()))

    def _on_region_triggered(self, entry: QAction) -> None:
        moments.hide(self._session, Region(entry.data()), not entry.isChecked())

    def _on_edit_toggled(self, on: bool) -> None:
        self.edit.setText("Done" if on else "Edit")

    def _on_title_edited(self, title: str) -> None:
        moments.entitle(self._session, title)

    def _on_title_finished(self) -> None:
        self._session.store.settle()

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.refresh()


def has_lesson(document: Document) -> bool:
    """There is something that the strip tells without being asked."""
    return bool(document.lesson or document.view.hidden)
