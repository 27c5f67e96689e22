"""What the actions do. Thin: each calls one command, or the files room, or playback."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QObject

from fmstudio.engine.messages import TrainingCommand
from fmstudio.gui.file_actions import FileActions
from fmstudio.studio import commands, panes
from fmstudio.studio.clocks import finest_steps
from fmstudio.studio.session import Session
from fmstudio.studio.tools import Mode


class Room(Protocol):
    """What a window can be asked to do."""

    @property
    def files(self) -> FileActions: ...
    def show_gallery(self) -> None: ...
    def show_export(self) -> None: ...
    def show_commands(self) -> None: ...
    def show_keys(self) -> None: ...
    def show_sources(self) -> None: ...
    def show_tour(self) -> None: ...
    def copy_picture(self) -> None: ...
    def choose_theme(self, name: str, /) -> None: ...
    def toggle_columns(self) -> None: ...
    def close(self) -> bool: ...


class Handlers(QObject):
    """One method an action (see gui.actions.ACTIONS)."""

    def __init__(self, room: Room, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._room, self._session = room, session

    # ---- files ----

    def on_new(self) -> None:
        self._room.files.new()

    def on_gallery(self) -> None:
        self._room.show_gallery()

    def on_open(self) -> None:
        self._room.files.ask_and_open()

    def on_save(self) -> None:
        self._room.files.save()

    def on_save_as(self) -> None:
        self._room.files.save_as()

    def on_import(self) -> None:
        self._room.files.ask_and_import()

    def on_export(self) -> None:
        self._room.show_export()

    def on_copy_picture(self) -> None:
        self._room.copy_picture()

    def on_commands(self) -> None:
        self._room.show_commands()

    def on_reference(self) -> None:
        self._room.show_sources()

    def on_tour(self) -> None:
        self._room.show_tour()

    def on_keys(self) -> None:
        self._room.show_keys()

    def on_quit(self) -> None:
        self._room.close()

    # ---- edit ----

    def on_undo(self) -> None:
        self._session.store.undo()

    def on_redo(self) -> None:
        self._session.store.redo()

    def on_swap(self) -> None:
        panes.swap_ends(self._session)

    # ---- view ----

    def on_theme_dark(self) -> None:
        self._room.choose_theme("dark")

    def on_theme_light(self) -> None:
        self._room.choose_theme("light")

    def on_theme_system(self) -> None:
        self._room.choose_theme("system")

    def on_look(self) -> None:
        self._session.tools.choose_mode(Mode.LOOK)

    def on_draw(self) -> None:
        self._session.tools.choose_mode(Mode.DRAW)
        commands.start_drawing(self._session)

    def on_smaller_brush(self) -> None:
        self._session.tools.scale_brush(-1)

    def on_larger_brush(self) -> None:
        self._session.tools.scale_brush(1)

    def on_probe(self) -> None:
        self._session.tools.choose_mode(Mode.PROBE)

    def on_fit(self) -> None:
        commands.fit_camera(self._session)

    def on_zen(self) -> None:
        self._room.toggle_columns()

    # ---- time ----

    def on_play(self) -> None:
        self._session.playback.toggle()

    def on_first(self) -> None:
        self._session.playback.jump(0.0)

    def on_last(self) -> None:
        self._session.playback.jump(1.0)

    def on_previous(self) -> None:
        self._step(-1)

    def on_next(self) -> None:
        self._step(1)

    def on_page_back(self) -> None:
        self._step(-self._page())

    def on_page_on(self) -> None:
        self._step(self._page())

    def on_mark_start(self) -> None:
        self._session.playback.mark(True)

    def on_mark_end(self) -> None:
        self._session.playback.mark(False)

    def on_clear_marks(self) -> None:
        self._session.playback.clear_marks()

    def _page(self) -> int:
        """A tenth of the way, in whole steps."""
        return max(1, round(finest_steps(self._session.store.document) / 10))

    def _step(self, steps: int) -> None:
        self._session.playback.step(steps, finest_steps(self._session.store.document))

    # ---- model ----

    def on_train(self) -> None:
        """Start, or pause, or go on."""
        commands.go_on_training(self._session)

    def on_stop_training(self) -> None:
        if self._session.results.training.is_active:
            self._session.command_training(TrainingCommand.STOP)

    def on_explain_step(self) -> None:
        commands.explain_step(self._session)

    def on_step_back(self) -> None:
        commands.move_training_step(self._session, -1)

    def on_step_on(self) -> None:
        commands.move_training_step(self._session, 1)

    def on_newest_step(self) -> None:
        commands.show_training_step(self._session, None)
