"""How the ends are joined: independent, a bridge with its σ, optimal transport. GUI thread."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.document.specs.coupling import JOININGS
from fmstudio.gui.bind import Notify, watch
from fmstudio.gui.dialogs.reference_dialog import TOPIC
from fmstudio.gui.widgets.reason import Reason
from fmstudio.gui.widgets.segmented import Choice, Segmented
from fmstudio.gui.widgets.spec_form import SpecForm
from fmstudio.studio import panes
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.session import Session

CHOICES = tuple(
    Choice(spec.model_fields["kind"].default, spec.title, f"{spec.formula}. {spec.caption}")
    for spec in JOININGS
)


class JoiningRows(QWidget):
    """The choice, its formula, its σ and what it means."""

    def __init__(self, session: Session, notify: Notify) -> None:
        super().__init__()
        self._session = session
        self.setProperty(TOPIC, "Couplings of the ends")
        self.kinds = Segmented("Coupling of the ends", CHOICES)
        self.form = SpecForm(session, "coupling", notify)
        self.formula, self.caption = QLabel(), QLabel()
        for label in (self.formula, self.caption):
            label.setWordWrap(True)
        self.caption.setProperty("role", "small")
        self.reason = Reason(self.kinds, self.form, self.formula, self.caption)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        for widget in (self.kinds, self.form, self.formula, self.caption, self.reason):
            box.addWidget(widget)
        self.kinds.chosen.connect(self._on_kinds_chosen)
        watch(self, session.store, _joinings, self._on_joinings_changed)
        watch(self, session.store, _idle, self.reason.explain)

    def _on_joinings_changed(self, joinings: tuple[Any, ...]) -> None:
        first = joinings[0]
        kinds = {joining.kind for joining in joinings}
        self.kinds.show_choices(*kinds)
        self.form.show_spec(first)
        self.form.setVisible(bool(self.form.rows))
        plain = kinds == {"independent"}
        self.formula.setText(first.formula)
        self.caption.setText(first.caption)
        for label in (self.formula, self.caption):
            label.setVisible(not plain)

    def _on_kinds_chosen(self, kind: str) -> None:
        spec = next(spec for spec in JOININGS if spec.model_fields["kind"].default == kind)
        panes.choose_new(self._session, "coupling", spec)


def _joinings(document: Document) -> tuple[Any, ...]:
    return panes.shown(document, "coupling")


def _idle(document: Document) -> str:
    return idle(document, Control.JOINING)
