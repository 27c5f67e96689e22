"""What holds for every panel of the left column."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QSlider, QWidget

from fmstudio.document.specs.dynamics import LangevinSpec
from fmstudio.document.specs.path import VESpec
from fmstudio.gui.panels import LEFT_PANELS
from fmstudio.studio import commands
from tests.gui.conftest import frame

LEFT = Qt.MouseButton.LeftButton


@pytest.mark.parametrize("entry", LEFT_PANELS, ids=lambda entry: entry.id)
@pytest.mark.parametrize("theme_name", ["dark", "light"])
def test_that_every_control_has_a_name_a_tip_and_a_place_in_the_tab_order(show, theme, entry, theme_name):
    panel = show(entry.factory)
    theme.choose(theme_name)
    controls = [
        w for kind in (QAbstractButton, QSlider, QLineEdit, QComboBox) for w in panel.findChildren(kind)
    ]
    assert controls
    for control in controls:
        assert control.accessibleName() or getattr(control, "text", str)(), control
        assert control.toolTip(), control
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control
    theme.choose("dark")


@pytest.mark.parametrize("entry", LEFT_PANELS, ids=lambda entry: entry.id)
def test_that_nothing_is_wider_than_the_column(session, show, entry):
    commands.set_field(session, "dynamics", LangevinSpec(), "Choose dynamics")
    commands.set_field(session, "path", VESpec(), "Choose path")
    commands.start_drawing(session)
    panel = show(entry.factory)
    frame(session, panel)
    assert panel.minimumSizeHint().width() <= 264
    for child in panel.findChildren(QWidget):
        if child.isVisible() and child.parentWidget() is not None and not isinstance(child, QLineEdit):
            assert child.geometry().right() <= child.parentWidget().width(), child
