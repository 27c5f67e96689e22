"""A line that opens to more. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from fmstudio.gui.icons import icon
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.keys import PRESS, claims
from fmstudio.render.palette import Palette


class DisclosureButton(QPushButton):
    """Checked means open."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.setCheckable(True)
        self.setProperty("kind", "disclosure")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(title)

    def event(self, event: QEvent) -> bool:
        return claims(event, PRESS) or super().event(event)


class Disclosure(QWidget):
    """A title with a summary; its content is hidden at first."""

    def __init__(self, title: str, content: QWidget, theme: Theme) -> None:
        super().__init__()
        self._title = title
        self._theme = theme
        self.content = content
        self.button = DisclosureButton(title)
        content.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.button)
        box.addWidget(content)
        self.button.toggled.connect(self._on_button_toggled)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed(theme.palette)

    def set_summary(self, text: str) -> None:
        self.button.setText(f"{self._title}   {text}" if text else self._title)
        self.button.setToolTip(f"{self._title}: {text}")

    def _on_button_toggled(self, opened: bool) -> None:
        self.content.setVisible(opened)
        self._on_theme_changed(self._theme.palette)

    def _on_theme_changed(self, palette: Palette) -> None:
        name = "unfold" if self.button.isChecked() else "aside"
        self.button.setIcon(icon(name, palette.secondary, 12))
