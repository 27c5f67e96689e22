"""The menu of the rarer layers in a pane's corner."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget

from fmstudio.document.specs.dynamics import BrownianMotionSpec
from fmstudio.document.specs.view import LAYERS, _whatever
from fmstudio.gui.layer_switches import COMMON, RARE, LayerSwitches
from fmstudio.studio import commands
from fmstudio.studio.comparisons import COMPARISONS, add_pane, compare


@pytest.fixture
def switches(qtbot, session, theme):
    holder = QWidget()
    qtbot.addWidget(holder)
    holder.show()
    yield LayerSwitches(session, theme, 0, holder)
    holder.hide()


def test_that_every_layer_has_words_and_a_picture(switches):
    assert list(switches.menu.entries) == [*COMMON, *RARE]
    assert all(
        layer.title and bool(layer.idle) is (layer.shows is not _whatever) for layer in LAYERS.values()
    )
    switches.refresh()
    assert not any(entry.icon().isNull() for entry in switches.menu.entries.values())


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


@pytest.mark.parametrize("layer", RARE)
def test_that_an_entry_switches_its_layer_and_shows_it(switches, session, layer):
    entry = switches.menu.entries[layer]
    entry.trigger()
    assert getattr(session.store.document.view.panes[0].layers, layer)
    switches.refresh()
    assert entry.isChecked()
    session.store.undo()
    switches.refresh()
    assert not entry.isChecked()


def test_that_a_pane_beside_others_is_held_and_has_its_own_view(session, switches) -> None:
    menu = switches.menu
    assert not menu.held.isVisible()
    compare(session, COMPARISONS[2])
    switches.refresh()
    assert menu.held.isVisible()
    session.playback.seek(0.5)
    menu.held.trigger()
    menu.own_view.trigger()
    spec = session.store.document.view.panes[0]
    assert spec.held == 0.5
    assert spec.camera is not None
    switches.refresh()
    assert menu.held.isChecked()
    menu.held.trigger()
    menu.own_view.trigger()
    spec = session.store.document.view.panes[0]
    assert (spec.held, spec.camera) == (None, None)


def test_that_one_pane_is_changed_alone_and_removed_by_its_menu(switches, session) -> None:
    add_pane(session)
    switches.refresh()
    menu = switches.menu
    menu.otherwise.aboutToShow.emit()
    offered = {action.text(): action.menu() for action in menu.otherwise.actions()}
    steps = next(one for title, one in offered.items() if "teps" in title and "raining" not in title)
    next(action for action in steps.actions() if action.data().title.startswith("10")).trigger()
    document = session.store.document
    assert [document.experiment(pane).simulation.steps for pane in (0, 1)] == [10, 60]
    assert menu.remove.isVisible()
    menu.remove.trigger()
    assert len(session.store.document.view.panes) == 1
    switches.refresh()
    assert not menu.remove.isVisible()
    session.store.undo()
    assert session.store.document == document
