"""Menus, shortcuts and their handlers, as one table. Adding an action is one row and one method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MethodType
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from fmstudio.gui.handlers import Handlers
from fmstudio.gui.lesson_handlers import LessonHandlers
from fmstudio.gui.pane_handlers import PaneHandlers
from fmstudio.studio.offers import Offer


@dataclass(frozen=True)
class ActionInfo:
    """``handler`` is a method of Handlers, in the menus "lesson" and "compare" of LessonHandlers and
    PaneHandlers; ``menu`` is where it stands.

    Shortcuts are the whole window's; gui.keyboard says when a control keeps a key for itself.
    """

    id: str
    title: str
    shortcut: str
    handler: Callable[[Any], None]
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
    ActionInfo("tour", "Show the tour", "", Handlers.on_tour, "file"),
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
    ActionInfo("present", "Present", "F11", LessonHandlers.on_present, "lesson"),
    ActionInfo(
        "present-from-start",
        "Present from the first moment",
        "F5",
        LessonHandlers.on_present_from_start,
        "lesson",
    ),
    ActionInfo("end-presenting", "End presenting", "", LessonHandlers.on_end_presenting, "lesson"),
    ActionInfo("next-moment", "Next moment", "", LessonHandlers.on_next_moment, "lesson"),
    ActionInfo("previous-moment", "Previous moment", "", LessonHandlers.on_previous_moment, "lesson"),
    ActionInfo("lesson", "Make a lesson", "L", LessonHandlers.on_lesson, "lesson"),
    ActionInfo("add-moment", "Add moment", "Ctrl+M", LessonHandlers.on_add_moment, "lesson"),
    ActionInfo(
        "replace-moment",
        "Replace moment by what is shown",
        "Ctrl+Shift+M",
        LessonHandlers.on_replace_moment,
        "lesson",
    ),
    ActionInfo("earlier", "Move moment earlier", "", LessonHandlers.on_earlier, "lesson"),
    ActionInfo("later", "Move moment later", "", LessonHandlers.on_later, "lesson"),
    ActionInfo("remove-moment", "Remove moment", "", LessonHandlers.on_remove_moment, "lesson"),
    ActionInfo("show-all", "Show all controls", "", LessonHandlers.on_show_all, "lesson"),
    ActionInfo("train", "Train", "Ctrl+T", Handlers.on_train, "model"),
    ActionInfo("stop-training", "Stop training", "Ctrl+.", Handlers.on_stop_training, "model"),
    ActionInfo("explain-step", "One step, explained", "Ctrl+Shift+T", Handlers.on_explain_step, "model"),
    ActionInfo("step-back", "Earlier training step", "Shift+Left", Handlers.on_step_back, "model"),
    ActionInfo("step-on", "Later training step", "Shift+Right", Handlers.on_step_on, "model"),
    ActionInfo("newest-step", "Newest training step", "Shift+End", Handlers.on_newest_step, "model"),
    ActionInfo("one-pane", "One pane", "1", PaneHandlers.on_one_pane, "compare"),
    ActionInfo("add-pane", "Add a pane", "Ctrl+D", PaneHandlers.on_add_pane, "compare"),
    ActionInfo("remove-pane", "Remove the last pane", "Ctrl+W", PaneHandlers.on_remove_pane, "compare"),
    ActionInfo("exact-learned", "Exact | learned", "2", PaneHandlers.on_exact_learned, "compare"),
    ActionInfo("motions", "ODE | SDE | Langevin", "3", PaneHandlers.on_motions, "compare"),
    ActionInfo("solvers", "Euler | Heun | RK4", "4", PaneHandlers.on_solvers, "compare"),
    ActionInfo("steps", "Steps of the solver", "5", PaneHandlers.on_steps, "compare"),
    ActionInfo("sigmas", "Noise σ of the SDE", "6", PaneHandlers.on_sigmas, "compare"),
    ActionInfo("paths", "Paths", "7", PaneHandlers.on_paths, "compare"),
    ActionInfo("couplings", "Couplings of the ends", "8", PaneHandlers.on_couplings, "compare"),
    ActionInfo("sources", "Sources", "", PaneHandlers.on_sources, "compare"),
    ActionInfo("targets", "Targets", "", PaneHandlers.on_targets, "compare"),
    ActionInfo("objectives", "Objectives of the training", "", PaneHandlers.on_objectives, "compare"),
    ActionInfo("training-steps", "Training steps", "", PaneHandlers.on_training_steps, "compare"),
)

OF_A_LESSON = (
    "next-moment",
    "previous-moment",
    "present-from-start",
    "replace-moment",
    "earlier",
    "later",
    "remove-moment",
)
"""What can be done only where there is one."""
LESSON_KEYS: Mapping[str, tuple[str, ...]] = {
    "page-back": (),
    "page-on": (),
    "previous-moment": ("PgUp",),
    "next-moment": ("PgDown",),
}
"""Where there is a lesson, the page keys go through its moments."""
PRESENTING_KEYS: Mapping[str, tuple[str, ...]] = {"end-presenting": ("Esc",)}
CLICKER_KEYS: Mapping[str, tuple[str, ...]] = {
    **LESSON_KEYS,
    **PRESENTING_KEYS,
    "previous-moment": ("PgUp", "Left", "Up", "Backspace"),
    "next-moment": ("PgDown", "Right", "Down", "Space"),
    "play": ("Return", "Enter"),
    "previous": ("Shift+Left",),
    "next": ("Shift+Right",),
}
"""While a lesson is presented: whatever a clicker sends. Enter plays, Shift and an arrow go by a step."""

MENU_TITLES = {
    "file": "File",
    "edit": "Edit",
    "view": "View",
    "theme": "Theme",
    "time": "Time",
    "lesson": "Lesson",
    "model": "Model",
    "compare": "Compare",
}


class ActionTable:
    """QActions by id, made from the table and connected to the handlers' methods."""

    def __init__(
        self, window: QWidget, handlers: Handlers, lesson: LessonHandlers, panes: PaneHandlers
    ) -> None:
        self.actions: dict[str, QAction] = {}
        self._changed: Mapping[str, tuple[str, ...]] = {}
        owners: dict[str, QObject] = {"lesson": lesson, "compare": panes}
        for info in ACTIONS:
            action = QAction(info.title, window)
            if info.shortcut:
                action.setShortcut(QKeySequence(info.shortcut))
            action.triggered.connect(MethodType(info.handler, owners.get(info.menu, handlers)))
            window.addAction(action)
            self.actions[info.id] = action

    def __getitem__(self, action_id: str) -> QAction:
        return self.actions[action_id]

    def follow(self, presenting: bool, lesson: bool, hides: bool) -> None:
        """What can be done now, and by which keys: a document may have a lesson, and hide controls. A key
        that goes to another action leaves its own without one."""
        for action_id in OF_A_LESSON:
            self.actions[action_id].setEnabled(lesson)
        self.actions["end-presenting"].setEnabled(presenting)
        self.actions["show-all"].setEnabled(hides)
        clicker, plain = (CLICKER_KEYS, PRESENTING_KEYS) if presenting else (LESSON_KEYS, {})
        changed = clicker if lesson else plain
        usual = {info.id: (info.shortcut,) if info.shortcut else () for info in ACTIONS}
        keys = {**usual, **changed}
        both = [*self._changed, *changed]
        for action_id in both:
            self.actions[action_id].setShortcuts([])  # first all go, so that no key is of two
        for action_id in both:
            self.actions[action_id].setShortcuts([QKeySequence(key) for key in keys[action_id]])
        self._changed = changed

    def offers(self) -> Iterator[Offer]:
        """Every action that can be taken now, but for the search among them."""
        for info in ACTIONS:
            action = self.actions[info.id]
            if info.id != "commands" and action.isEnabled():
                native = QKeySequence.SequenceFormat.NativeText
                key = ", ".join(each.toString(native) for each in action.shortcuts())
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
