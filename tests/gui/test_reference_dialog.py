"""Sources and notation: every work is on the page, and a click on a citation opens its entry."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from fmstudio.document.references import references
from fmstudio.gui.dialogs.reference_dialog import ReferenceDialog
from fmstudio.gui.plots.equation import EquationPanel


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
