"""The gallery: a card for every built-in document, with a picture, what it shows and where it is from."""

from __future__ import annotations

import html
from collections import deque

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from fmstudio.document.gallery import ENTRIES, GROUPS, Entry
from fmstudio.document.references import in_words
from fmstudio.gui.dialogs.reference_dialog import links, show_reference
from fmstudio.gui.markup import caption_markup
from fmstudio.gui.widgets.segmented import Choice, Segmented
from fmstudio.render.palette import DARK, Palette
from fmstudio.resources import asset

PICTURE = QSize(224, 140)
CARD = QSize(240, 184)
EVERYTHING = "Everything"
PICTURES_A_TURN = 4
"""A millisecond each."""


class GalleryDialog(QDialog):
    """Emits ``chosen`` with an entry's id when one is opened. Typing in the field narrows the cards."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget, palette: Palette) -> None:
        super().__init__(parent)
        self._theme = palette.name
        self.setWindowTitle("Gallery")
        self.resize(1080, 720)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: langevin, VP, score, Chen 2024 …")
        self.search.setAccessibleName("Search the gallery")
        self.search.setClearButtonEnabled(True)
        self.groups = Segmented("Kind", tuple(Choice(name, name) for name in (EVERYTHING, *GROUPS)))
        self._group = EVERYTHING
        self.cards = QListWidget()
        self._pictureless = deque(range(len(ENTRIES)))
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_timer_timeout)
        self.title, self.caption = QLabel(), QLabel()
        self.open_button = QPushButton("Open")
        self._fill()
        self._build()
        self.search.textChanged.connect(self._on_search_changed)
        self.groups.chosen.connect(self._on_group_chosen)
        self.cards.currentItemChanged.connect(self._on_card_changed)
        self.cards.itemActivated.connect(self._on_card_activated)
        self.open_button.clicked.connect(self._on_open_clicked)
        self.cards.setCurrentRow(0)
        self._narrow()

    def _fill(self) -> None:
        self.cards.setObjectName("gallery")
        self.cards.setViewMode(QListView.ViewMode.IconMode)
        self.cards.setResizeMode(QListView.ResizeMode.Adjust)
        self.cards.setMovement(QListView.Movement.Static)
        self.cards.setIconSize(PICTURE)
        self.cards.setGridSize(CARD)
        self.cards.setWordWrap(True)
        self.cards.setUniformItemSizes(True)
        self.cards.setAccessibleName("Built-in documents")
        blank = _blank()
        for entry in ENTRIES:
            item = QListWidgetItem(blank, entry.title)
            item.setData(Qt.ItemDataRole.UserRole, entry.id)
            item.setToolTip(in_words(entry.sources))
            item.setSizeHint(CARD - QSize(6, 6))  # room for two lines of words
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            self.cards.addItem(item)
        self._timer.start(0)

    def _on_timer_timeout(self) -> None:
        """A few pictures a turn: all at once would hold the window up."""
        for _ in range(min(PICTURES_A_TURN, len(self._pictureless))):
            row = self._pictureless.popleft()
            self.cards.item(row).setIcon(_picture(ENTRIES[row], self._theme))
        if not self._pictureless:
            self._timer.stop()

    def _build(self) -> None:
        self.title.setProperty("role", "value")
        self.title.linkActivated.connect(self._on_source_activated)
        self.caption.setWordWrap(True)
        self.caption.setProperty("role", "secondary")
        self.caption.setMinimumHeight(64)
        self.caption.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.open_button.setProperty("kind", "primary")
        self.open_button.setDefault(True)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.title)
        words.addWidget(self.caption)
        foot = QHBoxLayout()
        foot.setSpacing(16)
        foot.addLayout(words, 1)
        foot.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        narrowing = QHBoxLayout()
        narrowing.setSpacing(12)
        narrowing.addWidget(self.search, 1)
        narrowing.addWidget(self.groups)
        column.addLayout(narrowing)
        column.addWidget(self.cards, 1)
        column.addLayout(foot)

    def _on_group_chosen(self, group: str) -> None:
        self._group = group
        self._narrow()

    def _on_search_changed(self, _text: str) -> None:
        self._narrow()

    def _narrow(self) -> None:
        """Only the cards of the group that have all the words."""
        self.groups.show_choices(self._group)
        words = self.search.text().lower().split()
        for row, entry in enumerate(ENTRIES):
            named = in_words(entry.sources)
            told = (entry.id, entry.group, entry.title, named, entry.equations, entry.caption)
            is_found = all(word in " ".join(told).lower() for word in words)
            self.cards.setRowHidden(row, not is_found or self._group not in (EVERYTHING, entry.group))
        shown = [row for row in range(len(ENTRIES)) if not self.cards.isRowHidden(row)]
        if shown and self.cards.isRowHidden(self.cards.currentRow()):
            self.cards.setCurrentRow(shown[0])
        self.open_button.setEnabled(bool(shown))

    def _on_card_changed(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        entry = ENTRIES[self.cards.row(item)]
        self.title.setText(f"{html.escape(entry.title)}  ·  {links(entry.sources)}")
        self.caption.setText(caption_markup(entry.caption.split("\n\n")[0]))

    def _on_card_activated(self, item: QListWidgetItem) -> None:
        self.accept()
        self.chosen.emit(str(item.data(Qt.ItemDataRole.UserRole)))

    def _on_source_activated(self, key: str) -> None:
        show_reference(self, key)

    def _on_open_clicked(self) -> None:
        item = self.cards.currentItem()
        if item is not None:
            self._on_card_activated(item)


def _picture(entry: Entry, theme: str) -> QIcon:
    """The card's picture; plain where none ships."""
    name = entry.id if theme == DARK.name else f"{entry.id}-{theme}"
    try:
        return QIcon(QPixmap(str(asset(f"gallery/{name}.png"))))
    except FileNotFoundError:
        return _blank()


def _blank() -> QIcon:
    blank = QPixmap(PICTURE)
    blank.fill(Qt.GlobalColor.transparent)
    return QIcon(blank)
