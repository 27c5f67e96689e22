"""A scrolling column of panels: what changes in them is laid out before it is seen. GUI thread."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout

from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.widgets.notes import Note
from fmstudio.studio.guardrails import Guardrail


class Column(QScrollArea):
    """Panels from top to bottom; ``refresh`` once a frame."""

    def __init__(self, name: str, width: int, panels: Iterable[Panel]) -> None:
        super().__init__()
        self.panels = tuple(panels)
        self._offered: dict[object, Note] = {}
        """notes with a button, by what they are about"""
        inner = QFrame()
        inner.setObjectName(name)
        box = QVBoxLayout(inner)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        for panel in self.panels:
            box.addWidget(panel)
        box.addStretch(1)
        self.setObjectName(f"{name}Area")
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFixedWidth(width)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Its room is always there: a bar that comes and goes changes the width, the heights, and so itself.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalScrollBar().setEnabled(False)
        self.verticalScrollBar().rangeChanged.connect(self._on_range_changed)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def _on_range_changed(self, _least: int, most: int) -> None:
        self.verticalScrollBar().setEnabled(most > 0)

    def refresh(self, notes: tuple[Guardrail, ...]) -> None:
        for panel in self.panels:
            panel.refresh(notes)
        # Now, before anything is painted: Qt would lay out when it comes to it, level by level.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        self._show_new_note()

    def _show_new_note(self) -> None:
        """A button that mends is no use out of sight; but nothing moves under a hand that holds a slider."""
        if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            return
        old, self._offered = self._offered, {}
        for panel in self.panels:
            for note in panel.section.notes.notes:
                if note.button is not None:
                    self._offered[note.guardrail.section, note.guardrail.remedy] = note
        new = next((note for about, note in self._offered.items() if about not in old), None)
        if new is not None:
            self.ensureWidgetVisible(new, 0, 8)
