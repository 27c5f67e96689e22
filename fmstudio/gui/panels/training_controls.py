"""Train, pause, resume, stop; how far it is, how fast, how long still. GUI thread."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.engine.messages import TrainingCommand, TrainingState
from fmstudio.gui.icons import icon
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.progress_line import ProgressLine
from fmstudio.gui.widgets.ticking import TickingLabel
from fmstudio.render.palette import Palette
from fmstudio.studio import commands, learning, one_step
from fmstudio.studio.results import TrainingRecord
from fmstudio.studio.session import Session

HEIGHT = 38


class TrainingControls(QWidget):
    """One button that says what it will do next, one to stop, the run in figures, and its settings."""

    def __init__(self, session: Session, theme: Theme, settings: QWidget) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._shown: object = None
        self._why_not = ""
        self.button = QPushButton("Train")
        self.stop = QPushButton()
        self.stop.setFixedWidth(32)
        self.stop.setAccessibleName("Stop training")
        self.stop.setToolTip("Stop training and keep what was learned (Ctrl+.)")
        self.explain = QPushButton()
        self.explain.setFixedWidth(32)
        self.explain.setAccessibleName("One step, explained")
        self.steps, self.below = TickingLabel(), TickingLabel()
        self.steps.setProperty("role", "secondary")
        self.below.setProperty("role", "small")
        self.bar = ProgressLine("Training progress", "learned", theme)
        self._lay_out(settings)
        self.button.clicked.connect(self._on_button_clicked)
        self.stop.clicked.connect(self._on_stop_clicked)
        self.explain.clicked.connect(self._on_explain_clicked)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed(theme.palette)

    def _lay_out(self, settings: QWidget) -> None:
        figures = QVBoxLayout()
        figures.setSpacing(2)
        figures.addStretch(1)
        figures.addWidget(self.steps)
        figures.addWidget(self.bar)
        figures.addWidget(self.below)
        figures.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.button)
        row.addWidget(self.stop)
        row.addWidget(self.explain)
        row.addSpacing(4)
        row.addLayout(figures, 1)
        row.addWidget(settings)
        self.button.setMinimumWidth(62)
        # The same at rest and at work: a column that grows by a line moves everything below it.
        self.setFixedHeight(HEIGHT)

    def offer(self, why_not: str) -> None:
        """Why no training is offered, in one sentence; '' where one is. One that is on can be paused and
        stopped all the same."""
        if why_not != self._why_not:
            self._why_not, self._shown = why_not, None

    def tick(self) -> None:
        """Follow the training, when it has something new to say."""
        training, document = self._session.results.training, self._session.store.document
        trained = _steps_trained(self._session)
        waiting = len(self._session.results.waiting)
        run = (training.state, training.step, training.steps, round(training.seconds_left))
        look = (run, trained, waiting, document.training, document.model)
        if look == self._shown:
            return
        self._shown = look
        for part in (self.bar, self.stop):
            part.setVisible(training.is_active)
        self.button.setEnabled(not self._why_not or training.is_active)
        self.button.setAccessibleDescription("" if training.is_active else self._why_not)
        self._offer_step(one_step.why_not(document))
        if training.is_active:
            self._show_run(training)
        else:
            self._show_rest(training, trained, document)

    def _offer_step(self, why_not: str) -> None:
        self.explain.setEnabled(not why_not)
        self.explain.setAccessibleDescription(why_not)
        self.explain.setToolTip(why_not or "One step, explained: slowly, with its numbers (Ctrl+Shift+T)")

    def _show_run(self, training: TrainingRecord) -> None:
        paused = training.state is TrainingState.PAUSED
        self.button.setText("Resume" if paused else "Pause")
        self.button.setToolTip("Go on training" if paused else "Pause training (Ctrl+T)")
        self.steps.setText(f"{training.step:,} / {training.steps:,}")
        self.bar.show_share(training.step / max(training.steps, 1))
        more = len(self._session.results.waiting)
        then = f" + {more} more" if more else ""
        self.below.setText("paused" if paused else f"{duration(training.seconds_left)} left{then}")

    def _show_rest(self, training: TrainingRecord, trained: int, document: Document) -> None:
        self.button.setText("Train again" if trained else "Train")
        self.button.setToolTip(self._why_not or "Train a network on this source, target and path (Ctrl+T)")
        failed = training.state is TrainingState.FAILED
        self.setToolTip(training.message if failed else "")
        asked = f"{trained or document.training.total_steps:,} steps"
        self.steps.setText("The last run failed" if failed else asked)
        self.below.setText(f"{document.model.layers} × {document.model.width} network")

    def _on_button_clicked(self) -> None:
        commands.go_on_training(self._session)

    def _on_explain_clicked(self) -> None:
        commands.explain_step(self._session)

    def _on_stop_clicked(self) -> None:
        self._session.command_training(TrainingCommand.STOP)

    def _on_theme_changed(self, palette: Palette) -> None:
        self.stop.setIcon(icon("stop", palette.text, 14))
        self.explain.setIcon(icon("one-step", palette.text, 14))


def _steps_trained(session: Session) -> int:
    """Of what the panes show, or else of the document's own model; 0 while one of them lacks."""
    document, models = session.store.document, session.results.models
    if learning.missing(document, models):
        return 0
    recipes = learning.needed(document) or (learning.recipe_of(document),)
    return max((models[recipe].step for recipe in recipes if recipe in models), default=0)


def duration(seconds: float) -> str:
    """'6 s', '2 min 10 s', '1 h 5 min'."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
