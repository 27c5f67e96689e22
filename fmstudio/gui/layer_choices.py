"""What a pane's density and its arrows show: a small menu beside the switch of each. GUI thread."""

from __future__ import annotations

from abc import abstractmethod
from enum import StrEnum

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton

from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.view import PaneSpec
from fmstudio.gui.icons import icon
from fmstudio.render.palette import Palette
from fmstudio.studio import choices, commands
from fmstudio.studio.session import Session


class ChoiceMenu(QPushButton):
    """Beside a layer's switch; its menu is made when it opens, of what is defined at that moment."""

    def __init__(self, session: Session, pane: int, title: str) -> None:
        super().__init__()
        self._session, self._pane = session, pane
        self.setProperty("kind", "tool")
        self.setFixedSize(16, 26)
        self.setToolTip(title)
        self.setAccessibleName(f"{title}, pane {pane + 1}")
        self.offers = QMenu(self)
        self.offers.aboutToShow.connect(self._on_menu_opening)
        self.offers.triggered.connect(self._on_menu_triggered)
        self.setMenu(self.offers)

    @abstractmethod
    def offered(self) -> tuple[tuple[StrEnum, str], ...]:
        """Choices and their words, as of now."""

    @abstractmethod
    def named(self, value: str) -> DensityMethod | Quantity:
        """The choice of that value."""

    @abstractmethod
    def chosen(self, pane: PaneSpec) -> StrEnum:
        """The pane's choice."""

    def show_palette(self, palette: Palette) -> None:
        self.setIcon(icon("choices", palette.secondary, 12))

    def _on_menu_opening(self) -> None:
        self.offers.clear()
        current = self.chosen(self._session.store.document.view.panes[self._pane])
        for choice, title in self.offered():
            action = self.offers.addAction(title)
            action.setData(choice.value)
            action.setCheckable(True)
            action.setChecked(choice is current)

    def _on_menu_triggered(self, action: QAction) -> None:
        commands.choose_shown(self._session, self._pane, self.named(str(action.data())))


class DensityMenu(ChoiceMenu):
    """How the density is obtained, or which map stands in its place."""

    def __init__(self, session: Session, pane: int) -> None:
        super().__init__(session, pane, "What the density shows")

    def offered(self) -> tuple[tuple[StrEnum, str], ...]:
        pane = self._session.planner.pane(self._session.store.document, self._pane)
        offered = choices.densities(pane.experiment, pane.available)
        return tuple((choice, choice.facts.title) for choice in offered)

    def named(self, value: str) -> DensityMethod:
        return DensityMethod(value)

    def chosen(self, pane: PaneSpec) -> StrEnum:
        return pane.density


class ArrowMenu(ChoiceMenu):
    """What the arrows are."""

    def __init__(self, session: Session, pane: int) -> None:
        super().__init__(session, pane, "What the arrows show")

    def offered(self) -> tuple[tuple[StrEnum, str], ...]:
        pane = self._session.planner.pane(self._session.store.document, self._pane)
        offered = choices.arrows(pane.experiment, pane.available)
        return tuple((choice, choice.facts.title) for choice in offered)

    def named(self, value: str) -> Quantity:
        return Quantity(value)

    def chosen(self, pane: PaneSpec) -> StrEnum:
        return pane.arrows


MENUS: dict[str, type[DensityMenu] | type[ArrowMenu]] = {"density": DensityMenu, "field": ArrowMenu}
"""By the layer beside whose switch they stand."""
