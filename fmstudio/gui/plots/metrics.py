"""How near the particles come to the target, pane by pane, beside the floor of sampling. GUI thread."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from fmstudio.gui.bind import Notify
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.theme import Theme
from fmstudio.studio.measures import distance_in_full, is_chance
from fmstudio.studio.resolve import Figure
from fmstudio.studio.results import request_of
from fmstudio.studio.session import Session

HINT = (
    "W₂ between the particles at the end and as many draws of the target. "
    "Floor: W₂ between two such sets of draws. What is not clearly above it is within sampling noise: "
    "draws of the target itself would be as far."
)
NAME_PIXELS = 112
Figures = tuple[tuple[str, float, float], ...]
"""(pane's title, W2, floor)"""


class MetricsPanel(Panel):
    """One row a pane; panes that show the same particles share one."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self._shown: Figures = ()
        self.figures: tuple[Figure, ...] = ()
        """what is shown, and the request that each answers"""
        self.rows: list[tuple[QLabel, QLabel, QLabel]] = []
        content = QWidget()
        content.setToolTip(HINT)
        self._grid = QGridLayout(content)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(0, 1)
        self.lay_out("W₂ to the target", "", content)

    @property
    def has_content(self) -> bool:
        return bool(self._figures())

    def tick(self) -> None:
        figures = self._figures()
        if figures != self._shown:
            self._shown = figures
            self._show(figures)

    def _figures(self) -> Figures:
        document = self.session.store.document
        found: dict[int, tuple[str, float, float]] = {}
        figures: dict[int, Figure] = {}
        for index, pane in enumerate(document.view.panes):
            slot = self.session.results.slots.get(f"measure/{index}")
            job = slot.at(0) if slot is not None else None
            if job is not None:
                w2, floor = (float(value) for value in job.result.values[0])
                title = pane.title or document.experiment(index).dynamics.title
                found.setdefault(job.id, (title, w2, floor))
                figures.setdefault(job.id, Figure(request_of(job), f"{w2:.3f}"))
        self.figures = tuple(figures.values())
        return tuple(found.values())

    def _show(self, figures: Figures) -> None:
        while len(self.rows) < len(figures):
            self.rows.append(self._new_row(len(self.rows)))
        for index, row in enumerate(self.rows):
            for label in row:
                label.setVisible(index < len(figures))
        for (title, w2, floor), (name, value, ground) in zip(figures, self.rows, strict=False):
            name.setText(name.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, NAME_PIXELS))
            name.setToolTip(title)
            full = distance_in_full(w2, floor)
            for label in (value, ground):
                label.setToolTip(f"{full}. {HINT}")
            value.setText("" if is_chance(w2, floor) else f"{w2:.3f}")
            ground.setText("within sampling noise" if is_chance(w2, floor) else f"floor {floor:.3f}")
            value.setAccessibleName(f"{title}: {full}")
            ground.setAccessibleName(f"{title}: {full}")

    def _new_row(self, index: int) -> tuple[QLabel, QLabel, QLabel]:
        name, value, ground = QLabel(), QLabel(), QLabel()
        for column, (label, role) in enumerate(
            ((name, "secondary"), (value, "value"), (ground, "secondary"))
        ):
            label.setProperty("role", role)
            if column:
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
                label.setMinimumWidth(44)
            self._grid.addWidget(label, index, column)
        return name, value, ground
