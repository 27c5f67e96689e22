"""A whole window on an engine that never answers, and a hand on its keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QWidget

from fmstudio.document.document import Document
from fmstudio.document.preferences import Preferences
from fmstudio.gui.app import make_window
from fmstudio.gui.main_window import MainWindow
from fmstudio.gui.theme import Theme, apply_theme
from tests.fakes import FakeEngine


@contextmanager
def silent_window(qtbot, document: Document | None = None) -> Iterator[MainWindow]:
    """Shown, active, at rest."""
    theme = Theme(parent=None)
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    apply_theme(application, theme.palette)
    window = make_window(FakeEngine(), document or Document(), (), theme, Preferences())
    window.files.asks = False
    window.resize(1440, 900)
    window.add_right_column()
    window.show()
    window.start()
    try:
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow, timeout=250_000)
        window.frame(0.0)
        yield window
    finally:
        window.close()
        window.session.close()
        window.theme.deleteLater()
        window.deleteLater()
        qtbot.wait(10)


def press_and_think_better_of_it(widget: QWidget) -> None:
    """A click's press on the widget, let go elsewhere so that it does nothing; what pops up goes again."""
    closer = QTimer()
    closer.timeout.connect(close_popup)
    closer.start(2)
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=widget.rect().center())
    if isinstance(widget, QComboBox):
        widget.hidePopup()
    closer.stop()
    close_popup()
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=QPoint(-50, -50))


def close_popup() -> None:
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()


def type_key(key: Qt.Key) -> None:
    """To whatever has the focus."""
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, key)
