"""What a pane's density and its arrows show: a small menu beside the switch of each. GUI thread."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, cast

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton

from fmstudio.document.document import Document
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.colouring import ParticleColour
from fmstudio.document.specs.density import DensityMethod
from fmstudio.gui.icons import icon
from fmstudio.render.palette import Palette
from fmstudio.studio import choices, commands
from fmstudio.studio.session import Session

Entry = tuple[object, str, bool]
"""What is chosen, its words, and whether it is chosen now."""


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
    def offered(self) -> Iterator[Entry | None]:
        """As of now; None for a line between two groups."""

    @abstractmethod
    def choose(self, value: object) -> None:
        """One of them."""

    @property
    def document(self) -> Document:
        return self._session.store.document

    def show_palette(self, palette: Palette) -> None:
        self.setIcon(icon("choices", palette.secondary, 12))

    def _on_menu_opening(self) -> None:
        self.offers.clear()
        for entry in self.offered():
            if entry is None:
                self.offers.addSeparator()
                continue
            value, title, is_chosen = entry
            action = self.offers.addAction(title)
            action.setData(value)
            action.setCheckable(True)
            action.setChecked(is_chosen)

    def _on_menu_triggered(self, action: QAction) -> None:
        self.choose(action.data())


class DensityMenu(ChoiceMenu):
    """How the density is obtained, or which map stands in its place."""

    def __init__(self, session: Session, pane: int) -> None:
        super().__init__(session, pane, "What the density shows")

    def offered(self) -> Iterator[Entry | None]:
        pane = self._session.planner.pane(self.document, self._pane)
        chosen = self.document.view.panes[self._pane].density
        for choice in choices.densities(pane.experiment, pane.available):
            yield choice.value, choice.facts.title, choice is chosen

    def choose(self, value: object) -> None:
        commands.choose_shown(self._session, self._pane, DensityMethod(str(value)))


class ArrowMenu(ChoiceMenu):
    """What the arrows are, and whether they are streaks."""

    def __init__(self, session: Session, pane: int) -> None:
        super().__init__(session, pane, "What the arrows show")

    def offered(self) -> Iterator[Entry | None]:
        pane = self._session.planner.pane(self.document, self._pane)
        spec = self.document.view.panes[self._pane]
        for choice in choices.arrows(pane.experiment, pane.available):
            yield choice.value, choice.facts.title, choice is spec.arrows
        yield None
        yield False, "Arrows", not spec.streaks
        yield True, "Drifting streaks", spec.streaks

    def choose(self, value: object) -> None:
        if isinstance(value, bool):
            commands.choose_streaks(self._session, self._pane, value)
        else:
            commands.choose_shown(self._session, self._pane, Quantity(str(value)))


class ParticleMenu(ChoiceMenu):
    """What the colours of particles mean, how large they are and whether they glow, in all panes."""

    def __init__(self, session: Session, pane: int) -> None:
        super().__init__(session, pane, "Colour and size of particles")

    def offered(self) -> Iterator[Entry | None]:
        view = self.document.view
        for colour in ParticleColour:
            yield ("colour", colour.value), colour.facts.title, colour is view.particle_colour
        yield None
        for title, size in SIZES:
            yield ("size", size), title, size == view.particle_size
        yield None
        yield ("glow", not view.particle_glow), "Glow", view.particle_glow

    def choose(self, value: object) -> None:
        name, chosen = cast(tuple[str, Any], value)
        commands.set_particles(
            self._session, **{name: ParticleColour(chosen) if name == "colour" else chosen}
        )


SIZES = (("Tiny", 2.0), ("Small", 3.5), ("Medium", 5.0), ("Large", 8.0), ("Huge", 13.0))
"""Diameters in logical pixels of one of two thousand particles."""


class PathMenu(ChoiceMenu):
    """How the paths of particles are shown."""

    def __init__(self, session: Session, pane: int) -> None:
        super().__init__(session, pane, "How paths are shown")

    def offered(self) -> Iterator[Entry | None]:
        only = self.document.view.only_states
        yield "between", "Between the solver's states too", not only
        yield "only", "Only the solver's states", only

    def choose(self, value: object) -> None:
        commands.set_field(self._session, "view.only_states", value == "only", "Show solver states")


MENUS: dict[str, type[DensityMenu] | type[ArrowMenu] | type[ParticleMenu] | type[PathMenu]] = {
    "density": DensityMenu,
    "particles": ParticleMenu,
    "trajectories": PathMenu,
    "field": ArrowMenu,
}
"""By the layer beside whose switch they stand."""
