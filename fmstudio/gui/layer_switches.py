"""The small switches in a pane's corner: one a layer."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from fmstudio.gui.icons import icon
from fmstudio.gui.theme import Theme
from fmstudio.render.palette import Palette
from fmstudio.studio import commands
from fmstudio.studio.session import Session

LAYERS = (
    ("density", "Density"),
    ("particles", "Particles"),
    ("trajectories", "Trajectories"),
    ("field", "Vector field"),
    ("data", "Samples of the target"),
)


class LayerSwitch(QPushButton):
    """One switch; it knows its layer, so that its slot need not be a closure."""

    def __init__(self, session: Session, pane: int, layer: str, title: str) -> None:
        super().__init__()
        self._session, self._pane, self.layer = session, pane, layer
        self.setCheckable(True)
        self.setProperty("kind", "tool")
        self.setFixedSize(28, 26)
        self.setToolTip(title)
        self.setAccessibleName(f"{title}, pane {pane + 1}")
        self.clicked.connect(self._on_clicked)

    def _on_clicked(self) -> None:
        commands.toggle_layer(self._session, self._pane, self.layer)


class LayerSwitches(QFrame):
    """The row of switches of one pane."""

    def __init__(self, session: Session, theme: Theme, pane: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("layerSwitches")
        self._session, self._theme, self._pane = session, theme, pane
        self._shown: object = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.buttons = [LayerSwitch(session, pane, layer, title) for layer, title in LAYERS]
        for button in self.buttons:
            row.addWidget(button)
        theme.changed.connect(self._on_theme_changed)
        self.refresh()

    def refresh(self) -> None:
        """Follow the document."""
        panes = self._session.store.document.view.panes
        if self._pane >= len(panes):
            return
        look = (panes[self._pane].layers, self._theme.palette.name)
        if look == self._shown:
            return
        self._shown = look
        palette = self._theme.palette
        for button in self.buttons:
            on = bool(getattr(panes[self._pane].layers, button.layer))
            button.setChecked(on)
            button.setIcon(icon(button.layer, palette.text if on else palette.secondary, 16))

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.refresh()
