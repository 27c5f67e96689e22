"""What every panel of a column is. GUI thread."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QVBoxLayout, QWidget

from fmstudio.gui.bind import Notify
from fmstudio.gui.dialogs.reference_dialog import TOPIC
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.section import Section
from fmstudio.studio import guardrails, remedies
from fmstudio.studio.guardrails import Guardrail
from fmstudio.studio.session import Session


class Panel(QWidget):
    """One section of a column: a subclass makes its content, calls ``lay_out``, and follows in ``tick``."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__()
        self.session, self.theme, self.notify = session, theme, notify
        self._place: guardrails.Section | None = None
        self.is_wanted = True
        """nobody has hidden it"""

    @abstractmethod
    def tick(self) -> None:
        """One frame has passed: compare, and change what is seen only where it changed."""

    @property
    @abstractmethod
    def has_content(self) -> bool:
        """False hides the panel: nothing is an empty box."""

    def lay_out(
        self, title: str, symbol: str, content: QWidget, place: guardrails.Section | None = None
    ) -> None:
        """Put the content into a section; ``place`` is the section of guardrails that belong here."""
        self._place = place
        self.section = Section(title, symbol, content, self.theme)
        self.section.remedy_chosen.connect(self._on_section_remedy_chosen)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.section)

    def refresh(self, notes: tuple[Guardrail, ...]) -> None:
        """Once per frame: ``notes`` are all guardrails; a panel shows its own."""
        self.tick()
        if self._place is not None:
            self.section.show_notes(tuple(note for note in notes if note.section is self._place))
        is_seen = self.has_content and self.is_wanted
        if is_seen is self.isHidden():
            self.setVisible(is_seen)

    def _on_section_remedy_chosen(self, note: Guardrail) -> None:
        remedies.apply(self.session, note)


@dataclass(frozen=True)
class PanelEntry:
    """One row of a column's table."""

    id: str
    title: str
    factory: Callable[[Session, Theme, Notify], Panel]
    topic: str
    """the heading of the notation under which F1 explains it"""

    def make(self, session: Session, theme: Theme, notify: Notify) -> Panel:
        panel = self.factory(session, theme, notify)
        panel.setProperty(TOPIC, self.topic)
        return panel
