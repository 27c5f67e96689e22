"""The loss of the model that is shown or trained: a band of raw values and a mean, beside the floor that it
cannot go below. GUI thread."""

from __future__ import annotations

from typing import final

from fmstudio.document.specs.training import Objective
from fmstudio.gui.bind import Notify
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.plots.chart import Chart, Stroke
from fmstudio.gui.plots.loss_curve import loss_curve, vertical_range
from fmstudio.gui.plots.throttle import Throttle
from fmstudio.gui.theme import Theme
from fmstudio.studio import learning, written
from fmstudio.studio.results import TrainingRecord
from fmstudio.studio.session import Session
from fmstudio.studio.ticks import own_ticks
from fmstudio.studio.training_steps import track


class LossPanel(Panel):
    """Shown as long as a model with a loss is shown or trained."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self.chart = Chart("Training loss over steps", theme, height=104)
        self.band = self.chart.add_band(Stroke("learned", fill=0.28))
        self.floor = self.chart.add_line(Stroke("exact", 1.2, dashed=True))
        self.smooth = self.chart.add_line(Stroke("learned", 1.8))
        self.mark = self.chart.add_line(Stroke("text", 1.0, dashed=True))
        self.floor_words = self.chart.add_text("exact", (1.0, 0.0))
        self._throttle = Throttle()
        self.lay_out("Training loss", "", self.chart)

    @property
    def has_content(self) -> bool:
        shown = self.shown
        return shown is not None and bool(shown.losses)

    @property
    def shown(self) -> TrainingRecord | None:
        """The training whose loss belongs to what is shown."""
        return learning.shown_run(self.session.store.document, self.session.results)

    def tick(self) -> None:
        training = self.shown
        if training is None or not training.losses:
            return
        there = track(self.session.store.document, self.session.results.models)
        step = None if there is None or there.is_newest else there.step
        if self._throttle.is_due((id(training), training.step, training.floor, step)):
            self._show(training)
            self._show_mark(step)

    def _show(self, training: TrainingRecord) -> None:
        steps, losses = training.curve()
        curve = loss_curve(steps, losses)
        if not len(curve.steps):
            return
        last = float(max(training.steps, curve.steps[-1], 1))
        low, high = vertical_range(curve, training.floor)
        for edge, values in zip(self.band, (curve.low, curve.high), strict=True):
            edge.setData(curve.band_steps, values)
        self.smooth.setData(curve.steps, curve.smooth)
        self._show_floor(training, last)
        self.chart.show_range((0.0, last), (low, high))
        told = _Told(training)
        self.chart.show_left_ticks(own_ticks(low, high, 4, told.scale, told.offset))
        words = f"{last:,.0f}"
        # A label that does not fit within the axis is not drawn: the last one stands a little inside.
        self.chart.show_bottom_ticks([(0.02 * last, "0"), ((0.99 - 0.0135 * len(words)) * last, words)])
        unit = " nats" if in_nats(training) else ""
        self.section.set_summary(f"{told(curve.smooth[-1])}{unit}")
        self.section.head.setWhatsThis(_meaning(training))

    def _show_mark(self, step: int | None) -> None:
        """The step that is shown, where it is not the newest."""
        self.mark.setVisible(step is not None)
        if step is not None:
            low, high = self.chart.box.viewRange()[1]
            self.mark.setData([step, step], [low, high])

    def _show_floor(self, training: TrainingRecord, last: float) -> None:
        floor = training.floor
        self.floor.setVisible(floor is not None)
        self.floor_words.setVisible(floor is not None)
        if floor is not None:
            self.floor.setData([0.0, last], [floor, floor])
            self.floor_words.setText(_floor_words(floor, _Told(training), in_nats(training)))
            self.floor_words.setPos(last, floor)


def _meaning(training: TrainingRecord) -> str:
    objective = training.recipe.training.objective if training.recipe is not None else Objective.CFM
    return objective.facts.loss


def in_nats(training: TrainingRecord) -> bool:
    """A likelihood, not a regression."""
    return training.recipe is not None and training.recipe.training.objective.facts.in_nats


@final
class _Told:
    """A loss of the plane as it is told in the units of the file: ``offset + scale loss``."""

    def __init__(self, training: TrainingRecord) -> None:
        self.scale, self.offset = 1.0, 0.0
        recipe, self._nats = training.recipe, in_nats(training)
        if recipe is not None:
            units, told = (
                recipe.problem.units,
                recipe.training.objective.facts.unit,
            )
            self.offset = told.in_units(0.0, units)
            self.scale = told.in_units(1.0, units) - self.offset

    def __call__(self, loss: float) -> str:
        return written.loss(self.offset + self.scale * loss, self._nats)


def _floor_words(floor: float, told: _Told, nats: bool) -> str:
    if nats:
        return f"entropy of p_data {told(floor)}"
    return "floor" if floor == 0 else f"floor {told(floor)} (not zero)"
