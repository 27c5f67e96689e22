"""The motion panel: what can be set depends on what moves the particles."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from fmstudio.document.specs.dynamics import (
    MORE_DYNAMICS,
    AnnealedLangevinSpec,
    InterpolantSpec,
    LangevinSpec,
    ODESpec,
    OrnsteinUhlenbeckSpec,
    SDESpec,
)
from fmstudio.document.specs.training import Coupling
from fmstudio.document.specs.view import PaneSpec, ViewSpec
from fmstudio.gui.panels.motion import MotionPanel
from fmstudio.studio import commands
from fmstudio.studio.comparisons import COMPARISONS, compare
from tests.gui.conftest import drag

LEFT = Qt.MouseButton.LeftButton


def test_that_the_motion_decides_what_can_be_set(qtbot, session, show):
    panel = show(MotionPanel)
    assert not panel.sigma.isVisible()
    assert not panel.seeds.noise.isEnabled()
    qtbot.mouseClick(panel.motions.buttons["sde"], LEFT)
    assert session.store.document.dynamics == SDESpec()
    assert panel.sigma.isVisible()
    assert panel.seeds.noise.isEnabled()
    assert not panel.duration.isVisible()
    drag(qtbot, panel.sigma.slider, 10, 80)
    sigma = session.store.document.dynamics.sigma
    qtbot.mouseClick(panel.motions.buttons["langevin"], LEFT)
    assert session.store.document.dynamics == LangevinSpec(sigma=sigma)
    assert panel.duration.isVisible()


def test_that_the_solver_is_chosen_among_those_of_the_motion(session, show):
    panel = show(MotionPanel)
    titles = [panel.solver.itemText(i) for i in range(panel.solver.count())]
    assert titles == ["Euler", "Midpoint", "Heun", "Runge–Kutta 4"]
    panel.solver.activated.emit(3)
    assert session.store.document.dynamics == ODESpec(solver="rk4")
    assert panel.solver.currentText() == "Runge–Kutta 4"
    session.store.undo()
    assert panel.solver.currentText() == "Heun"


def test_that_steps_are_one_press_away(qtbot, session, show):
    panel = show(MotionPanel)
    qtbot.mouseClick(panel.quick[10], LEFT)
    assert session.store.document.simulation.steps == 10
    assert panel.quick[10].isChecked()
    assert panel.steps.figure.text() == "10"
    qtbot.mouseClick(panel.quick[10], LEFT)
    assert panel.quick[10].isChecked()


def test_that_a_drag_of_particles_is_one_undo_step(qtbot, session, show):
    panel = show(MotionPanel)
    drag(qtbot, panel.particles.slider, 5, 30, 60, 90)
    assert session.store.document.simulation.particles != 2000
    assert not session.is_interacting
    assert session.store.undo() == "Change particles"
    assert session.store.document.simulation.particles == 2000
    assert panel.particles.figure.text() == "2,000"


def test_that_each_die_throws_its_own_seed(qtbot, session, show):
    commands.set_field(session, "dynamics", SDESpec(), "Choose dynamics")
    panel = show(MotionPanel)
    start, noise = session.store.document.simulation.start_seed, session.store.document.simulation.noise_seed
    qtbot.mouseClick(panel.seeds.start.die, LEFT)
    assert session.store.document.simulation.start_seed != start
    assert session.store.document.simulation.noise_seed == noise
    qtbot.mouseClick(panel.seeds.noise.die, LEFT)
    assert session.store.document.simulation.noise_seed != noise
    figure = panel.seeds.start.figure
    figure.selectAll()
    qtbot.keyClicks(figure, "12")
    qtbot.keyClick(figure, Qt.Key.Key_Return)
    assert session.store.document.simulation.start_seed == 12


def test_that_motions_side_by_side_are_all_marked_and_share_their_noise(session, show):
    compare(session, COMPARISONS[1])
    panel = show(MotionPanel)
    assert [name for name, b in panel.motions.buttons.items() if b.isChecked()] == ["ode", "sde", "langevin"]
    assert not panel.solver.isEnabled()
    panel.sigma.chosen.emit(0.3)
    sigmas = {getattr(pane.dynamics, "sigma", None) for pane in session.store.document.view.panes}
    assert sigmas == {None, 0.3}


def test_that_too_much_noise_is_noted_and_its_button_mends_it(qtbot, session, show):
    commands.set_field(session, "dynamics", SDESpec(sigma=4.0), "Choose dynamics")
    panel = show(MotionPanel)
    note = panel.section.notes.notes[0]
    assert "large" in note.words.text()
    qtbot.mouseClick(note.button, LEFT)
    assert session.store.document.simulation.steps == 110


def choose_more(panel, kind):
    """What a person does in the list of further motions."""
    panel.more.activated.emit(panel.more.findData(kind))


def test_that_further_motions_are_a_press_and_a_choice_away(qtbot, session, show):
    panel = show(MotionPanel)
    assert not panel.more.isVisible()
    qtbot.mouseClick(panel.motions.buttons["more"], LEFT)
    assert panel.more.isVisible()
    assert session.store.document.dynamics == ODESpec()
    panel.more.hidePopup()
    choose_more(panel, "ornstein-uhlenbeck")
    assert session.store.document.dynamics == OrnsteinUhlenbeckSpec()
    assert panel.motions.buttons["more"].isChecked()
    assert panel.more.currentText() == OrnsteinUhlenbeckSpec.title
    qtbot.mouseClick(panel.motions.buttons["ode"], LEFT)
    assert session.store.document.dynamics == ODESpec()
    assert not panel.more.isVisible()
    session.store.undo()
    assert panel.more.isVisible()


@pytest.mark.parametrize("spec", MORE_DYNAMICS)
def test_that_every_setting_of_a_further_motion_has_one_row(show, spec):
    panel = show(MotionPanel)
    choose_more(panel, spec.model_fields["kind"].default)
    shared = {"sigma": panel.sigma, "profile": panel.profile, "duration": panel.duration}
    shared["shape"] = panel.shape
    rows = {name for name, row in shared.items() if row.isVisible()} | set(panel.form.rows)
    assert rows == set(spec.model_fields) - {"kind", "solver"}
    assert panel.form.isVisible() == bool(panel.form.rows)


def test_that_a_setting_of_a_process_goes_into_the_document(qtbot, session, show):
    panel = show(MotionPanel)
    choose_more(panel, "ornstein-uhlenbeck")
    drag(qtbot, panel.form.rows["theta"].slider, 10, 80)
    dynamics = session.store.document.dynamics
    assert dynamics.theta > OrnsteinUhlenbeckSpec().theta
    panel.duration.chosen.emit(3.0)
    assert session.store.document.dynamics == dynamics.model_copy(update={"duration": 3.0})


def test_that_noise_goes_along_from_one_sampler_to_the_other(session, show):
    commands.set_field(session, "dynamics", LangevinSpec(sigma=0.7), "Choose dynamics")
    panel = show(MotionPanel)
    choose_more(panel, "annealed-langevin")
    assert session.store.document.dynamics == AnnealedLangevinSpec(sigma=0.7)


def test_that_pairs_are_chosen_by_their_coupling_and_need_no_solver(session, show):
    panel = show(MotionPanel)
    choose_more(panel, "interpolant")
    assert not panel.solver.isEnabled()
    assert panel.seeds.noise.isEnabled()
    box = panel.form.rows["coupling"].box
    box.activated.emit(box.findData("sinkhorn"))
    assert session.store.document.dynamics == InterpolantSpec(coupling=Coupling.SINKHORN)


def test_that_couplings_side_by_side_are_not_called_by_the_first(session, show):
    panes = tuple(PaneSpec(dynamics=InterpolantSpec(coupling=coupling)) for coupling in Coupling)
    session.store.edit(lambda d: d.model_copy(update={"view": ViewSpec(panes=panes)}), "Couplings")
    panel = show(MotionPanel)
    assert panel.form.rows["coupling"].box.currentIndex() == -1


def test_that_a_flow_has_no_noise_to_throw(show):
    panel = show(MotionPanel)
    choose_more(panel, "linear-flow")
    assert not panel.seeds.noise.isEnabled()
