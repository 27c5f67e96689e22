"""What is known where the pointer is: density, fields, and whose pull it is. GUI thread."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QEnterEvent, QFocusEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from fmstudio.document.specs.units import Units
from fmstudio.engine.client import Job
from fmstudio.engine.messages import ProbeRequest
from fmstudio.gui.bind import Notify
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.theme import Theme
from fmstudio.studio import written
from fmstudio.studio.probing import Probed, Quantity, probed, quantities, told_in, units_told
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Tools

KEYS = (
    *("alpha", "beta", "sigma", "density", "drift", "velocity"),
    *("score", "divergence", "mean", "pull"),
)
"""Of all motions, in the order in which they are told."""


SCALES = ("alpha", "beta")
"""Left out where the ends are joined otherwise than by them."""


class Row(QLabel):
    """A part of the row of one quantity: while it is pointed at, or has the focus, its mark is on the
    canvas."""

    def __init__(self, tools: Tools, key: str) -> None:
        super().__init__()
        self._tools, self._key = tools, key

    def enterEvent(self, event: QEnterEvent) -> None:
        self._tools.point_at(self._key)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._tools.point_at()
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._tools.point_at(self._key)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._tools.point_at()
        super().focusOutEvent(event)


class ProbePanel(Panel):
    """One row a quantity, for the pane under the pointer or with the newest particle that was dropped."""

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
            name, value = Row(session.tools, key), Row(session.tools, key)
            name.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            name.setTextFormat(Qt.TextFormat.RichText)
            name.setProperty("role", "secondary")
            value.setProperty("role", "value")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # widens no column
            grid.addWidget(name, row, 0)
            grid.addWidget(value, row, 1)
            self.names[key], self.values[key] = name, value
        self.lay_out("Probe", "", content)

    @property
    def has_content(self) -> bool:
        return self._job() is not None

    def tick(self) -> None:
        place, job = self.session.probed, self._job()
        if job is None or place is None or (job.id, place) == self._shown:
            return
        self._shown = (job.id, place)
        asked = job.request
        assert isinstance(asked, ProbeRequest)
        role = "exact" if asked.moving.learned is None else "learned"
        units = units_told(asked)
        x, y = units.from_plane((place.x, place.y)).tolist()
        self.section.set_summary(f"x = {written.place(units, x, y)}", role)
        self._name(quantities(asked.moving.dynamics))
        self._show(told_in(units, probed(job.result.values)), units)

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
                label.setToolTip(quantity.words if quantity is not None else "")
                label.setAccessibleDescription(label.toolTip())
            self.names[key].setText(quantity.symbol if quantity is not None else "")

    def _job(self) -> Job | None:
        """The newest whole answer for the pane under the pointer."""
        place = self.session.probed
        shown = self.session.stage.shown(place.pane, "probe") if place is not None else None
        return None if shown is None else shown.job

    def _show(self, told: Probed, units: Units) -> None:
        for key, scale in zip(SCALES, (told.alpha, told.beta), strict=True):
            for label in (self.names[key], self.values[key]):
                label.setVisible(math.isfinite(scale) and bool(self.names[key].text()))
        texts = {
            "alpha": written.figure(told.alpha),
            "beta": written.figure(told.beta),
            "sigma": written.figure(told.sigma),
            "density": written.figure(told.density),
            "drift": written.vector(units, *told.drift.tolist()),
            "velocity": written.vector(units, *told.velocity.tolist()),
            "score": written.vector(units, *told.score.tolist()),
            "divergence": written.figure(told.divergence),
            "mean": written.place(units, *told.mean.tolist()),
            "pull": f"{100 * float(told.weights.max()):.0f} %" if len(told.weights) else "–",
        }
        for key, text in texts.items():
            self.values[key].setText(text)
            for label in (self.names[key], self.values[key]):
                label.setAccessibleName(f"{key}: {text}")
