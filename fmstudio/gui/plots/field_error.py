"""How far the learned field is from the exact one, over t. GUI thread."""

from __future__ import annotations

from typing import Any

import numpy as np

from fmstudio.engine.client import Job
from fmstudio.engine.messages import FieldErrorRequest
from fmstudio.gui.bind import Notify
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.plots.chart import Chart, Stroke
from fmstudio.gui.plots.throttle import Throttle
from fmstudio.gui.theme import Theme
from fmstudio.studio.session import Session
from fmstudio.studio.ticks import own_ticks
from fmstudio.studio.written import figure


class FieldErrorPanel(Panel):
    """E|v_t - u_t|^2 under p_t, with a cursor at the present moment."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self.chart = Chart("Squared distance of the learned field from the exact one, over t", theme)
        self.curve = self.chart.add_line(Stroke("danger", 1.6, fill=0.16))
        self.moment = self.chart.add_line(Stroke("secondary", 1.0))
        self.of_step = self.chart.add_text("secondary", (0.0, 0.0))
        self._throttle, self._cursor_throttle = Throttle(), Throttle(0.03)
        self.request: FieldErrorRequest | None = None
        """of which the curve is"""
        self._errors: np.ndarray | None = None
        self._times: tuple[float, ...] = ()
        self._top = 1.0
        self._square = 1.0
        """what is told of 1 of the plane"""
        self.lay_out("Learned − exact, over t", "", self.chart)
        self.section.head.setWhatsThis("E|v − u|² under p_t")
        self.chart.show_bottom_ticks([(0.025, "0"), (0.5, "0.5"), (0.975, "1")])

    @property
    def has_content(self) -> bool:
        return self._job() is not None

    def tick(self) -> None:
        job = self._job()
        if job is None:
            self._clear()
            return
        ready = job.result.ready
        if self._throttle.is_due((job.id, ready)):
            self._show(job, ready)
        t = self.session.playback.t
        if self._errors is not None and self._cursor_throttle.is_due((round(300 * t), job.id, ready)):
            self.moment.setData([t, t], [0.0, self._top])
            # Moments come in order: beyond the last there is nothing to say yet.
            known = t <= self._times[-1]
            here = self._square * float(np.interp(t, self._times, self._errors))
            words = figure(here) if known else ""
            self.section.set_summary(words, "danger")

    def _job(self) -> Job | None:
        """Of the first pane that has one: an earlier snapshot's while a training is on, until the newest is
        there; the newest as it comes if there is none."""
        stage, slots = self.session.stage, self.session.results.slots
        for index in range(len(self.session.store.document.view.panes)):
            shown, slot = stage.shown(index, "error"), slots.get(f"error/{index}")
            if shown is not None:
                return shown.job
            if slot is not None and slot.job.result.ready >= 2:
                return slot.job
        return None

    def _clear(self) -> None:
        """What comes next may be of another model: it follows no old curve."""
        if self.request is not None:
            self.request = self._errors = None
            self._throttle.reset()
            self.curve.setData([], [])
            self.of_step.setText("")
            self.section.set_summary("", "danger")

    def _show(self, job: Job, ready: int) -> None:
        request: Any = job.request
        assert isinstance(request, FieldErrorRequest)
        self.request = request
        self._errors = np.array(job.result.values[:ready, 0], np.float64)
        self._times = request.times[:ready]
        self._square = request.learned.problem.units.length(1.0) ** 2
        self._top = max(float(self._errors.max()) * 1.12, 1e-6)
        self.curve.setData(np.asarray(self._times), self._errors)
        self.chart.show_range((0.0, 1.0), (0.0, self._top))
        step, is_last = request.learned.step, request.learned.step >= request.learned.training.total_steps
        self.of_step.setText("" if is_last else f"at step {step:,}")
        self.of_step.setPos(0.0, self._top)
        self.chart.show_left_ticks(own_ticks(0.0, self._top, 3, self._square))
