"""What came from a file at one end: how it was read, and what of a picture is ink. GUI thread."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QVBoxLayout, QWidget

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.document import Document
from fmstudio.document.specs.distribution import DrawnSpec, PictureSpec, PointsSpec
from fmstudio.gui.bind import watch
from fmstudio.gui.widgets.slider_row import SliderRow
from fmstudio.gui.widgets.spec_form import label_of, scale_of
from fmstudio.studio import importing, panes
from fmstudio.studio.asked_files import End
from fmstudio.studio.session import Session

GLANCE_SECONDS = 4.0
"""For so long an import shows what it took as ink."""


class FileRows(QWidget):
    """Takes no room for what came from no file."""

    def __init__(self, session: Session, end: End) -> None:
        super().__init__()
        self.words = QLabel()
        self.words.setProperty("role", "small")
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.words.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.ink = InkRows(session, end)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.ink)
        box.addWidget(self.words)
        self._end: End = end
        watch(self, session.store, self._first, self._on_spec_changed)

    def tick(self) -> None:
        """One frame has passed."""
        self.ink.tick()

    def _first(self, document: Document) -> Any:
        return panes.shown(document, self._end)[0]

    def _on_spec_changed(self, spec: Any) -> None:
        story = spec.story if isinstance(spec, PointsSpec | DrawnSpec) else ""
        picture = spec.picture if isinstance(spec, DrawnSpec) else None
        self.words.setText(story)
        self.words.setVisible(bool(story))
        self.ink.show_picture(picture)
        self.setVisible(bool(story) or picture is not None)


class InkRows(QWidget):
    """From which difference on a pixel is ink, and whether the ground is; while they are in use, the ink is
    seen on the canvas."""

    def __init__(self, session: Session, end: End) -> None:
        super().__init__()
        self._session = session
        self._end: End = end
        self._contrast: FrozenArray | None = None
        self._shown_until = 0.0
        self._shows = False
        field = PictureSpec.model_fields["threshold"]
        self.threshold = SliderRow(label_of(field), scale_of(field), field.description or "")
        self.invert = QCheckBox("Invert")
        self.invert.setToolTip("Take the ground of the picture as ink, and its ink as ground")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.threshold)
        box.addWidget(self.invert, 0, Qt.AlignmentFlag.AlignLeft)
        self.threshold.pressed.connect(self._on_threshold_pressed)
        self.threshold.dragged.connect(self._on_threshold_dragged)
        self.threshold.settled.connect(self._on_threshold_settled)
        self.threshold.chosen.connect(self._on_threshold_chosen)
        self.invert.clicked.connect(self._on_invert_clicked)

    def show_picture(self, picture: PictureSpec | None) -> None:
        """Follow the document; None: there is no picture."""
        self.setVisible(picture is not None)
        contrast = picture.contrast if picture is not None else None
        if picture is not None:
            self.threshold.show_value(picture.threshold)
            self.invert.setChecked(picture.inverted)
        if contrast != self._contrast:
            self._shown_until = time.monotonic() + GLANCE_SECONDS if contrast is not None else 0.0
        self._contrast = contrast

    def tick(self) -> None:
        """The ink is seen for a moment after the import, and while pointer or focus are here."""
        shows = self._contrast is not None and (time.monotonic() < self._shown_until or self._is_in_use())
        if shows is not self._shows:
            self._shows = shows
            self._session.tools.show_ink(self._end, shows)

    def _is_in_use(self) -> bool:
        focus = QApplication.focusWidget()
        near = self.underMouse() or (focus is not None and self.isAncestorOf(focus))
        return self.isVisible() and (near or self.threshold.slider.isSliderDown())

    def _on_threshold_pressed(self) -> None:
        self._session.store.settle()
        self._session.is_interacting = True

    def _on_threshold_dragged(self, value: object) -> None:
        importing.choose_threshold(self._session, self._end, float(value), merge=True)  # type: ignore[arg-type]

    def _on_threshold_settled(self) -> None:
        self._session.is_interacting = False
        self._session.store.settle()

    def _on_threshold_chosen(self, value: object) -> None:
        importing.choose_threshold(self._session, self._end, float(value))  # type: ignore[arg-type]

    def _on_invert_clicked(self) -> None:
        importing.invert_ink(self._session, self._end)
