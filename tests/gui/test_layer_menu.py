"""The menu of the rarer layers in a pane's corner."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget

from fmstudio.document.specs.view import LayersSpec
from fmstudio.gui.layer_switches import LAYERS, RARER_LAYERS, LayerSwitches


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
