"""A foldable section of a column: its head keeps the choice in one line, folded or not. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QSizePolicy, QVBoxLayout, QWidget

from fmstudio.gui.contrast import readable
from fmstudio.gui.stops import make_group
from fmstudio.gui.theme import Theme, interface_font, symbol_font
from fmstudio.gui.widgets.notes import Notes
from fmstudio.render.palette import Palette
from fmstudio.studio.guardrails import Guardrail

MARGIN = 14
HEAD_HEIGHT = 20


class SectionHead(QAbstractButton):
    """Title in small capitals, symbol in italic serif, summary at the right; checked means unfolded."""

    def __init__(self, title: str, symbol: str, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._title = title
        self._symbol = symbol
        self._summary, self._role = "", "text"
        self._extra: QWidget | None = None
        self.setCheckable(True)
        self.setChecked(True)
        make_group(self)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEAD_HEIGHT)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._name()

    @property
    def summary(self) -> str:
        return self._summary

    def set_summary(self, text: str, role: str) -> None:
        if (text, role) != (self._summary, self._role):
            self._summary, self._role = text, role
            self._name()
            self.update()

    def _name(self) -> None:
        said = f"{self._title}: {self._summary}" if self._summary else self._title
        self.setAccessibleName(said)
        self.setToolTip(f"{said}. Click to fold or unfold")

    def sizeHint(self) -> QSize:
        return QSize(200, HEAD_HEIGHT)

    # ---- painting ----

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        base = 14.0
        x = self._paint_title(painter, palette, base)
        x = self._paint_symbol(painter, palette, x, base)
        x = self._place_extra(x)
        x = self._paint_chevron(painter, palette, x)
        self._paint_summary(painter, palette, x + 8, base)
        if self.hasFocus():
            painter.setPen(QPen(QColor(palette.target), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_title(self, painter: QPainter, palette: Palette, base: float) -> float:
        font = interface_font(11, QFont.Weight.DemiBold)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.9)
        painter.setFont(font)
        painter.setPen(QColor(palette.secondary))
        title = " ".join(word if len(word) == 1 else word.upper() for word in self._title.split(" "))
        painter.drawText(QPointF(0, base), title)
        return QFontMetricsF(font).horizontalAdvance(title)

    def _paint_symbol(self, painter: QPainter, palette: Palette, x: float, base: float) -> float:
        if not self._symbol:
            return x
        letter, _, below = self._symbol.partition("_")
        x += 8
        painter.setPen(QColor(palette.secondary))
        for text, font, drop in ((letter, symbol_font(13), 0.0), (below, symbol_font(10), 3.0)):
            painter.setFont(font)
            painter.drawText(QPointF(x, base + drop), text)
            x += QFontMetricsF(font).horizontalAdvance(text) + 0.5
        return x

    def hold(self, extra: QWidget) -> None:
        """A small control behind the title."""
        extra.setParent(self)
        self._extra = extra

    def _place_extra(self, x: float) -> float:
        if self._extra is None or self._extra.isHidden():
            return x
        left = round(x) + 6
        if self._extra.x() != left:
            self._extra.move(left, (self.height() - self._extra.height()) // 2)
        return left + self._extra.width() - 4.0

    def _paint_chevron(self, painter: QPainter, palette: Palette, x: float) -> float:
        """Only where it says something: when folded, or under the pointer or the focus."""
        if not (self.underMouse() or self.hasFocus() or not self.isChecked()):
            return x
        painter.setPen(QPen(QColor(palette.secondary), 1.3, c=Qt.PenCapStyle.RoundCap))
        cx, cy = x + 12, 10.0
        tip = 2.0 if self.isChecked() else -2.0
        if self.isChecked():
            points = [
                QPointF(cx - 3.5, cy - tip + 0.5),
                QPointF(cx, cy + tip),
                QPointF(cx + 3.5, cy - tip + 0.5),
            ]
        else:
            points = [QPointF(cx - 1.5, cy - 3.5), QPointF(cx + 2, cy), QPointF(cx - 1.5, cy + 3.5)]
        painter.drawPolyline(points)
        return x + 18

    def _paint_summary(self, painter: QPainter, palette: Palette, left: float, base: float) -> None:
        if not self._summary:
            return
        font = interface_font(13, QFont.Weight.Medium)
        metrics = QFontMetricsF(font)
        text = metrics.elidedText(self._summary, Qt.TextElideMode.ElideRight, self.width() - left)
        painter.setFont(font)
        painter.setPen(QColor(readable(getattr(palette, self._role), palette.window)))
        painter.drawText(QPointF(self.width() - metrics.horizontalAdvance(text), base), text)


class Section(QWidget):
    """Head, content that folds, guardrails that do not, and a line below."""

    remedy_chosen = Signal(object)
    """the Guardrail, when its button is pressed"""

    def __init__(self, title: str, symbol: str, content: QWidget, theme: Theme) -> None:
        super().__init__()
        self.content = content
        self.head = SectionHead(title, symbol, theme)
        self.notes = Notes()
        inner = QVBoxLayout()
        inner.setContentsMargins(MARGIN, 8, MARGIN, 10)
        inner.setSpacing(7)
        inner.addWidget(self.head)
        inner.addWidget(content)
        inner.addWidget(self.notes)
        rule = QFrame()
        rule.setProperty("kind", "rule")
        rule.setFixedHeight(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(inner)
        outer.addWidget(rule)
        theme.changed.connect(self._on_theme_changed)
        self.head.toggled.connect(self._on_head_toggled)
        self.notes.remedy_chosen.connect(self._on_notes_remedy_chosen)

    def add_to_head(self, widget: QWidget) -> None:
        """A small control in the head, behind the title."""
        self.head.hold(widget)

    def set_summary(self, text: str, role: str = "text") -> None:
        """The choice in a few words, in the colour of a palette role."""
        self.head.set_summary(text, role)

    def show_notes(self, notes: tuple[Guardrail, ...]) -> None:
        self.notes.show_notes(notes)

    @property
    def is_folded(self) -> bool:
        return not self.head.isChecked()

    def fold(self, folded: bool) -> None:
        self.head.setChecked(not folded)

    def _on_head_toggled(self, unfolded: bool) -> None:
        self.content.setVisible(unfolded)
        self.head.update()

    def _on_notes_remedy_chosen(self, remedy: object) -> None:
        self.remedy_chosen.emit(remedy)

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.head.update()
