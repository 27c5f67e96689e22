"""The probability path x_t = alpha_t z + beta_t x_0, how its ends are joined, and how they are paired in
training. GUI thread."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.document.specs.path import PATHS, ScheduleSpec, SplineSpec
from fmstudio.document.specs.spec import Spec
from fmstudio.document.specs.training import Coupling
from fmstudio.gui.bind import FieldEdit, Notify, watch
from fmstudio.gui.contrast import readable
from fmstudio.gui.panels.joining_rows import JoiningRows
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.curve_picture import Line, samples
from fmstudio.gui.widgets.curve_plot import HINT, CurvePlot
from fmstudio.gui.widgets.reason import Reason
from fmstudio.gui.widgets.scale import Scale
from fmstudio.gui.widgets.segmented import Choice, Segmented
from fmstudio.gui.widgets.spec_form import ChoiceBox, SpecForm
from fmstudio.gui.widgets.tile_grid import TileGrid
from fmstudio.gui.widgets.tiles import CurveTile
from fmstudio.render.palette import Palette
from fmstudio.studio import curve_editing, panes
from fmstudio.studio.clocks import path_time
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.guardrails import Section
from fmstudio.studio.session import Session

COUPLINGS = tuple(Choice(coupling, coupling.facts.title, coupling.facts.hint) for coupling in Coupling)
_LIKES = {str(spec.model_fields["kind"].default): spec.title for spec in PATHS if spec is not SplineSpec}
_SCALES = {"sigma_min": Scale(0.001, 0.99, log=True, least=1e-4, most=0.99)}


class PathTile(CurveTile):
    """One path."""

    picked = Signal(object)

    def __init__(self, spec: type[ScheduleSpec], theme: Theme) -> None:
        alpha, beta = spec().curves(np.linspace(0, 1, 25))
        super().__init__(spec.title, f"{spec.title}:  {',  '.join(spec.formulas)}", theme, alpha, beta)
        self._spec = spec
        self.clicked.connect(self._on_clicked)

    def _on_clicked(self) -> None:
        self.picked.emit(self._spec)


class PathPanel(Panel):
    """Tiles of paths, the chosen one at large with a dot at t, its formula and parameters, the coupling."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self.tiles: dict[type[Spec], PathTile] = {spec: PathTile(spec, theme) for spec in PATHS}
        self._grid = TileGrid("Choose the path", len(PATHS), shape=0.84)
        for tile in self.tiles.values():
            tile.picked.connect(self._on_tile_picked)
            self._grid.add(tile)
        self._handles_edit = FieldEdit(session, "path.handles", "Draw the path", notify)
        self.plot = CurvePlot(theme, "Signal scale alpha and noise scale beta over time", self._handles_edit)
        self.likes = ChoiceBox("Begin like another path", _LIKES)
        self.likes.setPlaceholderText("Begin like …")
        self.hand_hint = QLabel(HINT)
        self.formula = QLabel()
        self.formula.setWordWrap(True)
        self.formula.setTextFormat(Qt.TextFormat.RichText)
        self.form = SpecForm(session, "path", notify, _SCALES)
        self.joining = JoiningRows(session, notify)
        self.coupling = Segmented("Pairs in training", COUPLINGS)
        self._coupling_edit = FieldEdit(session, "training.coupling", "Choose coupling", notify)
        self.lay_out("Path", "", self._content(), Section.PATH)
        self.coupling.chosen.connect(self._on_coupling_chosen)
        self.likes.picked.connect(self._on_likes_picked)
        theme.changed.connect(self._on_theme_changed)
        watch(self, session.store, _paths, self._on_paths_changed)
        watch(self, session.store, _coupling, self._on_coupling_changed)
        watch(self, session.store, _idle, self.reason.explain)
        watch(self, session.store, _gap, self._on_gap_changed)
        watch(self, session.store, _idle_coupling, self.coupling_reason.explain)

    def _content(self) -> QWidget:
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        self.reason = Reason(self._grid, self.plot, self.formula, self.likes, self.form)
        self.coupling_reason = Reason(self.coupling)
        self.gap = QLabel()
        self.gap.setProperty("role", "small")
        self.gap.setWordWrap(True)
        self.hand_hint.setProperty("role", "small")
        self.hand_hint.setWordWrap(True)
        by_hand = (self.likes, self.hand_hint)
        for widget in (self._grid, self.plot, self.formula, *by_hand, self.form, self.gap, self.reason):
            box.addWidget(widget)
        box.addWidget(_small_title("Coupling of the ends"))
        box.addWidget(self.joining)
        box.addWidget(_small_title("Pairs in training"))
        box.addWidget(self.coupling)
        box.addWidget(self.coupling_reason)
        return content

    @property
    def has_content(self) -> bool:
        return True

    def tick(self) -> None:
        self.plot.show_time(path_time(self.session.store.document, self.session.playback.t))

    def _on_paths_changed(self, paths: tuple[Any, ...]) -> None:
        for spec, tile in self.tiles.items():
            tile.setChecked(any(isinstance(path, spec) for path in paths))
        self.section.set_summary(panes.summary(self.session.store.document, "path"))
        self._show_curves(paths[0])
        self.form.show_spec(paths[0])
        self.form.setVisible(bool(self.form.rows))
        self._show_formula()

    def _show_curves(self, path: ScheduleSpec) -> None:
        alpha, beta = path.curves(samples())
        top = max(1.0, float(beta[0]))
        self.plot.show_lines(
            tuple(
                Line(role, letter, tuple(values.tolist()), top)
                for role, letter, values in (("target", "α", alpha), ("source", "β", beta))
            )
        )
        handles = path.handles if isinstance(path, SplineSpec) else ()
        self.plot.show_handles(handles, curve_editing.monotone)
        for widget in (self.likes, self.hand_hint):
            widget.setVisible(bool(handles))
        self.likes.show_value("")

    def _show_formula(self) -> None:
        path = panes.shown(self.session.store.document, "path")[0]
        alpha, beta = path.formulas
        palette = self.theme.palette
        words = [
            f'<span style="color: {readable(colour, palette.window)}">{_markup(text)}</span>'
            for text, colour in ((alpha, palette.target), (beta, palette.source))
        ]
        self.formula.setText('<span style="white-space: pre">    </span>'.join(words))

    def _on_coupling_changed(self, coupling: str) -> None:
        self.coupling.show_choices(coupling)

    def _on_gap_changed(self, sentence: str) -> None:
        self.gap.setText(sentence)
        self.gap.setVisible(bool(sentence))

    def _on_tile_picked(self, spec: type[Spec]) -> None:
        panes.choose_new(self.session, "path", spec)

    def _on_coupling_chosen(self, coupling: str) -> None:
        self._coupling_edit.set(coupling)

    def _on_likes_picked(self, kind: object) -> None:
        like = next(spec for spec in PATHS if spec.model_fields["kind"].default == kind)
        self._handles_edit.set(curve_editing.spline_like(like()).handles)

    def _on_theme_changed(self, _palette: Palette) -> None:
        self._show_formula()


def _small_title(words: str) -> QLabel:
    title = QLabel(words)
    title.setProperty("role", "small")
    return title


def _idle(document: Document) -> str:
    return idle(document, Control.PATH)


def _gap(document: Document) -> str:
    """Where the particles of a path do not start from the source itself."""
    shown = [document.experiment(index) for index in range(len(document.view.panes))]
    gaps = (e.path.source_gap for e in shown if e.has_path and e.dynamics.follows_source)
    return next((gap for gap in gaps if gap), "")


def _idle_coupling(document: Document) -> str:
    return idle(document, Control.COUPLING)


def _paths(document: Document) -> tuple[Any, ...]:
    return panes.shown(document, "path")


def _coupling(document: Document) -> str:
    return document.training.coupling.value


def _markup(formula: str) -> str:
    """A formula in plain signs as rich text: σ_min with its subscript, (…)^(1−t) with its exponent."""
    lowered = re.sub(r"_(min|max)", r"<sub>\1</sub>", formula)
    return re.sub(r"\^\(([^()]*)\)", r"<sup>\1</sup>", lowered)
