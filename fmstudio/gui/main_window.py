"""The window: a top bar, two columns, the canvas, the timeline. It composes; the parts do the work."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QCloseEvent, QDesktopServices, QGuiApplication, QImage
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from fmstudio.document.gallery import ENTRIES
from fmstudio.document.preferences import Preferences
from fmstudio.gui.actions import ActionTable
from fmstudio.gui.arrangement import Arrangement
from fmstudio.gui.canvas_view import CanvasView
from fmstudio.gui.column import Column
from fmstudio.gui.dialogs.command_palette import CommandPalette
from fmstudio.gui.dialogs.export_dialog import ExportDialog
from fmstudio.gui.dialogs.gallery_dialog import GalleryDialog
from fmstudio.gui.dialogs.reference_dialog import show_reference, topic_here
from fmstudio.gui.file_actions import FileActions
from fmstudio.gui.frame_clock import FULL_RATE_MS, SOFTWARE_RATE_MS, FrameClock
from fmstudio.gui.geometry import as_left, opening_place, screen_areas
from fmstudio.gui.handlers import Handlers
from fmstudio.gui.importer import Importer
from fmstudio.gui.keyboard import Keyboard
from fmstudio.gui.lesson_handlers import LessonHandlers
from fmstudio.gui.notices import NoticeBar
from fmstudio.gui.one_step_panel import OneStepPanel
from fmstudio.gui.pane_handlers import PaneHandlers
from fmstudio.gui.panels import LEFT_PANELS, PanelEntry
from fmstudio.gui.theme import Theme
from fmstudio.gui.timeline import TimelineBar
from fmstudio.gui.top_bar import TopBar
from fmstudio.gui.tour import Tour, hints
from fmstudio.studio.guardrails import guardrails
from fmstudio.studio.offers import Offer, choices
from fmstudio.studio.session import Session

SMALLEST = QSize(900, 520)
LEFT_WIDTH = 288
RIGHT_WIDTH = 292


class MainWindow(QMainWindow):
    """Made with a session; ``frame`` (called by the clock) is all that ever happens by itself."""

    def __init__(self, session: Session, theme: Theme, preferences: Preferences) -> None:
        super().__init__()
        self.session, self.theme = session, theme
        session.looks_ahead = True
        session.lesson.is_sudden = preferences.reduced_motion
        self.notices = NoticeBar(self)
        self.importer = Importer(session, self.notices)
        self.files = FileActions(self, session, preferences, self.notices, self.importer)
        self.rescue = self.files.rescue
        self.handlers = Handlers(self, session, self)
        self.lesson_handlers = LessonHandlers(self, session, self)
        self.actions_by_id: ActionTable = ActionTable(
            self, self.handlers, self.lesson_handlers, PaneHandlers(session, self)
        )
        self._export: ExportDialog | None = None
        self.top_bar = TopBar(session, theme, self.actions_by_id)
        self.canvas = CanvasView(session, theme, self.files.take_dropped)
        self.timeline = TimelineBar(session, theme)
        self.left = self._column("leftColumn", LEFT_WIDTH, LEFT_PANELS)
        self.right: Column | None = None
        self.right_part: QFrame = QFrame()  # so that the canvas does not jump when the plots come
        self.arrangement = Arrangement(self)
        self.clock = FrameClock(self.frame, self)
        self._compose()
        self.keyboard = Keyboard(self, self.canvas.native)
        self.notices.stand_over(self.canvas)
        self.one_step = OneStepPanel(session, theme, self.canvas, self)
        self.tour = Tour(self, self.canvas.native)
        self.setMinimumSize(SMALLEST)
        self.setGeometry(opening_place(preferences.window, screen_areas()))

    def _compose(self) -> None:
        body = QWidget()
        self._body = QHBoxLayout(body)
        self._body.setContentsMargins(0, 0, 0, 0)
        self._body.setSpacing(0)
        self._body.addWidget(self.left)
        self._body.addWidget(self.canvas, 1)
        self.right_part.setFixedWidth(RIGHT_WIDTH)
        self._body.addWidget(self.right_part)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.top_bar, self.arrangement.bar, body, self.arrangement.strip, self.timeline):
            column.addWidget(part, 1 if part is body else 0)
        self.setCentralWidget(whole)
        whole.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        whole.setFocusProxy(self.canvas.native)  # so a click anywhere ends typing
        self.canvas.native.setFocus()

    def _column(self, name: str, width: int, entries: tuple[PanelEntry, ...]) -> Column:
        panels = (entry.make(self.session, self.theme, self.notices.say) for entry in entries)
        return Column(name, width, panels)

    def add_right_column(self) -> None:
        """The plots; they are imported only after the window is on the screen."""
        from fmstudio.gui.plots import RIGHT_PANELS

        self.right = self._column("rightColumn", RIGHT_WIDTH, RIGHT_PANELS)
        self._body.replaceWidget(self.right_part, self.right)
        self.right_part.deleteLater()
        self.right_part = self.right

    # ---- frames ----

    def start(self) -> None:
        self.clock.start(FULL_RATE_MS)

    def frame(self, seconds: float) -> None:
        """One frame: engine, time, picture, panels. First unsaved work: it is kept whatever else fails."""
        self.rescue.tick()
        self.importer.tick()
        self.session.tick(seconds)
        self.canvas.frame()
        self.arrangement.refresh()
        self.one_step.refresh()
        self.timeline.refresh()
        self.top_bar.refresh()
        self._show_title()
        self.notices.heed(self.session.troubles)
        notes = guardrails(self.session.store.document, self.session.results)
        self.left.refresh(notes)
        if self.right is not None:
            self.right.refresh(notes)
        self.canvas.show_cursor(self.session.tools.mode)

    def settle_rate(self) -> None:
        """Leave the processor to the engine where there is no GPU to draw with."""
        self.clock.set_interval(SOFTWARE_RATE_MS if self.canvas.canvas.is_software else FULL_RATE_MS)

    # ---- what the handlers need of the window ----

    def show_export(self) -> None:
        if self._export is None:
            self._export = ExportDialog(self, self.session, self.theme)
            self._export.finished.connect(self._on_export_finished)
            self._export.saved.connect(self._on_export_saved)
        self._export.show()
        self._export.raise_()

    def show_gallery(self) -> None:
        dialog = GalleryDialog(self, self.theme.palette)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(self._on_gallery_chosen)
        dialog.open()

    def show_commands(self) -> None:
        gallery = (
            Offer("Gallery", entry.title, partial(self.files.open_gallery, entry.id)) for entry in ENTRIES
        )
        self._offer("Commands", (*self.actions_by_id.offers(), *choices(self.session), *gallery))

    def show_sources(self) -> None:
        """The bibliography and the notation, open at what has the focus, or else lies under the pointer."""
        show_reference(self, topic=topic_here(self))

    def show_tour(self) -> None:
        """The hints, from the first on."""
        _, target, _, _, motion = self.left.panels
        self.tour.begin(hints(target, motion, self.timeline.line, self.top_bar))

    def show_keys(self) -> None:
        """Every command that has a key, with its key."""
        self._offer("Keys", tuple(offer for offer in self.actions_by_id.offers() if offer.key))

    def _offer(self, title: str, offers: tuple[Offer, ...]) -> None:
        dialog = CommandPalette(self, offers)
        dialog.setWindowTitle(title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _on_export_finished(self, _result: int) -> None:
        if self._export is not None:
            self._export.deleteLater()
            self._export = None

    def _on_export_saved(self, path: Path) -> None:
        show = partial(QDesktopServices.openUrl, QUrl.fromLocalFile(str(path.parent)))
        self.notices.offer(f"Saved {path.name}.", "Show in folder", show)

    def copy_picture(self) -> None:
        """The canvas, as seen, on the clipboard."""
        pixels = self.canvas.canvas.picture()
        height, width = pixels.shape[:2]
        image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        QGuiApplication.clipboard().setImage(image.copy())
        self.notices.say("The picture is on the clipboard.")

    def choose_theme(self, name: str) -> None:
        self.files.prefer(theme=name)
        self.theme.change(name)

    def toggle_columns(self) -> None:
        self.arrangement.toggle_columns()

    def open_path(self, path: Path) -> None:
        self.files.open_file(path)

    def _show_title(self) -> None:
        """Of what is open, and whether some of it is unsaved."""
        told = (f"{self.session.store.name}[*] – fmstudio", self.session.unsaved.is_any)
        if told != (self.windowTitle(), self.isWindowModified()):  # saying it again costs a millisecond
            self.setWindowTitle(told[0])
            self.setWindowModified(told[1])

    def _on_gallery_chosen(self, entry_id: str) -> None:
        self.files.open_gallery(entry_id)

    def leave(self) -> None:
        """Close without asking: what is unsaved is offered at the next start."""
        self.rescue.close(keep=True)
        self.files.asks = False
        self.close()

    def focusNextPrevChild(self, forward: bool) -> bool:
        return self.keyboard.walk(forward)

    def closeEvent(self, event: QCloseEvent) -> None:
        may_end = self._export is None or not self.files.asks or self._export.may_end()
        if not (may_end and self.files.may_close()):
            event.ignore()
            return
        if self.files.asks:
            self.files.prefer(window=as_left(self))
        self.clock.stop()
        self.keyboard.close()
        self.importer.close()
        self.rescue.close()
        if self._export is not None:
            self._export.end()
            self._export.close()
        self.canvas.close_canvas()
        event.accept()
