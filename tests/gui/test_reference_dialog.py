"""Sources and notation: every work is on the page, and a click on a citation opens its entry."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from fmstudio.document.references import references
from fmstudio.gui.dialogs.reference_dialog import ReferenceDialog
from fmstudio.gui.main_window import MainWindow
from fmstudio.gui.panels import LEFT_PANELS
from fmstudio.gui.panels.path import PathPanel
from fmstudio.gui.plots import RIGHT_PANELS
from fmstudio.gui.plots.equation import EquationPanel
from tests.gui.windows import silent_window


@pytest.fixture
def dialog(qtbot) -> ReferenceDialog:
    made = ReferenceDialog(None)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_that_every_work_is_on_the_page_and_can_be_gone_to(dialog: ReferenceDialog) -> None:
    text = dialog.sources.toPlainText()
    assert all(work.title in text for work in references().values())
    bar = dialog.sources.verticalScrollBar()
    dialog.go_to(next(iter(references())))
    assert bar.value() < 10
    dialog.go_to("TongSF2M2023")
    assert bar.value() > bar.maximum() / 2


def test_that_the_notation_says_which_end_is_noise(dialog: ReferenceDialog) -> None:
    assert "0 is the source (noise), 1 the target (data)" in dialog.notation.toPlainText()


def test_that_a_click_on_an_equations_source_opens_its_entry(show) -> None:
    panel = show(EquationPanel)
    source = next(w for w in panel.wells[0].findChildren(QLabel) if "MIT6S184" in w.text())
    assert source.textInteractionFlags() & Qt.TextInteractionFlag.LinksAccessibleByMouse
    source.linkActivated.emit("MIT6S184")
    opened = panel.window().findChild(ReferenceDialog)
    assert opened is not None
    assert opened.isVisible()
    opened.close()


def test_that_every_panel_has_a_heading_of_the_notation(dialog: ReferenceDialog) -> None:
    topics = {entry.topic for entry in (*LEFT_PANELS, *RIGHT_PANELS)} | {"Couplings of the ends"}
    assert topics <= set(dialog.headings())


def test_that_a_topic_turns_to_its_heading_and_an_unknown_one_to_nothing(dialog: ReferenceDialog) -> None:
    dialog.go_to_topic("No such thing")
    assert dialog.pages.currentWidget() is dialog.sources
    dialog.go_to_topic("Motions")
    assert dialog.pages.currentWidget() is dialog.notation
    assert first_heading(dialog) == "Motions"


def test_that_f1_opens_what_has_the_focus_and_the_whole_where_nothing_has(qtbot) -> None:
    with silent_window(qtbot) as window:
        path = next(panel for panel in window.left.panels if isinstance(panel, PathPanel))
        assert opened_at(window, path.section.head) == "Schedules"
        assert opened_at(window, path.joining.kinds.buttons["bridge"]) == "Couplings of the ends"
        QCursor.setPos(window.canvas.mapToGlobal(window.canvas.rect().center()))
        assert opened_at(window, window.canvas.native) == ""


def opened_at(window: MainWindow, focus: QWidget) -> str:
    """Press F1 there: the first heading in sight, or '' for the sources."""
    focus.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(focus, Qt.Key.Key_F1)
    dialog = window.findChildren(ReferenceDialog)[-1]
    shown = first_heading(dialog) if dialog.pages.currentWidget() is dialog.notation else ""
    dialog.close()
    return shown


def first_heading(dialog: ReferenceDialog) -> str:
    """The uppermost one in sight."""
    tops = {name: dialog.notation.cursorRect(QTextCursor(at)).top() for name, at in dialog.headings().items()}
    return min((top, name) for name, top in tops.items() if 0 <= top < dialog.notation.height())[1]
