"""The small switches in a pane's corner: one a layer, and a menu of the rarer ones."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QWidget

from fmstudio.document.document import Document
from fmstudio.document.specs.view import LAYERS, LayersSpec, PaneSpec
from fmstudio.gui.icons import icon
from fmstudio.gui.layer_choices import MENUS, ChoiceMenu
from fmstudio.gui.pane_choices import PaneChoices
from fmstudio.gui.stops import make_group
from fmstudio.gui.theme import Theme
from fmstudio.render.palette import Palette
from fmstudio.studio import commands, comparisons
from fmstudio.studio.effects import idle_layer
from fmstudio.studio.session import Session

COMMON = tuple(name for name, layer in LAYERS.items() if not layer.is_rare)
RARE = tuple(name for name, layer in LAYERS.items() if layer.is_rare)


class LayerSwitch(QPushButton):
    """One switch; it knows its layer, so that its slot need not be a closure."""

    def __init__(self, session: Session, pane: int, layer: str) -> None:
        super().__init__()
        self._session, self._pane, self.layer = session, pane, layer
        self.setCheckable(True)
        self.setProperty("kind", "tool")
        self.setFixedSize(28, 26)
        self._title = LAYERS[layer].title
        self.setAccessibleName(f"{self._title}, pane {pane + 1}")
        self.explain("")
        self.clicked.connect(self._on_clicked)

    def explain(self, reason: str) -> None:
        """Why the layer has nothing to show here; '' where it has."""
        self.setEnabled(not reason)
        self.setToolTip(reason or self._title)
        self.setAccessibleDescription(reason)

    def _on_clicked(self) -> None:
        commands.toggle_layer(self._session, self._pane, self.layer)


class LayerMenu(QPushButton):
    """The rarer layers, one checkable entry each."""

    def __init__(self, session: Session, pane: int) -> None:
        super().__init__()
        self._session, self._pane = session, pane
        self._submenus: list[QAction] = []
        self.setProperty("kind", "tool")
        self.setFixedSize(28, 26)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.entries: dict[str, QAction] = {
            layer: menu.addAction(LAYERS[layer].title) for layer in (*COMMON, *RARE)
        }
        for layer, entry in self.entries.items():
            entry.setCheckable(True)
            entry.setData(layer)
        menu.addSeparator()
        self.held, self.own_view = menu.addAction("Hold this pane's time"), menu.addAction("Own view")
        for action in (self.held, self.own_view):
            action.setCheckable(True)
        self.otherwise = PaneChoices(session, pane, menu)
        self.remove = menu.addAction("Remove this pane")
        menu.triggered.connect(self._on_menu_triggered)
        self.setMenu(menu)
        self.list_all(False)

    def add_choices(self, choice: ChoiceMenu) -> None:
        """A submenu of what a layer shows, for where its own button has no room."""
        choice.offers.setTitle(choice.toolTip())
        self._submenus.append(self.menu().addMenu(choice.offers))

    def list_all(self, everything: bool) -> None:
        """Hold the common layers too, where there is no room for their switches."""
        for entry in (*(self.entries[layer] for layer in COMMON), *self._submenus):
            entry.setVisible(everything)
        words = "Layers" if everything else "More layers"
        self.setToolTip(words)
        self.setAccessibleName(f"{words}, pane {self._pane + 1}")

    def explain(self, layer: str, reason: str) -> None:
        """Why a layer has nothing to show here; '' where it has."""
        self.entries[layer].setEnabled(not reason)
        self.entries[layer].setToolTip(reason)

    def show_layers(self, layers: LayersSpec, palette: Palette) -> None:
        """Follow the document; the button's own picture says whether any is on."""
        for layer, entry in self.entries.items():
            on = bool(getattr(layers, layer))
            entry.setChecked(on)
            entry.setIcon(icon(layer, palette.text if on else palette.secondary, 16))
        lit = any(self.entries[layer].isChecked() for layer in RARE)
        self.setIcon(icon("layers", palette.text if lit else palette.secondary, 16))

    def show_links(self, panes: tuple[PaneSpec, ...]) -> None:
        """Whether the pane goes with the others; of one alone there is nothing to say."""
        spec = panes[self._pane]
        self.held.setChecked(spec.held is not None)
        self.own_view.setChecked(spec.camera is not None)
        self.remove.setVisible(len(panes) > 1)
        for action in (self.held, self.own_view):
            action.setVisible(len(panes) > 1 or self.held.isChecked() or self.own_view.isChecked())

    def _on_menu_triggered(self, entry: QAction) -> None:
        """A menu also tells of what is chosen in the menus below it: those have ears of their own."""
        if entry is self.held:
            commands.hold_time(self._session, self._pane, entry.isChecked())
        elif entry is self.own_view:
            commands.own_view(self._session, self._pane, entry.isChecked())
        elif entry is self.remove:
            comparisons.remove_pane(self._session, self._pane)
        if entry not in self.entries.values():
            return
        commands.toggle_layer(self._session, self._pane, str(entry.data()))


class LayerSwitches(QFrame):
    """The row of switches of one pane."""

    def __init__(self, session: Session, theme: Theme, pane: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("layerSwitches")
        make_group(self)
        self._session, self._theme, self._pane = session, theme, pane
        self._shown: tuple[Document, str] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.buttons = [LayerSwitch(session, pane, layer) for layer in COMMON]
        self.choices: dict[str, ChoiceMenu] = {layer: menu(session, pane) for layer, menu in MENUS.items()}
        for button in self.buttons:
            row.addWidget(button)
            if button.layer in self.choices:
                row.addWidget(self.choices[button.layer])
        self.menu = LayerMenu(session, pane)
        for choice in self.choices.values():
            self.menu.add_choices(choice)
        row.addWidget(self.menu)
        theme.changed.connect(self._on_theme_changed)
        self.refresh()

    def compact(self, narrow: bool) -> None:
        """In a narrow pane everything is in one menu, so that the title can be read."""
        for part in (*self.buttons, *self.choices.values()):
            part.setVisible(not narrow)
        self.menu.list_all(narrow)
        self.adjustSize()

    def refresh(self) -> None:
        """Follow the document."""
        document = self._session.store.document
        panes = document.view.panes
        if self._pane >= len(panes):
            return
        look = (document, self._theme.palette.name)
        if self._shown is not None and look[0] is self._shown[0] and look[1] == self._shown[1]:
            return
        self._shown = look
        self._explain(document)
        palette = self._theme.palette
        for button in self.buttons:
            on = bool(getattr(panes[self._pane].layers, button.layer))
            button.setChecked(on)
            button.setIcon(icon(button.layer, palette.text if on else palette.secondary, 16))
        for menu in self.choices.values():
            menu.show_palette(palette)
        self.menu.show_layers(panes[self._pane].layers, palette)
        self.menu.show_links(panes)

    def _explain(self, document: Document) -> None:
        """Dim the layers that have nothing to show in this pane."""
        experiment = document.experiment(self._pane)
        reasons = {layer: idle_layer(experiment, layer) for layer in self.menu.entries}
        for button in self.buttons:
            button.explain(reasons[button.layer])
        for layer, reason in reasons.items():
            self.menu.explain(layer, reason)

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.refresh()
