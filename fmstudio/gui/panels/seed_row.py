"""Two dice: new starting points, and new noise; with the seeds that name them. GUI thread."""

from __future__ import annotations

import secrets

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fmstudio.document.specs.dynamics import SimulationSpec
from fmstudio.gui.bind import FieldEdit, Notify
from fmstudio.gui.icons import icon
from fmstudio.gui.style_sheet import edge
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.number_field import NumberField, Word
from fmstudio.gui.widgets.scale import Scale
from fmstudio.gui.widgets.slider_row import LABEL_WIDTH
from fmstudio.render.palette import Palette
from fmstudio.studio.session import Session

HIGHEST_SEED = 2**31 - 1
_SEEDS = Scale(0, 99, step=1, integer=True, least=0, most=HIGHEST_SEED, grouped=False)


class SeedField(QWidget):
    """One seed: typed, or thrown."""

    def __init__(
        self, session: Session, field: str, name: str, symbol: str, theme: Theme, notify: Notify
    ) -> None:
        super().__init__()
        self._symbol, self._theme = symbol, theme
        self._edit = FieldEdit(session, f"simulation.{field}", f"New {name}", notify)
        self.figure = NumberField(f"The seed of the {name}", _SEEDS)
        self.figure.setMinimumWidth(34)
        self.figure.setAccessibleName(f"Seed of the {name}")
        self.figure.setToolTip(f"Seed of the {name}: the same seed, the same {name}")
        self.die = QPushButton()
        self.die.setFixedWidth(30)
        self.die.setProperty("kind", "die")
        self.die.setAccessibleName(f"New {name}")
        self.die.setToolTip(f"New {name}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        row.addWidget(self.figure, 1)
        row.addWidget(self.die)
        self.figure.chosen.connect(self._on_figure_chosen)
        self.die.clicked.connect(self._on_die_clicked)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed(theme.palette)

    def show_seed(self, seed: int) -> None:
        self.figure.show_value(seed)

    def set_useful(self, is_useful: bool) -> None:
        self.setEnabled(is_useful)
        self._on_theme_changed(self._theme.palette)

    def _on_figure_chosen(self, seed: object) -> None:
        self._edit.set(seed)

    def _on_die_clicked(self) -> None:
        thrown = secrets.randbelow(999)
        self._edit.set(thrown if thrown < self.figure.value() else thrown + 1)

    def _on_theme_changed(self, palette: Palette) -> None:
        self.die.setIcon(icon(self._symbol, palette.text if self.isEnabled() else edge(palette), 16))


class SeedRow(QWidget):
    """Both seeds beside each other."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__()
        self.start = SeedField(session, "start_seed", "starting points", "dice-start", theme, notify)
        self.noise = SeedField(session, "noise_seed", "noise", "dice-noise", theme, notify)
        label = QLabel("Seeds")
        label.setProperty("role", "secondary")
        label.setFixedWidth(LABEL_WIDTH)
        label.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(label)
        row.addWidget(self.start, 1)
        row.addSpacing(4)
        row.addWidget(self.noise, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(Word(self.start.figure, self.noise.figure))

    def show_seeds(self, simulation: SimulationSpec, no_noise: str) -> None:
        """``no_noise`` says why the second die changes nothing; '' where it does."""
        self.start.show_seed(simulation.start_seed)
        self.noise.show_seed(simulation.noise_seed)
        self.noise.set_useful(not no_noise)
        self.noise.setToolTip(no_noise)
