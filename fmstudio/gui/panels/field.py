"""Where the velocity comes from: the closed form, a trained network, or both side by side. GUI thread."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.document.specs.training import MODEL_OBJECTIVES, ModelSpec, TrainingSpec
from fmstudio.document.specs.view import FieldChoice
from fmstudio.gui.bind import Notify, watch
from fmstudio.gui.panels.guidance_rows import GuidanceChoice
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.panels.training_controls import TrainingControls
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.disclosure import SettingsSwitch
from fmstudio.gui.widgets.reason import Reason
from fmstudio.gui.widgets.scale import Scale
from fmstudio.gui.widgets.segmented import Choice, Segmented
from fmstudio.gui.widgets.spec_form import SpecForm
from fmstudio.studio import commands, comparisons, learning, panes
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.guardrails import Section, why_not_train
from fmstudio.studio.session import Session

FIELDS = (
    Choice("exact", "Exact", "The closed form of source, target and path", "exact"),
    Choice("learned", "Learned", "The trained network", "learned"),
    Choice("both", "Both", "Exact and learned side by side"),
)
OBJECTIVES = {objective.value: objective.facts.title for objective in MODEL_OBJECTIVES}
DEVICES = {"auto": "Automatic", "cpu": "Processor", "cuda": "GPU (CUDA)"}
_CHOICES = {"objective": ("Objective", OBJECTIVES), "device": ("Device", DEVICES)}
_SCALES = {
    "steps": Scale(100, 50_000, log=True, integer=True, least=1, most=1_000_000),
    "batch_size": Scale(16, 4096, log=True, integer=True, least=2, most=8192),
    "learning_rate": Scale(1e-4, 1e-1, log=True, least=1e-6, most=1.0),
    "seed": Scale(0, 99, step=1, integer=True, least=0, most=2**31 - 1),
}
_TITLES = {"exact": "Exact", "learned": "Learned", "both": "Exact | learned"}
_ROLES = {"exact": "exact", "learned": "learned", "both": "text"}


class FieldPanel(Panel):
    """Exact, learned or both; the training and its settings."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self.fields = Segmented("Field", FIELDS)
        self.training_form = SpecForm(session, "training", notify, _SCALES, _CHOICES)
        self.model_form = SpecForm(session, "model", notify)
        self.guidance = GuidanceChoice(session)
        self._forms = self._training_forms()
        self.settings = SettingsSwitch("Settings of the training", self._forms, theme)
        self.training = TrainingControls(session, theme, self.settings)
        self.lay_out("Field", "u_t", self._content(), Section.FIELD)
        self.fields.chosen.connect(self._on_fields_chosen)
        watch(self, session.store, commands.field_shown, self._on_field_shown_changed)
        watch(self, session.store, _training, self._on_training_changed)
        watch(self, session.store, _idle, self._on_idle_changed)

    def _training_forms(self) -> QWidget:
        forms = QWidget()
        box = QVBoxLayout(forms)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addWidget(self.training_form)
        box.addWidget(self.model_form)
        box.addWidget(self.guidance)
        return forms

    def _content(self) -> QWidget:
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        self.reason = Reason(self.fields, self._forms)
        self.in_vain = Reason()
        for widget in (self.fields, self.training, self.in_vain, self._forms, self.reason):
            box.addWidget(widget)
        return content

    @property
    def has_content(self) -> bool:
        return True

    def tick(self) -> None:
        document, results = self.session.store.document, self.session.results
        why_not = why_not_train(document)
        self.training.offer(why_not)
        # A note or the reason below may say it already.
        is_told = self.reason.text() or self.section.notes.notes or learning.needed(document)
        self.in_vain.explain("" if is_told or results.training.is_active else why_not)
        self.training.tick()

    def _on_field_shown_changed(self, shown: str) -> None:
        self.fields.show_choices(shown)
        self.section.set_summary(_TITLES[shown], _ROLES[shown])

    def _on_training_changed(self, specs: tuple[TrainingSpec, ModelSpec, bool]) -> None:
        training, model, is_plain = specs
        self.training_form.show_spec(training)
        self.model_form.show_spec(model)
        layered = training.objective.facts.is_layered
        self.model_form.rows["layers"].setVisible(not layered)
        self.model_form.rows["couplings"].setVisible(layered)
        self.training_form.rows["reflow"].setVisible(training.objective.facts.reflows and is_plain)

    def _on_idle_changed(self, sentence: str) -> None:
        self.reason.explain(sentence)

    def _on_fields_chosen(self, choice: str) -> None:
        if choice == "both":
            comparisons.compare(self.session, comparisons.named("exact-learned"))
        else:
            panes.show_field(self.session, FieldChoice(choice))


def _idle(document: Document) -> str:
    return idle(document, Control.FIELD)


def _training(document: Document) -> tuple[TrainingSpec, ModelSpec, bool]:
    """Of the first pane that shows something learned, which in a comparison has its own; and whether its ends
    are independent, with no noise on the way."""
    experiments = (document.experiment(index) for index in range(len(document.view.panes)))
    asked = next((e for e in experiments if learning.needs_model(e)), document)
    return asked.training, asked.model, asked.coupling.is_plain
