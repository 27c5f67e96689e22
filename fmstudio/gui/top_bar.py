"""The top bar: name, document, gallery, undo, mode, comparisons, engine, export."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QWidget,
)

from fmstudio.engine.messages import TrainingState
from fmstudio.gui.actions import ActionTable
from fmstudio.gui.icons import icon
from fmstudio.gui.stops import make_group
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.elided import ElidedLabel
from fmstudio.gui.widgets.segmented import Choice, Segmented
from fmstudio.render.palette import Palette
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode

NARROW = 1180
"""Logical pixels under which the name and the chip's details have no room."""


class Logo(QWidget):
    """Two points and the way between them."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedSize(26, 18)
        theme.changed.connect(self._on_theme_changed)

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        painter.setPen(Qt.PenStyle.NoPen)
        for k in range(9):
            w = k / 8
            painter.setBrush(_mixed(QColor(palette.source), QColor(palette.target), w))
            size = 2.2 if 0 < k < 8 else 6.4
            x, y = 4 + 18 * w, 12 - 6 * (3 * w * w - 2 * w**3)
            painter.drawEllipse(int(x - size / 2), int(y - size / 2 + 0.5), round(size), round(size))


class EngineChip(QPushButton):
    """What the engine does, and on which device."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._shown: object = None
        self.is_short = False
        """in a narrow window the device and the speed are left to the hint"""
        self.setProperty("kind", "chip")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Engine")

    def refresh(self) -> None:
        words, colour = self._state()
        shown = words.partition(" · ")[0] if self.is_short else words
        if (words, shown, colour) == self._shown:
            return
        self._shown = (words, shown, colour)
        self.setText(shown)
        self.setToolTip(f"Engine: {words}")
        self.setIcon(_dot(colour))

    def _state(self) -> tuple[str, str]:
        palette, training = self._theme.palette, self._session.results.training
        device = self._session.device
        if not device:
            return "engine starting…", palette.secondary
        if training.state is TrainingState.RUNNING:
            return f"training · {training.steps_per_second:.0f} steps/s · {device}", palette.learned
        if training.state is TrainingState.PAUSED:
            return f"training paused · {device}", palette.learned
        if not self._session.is_complete:
            return f"computing · {device}", palette.target
        return f"ready · {device}", palette.exact


class TopBar(QFrame):
    """One row; menus hold what is not used every minute."""

    def __init__(self, session: Session, theme: Theme, actions: ActionTable) -> None:
        super().__init__()
        self.setObjectName("topBar")
        make_group(self)
        self._session, self._theme, self._actions = session, theme, actions
        self._shown: object = None
        self.title = ElidedLabel()
        self.title.setProperty("role", "secondary")
        self.brand = QLabel("fmstudio")
        self.chip = EngineChip(session, theme)
        self.export = QPushButton("Export")
        self.export.setProperty("kind", "primary")
        self.export.setToolTip("Export a video of what is seen (Ctrl+E)")
        self.export.clicked.connect(actions["export"].trigger)
        self.menu_button = self._menu_button()
        self.gallery_button = self._gallery_button()
        self.compare_button = self._compare_button()
        self.add_pane = self._add_pane_button()
        self.undo = self._icon_button("undo", actions["undo"])
        self.redo = self._icon_button("redo", actions["redo"])
        self.modes = self._mode_switch()
        self.look, self.draw, self.probe = (self.modes.buttons[mode.value] for mode in Mode)
        self._lay_out()
        theme.changed.connect(self._on_theme_changed)
        self.refresh()

    def _lay_out(self) -> None:
        self.brand.setProperty("role", "brand")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(10)
        for widget in (self.menu_button, Logo(self._theme), self.brand):
            row.addWidget(widget)
        row.addWidget(self.title, 100)
        for widget in (self.gallery_button, self.undo, self.redo):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.modes)
        row.addWidget(self.compare_button)
        row.addWidget(self.add_pane)
        row.addStretch(1)
        row.addWidget(self.chip)
        row.addWidget(self.export)

    def _icon_button(self, name: str, action: QAction) -> QPushButton:
        button = QPushButton()
        button.setProperty("kind", "transport")
        button.setProperty("icon_name", name)
        button.setIconSize(QSize(16, 16))
        button.clicked.connect(action.trigger)
        return button

    def _menu_button(self) -> QPushButton:
        button = QPushButton()
        button.setProperty("kind", "transport")
        button.setProperty("icon_name", "more")
        button.setToolTip("Menu")
        button.setAccessibleName("Menu")
        menu = QMenu(button)
        self._actions.add_menus(menu)
        button.setMenu(menu)
        return button

    def _gallery_button(self) -> QPushButton:
        button = QPushButton("Gallery")
        button.setToolTip("Built-in documents (Ctrl+G)")
        button.clicked.connect(self._actions["gallery"].trigger)
        return button

    def _compare_button(self) -> QPushButton:
        button = QPushButton("Compare")
        button.setToolTip("Split the view into panes with the same particles, camera and time")
        menu = QMenu(button)
        self._actions.fill(menu, "compare")
        button.setMenu(menu)
        return button

    def _add_pane_button(self) -> QPushButton:
        button = QPushButton("+")
        button.setToolTip("Add a pane like the last; its menu changes it alone (Ctrl+D)")
        button.setAccessibleName("Add a pane")
        button.clicked.connect(self._actions["add-pane"].trigger)
        return button

    def _mode_switch(self) -> Segmented:
        choices = []
        for mode in Mode:
            action = self._actions[mode.value]
            hint = f"{action.text()} ({action.shortcut().toString()})"
            choices.append(Choice(mode.value, mode.value.capitalize(), hint))
        switch = Segmented("What the mouse does on the canvas", tuple(choices))
        switch.chosen.connect(self._on_mode_chosen)
        return switch

    def _on_mode_chosen(self, mode: str) -> None:
        self._actions[mode].trigger()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window what is not needed gives way to what is pressed."""
        super().resizeEvent(event)
        self.chip.is_short = self.width() < NARROW
        self.brand.setVisible(self.width() >= NARROW)

    def refresh(self) -> None:
        """Once per frame: follow the session."""
        self.chip.refresh()
        store = self._session.store
        unsaved = self._session.unsaved.is_any
        name = store.name + (" •" if unsaved else "")
        mode = self._session.tools.mode
        look = (name, store.undo_label, store.redo_label, mode, self._theme.palette.name)
        if look == self._shown:
            return
        self._shown = look
        self.title.show_words(name, "There is unsaved work" if unsaved else "")
        self.look.setChecked(mode is Mode.LOOK)
        self.draw.setChecked(mode is Mode.DRAW)
        self.probe.setChecked(mode is Mode.PROBE)
        self.modes.show_choices(mode.value)
        self._name_history("undo", self.undo, store.undo_label)
        self._name_history("redo", self.redo, store.redo_label)
        self.menu_button.setIcon(icon("more", self._theme.palette.secondary, 16))

    def _name_history(self, verb: str, button: QPushButton, label: str | None) -> None:
        words = f"{verb.capitalize()} {label[0].lower() + label[1:]}" if label else f"Nothing to {verb}"
        action = self._actions[verb]
        action.setText(words if label else verb.capitalize())
        action.setEnabled(label is not None)
        button.setEnabled(label is not None)
        button.setToolTip(f"{words} ({action.shortcut().toString()})")
        button.setAccessibleName(words)
        palette = self._theme.palette
        button.setIcon(icon(verb, palette.text if label else palette.line, 16))

    def _on_theme_changed(self, _palette: Palette) -> None:
        self.refresh()


def _mixed(a: QColor, b: QColor, w: float) -> QColor:
    return QColor(
        round(a.red() + (b.red() - a.red()) * w),
        round(a.green() + (b.green() - a.green()) * w),
        round(a.blue() + (b.blue() - a.blue()) * w),
    )


def _dot(colour: str) -> QIcon:
    pixmap = QPixmap(24, 24)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(5, 5, 14, 14)
    painter.end()
    return QIcon(pixmap)
