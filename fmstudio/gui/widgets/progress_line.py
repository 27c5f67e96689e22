"""A thin line that fills. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from fmstudio.gui.theme import Theme
from fmstudio.render.palette import Palette

HEIGHT = 4


class ProgressLine(QWidget):
    """Unlike Qt's progress bar it waits for its turn to be painted: that one paints at once, and with it the
    whole window, canvas and all, which costs tens of milliseconds a step where there is no GPU."""

    def __init__(self, name: str, role: str, theme: Theme) -> None:
        super().__init__()
        self._name, self._role, self._theme = name, role, theme
        self._share = 0.0
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._on_theme_changed)
        self.show_share(0.0)

    @property
    def share(self) -> float:
        return self._share

    def sizeHint(self) -> QSize:
        return QSize(80, HEIGHT)

    def show_share(self, share: float) -> None:
        """How much is done, in [0, 1]."""
        moved = round(share * self.width()) != round(self._share * self.width())
        self._share = min(1.0, max(0.0, share))
        self.setAccessibleName(f"{self._name}: {100 * self._share:.0f} %")
        if moved:
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        palette = self._theme.palette
        for colour, share in ((palette.line, 1.0), (getattr(palette, self._role), self._share)):
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(0, 0, share * self.width(), HEIGHT), HEIGHT / 2, HEIGHT / 2)

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.update()
