"""The x-marginal of p_t between those of source and target. GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from fmstudio.document.specs.density import DensityMethod, Meaning
from fmstudio.engine.client import Job
from fmstudio.engine.messages import DensityRequest
from fmstudio.gui.bind import Notify
from fmstudio.gui.contrast import readable
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.plots.chart import Chart, Stroke
from fmstudio.gui.plots.throttle import Throttle
from fmstudio.gui.theme import Theme
from fmstudio.render.palette import Palette
from fmstudio.studio.answers import snapshot_of
from fmstudio.studio.clocks import clock
from fmstudio.studio.resolve import Figure
from fmstudio.studio.results import is_row_ready, nearest_row, position_of, request_of
from fmstudio.studio.session import Session
from fmstudio.studio.stage import Standing
from fmstudio.studio.ticks import own_ticks

MOST_PANES = 3
MOST_LETTERS = 38
"""On the axis, with the gaps between."""
_TOP = 1.08
WAITING = "Computing the density …"
_FAINT = 0.3
"""Opacity of a curve that is of no present answer."""


@dataclass(frozen=True, eq=False)
class Marginal:
    """A density over x: that of a pane at one moment."""

    x: npt.NDArray[np.float32]
    density: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ready:
    """One moment of a pane's density, and the palette role of its curve."""

    job: Job
    row: int
    role: str
    is_dimmed: bool
    """something else is asked: it stands only until that is there"""


def marginal(job: Job, row: int) -> Marginal:
    """Sum a density over y. Row ``row`` of the request must be ready."""
    request: Any = job.request
    ys = request.grid.ys
    cell = float(ys[1] - ys[0])
    values = job.result.values[position_of(job, row)]
    return Marginal(request.grid.xs, values.sum(axis=0, dtype=np.float64) * cell)


class MarginalsPanel(Panel):
    """p_t of each pane, and the marginals of both ends as thin lines behind it."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self.chart = Chart("Marginal densities over x at time t", theme, height=84, left_ticks=False)
        self.source = self.chart.add_line(Stroke("source", 1.1, opacity=0.9))
        self.target = self.chart.add_line(Stroke("target", 1.1, opacity=0.9))
        self.present = [self.chart.add_line(Stroke("exact", 1.7, fill=0.14)) for _ in range(MOST_PANES)]
        self.legend = QLabel()
        self.legend.setProperty("role", "small")
        self._throttle = Throttle()
        self.figures: tuple[Figure, ...] = ()
        """the curves that are shown, and the request that each answers"""
        self._has_begun = False
        self._top = (-1, 0.0)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addWidget(self.chart)
        box.addWidget(self.legend)
        self.lay_out("Marginals at t", "", content)
        theme.changed.connect(self._on_theme_changed)

    @property
    def has_content(self) -> bool:
        """From the first curve on, for as long as there is one to come: a change moves no panel."""
        return self._has_begun

    def tick(self) -> None:
        shown = self._ready()
        asked = any(_asks(pane) for pane in self.session.stage.panes.values())
        self._has_begun = bool(shown) or (self._has_begun and asked)
        look = tuple((one, _ends_ready(one.job)) for one in shown)
        if self._throttle.is_due((look, round(self.session.playback.t * 200))):
            self._show(shown)

    def _ready(self) -> list[Ready]:
        """What each pane shows of its density now. Before a model is trained there is none: the exact one
        behind is not the learned pane's."""
        found = []
        for standing in list(self.session.stage.panes.values())[:MOST_PANES]:
            density = standing.shown.get("density")
            if density is None or not _asks(standing) or not _is_density(density.request):
                continue
            t = standing.resolved.pane.at(self.session.playback.t)
            row = nearest_row(density.job, _row_at(density.request.times, t))
            if row is not None:
                found.append(Ready(density.job, row, _role(density.request), density.is_dimmed))
        return found

    def _show(self, shown: list[Ready]) -> None:
        present = [one for one in shown if not one.is_dimmed]
        self.figures = tuple(Figure(request_of(one.job), _how(one.job)) for one in present)
        self._show_ends(next((one.job for one in present if _has_ends(one.job)), None))
        self._show_curves(shown)
        self._show_legend(present)
        self.section.set_summary(clock(self.session.store.document).words(self.session.playback.t))

    def _show_curves(self, shown: list[Ready]) -> None:
        """What has not come yet leaves the old curve in its place, faintly."""
        curves = [marginal(one.job, one.row) for one in shown]
        alone = len({one.role for one in shown}) == len(shown)
        for index, line in enumerate(self.present):
            line.setVisible(index < len(shown))
        for index, (curve, one) in enumerate(zip(curves, shown, strict=True)):
            strength = _FAINT if one.is_dimmed else 1.0
            fill = 0.14 * strength if index == 0 else 0.0
            stroke = Stroke(one.role, 1.7, strength, not alone and index > 0, fill)
            self.chart.restroke(self.present[index], stroke)
            self.present[index].setData(curve.x, curve.density)
        if shown:
            self._show_range(curves, shown[0].job)

    def _show_ends(self, job: Job | None) -> None:
        own = clock(self.session.store.document)
        for line, row, role in ((self.source, 0, own.start_role), (self.target, -1, own.end_role)):
            self.chart.restroke(line, Stroke(role, 1.1, opacity=0.9))
            last = len(job.request.times) - 1 if job is not None else 0  # type: ignore[union-attr]
            at = last if row < 0 else 0
            line.setVisible(job is not None and last > 0 and is_row_ready(job, at))
            if job is not None and line.isVisible():
                end = marginal(job, at)
                line.setData(end.x, end.density)

    def _show_range(self, curves: list[Marginal], job: Job) -> None:
        """A height that does not jump: it grows with what was seen of this job, and never shrinks."""
        here = max(float(curve.density.max()) for curve in curves)
        lines = [line.getData()[1] for line in (self.source, self.target) if line.isVisible()]
        here = max([here, *(float(ys.max()) for ys in lines if ys is not None)])
        seen, top = self._top
        top = max(top, here) if seen == job.id else here
        self._top = (job.id, top)
        x = curves[0].x
        self.chart.show_range((float(x[0]), float(x[-1])), (0.0, max(top * _TOP, 1e-6)))
        self._show_places(float(x[0]), float(x[-1]), job)

    def _show_places(self, low: float, high: float, job: Job) -> None:
        """In the units of the file, as many as there is room for."""
        request = job.request
        assert isinstance(request, DensityRequest)
        units = request.problem.units
        for most in (5, 3, 2):
            ticks = own_ticks(low, high, most, units.scale, units.offset[0])
            if sum(len(words) + 2 for _, words in ticks) <= MOST_LETTERS:
                break
        self.chart.show_bottom_ticks(ticks)

    def _show_legend(self, present: list[Ready]) -> None:
        own = clock(self.session.store.document)
        entries = list(dict.fromkeys((one.role, f"p<sub>t</sub> {_how(one.job)}") for one in present))
        entries += [
            (role, words)
            for role, words, line in (
                (own.start_role, f"p<sub>{own.start}</sub>", self.source),
                (own.end_role, f"p<sub>{own.end}</sub>", self.target),
            )
            if line.isVisible()
        ]
        palette = self.theme.palette
        text = "&nbsp;&nbsp;&nbsp;&nbsp;".join(
            f'<span style="color: {readable(getattr(palette, role), palette.window)}">— {words}</span>'
            for role, words in entries
        )
        text = text or WAITING
        if text != self.legend.text():
            self.legend.setText(text)

    def _on_theme_changed(self, _palette: Palette) -> None:
        self._show(self._ready())


def _row_at(times: tuple[float, ...], t: float) -> int:
    return min(range(len(times)), key=lambda i: abs(times[i] - t))


def _has_ends(job: Job) -> bool:
    """The first and last moment are p_init and p_data: not so for the particles of a learned field."""
    request = job.request
    assert isinstance(request, DensityRequest)
    return request.method is DensityMethod.EXACT


def _how(job: Job) -> str:
    """How a pane's density was had, in a word or two."""
    request = job.request
    assert isinstance(request, DensityRequest)
    if request.method is DensityMethod.EXACT:
        return "exact"
    field = f"{_role(request)} field"
    return f"{field}, KDE" if request.method is DensityMethod.KDE else field


def _role(request: DensityRequest) -> str:
    """Whose density it is: that of a network's particles or flow, or of the closed form."""
    return "exact" if snapshot_of(request) is None else "learned"


def _asks(pane: Standing) -> bool:
    """The pane has a density of its own, now or soon."""
    is_had = pane.resolved.trained.is_complete and "density" not in pane.problems
    return is_had and _is_density(pane.resolved.asks.get("density"))


def _is_density(request: object) -> TypeGuard[DensityRequest]:
    """Not a map of rates or errors, whose sums say nothing."""
    return isinstance(request, DensityRequest) and request.method.facts.meaning is Meaning.DENSITY


def _ends_ready(job: Job) -> tuple[bool, bool]:
    return is_row_ready(job, 0), is_row_ready(job, job.result.shape[0] - 1)
