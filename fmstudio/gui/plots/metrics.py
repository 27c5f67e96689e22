"""How near the particles come to the target, pane by pane, beside the floor of sampling. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from fmstudio.gui.bind import Notify
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.theme import Theme
from fmstudio.render import words
from fmstudio.render.figures import Distance, distance, measures
from fmstudio.studio.measures import distance_in_full, ways_words
from fmstudio.studio.resolve import Figure
from fmstudio.studio.session import Session
from fmstudio.studio.written import figure

HINT = (
    "W₂ between the particles at the end and as many draws of the target. "
    "Floor: W₂ between two such sets of draws. What is not clearly above it is within sampling noise: "
    "draws of the target itself would be as far."
)
WAYS_HINT = (
    "Path energy: E ∫ |v|² dt along the particles' ways as they are drawn, t from 0 to 1; "
    "no flow between the ends has less than their W₂². "
    "Straightness: E ∫ |(x₁ − x₀) − v|² dt; 0 for straight ways at a constant speed."
)
NAME_PIXELS = 112
Row = tuple[str, Distance | None]
"""(pane's title, what is known)"""


class MetricsPanel(Panel):
    """One row a pane; panes that show the same particles share one."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self._shown: tuple[Row, ...] = ()
        self._has_begun = False
        self.figures: tuple[Figure, ...] = ()
        """what is shown, and the request that each answers"""
        self.rows: list[tuple[QLabel, QLabel, QLabel]] = []
        self.ways: list[QLabel] = []
        """beneath each row: energy and straightness"""
        content = QWidget()
        content.setToolTip(HINT)
        self._grid = QGridLayout(content)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(0, 1)
        self.lay_out("W₂ to the target at the end", "", content)

    @property
    def has_content(self) -> bool:
        """From the first figure on, for as long as there is one to come: a change moves no panel."""
        return self._has_begun and bool(self._shown)

    def tick(self) -> None:
        told = self._told()
        self._has_begun = bool(told) and (self._has_begun or any(known for _, known in told))
        if told != self._shown:
            self._shown = told
            self._show(told)

    def _told(self) -> tuple[Row, ...]:
        """Of what each pane shows."""
        found: dict[object, Row] = {}
        for standing in self.session.stage.panes.values():
            if measures(standing):
                row = (words.title(standing.resolved), distance(standing))
                found.setdefault(standing.resolved.asks["measure"], row)
        return tuple(found.values())

    def _show(self, told: tuple[Row, ...]) -> None:
        while len(self.rows) < len(told):
            self.rows.append(self._new_row(len(self.rows)))
            self.ways.append(self._new_ways(len(self.ways)))
        for index, row in enumerate(self.rows):
            for label in row:
                label.setVisible(index < len(told))
            self._show_ways(self.ways[index], *(told[index] if index < len(told) else ("", None)))
        for (title, known), (name, value, ground) in zip(told, self.rows, strict=False):
            name.setText(name.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, NAME_PIXELS))
            name.setToolTip(title)
            full = "not known yet" if known is None else distance_in_full(known.w2, known.floor)
            if known is not None and known.step is not None:
                full += f", at training step {known.step:,}"
            for label in (value, ground):
                label.setToolTip(f"{full}. {HINT}")
                label.setAccessibleName(f"{title}: {full}")
            value.setText("–" if known is None else "" if known.is_chance else figure(known.w2))
            ground.setText("" if known is None else known.beside)
            self._give_room(ground, known is not None and known.is_chance)
        answered = (known for _, known in told if known is not None)
        self.figures = tuple(Figure(known.request, figure(known.w2)) for known in answered)

    def _give_room(self, ground: QLabel, is_alone: bool) -> None:
        """Words alone have the room of a figure, too."""
        row = [labels[-1] for labels in self.rows].index(ground)
        self._grid.removeWidget(ground)
        self._grid.addWidget(ground, 2 * row, 1 if is_alone else 2, 1, 2 if is_alone else 1)

    def _new_row(self, index: int) -> tuple[QLabel, QLabel, QLabel]:
        name, value, ground = QLabel(), QLabel(), QLabel()
        for column, (label, role) in enumerate(
            ((name, "secondary"), (value, "value"), (ground, "secondary"))
        ):
            label.setProperty("role", role)
            if column:
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
                label.setMinimumWidth(44)
            self._grid.addWidget(label, 2 * index, column)
        return name, value, ground

    def _new_ways(self, index: int) -> QLabel:
        ways = QLabel()
        ways.setProperty("role", "secondary")
        ways.setToolTip(WAYS_HINT)
        ways.setWordWrap(True)
        ways.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._grid.addWidget(ways, 2 * index + 1, 0, 1, 3)
        return ways

    @staticmethod
    def _show_ways(ways: QLabel, title: str, known: Distance | None) -> None:
        text = "" if known is None or known.ways is None else ways_words(*known.ways)
        ways.setText(text)
        ways.setAccessibleName(f"{title}: {text}")
        ways.setVisible(bool(text))
