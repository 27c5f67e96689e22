"""The training loss, raw and smoothed, against the floor that it cannot go below. GUI thread."""

from __future__ import annotations

from fmstudio.gui.bind import Notify
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.plots.chart import Chart, Stroke, round_ticks
from fmstudio.gui.plots.loss_curve import loss_curve, vertical_range
from fmstudio.gui.plots.pace import Pace
from fmstudio.gui.theme import Theme
from fmstudio.studio.results import TrainingRecord
from fmstudio.studio.session import Session


class LossPanel(Panel):
    """Shown as soon as there is a loss."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self.chart = Chart("Training loss over steps", theme, height=104)
        self.raw = self.chart.add_line(Stroke("learned", 1.0, opacity=0.3))
        self.floor = self.chart.add_line(Stroke("exact", 1.2, dashed=True))
        self.smooth = self.chart.add_line(Stroke("learned", 1.8))
        self.floor_words = self.chart.add_text("exact", (1.0, 0.0))
        self._pace = Pace()
        self.lay_out("Training loss", "", self.chart)

    @property
    def has_content(self) -> bool:
        return bool(self.session.results.training.losses)

    def tick(self) -> None:
        training = self.session.results.training
        if self.has_content and self._pace.is_due((id(training), training.step, training.floor)):
            self._show(training)

    def _show(self, training: TrainingRecord) -> None:
        steps, losses = training.curve()
        curve = loss_curve(steps, losses, len(steps) / max(training.steps, len(steps), 1))
        if not len(curve.steps):
            return
        last = float(max(training.steps, curve.steps[-1], 1))
        low, high = vertical_range(curve, training.floor)
        self.raw.setData(curve.raw_steps, curve.raw)
        self.smooth.setData(curve.steps, curve.smooth)
        self._show_floor(training.floor, last)
        self.chart.show_range((0.0, last), (low, high))
        self.chart.show_left_ticks(round_ticks(low, high, 4), "{:g}".format)
        words = f"{last:,.0f}"
        # A label that does not fit within the axis is not drawn: the last one stands a little inside.
        self.chart.show_bottom_ticks([(0.02 * last, "0"), ((0.99 - 0.0135 * len(words)) * last, words)])
        self.section.set_summary(f"{curve.smooth[-1]:.3f}")

    def _show_floor(self, floor: float | None, last: float) -> None:
        self.floor.setVisible(floor is not None)
        self.floor_words.setVisible(floor is not None)
        if floor is not None:
            self.floor.setData([0.0, last], [floor, floor])
            words = "floor" if floor == 0 else f"floor {floor:.3f} (not zero)"
            self.floor_words.setText(words)
            self.floor_words.setPos(last, floor)
