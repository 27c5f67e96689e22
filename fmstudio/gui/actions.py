"""Menus, shortcuts and their handlers, as one table. Adding an action is one row and one method."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MethodType

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from fmstudio.gui.handlers import Handlers
from fmstudio.studio.offers import Offer


@dataclass(frozen=True)
class ActionInfo:
    """``handler`` is a method of Handlers; ``menu`` is where it stands.

    Shortcuts are the whole window's; gui.keyboard says when a control keeps a key for itself.
    """

    id: str
    title: str
    shortcut: str
    handler: Callable[[Handlers], None]
    menu: str


ACTIONS: tuple[ActionInfo, ...] = (
    ActionInfo("new", "New", "Ctrl+N", Handlers.on_new, "file"),
    ActionInfo("gallery", "Gallery…", "Ctrl+G", Handlers.on_gallery, "file"),
    ActionInfo("open", "Open…", "Ctrl+O", Handlers.on_open, "file"),
    ActionInfo("save", "Save", "Ctrl+S", Handlers.on_save, "file"),
    ActionInfo("save-as", "Save as…", "Ctrl+Shift+S", Handlers.on_save_as, "file"),
    ActionInfo("import", "Import points or a picture…", "Ctrl+I", Handlers.on_import, "file"),
    ActionInfo("export", "Export video…", "Ctrl+E", Handlers.on_export, "file"),
    ActionInfo("copy-picture", "Copy picture", "Ctrl+Shift+C", Handlers.on_copy_picture, "file"),
    ActionInfo("commands", "Commands…", "Ctrl+K", Handlers.on_commands, "file"),
    ActionInfo("reference", "Sources and notation…", "F1", Handlers.on_reference, "file"),
    ActionInfo("keys", "Keys…", "Ctrl+F1", Handlers.on_keys, "file"),
    ActionInfo("quit", "Quit", "Ctrl+Q", Handlers.on_quit, "file"),
    ActionInfo("undo", "Undo", "Ctrl+Z", Handlers.on_undo, "edit"),
    ActionInfo("redo", "Redo", "Ctrl+Shift+Z", Handlers.on_redo, "edit"),
    ActionInfo("swap", "Swap source and target", "X", Handlers.on_swap, "edit"),
    ActionInfo("theme-dark", "Dark", "", Handlers.on_theme_dark, "theme"),
    ActionInfo("theme-light", "Light", "", Handlers.on_theme_light, "theme"),
    ActionInfo("theme-system", "Follow the system", "", Handlers.on_theme_system, "theme"),
    ActionInfo("look", "Look", "V", Handlers.on_look, "view"),
    ActionInfo("draw", "Draw an end", "D", Handlers.on_draw, "view"),
    ActionInfo("smaller-brush", "Smaller brush", "[", Handlers.on_smaller_brush, "view"),
    ActionInfo("larger-brush", "Larger brush", "]", Handlers.on_larger_brush, "view"),
    ActionInfo("probe", "Probe", "P", Handlers.on_probe, "view"),
    ActionInfo("fit", "Fit the view", "F", Handlers.on_fit, "view"),
    ActionInfo("full-screen", "Full screen", "F11", Handlers.on_full_screen, "view"),
    ActionInfo("zen", "Hide the columns", "H", Handlers.on_zen, "view"),
    ActionInfo("play", "Play or pause", "Space", Handlers.on_play, "time"),
    ActionInfo("first", "Go to the source", "Home", Handlers.on_first, "time"),
    ActionInfo("last", "Go to the target", "End", Handlers.on_last, "time"),
    ActionInfo("previous", "One step back", "Left", Handlers.on_previous, "time"),
    ActionInfo("next", "One step on", "Right", Handlers.on_next, "time"),
    ActionInfo("page-back", "A tenth back", "PgUp", Handlers.on_page_back, "time"),
    ActionInfo("page-on", "A tenth on", "PgDown", Handlers.on_page_on, "time"),
    ActionInfo("mark-start", "Play from here", "I", Handlers.on_mark_start, "time"),
    ActionInfo("mark-end", "Play to here", "O", Handlers.on_mark_end, "time"),
    ActionInfo("clear-marks", "Play the whole", "Shift+I", Handlers.on_clear_marks, "time"),
    ActionInfo("train", "Train", "Ctrl+T", Handlers.on_train, "model"),
    ActionInfo("stop-training", "Stop training", "Ctrl+.", Handlers.on_stop_training, "model"),
    ActionInfo("step-back", "Earlier training step", "Shift+Left", Handlers.on_step_back, "model"),
    ActionInfo("step-on", "Later training step", "Shift+Right", Handlers.on_step_on, "model"),
    ActionInfo("newest-step", "Newest training step", "Shift+End", Handlers.on_newest_step, "model"),
    ActionInfo("one-pane", "One pane", "1", Handlers.on_one_pane, "compare"),
    ActionInfo("exact-learned", "Exact | learned", "2", Handlers.on_exact_learned, "compare"),
    ActionInfo("motions", "ODE | SDE | Langevin", "3", Handlers.on_motions, "compare"),
    ActionInfo("solvers", "Euler | Heun | RK4", "4", Handlers.on_solvers, "compare"),
    ActionInfo("training-steps", "Training steps", "", Handlers.on_training_steps, "compare"),
)

MENU_TITLES = {
    "file": "File",
    "edit": "Edit",
    "view": "View",
    "theme": "Theme",
    "time": "Time",
    "model": "Model",
    "compare": "Compare",
}


class ActionTable:
    """QActions by id, made from the table and connected to the handlers' methods."""

    def __init__(self, window: QWidget, handlers: Handlers) -> None:
        self.actions: dict[str, QAction] = {}
        for info in ACTIONS:
            action = QAction(info.title, window)
            if info.shortcut:
                action.setShortcut(QKeySequence(info.shortcut))
            action.triggered.connect(MethodType(info.handler, handlers))
            window.addAction(action)
            self.actions[info.id] = action

    def __getitem__(self, action_id: str) -> QAction:
        return self.actions[action_id]

    def offers(self) -> Iterator[Offer]:
        """Every action that can be taken now, but for the search among them."""
        for info in ACTIONS:
            action = self.actions[info.id]
            if info.id != "commands" and action.isEnabled():
                key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
                yield Offer(MENU_TITLES[info.menu], action.text().rstrip("…"), action.trigger, key)

    def fill(self, menu: QMenu, name: str) -> None:
        """Add all actions of one menu."""
        for info in ACTIONS:
            if info.menu == name:
                menu.addAction(self.actions[info.id])

    def add_menus(self, menu: QMenu) -> None:
        """Add every menu as a submenu."""
        for name, title in MENU_TITLES.items():
            self.fill(menu.addMenu(title), name)
