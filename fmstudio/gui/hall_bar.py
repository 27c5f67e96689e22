"""What is said of a moment, large enough for the last row of a hall. GUI thread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics, QTextDocument
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fmstudio.gui.markup import caption_markup
from fmstudio.gui.theme import interface_font

TITLE = 1 / 26
CAPTION = (1 / 30, 1 / 34, 1 / 38, 1 / 44)
"""Of the window's height: a 36 pixel letter at 1080 is read from eight times the screen's height away. Long
captions are set smaller, step by step."""
MOST_LINES = 3


@dataclass(frozen=True)
class Said:
    """The words of one moment, or of a document without any."""

    title: str
    caption: str
    place: str = ""
    """'3 / 7'"""


class HallBar(QFrame):
    """Title, place and caption; as high for every moment of a lesson, so that the canvas stays as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("hallBar")
        self.title, self.place, self.caption = QLabel(), QLabel(), QLabel()
        self.title.setAccessibleName("Title")
        self.place.setProperty("role", "secondary")
        self.caption.setWordWrap(True)
        for label in (self.title, self.place, self.caption):
            label.setTextFormat(Qt.TextFormat.RichText)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.place)
        self._column = QVBoxLayout(self)
        self._column.addLayout(head)
        self._column.addWidget(self.caption)

    def show_words(self, said: Said) -> None:
        self.title.setText(caption_markup(said.title))
        self.place.setText(said.place)
        self.caption.setText(caption_markup(said.caption))

    def fit(self, width: int, height: int, captions: Iterable[str]) -> None:
        """Set the type for a window of this size, in which all of these captions have room."""
        title, said = round(height * TITLE), tuple(captions)
        inner, letters = width - 2 * title, [round(height * share) for share in CAPTION]
        size = next((px for px in letters if has_room(said, px, inner)), letters[-1])
        _set_type(self.title, title, "600")
        _set_type(self.place, round(0.7 * title), "400")
        _set_type(self.caption, size, "400")
        self._column.setContentsMargins(title, title // 2, title, title // 2)
        self._column.setSpacing(title // 6)
        head = QFontMetrics(interface_font(title, QFont.Weight.DemiBold)).lineSpacing()
        text = max((written_height(words, size, inner) for words in said), default=0)
        self.setFixedHeight(head + text + size // 3 + 2 * (title // 2) + title // 6)  # subscripts hang


def has_room(captions: Iterable[str], pixels: int, width: int) -> bool:
    """Each of the captions takes at most MOST_LINES lines of letters of this size."""
    most = MOST_LINES * written_height("x", pixels, width)
    return all(written_height(words, pixels, width) <= 1.1 * most for words in captions)  # subscripts hang


def written_height(words: str, pixels: int, width: int) -> int:
    """Pixels that a caption takes; 0 without words."""
    if not words:
        return 0
    text = QTextDocument()
    text.setDefaultFont(interface_font(pixels))
    text.setDocumentMargin(0)
    text.setHtml(caption_markup(words))
    text.setTextWidth(width)
    return ceil(text.size().height())


def _set_type(label: QWidget, pixels: int, weight: str) -> None:
    label.setStyleSheet(f"font-size: {pixels}px; font-weight: {weight};")
