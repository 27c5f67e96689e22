"""Tiles in rows, as wide as the column allows. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from fmstudio.gui.stops import make_group
from fmstudio.gui.widgets.tiles import Tile


class TileGrid(QWidget):
    """Tiles in rows of ``columns``, as wide as the column allows."""

    GAP = 6

    def __init__(self, name: str, columns: int, shape: float = 1.0) -> None:
        super().__init__()
        self.setAccessibleName(name)
        make_group(self)
        self._columns = columns
        self._shape = shape
        self._tiles: list[Tile] = []

    def add(self, tile: Tile) -> None:
        tile.setParent(self)
        self._tiles.append(tile)
        self._place()

    def sizeHint(self) -> QSize:
        return QSize(240, self._height(240))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 24)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _side(self, width: int) -> int:
        return (width - self.GAP * (self._columns - 1)) // self._columns

    def _height(self, width: int) -> int:
        rows = -(-len(self._tiles) // self._columns)
        tall = round(self._side(width) * self._shape)
        return rows * tall + max(0, rows - 1) * self.GAP

    def _place(self) -> None:
        side = self._side(self.width())
        tall = round(side * self._shape)
        for index, tile in enumerate(self._tiles):
            row, column = divmod(index, self._columns)
            left = column * (self.width() + self.GAP) // self._columns
            tile.setGeometry(left, row * (tall + self.GAP), side, tall)
        if self.minimumHeight() != self._height(self.width()):
            self.setFixedHeight(self._height(self.width()))
