"""The menu of the rarer layers in a pane's corner."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget

from fmstudio.document.specs.dynamics import BrownianMotionSpec
from fmstudio.document.specs.view import LayersSpec
from fmstudio.gui.layer_switches import LAYERS, RARER_LAYERS, LayerSwitches
from fmstudio.studio import commands


@pytest.fixture
def switches(qtbot, session, theme):
    holder = QWidget()
    qtbot.addWidget(holder)
    holder.show()
    yield LayerSwitches(session, theme, 0, holder)
    holder.hide()


def test_that_every_layer_has_a_switch_or_an_entry():
    names = {layer for layer, _ in (*LAYERS, *RARER_LAYERS)}
    assert names == set(LayersSpec.model_fields)


def test_that_a_layer_with_nothing_to_show_is_dimmed_and_says_why(switches, session):
    entry = switches.menu.entries["data"]
    assert entry.isEnabled()
    commands.set_field(session, "dynamics", BrownianMotionSpec(), "Motion")
    switches.refresh()
    assert not entry.isEnabled()
    assert entry.toolTip() == "The target plays no part in Brownian motion."
    session.store.undo()
    switches.refresh()
    assert entry.isEnabled()


@pytest.mark.parametrize("layer", [layer for layer, _ in RARER_LAYERS])
def test_that_an_entry_switches_its_layer_and_shows_it(switches, session, layer):
    entry = switches.menu.entries[layer]
    entry.trigger()
    assert getattr(session.store.document.view.panes[0].layers, layer)
    switches.refresh()
    assert entry.isChecked()
    session.store.undo()
    switches.refresh()
    assert not entry.isChecked()
