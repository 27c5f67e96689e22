"""The menus beside the switches of density and arrows: only what is defined, and one undo step a choice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget

from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.colouring import ParticleColour
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.dynamics import LangevinSpec
from fmstudio.gui.layer_choices import ChoiceMenu
from fmstudio.gui.layer_switches import LayerSwitches
from fmstudio.gui.theme import Theme
from fmstudio.studio import commands
from fmstudio.studio.session import Session


@pytest.fixture
def switches(qtbot, session: Session, theme: Theme) -> Iterator[LayerSwitches]:
    holder = QWidget()
    qtbot.addWidget(holder)
    yield LayerSwitches(session, theme, 0, holder)
    holder.hide()


def titles(menu: ChoiceMenu) -> list[str]:
    menu.offers.aboutToShow.emit()
    return [action.text() for action in menu.offers.actions()]


def pick(menu: ChoiceMenu, title: str) -> None:
    menu.offers.aboutToShow.emit()
    next(action for action in menu.offers.actions() if action.text() == title).trigger()


def test_that_a_choice_shows_its_layer_and_is_undone_in_one_step(
    session: Session, switches: LayerSwitches
) -> None:
    commands.toggle_layer(session, 0, "density")
    pick(switches.choices["density"], DensityMethod.FOKKER_PLANCK.facts.title)
    pane = session.store.document.view.panes[0]
    assert pane.density is DensityMethod.FOKKER_PLANCK
    assert pane.layers.density
    assert session.store.undo_label == "Show fokker planck"
    session.store.undo()
    assert session.store.document.view.panes[0].density is DensityMethod.AUTO
    assert not session.store.document.view.panes[0].layers.density


def test_that_arrows_are_chosen_alike(session: Session, switches: LayerSwitches) -> None:
    pick(switches.choices["field"], Quantity.FLUX.facts.title)
    assert session.store.document.view.panes[0].arrows is Quantity.FLUX
    switches.choices["field"].offers.aboutToShow.emit()
    marked = [a.text() for a in switches.choices["field"].offers.actions() if a.isChecked()]
    assert marked == [Quantity.FLUX.facts.title, "Arrows"]


def test_that_a_field_is_shown_as_streaks_in_one_step(session: Session, switches: LayerSwitches) -> None:
    commands.toggle_layer(session, 0, "field")
    pick(switches.choices["field"], "Drifting streaks")
    pane = session.store.document.view.panes[0]
    assert pane.streaks
    assert pane.layers.field
    assert session.store.undo_label == "Show streaks"
    pick(switches.choices["field"], "Arrows")
    assert not session.store.document.view.panes[0].streaks


def test_that_only_what_is_defined_is_offered(session: Session, switches: LayerSwitches) -> None:
    along = titles(switches.choices["density"])
    assert DensityMethod.RESIDUAL.facts.title in along
    assert DensityMethod.ERROR.facts.title not in along  # nothing is learned yet
    commands.set_field(session, "dynamics", LangevinSpec(), "Choose dynamics")
    sampler = titles(switches.choices["density"])
    assert DensityMethod.FOKKER_PLANCK.facts.title in sampler
    assert DensityMethod.LIKELIHOOD.facts.title not in sampler
    assert titles(switches.choices["field"])[:2] == [Quantity.VELOCITY.facts.title, ""]


def test_that_the_menu_above_leaves_choices_to_the_menu_below(
    session: Session, switches: LayerSwitches
) -> None:
    """Qt tells of a triggered entry in all menus through which it was reached."""
    before = session.store.document
    density = switches.choices["density"]
    density.offers.aboutToShow.emit()
    switches.menu.menu().triggered.emit(density.offers.actions()[1])
    assert session.store.document == before


def test_that_particles_are_coloured_sized_and_made_to_glow_in_all_panes(
    session: Session, switches: LayerSwitches
) -> None:
    menu = switches.choices["particles"]
    assert [title for title in titles(menu) if title][: len(ParticleColour)] == [
        colour.facts.title for colour in ParticleColour
    ]
    commands.toggle_layer(session, 0, "particles")
    pick(menu, ParticleColour.SPEED.facts.title)
    view = session.store.document.view
    assert view.particle_colour is ParticleColour.SPEED
    assert view.panes[0].layers.particles
    pick(menu, "Large")
    pick(menu, "Glow")
    view = session.store.document.view
    assert (view.particle_size, view.particle_glow) == (8.0, True)
    menu.offers.aboutToShow.emit()
    assert [a.text() for a in menu.offers.actions() if a.isChecked()] == ["Speed", "Large", "Glow"]
    pick(menu, "Glow")
    assert not session.store.document.view.particle_glow
    assert session.store.undo_label == "Change the glow of particles"


def test_that_the_states_of_the_solver_alone_are_shown_where_that_is_asked(
    session: Session, switches: LayerSwitches
) -> None:
    menu = switches.choices["trajectories"]
    pick(menu, "Only the solver's states")
    assert session.store.document.view.only_states
    menu.offers.aboutToShow.emit()
    assert [a.text() for a in menu.offers.actions() if a.isChecked()] == ["Only the solver's states"]
    pick(menu, "Between the solver's states too")
    assert not session.store.document.view.only_states
