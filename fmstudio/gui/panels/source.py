"""The distribution at t = 0. GUI thread."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import SOURCES
from fmstudio.document.specs.spec import Spec
from fmstudio.gui.bind import Notify, watch
from fmstudio.gui.panels.distribution_tiles import DistributionTiles
from fmstudio.gui.panels.file_rows import FileRows
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.disclosure import SettingsSwitch
from fmstudio.gui.widgets.reason import Reason
from fmstudio.gui.widgets.spec_form import SpecForm
from fmstudio.studio import panes
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.guardrails import Section
from fmstudio.studio.importing import ask
from fmstudio.studio.session import Session


class SourcePanel(Panel):
    """Thumbnails of sources, and the parameters of the chosen one."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self.tiles = DistributionTiles("source", SOURCES, theme)
        self.form = SpecForm(session, "source", notify)
        self.file = FileRows(session, "source")
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        self.reason = Reason(self.tiles, self.file, self.form)
        box.addWidget(self.tiles)
        box.addWidget(self.file)
        box.addWidget(self.form)
        box.addWidget(self.reason)
        self.settings = SettingsSwitch("Parameters of the source", self.form, theme)
        self.lay_out("Source", "p_init", content, Section.SOURCE)
        self.section.add_to_head(self.settings)
        self.tiles.picked.connect(self._on_tiles_picked)
        self.tiles.file_dropped.connect(self._on_tiles_file_dropped)
        watch(self, session.store, _sources, self._on_sources_changed)
        watch(self, session.store, _idle, self.reason.explain)

    @property
    def has_content(self) -> bool:
        return True

    def tick(self) -> None:
        self.tiles.take_samples(self.session.results)
        self.file.tick()

    def _on_sources_changed(self, sources: tuple[Spec, ...]) -> None:
        self.tiles.show_kinds({spec.kind for spec in sources})  # type: ignore[attr-defined]
        self.section.set_summary(panes.summary(self.session.store.document, "source"))
        self.form.show_spec(sources[0])
        self.settings.offer(bool(self.form.rows))

    def _on_tiles_picked(self, spec: type[Spec]) -> None:
        panes.choose_new(self.session, "source", spec)

    def _on_tiles_file_dropped(self, path: str) -> None:
        ask(self.session, "source", Path(path))


def _idle(document: Document) -> str:
    return idle(document, Control.SOURCE)


def _sources(document: Document) -> tuple[Spec, ...]:
    return panes.shown(document, "source")
