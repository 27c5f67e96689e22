"""The distribution at one end, t = 0 or t = 1: chosen, drawn or imported. GUI thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.document.imports import SUFFIXES, VECTOR_SUFFIX
from fmstudio.document.specs.distribution import BUILT_INS, DrawnSpec, FormulaLaw, PointsSpec
from fmstudio.document.specs.spec import Spec
from fmstudio.gui.bind import Notify, watch
from fmstudio.gui.panels.brush_controls import BrushControls
from fmstudio.gui.panels.distribution_tiles import DistributionTiles
from fmstudio.gui.panels.file_rows import FileRows
from fmstudio.gui.panels.formula_rows import FormulaRows
from fmstudio.gui.panels.mixture_rows import MixtureRows
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.disclosure import SettingsSwitch
from fmstudio.gui.widgets.reason import Reason
from fmstudio.gui.widgets.spec_form import SpecForm
from fmstudio.gui.widgets.tiles import IconTile
from fmstudio.studio import commands, panes
from fmstudio.studio.asked_files import End
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.guardrails import Section
from fmstudio.studio.importing import ask
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode

IMPORT_FILTER = f"Points or a picture ({' '.join('*' + suffix for suffix in (*SUFFIXES, VECTOR_SUFFIX))})"
SYMBOLS: dict[End, str] = {"source": "p_init", "target": "p_data"}


def source_panel(session: Session, theme: Theme, notify: Notify) -> EndPanel:
    """That of t = 0."""
    return EndPanel(session, theme, notify, "source")


def target_panel(session: Session, theme: Theme, notify: Notify) -> EndPanel:
    """That of t = 1."""
    return EndPanel(session, theme, notify, "target")


class EndPanel(Panel):
    """Thumbnails, a drawing, a file, the other end; the parameters of the choice, or the brush."""

    def __init__(self, session: Session, theme: Theme, notify: Notify, end: End) -> None:
        super().__init__(session, theme, notify)
        self.end: End = end
        self.setObjectName(end)
        self.tiles = DistributionTiles(end, BUILT_INS, theme)
        self.draw = IconTile("Draw", f"Draw the {end} on the canvas (D)", end, theme, "draw")
        self.imported = IconTile(
            "Import",
            "Import points (CSV, NPY) or a picture (PNG, JPEG); a file may be dropped on any tile",
            end,
            theme,
            "import",
        )
        self.swap = IconTile("Swap", "Let source and target change places (X)", end, theme, "swap")
        self.swap.setCheckable(False)
        for tile in (self.draw, self.imported, self.swap):
            tile.file_dropped.connect(self._on_file_dropped)
            self.tiles.add(tile)
        self.form = SpecForm(session, end, notify)
        self.brush = BrushControls(session, theme, end)
        self.file = FileRows(session, end)
        self.formula = FormulaRows(session, end)
        self.mixture = MixtureRows(session, end)
        self.settings = SettingsSwitch(f"Parameters of the {end}", self.form, theme)
        self.lay_out(end.capitalize(), SYMBOLS[end], self._content(), Section(end))
        self.section.add_to_head(self.settings)
        self._connect()

    def _connect(self) -> None:
        self.tiles.picked.connect(self._on_tiles_picked)
        self.tiles.file_dropped.connect(self._on_file_dropped)
        self.draw.clicked.connect(self._on_draw_clicked)
        self.imported.clicked.connect(self._on_imported_clicked)
        self.swap.clicked.connect(self._on_swap_clicked)
        self.brush.clear_clicked.connect(self._on_brush_clear_clicked)
        watch(self, self.session.store, self._shown, self._on_shown_changed)
        watch(self, self.session.store, self._idle, self.reason.explain)

    def _content(self) -> QWidget:
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        parts = (self.tiles, self.brush, self.file, self.formula, self.mixture, self.form)
        self.reason = Reason(*parts)
        for widget in (*parts, self.reason):
            box.addWidget(widget)
        return content

    @property
    def has_content(self) -> bool:
        return True

    def tick(self) -> None:
        self.tiles.take_samples(self.session.results)
        self.brush.tick()
        self.file.tick()
        self.formula.tick()
        self.mixture.tick()

    def _shown(self, document: Document) -> tuple[Any, ...]:
        return panes.shown(document, self.end)

    def _idle(self, document: Document) -> str:
        return idle(document, Control(self.end))

    def _on_shown_changed(self, specs: tuple[Any, ...]) -> None:
        first = specs[0]
        drawn, written = isinstance(first, DrawnSpec), isinstance(first, FormulaLaw)
        self.tiles.show_kinds({spec.kind for spec in specs})
        self.draw.setChecked(drawn)
        self.draw.show_raster(first.raster.values if drawn else None)
        self.imported.setChecked(isinstance(first, PointsSpec))
        self.brush.setVisible(drawn)
        self.form.show_spec(first)
        self.settings.offer(bool(self.form.rows) and not drawn and not written)
        if written:
            self.form.setVisible(bool(self.form.rows))
        self.section.set_summary(panes.summary(self.session.store.document, self.end))

    def _on_tiles_picked(self, spec: type[Spec]) -> None:
        if self.session.tools.end == self.end:
            self.session.tools.choose_mode(Mode.LOOK)
        panes.choose_new(self.session, self.end, spec)

    def _on_draw_clicked(self) -> None:
        self.session.tools.draw_at(self.end)
        commands.start_drawing(self.session)

    def _on_imported_clicked(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, f"Import a {self.end}", "", IMPORT_FILTER)
        if path:
            ask(self.session, self.end, Path(path))

    def _on_file_dropped(self, path: str) -> None:
        ask(self.session, self.end, Path(path))

    def _on_swap_clicked(self) -> None:
        panes.swap_ends(self.session)

    def _on_brush_clear_clicked(self) -> None:
        commands.clear_drawing(self.session, self.end)
