"""Ctrl+K: type a few letters of anything the studio can do, press Enter."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from fmstudio.studio.offers import Offer

_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class CommandPalette(QDialog):
    """Lists offers; closes, then does the one that is chosen."""

    def __init__(self, parent: QWidget, offers: Iterable[Offer]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Commands")
        self.resize(600, 480)
        self._offers = tuple(offers)
        self._items: list[QTreeWidgetItem] = []
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: train, langevin, light, two moons …")
        self.search.setAccessibleName("Search commands")
        self.list = QTreeWidget()
        self.list.setAccessibleName("Commands")
        self.list.setObjectName("commands")
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setAllColumnsShowFocus(True)
        self.list.setUniformRowHeights(True)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.list.setColumnWidth(0, 92)
        self._fill()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        self.search.textChanged.connect(self._on_search_changed)
        self.search.returnPressed.connect(self._on_return_pressed)
        self.search.installEventFilter(self)
        self.list.itemActivated.connect(self._on_item_activated)
        self.list.itemClicked.connect(self._on_item_activated)
        self._on_search_changed("")

    def _fill(self) -> None:
        faint = self.palette().placeholderText()
        for offer in self._offers:
            item = QTreeWidgetItem([offer.group, offer.title, offer.key])
            item.setForeground(0, faint)
            item.setForeground(2, faint)
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.list.addTopLevelItem(item)
            self._items.append(item)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """The arrows move in the list while the field keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _MOVES:
            self.list.keyPressEvent(event)
            return True
        return False

    def _on_search_changed(self, text: str) -> None:
        """Show what matches; of that, take the first, or better the first that begins with what was typed."""
        words = text.lower().split()
        for item, offer in zip(self._items, self._offers, strict=True):
            item.setHidden(not offer.matches(words))
        found = [row for row, offer in enumerate(self._offers) if offer.matches(words)]
        found.sort(key=lambda row: not self._offers[row].title.lower().startswith("".join(words[:1])))
        if found:
            self.list.setCurrentItem(self._items[found[0]])
        else:
            self.list.clearSelection()

    def _on_return_pressed(self) -> None:
        self._on_item_activated(self.list.currentItem())

    def _on_item_activated(self, item: QTreeWidgetItem | None) -> None:
        if item is None or item.isHidden():
            return
        offer = self._offers[self.list.indexOfTopLevelItem(item)]
        self.accept()
        offer.apply()
