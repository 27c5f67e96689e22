"""A small switch that shows or hides what is not needed all the time. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QWidget

from fmstudio.gui.icons import icon
from fmstudio.gui.theme import Theme
from fmstudio.render.palette import Palette


class SettingsSwitch(QPushButton):
    """Checked while ``content`` is wanted. With ``offer(False)`` there is nothing to show, and both hide."""

    def __init__(self, name: str, content: QWidget, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._content = content
        self._is_offered = True
        self.setCheckable(True)
        self.setProperty("kind", "small")
        self.setFixedSize(22, 20)
        self.setIconSize(QSize(14, 14))
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.toggled.connect(self._on_toggled)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed(theme.palette)
        content.hide()

    def offer(self, is_offered: bool) -> None:
        """Whether there is anything behind the switch."""
        self._is_offered = is_offered
        self.setVisible(is_offered)
        self._content.setVisible(is_offered and self.isChecked())

    def _on_toggled(self, wanted: bool) -> None:
        self._content.setVisible(wanted and self._is_offered)
        self._on_theme_changed(self._theme.palette)

    def _on_theme_changed(self, palette: Palette) -> None:
        self.setIcon(icon("settings", palette.text if self.isChecked() else palette.secondary, 14))
