"""The distribution at t = 1: chosen, drawn or imported. GUI thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.document.imports import SUFFIXES, VECTOR_SUFFIX
from fmstudio.document.specs.distribution import TARGETS, DrawnSpec, PointsSpec
from fmstudio.document.specs.spec import Spec
from fmstudio.gui.bind import Notify, watch
from fmstudio.gui.panels.brush_controls import BrushControls
from fmstudio.gui.panels.distribution_tiles import DistributionTiles
from fmstudio.gui.panels.file_rows import FileRows
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.disclosure import SettingsSwitch
from fmstudio.gui.widgets.reason import Reason
from fmstudio.gui.widgets.spec_form import SpecForm
from fmstudio.gui.widgets.tiles import IconTile
from fmstudio.studio import commands, panes
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.guardrails import Section
from fmstudio.studio.importing import ask
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode

IMPORT_FILTER = f"Points or a picture ({' '.join('*' + suffix for suffix in (*SUFFIXES, VECTOR_SUFFIX))})"


class TargetPanel(Panel):
    """Thumbnails of targets, a drawing, a file; the parameters of the choice, or the brush."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self.tiles = DistributionTiles("target", TARGETS, theme)
        self.draw = IconTile("Draw", "Draw the target on the canvas (D)", "target", theme, "draw")
        self.imported = IconTile(
            "Import",
            "Import points (CSV, NPY) or a picture (PNG, JPEG); a file may be dropped on any tile",
            "target",
            theme,
            "import",
        )
        for tile in (self.draw, self.imported):
            tile.file_dropped.connect(self._on_file_dropped)
            self.tiles.add(tile)
        self.form = SpecForm(session, "target", notify)
        self.brush = BrushControls(session, theme)
        self.file = FileRows(session, "target")
        self.settings = SettingsSwitch("Parameters of the target", self.form, theme)
        self.lay_out("Target", "p_data", self._content(), Section.TARGET)
        self.section.add_to_head(self.settings)
        self.tiles.picked.connect(self._on_tiles_picked)
        self.tiles.file_dropped.connect(self._on_file_dropped)
        self.draw.clicked.connect(self._on_draw_clicked)
        self.imported.clicked.connect(self._on_imported_clicked)
        self.brush.clear_clicked.connect(self._on_brush_clear_clicked)
        watch(self, session.store, _targets, self._on_targets_changed)
        watch(self, session.store, _idle, self.reason.explain)

    def _content(self) -> QWidget:
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        self.reason = Reason(self.tiles, self.brush, self.file, self.form)
        for widget in (self.tiles, self.brush, self.file, self.form, self.reason):
            box.addWidget(widget)
        return content

    @property
    def has_content(self) -> bool:
        return True

    def tick(self) -> None:
        self.tiles.take_samples(self.session.results)
        self.brush.tick()
        self.file.tick()

    def _on_targets_changed(self, targets: tuple[Any, ...]) -> None:
        first = targets[0]
        drawn = isinstance(first, DrawnSpec)
        self.tiles.show_kinds({spec.kind for spec in targets})
        self.draw.setChecked(drawn)
        self.draw.show_raster(first.raster.values if drawn else None)
        self.imported.setChecked(isinstance(first, PointsSpec))
        self.brush.setVisible(drawn)
        self.form.show_spec(first)
        self.settings.offer(bool(self.form.rows) and not drawn)
        self.section.set_summary(panes.summary(self.session.store.document, "target"))

    def _on_tiles_picked(self, spec: type[Spec]) -> None:
        self.session.tools.choose_mode(Mode.LOOK)
        panes.choose_new(self.session, "target", spec)

    def _on_draw_clicked(self) -> None:
        commands.start_drawing(self.session)
        self.session.tools.choose_mode(Mode.DRAW)

    def _on_imported_clicked(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Import a target", "", IMPORT_FILTER)
        if path:
            ask(self.session, "target", Path(path))

    def _on_file_dropped(self, path: str) -> None:
        ask(self.session, "target", Path(path))

    def _on_brush_clear_clicked(self) -> None:
        commands.clear_drawing(self.session)


def _idle(document: Document) -> str:
    return idle(document, Control.TARGET)


def _targets(document: Document) -> tuple[Any, ...]:
    return panes.shown(document, "target")
