"""Colours, type and style sheet of the window, from the palette's roles. GUI thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import lru_cache, partial

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from fmstudio.gui.contrast import readable
from fmstudio.gui.style_sheet import style_sheet, well
from fmstudio.render.palette import DARK, PALETTES, Palette

FUSION = "fusion"
FONT_PIXELS = 13
_CONDENSED = {"DejaVu Sans": "DejaVu Sans Condensed"}
"""A system font that is much wider than others, and its narrower cut."""
_SERIFS = ("STIX Two Text", "Cambria Math", "Times New Roman", "Liberation Serif", "DejaVu Serif Condensed")
SYSTEM = "system"


class Theme(QObject):
    """Owner of the current palette. ``choose`` takes 'dark', 'light' or 'system' (as the desktop is)."""

    changed = Signal(object)
    """the new Palette"""

    def __init__(self, palette: Palette = DARK, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._palette = palette
        self._choice: str = palette.name
        self._turns: deque[Callable[[], None]] = deque()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_timer_timeout)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_hints_colour_scheme_changed)

    @property
    def palette(self) -> Palette:
        return self._palette

    @property
    def choice(self) -> str:
        """'dark', 'light' or 'system'."""
        return self._choice

    @property
    def is_changing(self) -> bool:
        """Windows are being dressed, and stand as they were until all of them is."""
        return bool(self._turns)

    def choose(self, name: str) -> None:
        """Wear another dress, at once. Raises KeyError for an unknown name."""
        self.change(name)
        while self._turns:
            self._on_timer_timeout()

    def change(self, name: str) -> None:
        """The same in turns of the event loop, none of which keeps a hand waiting. Raises KeyError."""
        palette = system_palette() if name == SYSTEM else PALETTES[name]
        self._choice = name
        self._wear(palette)

    def _wear(self, palette: Palette) -> None:
        if palette is self._palette:
            return
        self._palette = palette
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            self.changed.emit(palette)
            return
        self._turns = deque(
            [
                partial(_hold, True),
                partial(_undress, app),
                partial(_dress, app, palette),
                partial(self.changed.emit, palette),
                partial(_hold, False),
            ]
        )
        self._timer.start(0)

    def _on_timer_timeout(self) -> None:
        if self._turns:
            self._turns.popleft()()
        if not self._turns:
            self._timer.stop()

    def _on_hints_colour_scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self._choice == SYSTEM:
            self._wear(system_palette())


def system_palette() -> Palette:
    """The palette that the desktop asks for (dark where it does not say)."""
    light = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Light
    return PALETTES["light" if light else "dark"]


def apply_theme(app: QApplication, palette: Palette) -> None:
    """Dress the whole application: Fusion beneath, the palette's colours, one style sheet, one font.

    The old sheet comes off first: Qt takes four times as long to put one over another, since it polishes
    every widget at each of these steps.
    """
    _undress(app)
    _dress(app, palette)


def _undress(app: QApplication) -> None:
    app.setStyleSheet("")


def _dress(app: QApplication, palette: Palette) -> None:
    if app.style().name() != FUSION:
        app.setStyle(QStyleFactory.create(FUSION))
    app.setPalette(_qt_palette(palette))
    app.setFont(interface_font())
    app.setStyleSheet(style_sheet(palette))


def _hold(is_held: bool) -> None:
    """Whether the windows stand as they are: half dressed they are not shown."""
    for window in QApplication.topLevelWidgets():
        window.setUpdatesEnabled(not is_held)


def interface_font(pixels: int = FONT_PIXELS, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The system's font with figures of equal width."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    narrow = _narrower(QFontInfo(font).family())
    if narrow:
        font.setFamily(narrow)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def code_font(pixels: int = FONT_PIXELS) -> QFont:
    """The system's font whose signs are of one width."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(pixels)
    return font


@lru_cache(maxsize=8)
def _narrower(family: str) -> str:
    """The narrower cut of this family, if it is needed and installed; every painting of a head asks."""
    narrow = _CONDENSED.get(family, "")
    return narrow if narrow in QFontDatabase.families() else ""


def symbol_font(pixels: int = FONT_PIXELS) -> QFont:
    """The italic serif of mathematical symbols."""
    font = QFont()
    font.setFamilies(list(_SERIFS))
    font.setStyleHint(QFont.StyleHint.Serif)
    font.setItalic(True)
    font.setPixelSize(pixels)
    return font


def _qt_palette(palette: Palette) -> QPalette:
    roles = {
        QPalette.ColorRole.Window: palette.window,
        QPalette.ColorRole.Base: palette.canvas,
        QPalette.ColorRole.AlternateBase: palette.raised,
        QPalette.ColorRole.Button: palette.raised,
        QPalette.ColorRole.WindowText: palette.text,
        QPalette.ColorRole.Text: palette.text,
        QPalette.ColorRole.ButtonText: palette.text,
        QPalette.ColorRole.BrightText: palette.danger,
        QPalette.ColorRole.ToolTipBase: palette.raised,
        QPalette.ColorRole.ToolTipText: palette.text,
        QPalette.ColorRole.PlaceholderText: palette.secondary,
        QPalette.ColorRole.Highlight: palette.target,
        QPalette.ColorRole.HighlightedText: palette.window,
        QPalette.ColorRole.Link: readable(palette.target, well(palette)),
        QPalette.ColorRole.Mid: palette.line,
        QPalette.ColorRole.Light: palette.raised,
        QPalette.ColorRole.Dark: palette.line,
    }
    made = QPalette()
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(palette.secondary))
    return made
