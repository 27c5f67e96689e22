"""Guidance towards a label: by what, to which, how strongly. GUI thread."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.document.specs.guidance import GuidanceMethod, GuidanceSpec
from fmstudio.gui.bind import FieldEdit, Notify, watch
from fmstudio.gui.widgets.reason import Reason
from fmstudio.gui.widgets.scale import Scale
from fmstudio.gui.widgets.slider_row import LABEL_WIDTH
from fmstudio.gui.widgets.spec_form import ChoiceBox, ChoiceRow, FieldRow, scale_of
from fmstudio.studio import guiding
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.session import Session

METHODS = {
    "": "Off",
    GuidanceMethod.EXACT.value: "Exact classifier",
    GuidanceMethod.LEARNED.value: "Learned classifier",
    GuidanceMethod.CLASSIFIER_FREE.value: "Classifier-free",
}
_LABELS = Scale(0, 7, step=1, integer=True, least=0, most=63)


class GuidanceChoice(QWidget):
    """By what the particles are guided; hidden where nothing can be guided."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.method = ChoiceBox("Guidance", METHODS)
        self.method.setPlaceholderText("one for each pane")
        words = QLabel("Guidance")
        words.setProperty("role", "secondary")
        words.setFixedWidth(LABEL_WIDTH)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(words)
        row.addWidget(self.method, 1)
        self.method.picked.connect(self._on_method_picked)
        watch(self, session.store, guiding.guidances, self._on_guidances_changed)

    def _on_guidances_changed(self, guidances: tuple[GuidanceSpec | None, ...]) -> None:
        self.setVisible(bool(guidances))
        methods = {"" if g is None else g.method.value for g in guidances}
        self.method.show_value(next(iter(methods)) if len(methods) == 1 else "?")

    def _on_method_picked(self, value: object) -> None:
        guiding.choose(self._session, GuidanceMethod(str(value)) if value else None)


class GuidanceRows(QWidget):
    """How strongly and to which label, while something is guided."""

    def __init__(self, session: Session, notify: Notify) -> None:
        super().__init__()
        self._number = 0
        self.scale = FieldRow(
            FieldEdit(session, "guidance.scale", "Change guidance", notify),
            "Guidance S",
            scale_of(GuidanceSpec.model_fields["scale"]),
            "0 leaves the flow, 1 is the law of that label alone, more exaggerates it",
        )
        edit = FieldEdit(session, "guidance.label", "Change label", notify)
        self.label = FieldRow(edit, "Label", _LABELS)
        self.name = ChoiceRow(edit, "Label", {})
        """instead, where the labels have names"""
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.scale)
        box.addWidget(self.label)
        box.addWidget(self.name)
        self.label_reason = Reason(self.label, self.name)
        box.addWidget(self.label_reason)
        watch(self, session.store, guiding.guidances, self._on_guidances_changed)
        watch(self, session.store, guiding.label_names, self._on_names_changed)
        watch(self, session.store, _idle_label, self.label_reason.explain)

    def _on_guidances_changed(self, guidances: tuple[GuidanceSpec | None, ...]) -> None:
        shown = next((g for g in guidances if g is not None), None)
        self.setVisible(shown is not None)
        if shown is not None:
            self.scale.show_value(shown.scale)
            self._number = shown.label
            self.label.show_value(shown.label)
            self.name.show_value(shown.label)

    def _on_names_changed(self, names: tuple[str, ...]) -> None:
        self.name.box.offer({str(number): name for number, name in enumerate(names)})
        self.name.show_value(self._number)
        self.name.setVisible(bool(names))
        self.label.setVisible(not names)


def _idle_label(document: Document) -> str:
    return idle(document, Control.LABEL)
