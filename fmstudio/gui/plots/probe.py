"""What is known where the pointer is: density, fields, and whose pull it is. GUI thread."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from fmstudio.engine.client import Job
from fmstudio.engine.messages import ProbeRequest, Row
from fmstudio.gui.bind import Notify
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.theme import Theme
from fmstudio.studio.probing import Probed, Quantity, probed, quantities
from fmstudio.studio.session import Session

KEYS = ("density", "drift", "velocity", "score", "divergence", "mean", "pull")
"""Of all motions, in the order in which they are told."""


class ProbePanel(Panel):
    """One row a quantity, for the pane under the pointer."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self._shown: object = None
        self._told: tuple[Quantity, ...] = ()
        self.names: dict[str, QLabel] = {}
        self.values: dict[str, QLabel] = {}
        content = QWidget()
        grid = QGridLayout(content)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for row, key in enumerate(KEYS):
            name, value = QLabel(), QLabel()
            name.setTextFormat(Qt.TextFormat.RichText)
            name.setProperty("role", "secondary")
            value.setProperty("role", "value")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(name, row, 0)
            grid.addWidget(value, row, 1)
            self.names[key], self.values[key] = name, value
        self.lay_out("Probe", "", content)

    @property
    def has_content(self) -> bool:
        return self._job() is not None

    def tick(self) -> None:
        place, job = self.session.tools.probe, self._job()
        if job is None or place is None or (job.id, place) == self._shown:
            return
        self._shown = (job.id, place)
        asked = job.request
        assert isinstance(asked, ProbeRequest)
        role = "exact" if asked.moving.learned is None else "learned"
        self.section.set_summary(f"x = ({place.x:.2f}, {place.y:.2f})", role)
        self._name(quantities(asked.moving.dynamics))
        self._show(probed(job.result.values))

    def _name(self, told: tuple[Quantity, ...]) -> None:
        """What plays a part in the motion, and no more."""
        if told == self._told:
            return
        self._told = told
        by_key = {quantity.key: quantity for quantity in told}
        for key in KEYS:
            quantity = by_key.get(key)
            for label in (self.names[key], self.values[key]):
                label.setVisible(quantity is not None)
                label.setToolTip(quantity.hint if quantity is not None else "")
            self.names[key].setText(quantity.symbol if quantity is not None else "")

    def _job(self) -> Job | None:
        """The newest whole answer for the pane under the pointer."""
        place = self.session.tools.probe
        shown = self.session.stage.shown(place.pane, "probe") if place is not None else None
        return None if shown is None else shown.job

    def _show(self, told: Probed) -> None:
        texts = {
            "density": _number(told.density),
            "drift": _vector(told.drift),
            "velocity": _vector(told.velocity),
            "score": _vector(told.score),
            "divergence": _number(told.divergence),
            "mean": _vector(told.mean, length=False),
            "pull": f"{100 * float(told.weights.max()):.0f} %" if len(told.weights) else "–",
        }
        for key, text in texts.items():
            self.values[key].setText(text)
            self.values[key].setAccessibleName(f"{key}: {text}")


def _number(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "–"


def _vector(value: Row, length: bool = True) -> str:
    x, y = float(value[0]), float(value[1])
    if not (math.isfinite(x) and math.isfinite(y)):
        return "–"
    pair = f"({x:.2f}, {y:.2f})"
    return f"{pair}  |{math.hypot(x, y):.2f}|" if length else pair
