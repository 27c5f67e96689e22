"""Do the controls of the left column say what is asked, and are those dimmed that change nothing?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from fmstudio.bench.monkey.checks.registry import check
from fmstudio.bench.monkey.seen import Seen
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec, PointsSpec
from fmstudio.document.specs.dynamics import SOLVER_TITLES
from fmstudio.gui.column import Column
from fmstudio.gui.panels.end import EndPanel
from fmstudio.gui.panels.field import FieldPanel
from fmstudio.gui.panels.guidance_rows import GuidanceRows
from fmstudio.gui.panels.motion import MotionPanel
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.panels.path import PathPanel
from fmstudio.gui.widgets.elided import ElidedLabel
from fmstudio.gui.widgets.reason import Reason
from fmstudio.gui.widgets.ticking import TickingLabel
from fmstudio.studio.effects import Control, idle

W = TypeVar("W", bound=QWidget)
_PARTS: tuple[tuple[type[Panel], str], ...] = (
    (EndPanel, "source"),
    (PathPanel, "path"),
    (EndPanel, "target"),
    (MotionPanel, "dynamics"),
)


def _found(seen: Seen, kind: type[W], name: str = "") -> W | None:
    return seen.window.findChild(kind, name) if name else seen.window.findChild(kind)


def asked_in_panes(document: Document, part: str) -> list[Any]:
    """One part as each pane asks for it: its own, or the document's."""
    return [getattr(pane, part, None) or getattr(document, part) for pane in document.view.panes]


@check("a section's head names what all panes ask")
def heads(seen: Seen) -> Iterator[str]:
    for kind, part in _PARTS:
        panel = _found(seen, kind, part if kind is EndPanel else "")
        true = " · ".join(dict.fromkeys(_name(spec) for spec in asked_in_panes(seen.document, part)))
        if panel is not None and panel.section.head.summary != true:
            yield f"the head of {part} says “{panel.section.head.summary}”, asked is “{true}”"
    panel, fields = _found(seen, FieldPanel), {str(pane.field.value) for pane in seen.document.view.panes}
    true = "Exact | learned" if len(fields) > 1 else fields.pop().capitalize()
    if panel is not None and panel.section.head.summary != true:
        yield f"the head of the field says “{panel.section.head.summary}”, asked is “{true}”"


def _name(spec: Any) -> str:
    """Its title; of a drawing or a file its own name."""
    if isinstance(spec, DrawnSpec) and spec.name == "drawing":
        return "Drawing"
    return spec.name if isinstance(spec, DrawnSpec | PointsSpec) else str(spec.title)


@check("the motion's rows tell what is asked")
def motion_rows(seen: Seen) -> Iterator[str]:
    panel = _found(seen, MotionPanel)
    if panel is None:
        return
    solvers = {spec.solver for spec in asked_in_panes(seen.document, "dynamics")}
    told = panel.solver.currentText()
    if len(solvers) == 1 and told != SOLVER_TITLES[next(iter(solvers))]:
        yield f"the solver's box says “{told}”, asked is {next(iter(solvers))}"
    elif len(solvers) > 1 and told:
        yield f"the solver's box says “{told}”, asked are {', '.join(sorted(solvers))}"
    simulation = asked_in_panes(seen.document, "simulation")[0]
    for name, row in (("steps", panel.steps), ("particles", panel.particles)):
        figure = row.figure
        true = figure.scale.words(getattr(simulation, name))
        if not figure.hasFocus() and figure.text() != true:
            yield f"the row of {name} says “{figure.text()}”, asked are {true}"


@check("what changes nothing is dimmed, and says why")
def dimmed(seen: Seen) -> Iterator[str]:
    for control, widget, reason in _controls(seen):
        why = idle(seen.document, control)
        if widget.testAttribute(Qt.WidgetAttribute.WA_ForceDisabled) is not bool(why):
            yield f"{control} is {'on' if why else 'off'}; why it should not act: “{why}”"
        if reason is not None and reason.text() != why:
            yield f"{control} says “{reason.text()}”, true is “{why}”"


def _controls(seen: Seen) -> Iterator[tuple[Control, QWidget, Reason | None]]:
    path = _found(seen, PathPanel)
    field, motion, guided = _found(seen, FieldPanel), _found(seen, MotionPanel), _found(seen, GuidanceRows)
    for control in (Control.SOURCE, Control.TARGET):
        end = _found(seen, EndPanel, control.value)
        if end is not None:
            yield control, end.tiles, end.reason
    if path is not None:
        yield Control.PATH, path.form, path.reason
        yield Control.COUPLING, path.coupling, path.coupling_reason
    if field is not None:
        yield Control.FIELD, field.fields, field.reason
    if motion is not None:
        yield Control.SOLVER, motion.solver, motion.solver_reason
        yield Control.NOISE_SEED, motion.seeds.noise, None
    if guided is not None:
        yield Control.LABEL, guided.label, guided.label_reason


@check("no word is cut without a sign", patience=1.0)
def cut(seen: Seen) -> Iterator[str]:
    """What does not fit gives way by an ellipsis, and then its hint says all."""
    for label in seen.window.findChildren(QLabel):
        if (
            label.isVisible()
            and not isinstance(label, ElidedLabel | TickingLabel)
            and label.text()
            and _is_cut(label)
        ):
            yield f"“{_plain(label)}” is cut: it has {label.width()} × {label.height()} pixels"
    for button in seen.window.findChildren(QPushButton):
        words = button.text().replace("&", "")
        if button.isVisible() and button.fontMetrics().horizontalAdvance(words) > button.width():
            yield f"“{words}” is cut on a button of {button.width()} pixels"


@check("no column is wider than its place", patience=1.0)
def wide(seen: Seen) -> Iterator[str]:
    """What is too wide is cut at the right, without a sign."""
    for column in seen.window.findChildren(Column):
        inner, room = column.widget(), column.viewport().width()
        needed = 0 if inner is None else inner.minimumSizeHint().width()
        if column.isVisible() and needed > room:
            yield f"the {column.objectName()} needs {needed} pixels and has {room}"


def _is_cut(label: QLabel) -> bool:
    if label.wordWrap():
        return label.heightForWidth(label.width()) > label.height() + 1
    if label.textFormat() is Qt.TextFormat.RichText or "<" in label.text():
        return label.sizeHint().width() > label.width() + 1
    return label.fontMetrics().horizontalAdvance(label.text()) > label.width() + 1


def _plain(label: QLabel) -> str:
    document = QTextDocument()
    document.setHtml(label.text())
    return document.toPlainText()[:80]
