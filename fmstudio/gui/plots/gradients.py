"""How far the gradients of flow matching and conditional flow matching agree, by batch size. GUI thread."""

from __future__ import annotations

from typing import Any

import numpy as np

from fmstudio.engine.client import Job
from fmstudio.engine.messages import GradientsRequest
from fmstudio.gui.bind import Notify
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.plots.chart import Chart, Stroke
from fmstudio.gui.plots.throttle import Throttle
from fmstudio.gui.theme import Theme
from fmstudio.studio.planner import GRADIENTS_LANE
from fmstudio.studio.session import Session
from fmstudio.studio.ticks import own_ticks

HINT = (
    "Both gradients on the same points, in one network: the cosine of their angle, and the norm of the "
    "conditional one over that of the other. Both tend to 1 as the batch grows (Khungurn 2024, Thm 3)."
)


class GradientsPanel(Panel):
    """Cosine and ratio of the norms over the batch size, on a logarithmic axis."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self.chart = Chart(
            "Cosine and norm ratio of the two gradients over the batch size", theme, height=104
        )
        self.one = self.chart.add_line(Stroke("secondary", 1.0, dashed=True))
        self.ratio = self.chart.add_line(Stroke("danger", 1.6))
        self.cosine = self.chart.add_line(Stroke("learned", 1.8))
        self.ratio_words = self.chart.add_text("danger", (1.0, 0.0))
        self.cosine_words = self.chart.add_text("learned", (0.0, 0.0))
        self.ratio_words.setText("|∇CFM| / |∇FM|")
        self.cosine_words.setText("cosine")
        self._throttle = Throttle()
        self.lay_out("Gradients by batch size", "", self.chart)
        self.section.head.setWhatsThis(HINT)

    @property
    def has_content(self) -> bool:
        return self._job() is not None

    def tick(self) -> None:
        job = self._job()
        if job is not None and self._throttle.is_due((job.id, job.result.ready)):
            self._show(job, job.result.ready)

    def _job(self) -> Job | None:
        """The answer to what is asked, once it has at least two batch sizes."""
        slot = self.session.results.slots.get(GRADIENTS_LANE)
        return slot.job if slot is not None and slot.job.result.ready >= 2 else None

    def _show(self, job: Job, ready: int) -> None:
        request: Any = job.request
        assert isinstance(request, GradientsRequest)
        sizes = np.log10(np.array(request.batches, np.float64))
        values = np.array(job.result.values[:ready], np.float64)
        top = max(1.1, float(values.max()) * 1.08)
        first, last = float(sizes[0]), float(sizes[-1])
        room = 0.06 * (last - first)
        self.cosine.setData(sizes[:ready], values[:, 0])
        self.ratio.setData(sizes[:ready], values[:, 1])
        self.one.setData([first - room, last + room], [1.0, 1.0])
        self.chart.show_range((first - room, last + room), (0.0, top))
        self.chart.show_left_ticks(own_ticks(0.0, top, 4))
        ticks = zip(sizes.tolist(), request.batches, strict=True)
        self.chart.show_bottom_ticks([(place, _short(batch)) for place, batch in ticks])
        self.cosine_words.setPos(first, float(values[0, 0]) + 0.22 * top)
        self.ratio_words.setPos(last, 0.98 * top)
        self.section.set_summary(f"cos {values[-1, 0]:.2f}")


def _short(batch: int) -> str:
    return f"{batch // 1024}k" if batch >= 1024 else str(batch)
