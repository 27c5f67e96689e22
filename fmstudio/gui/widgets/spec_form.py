"""A form made from a spec's field metadata: a slider for a number, a box for a choice. GUI thread."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from fmstudio.document.specs.spec import Spec
from fmstudio.gui.bind import FieldEdit, Notify
from fmstudio.gui.widgets.scale import Scale
from fmstudio.gui.widgets.slider_row import LABEL_WIDTH, SliderRow
from fmstudio.studio.session import Session


def scale_of(info: FieldInfo) -> Scale:
    """The slider that a numeric field asks for by its bounds, step and scale."""
    extra = _extra(info)
    low = next(float(m.ge) for m in info.metadata if isinstance(m, Ge))  # type: ignore[arg-type]
    high = next(float(m.le) for m in info.metadata if isinstance(m, Le))  # type: ignore[arg-type]
    return Scale(
        low,
        high,
        step=float(extra.get("step") or (high - low) / 100),
        log=bool(extra.get("log")),
        integer=info.annotation is int,
        least=low,
        most=high,
    )


def label_of(info: FieldInfo) -> str:
    return str(_extra(info).get("label", ""))


def settings_of(spec: type[Spec]) -> tuple[str, ...]:
    """The numeric fields that carry a label, in their order."""
    return tuple(
        name
        for name, info in spec.model_fields.items()
        if label_of(info) and info.annotation in (int, float) and math.isfinite(scale_of(info).high)
    )


def _extra(info: FieldInfo) -> dict[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}


class FieldRow(SliderRow):
    """One number of the document."""

    def __init__(self, edit: FieldEdit, label: str, scale: Scale, hint: str = "") -> None:
        super().__init__(label, scale, hint)
        self._edit = edit
        self.pressed.connect(self._on_pressed)
        self.dragged.connect(self._on_dragged)
        self.settled.connect(self._on_settled)
        self.chosen.connect(self._on_chosen)

    def _on_pressed(self) -> None:
        self._edit.begin()

    def _on_dragged(self, value: object) -> None:
        self._edit.drag(value)

    def _on_settled(self) -> None:
        self._edit.settle()

    def _on_chosen(self, value: object) -> None:
        self._edit.set(value)


class ChoiceBox(QComboBox):
    """A drop-down of values with titles; leaves the wheel to the column it stands in."""

    picked = Signal(object)
    """a value, by a person's act only"""

    def __init__(self, name: str, titles: Mapping[str, str]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.offer(titles)
        self.activated.connect(self._on_activated)

    def offer(self, titles: Mapping[str, str]) -> None:
        """Other choices."""
        self.clear()
        for value, title in titles.items():
            self.addItem(title, value)

    def show_value(self, value: str) -> None:
        self.setCurrentIndex(self.findData(value))

    def wheelEvent(self, event: Any) -> None:
        event.ignore()

    def _on_activated(self, index: int) -> None:
        self.picked.emit(self.itemData(index))


class ChoiceRow(QWidget):
    """One choice of the document, with its label."""

    def __init__(self, edit: FieldEdit, label: str, titles: Mapping[str, str]) -> None:
        super().__init__()
        self._edit = edit
        self.box = ChoiceBox(label, titles)
        words = QLabel(label)
        words.setProperty("role", "secondary")
        words.setFixedWidth(LABEL_WIDTH)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(words)
        row.addWidget(self.box, 1)
        self.box.picked.connect(self._on_box_picked)

    def show_value(self, value: Any) -> None:
        self.box.show_value(str(value))

    def _on_box_picked(self, value: object) -> None:
        self._edit.set(value)


Row = FieldRow | ChoiceRow


class SpecForm(QWidget):
    """All labelled numbers of one spec (and the choices named in ``choices``), as rows.

    ``part`` is where the spec stands in the document. ``scales`` narrows sliders; typed values may still go
    to the field's own bounds. Fields in ``skip`` have rows elsewhere.
    """

    def __init__(
        self,
        session: Session,
        part: str,
        notify: Notify,
        scales: Mapping[str, Scale] | None = None,
        choices: Mapping[str, tuple[str, Mapping[str, str]]] | None = None,
        skip: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self._session, self._part, self._notify = session, part, notify
        self._scales = scales or {}
        self._choices = choices or {}
        self._skip = skip
        self._type: type[Spec] | None = None
        self.rows: dict[str, Row] = {}
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(2)

    def show_spec(self, spec: Spec) -> None:
        """Follow the document; other rows for a spec of another type."""
        if type(spec) is not self._type:
            self._type = type(spec)
            self._rebuild(type(spec))
        for name, row in self.rows.items():
            row.show_value(getattr(spec, name))

    def _rebuild(self, spec: type[Spec]) -> None:
        for old in self.rows.values():
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.rows = {}
        for name, (label, titles) in self._choices.items():
            if name in spec.model_fields:
                self.rows[name] = ChoiceRow(self._edit(name, label), label, titles)
        for name in settings_of(spec):
            if name in self._skip:
                continue
            info = spec.model_fields[name]
            label = label_of(info)
            scale = self._scales.get(name) or scale_of(info)
            self.rows[name] = FieldRow(self._edit(name, label), label, scale, info.description or "")
        for row in self.rows.values():
            self._box.addWidget(row)

    def _edit(self, name: str, label: str) -> FieldEdit:
        return FieldEdit(self._session, f"{self._part}.{name}", f"Change {label.lower()}", self._notify)
