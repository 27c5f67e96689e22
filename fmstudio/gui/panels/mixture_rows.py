"""The normals of a mixture as rows: which one, its mean, axes and weight, as its handles have. GUI thread."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import Component, FewNormals, GaussianMixtureSpec
from fmstudio.gui.bind import watch
from fmstudio.gui.widgets.scale import Scale
from fmstudio.gui.widgets.slider_row import SliderRow
from fmstudio.gui.widgets.spec_form import ChoiceBox
from fmstudio.studio import handles, mixtures, panes
from fmstudio.studio.asked_files import End
from fmstudio.studio.mixtures import DEVIATIONS, FARTHEST_MEAN, WEIGHTS, Chosen, Shape
from fmstudio.studio.session import Session

_PLACE = Scale(-4.0, 4.0, step=0.01, least=-FARTHEST_MEAN, most=FARTHEST_MEAN)
_LENGTH = Scale(0.02, 3.0, log=True, least=DEVIATIONS[0], most=DEVIATIONS[1])
NONE = "none"


@dataclass(frozen=True)
class Figure:
    """One number of a normal: ``write`` gives what it is of another one, and how its axes are told then."""

    label: str
    hint: str
    scale: Scale
    verb: str
    read: Callable[[Component, Shape], float]
    write: Callable[[Component, Shape, float], tuple[Component, Shape]]


def _shaped(component: Component, shape: Shape) -> tuple[Component, Shape]:
    return mixtures.shaped(component, shape), shape


FIGURES = (
    Figure(
        "Mean x",
        "Where its middle is: drag the dot on the canvas",
        _PLACE,
        "Move",
        lambda c, _: c.mean[0],
        lambda c, s, v: (mixtures.moved(c, (v, c.mean[1])), s),
    ),
    Figure(
        "Mean y",
        "Where its middle is: drag the dot on the canvas",
        _PLACE,
        "Move",
        lambda c, _: c.mean[1],
        lambda c, s, v: (mixtures.moved(c, (c.mean[0], v)), s),
    ),
    Figure(
        "Axis 1",
        "Standard deviation along the first axis: drag its tip, which is at two of them",
        _LENGTH,
        "Shape",
        lambda _, s: s.first,
        lambda c, s, v: _shaped(c, replace(s, first=v)),
    ),
    Figure(
        "Axis 2",
        "Standard deviation along the second axis, at right angles to the first",
        _LENGTH,
        "Shape",
        lambda _, s: s.second,
        lambda c, s, v: _shaped(c, replace(s, second=v)),
    ),
    Figure(
        "Angle",
        "Of the first axis, in degrees",
        Scale(-90.0, 90.0, step=1.0),
        "Shape",
        lambda _, s: math.degrees(s.angle),
        lambda c, s, v: _shaped(c, replace(s, angle=math.radians(v))),
    ),
    Figure(
        "Weight",
        "Beside those of the others: turn the wheel over its mean",
        Scale(0.05, 20.0, log=True, least=WEIGHTS[0], most=WEIGHTS[1]),
        "Weigh",
        lambda c, _: c.weight,
        lambda c, s, v: (mixtures.weighing(c, v), s),
    ),
)


class NormalRow(SliderRow):
    """One number of the chosen normal; a drag of it is one step of undo."""

    def __init__(self, rows: MixtureRows, figure: Figure) -> None:
        super().__init__(figure.label, figure.scale, figure.hint)
        self._rows, self._figure = rows, figure
        self.pressed.connect(self._on_pressed)
        self.dragged.connect(self._on_dragged)
        self.settled.connect(self._on_settled)
        self.chosen.connect(self._on_chosen)

    def _on_pressed(self) -> None:
        self._rows.begin()

    def _on_dragged(self, value: float) -> None:
        self._rows.write(self._figure, value)

    def _on_settled(self) -> None:
        self._rows.settle()

    def _on_chosen(self, value: float) -> None:
        self._rows.begin()
        self._rows.write(self._figure, value)
        self._rows.settle()


class MixtureRows(QWidget):
    """Takes no room for what is no mixture; a few normals of another kind may become one."""

    def __init__(self, session: Session, end: End) -> None:
        super().__init__()
        self._session = session
        self._end: End = end
        self._law: object = None
        self._shown: object = None
        self._of: Chosen | None = None
        self._shape: Shape | None = None
        """how the axes of that one are told, so that no slider jumps"""
        self.box = ChoiceBox(f"Gaussian of the {end}", {})
        self.add = _button("+", f"Add a Gaussian to the {end} (Insert)")
        self.remove = _button("−", f"Remove the chosen Gaussian of the {end} (Delete)")
        self.on_canvas = QCheckBox("Handles")
        self.on_canvas.setAccessibleName(f"Handles of the {end} on the canvas")
        self.on_canvas.setToolTip(
            "Drag means and axes on the canvas; the wheel over a mean changes its weight"
        )
        self.become = QPushButton("Edit as a mixture")
        self.become.setToolTip(f"The same {end}, with a handle on each of its Gaussians")
        self.rows = {figure.label: NormalRow(self, figure) for figure in FIGURES}
        self._lay_out()
        self.box.picked.connect(self._on_box_picked)
        self.add.clicked.connect(self._on_add_clicked)
        self.remove.clicked.connect(self._on_remove_clicked)
        self.on_canvas.clicked.connect(self._on_on_canvas_clicked)
        self.become.clicked.connect(self._on_become_clicked)
        watch(self, session.store, self._first, self._on_law_changed)

    def _lay_out(self) -> None:
        self._head, self._figures = QWidget(), QWidget()
        line = QHBoxLayout(self._head)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.box, 1)
        for button in (self.add, self.remove, self.on_canvas):
            line.addWidget(button)
        figures = QVBoxLayout(self._figures)
        figures.setContentsMargins(0, 0, 0, 0)
        figures.setSpacing(2)
        for row in self.rows.values():
            figures.addWidget(row)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        for widget in (self._head, self._figures, self.become):
            box.addWidget(widget)

    # ---- what is shown ----

    def tick(self) -> None:
        """Follow the tools: which normal is chosen."""
        if isinstance(self._law, GaussianMixtureSpec):
            self._show(self._law)

    def _first(self, document: Document) -> Any:
        return panes.shown(document, self._end)[0]

    def _on_law_changed(self, law: Any) -> None:
        self._law = law
        is_mixture = isinstance(law, GaussianMixtureSpec)
        may_become = isinstance(law, FewNormals) and not is_mixture and law.has_parts
        self.become.setVisible(may_become)
        self._head.setVisible(is_mixture)
        self._figures.hide()
        self._shown = None
        self.setVisible(is_mixture or may_become)
        self.tick()

    def _show(self, law: GaussianMixtureSpec) -> None:
        chosen, wanted = self._chosen, self._session.tools.shows_handles(self._end)
        if self._shown == (law, chosen, wanted):
            return
        self._shown, before = (law, chosen, wanted), self._of
        self._of = chosen
        self._offer(len(law.components), chosen)
        self.on_canvas.setChecked(wanted)
        self.add.setEnabled(mixtures.may_grow(law))
        self.remove.setEnabled(chosen is not None and len(law.components) > 1)
        self._figures.setVisible(chosen is not None)
        if chosen is None:
            return
        component = law.components[chosen.index]
        self._shape = mixtures.shape_of(component.cov, self._shape if chosen == before else None)
        for figure in FIGURES:
            self.rows[figure.label].show_value(figure.read(component, self._shape))

    def _offer(self, count: int, chosen: Chosen | None) -> None:
        if self.box.count() != count + 1:
            several = "1 Gaussian" if count == 1 else f"{count} Gaussians"
            self.box.offer({NONE: several} | {str(i): f"Gaussian {i + 1}" for i in range(count)})
        self.box.show_value(NONE if chosen is None else str(chosen.index))

    @property
    def _chosen(self) -> Chosen | None:
        """The chosen one, if it is of this end."""
        found = handles.chosen_normal(self._session)
        return found[0] if found is not None and found[0].end == self._end else None

    # ---- what the rows do ----

    def begin(self) -> None:
        self._session.store.settle()
        self._session.is_interacting = True

    def write(self, figure: Figure, value: float) -> None:
        """The chosen normal with another number."""
        found, shape = handles.chosen_normal(self._session), self._shape
        if found is None or found[0].end != self._end or shape is None:
            return
        component, self._shape = figure.write(found[1], shape, value)
        handles.change_normal(self._session, found[0], lambda _: component, figure.verb, merge=True)

    def settle(self) -> None:
        self._session.is_interacting = False
        self._session.store.settle()

    def _on_box_picked(self, value: object) -> None:
        chosen = None if value == NONE else Chosen(self._end, int(str(value)))
        self._session.tools.choose_normal(chosen)
        self.tick()

    def _on_add_clicked(self) -> None:
        handles.add_normal(self._session, self._end)

    def _on_remove_clicked(self) -> None:
        chosen = self._chosen
        if chosen is not None:
            handles.remove_normal(self._session, chosen)

    def _on_on_canvas_clicked(self, wanted: bool) -> None:
        self._session.tools.show_handles(self._end, wanted)

    def _on_become_clicked(self) -> None:
        handles.edit_as_mixture(self._session, self._end)


def _button(sign: str, words: str) -> QPushButton:
    button = QPushButton(sign)
    button.setProperty("kind", "small")
    button.setFixedSize(24, 22)
    button.setAccessibleName(words)
    button.setToolTip(words)
    return button
