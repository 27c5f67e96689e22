"""Each check sees the studio broken on purpose, and nothing wrong with it as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel

from fmstudio.bench.monkey.checks import CHECKS
from fmstudio.bench.monkey.past import Documents
from fmstudio.bench.monkey.seen import Seen, look
from fmstudio.document.arrays import FrozenArray
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import RingsSpec, TwoMoonsSpec
from fmstudio.document.specs.dynamics import SDESpec
from fmstudio.document.specs.training import Objective
from fmstudio.document.specs.view import FieldChoice, PaneSpec
from fmstudio.engine.messages import (
    LearnedModel,
    Refusal,
    TrainingState,
)
from fmstudio.gui.main_window import MainWindow
from fmstudio.gui.panels.end import EndPanel
from fmstudio.gui.panels.motion import MotionPanel
from fmstudio.gui.plots.equation import EquationPanel
from fmstudio.gui.plots.field_error import FieldErrorPanel
from fmstudio.gui.plots.loss import LossPanel
from fmstudio.gui.plots.marginals import MarginalsPanel
from fmstudio.gui.plots.metrics import MetricsPanel
from fmstudio.gui.plots.probe import ProbePanel
from fmstudio.render.scene import ArrowLayer, DensityLayer, Legend, Pane, ParticleLayer
from fmstudio.studio import commands, learning, moments, panes
from fmstudio.studio.comparisons import COMPARISONS, compare, set_panes
from fmstudio.studio.results import TrainingRecord
from fmstudio.studio.tools import Mode, Place
from tests.bench.monkey.conftest import settle

pytestmark = pytest.mark.display
Break = Callable[[MainWindow, pytest.MonkeyPatch], None]
Change = Callable[[Pane], Pane]
LASTS = "what waits says so"
"""Wrong only if it lasts."""


def faults(window: MainWindow, name: str) -> list[str]:
    seen = look(window)
    assert seen is not None
    return list(CHECKS[name].examine(seen))


def at_once(seen: Seen) -> list[str]:
    """All that may not be wrong even for a moment."""
    checks = [check for check in CHECKS.values() if not check.patience]
    return [f"{check.name}: {fault}" for check in checks for fault in check.examine(seen)]


def _aimed(request: Any, target: Any) -> Any:
    """The request, of another target."""
    return replace(request, problem=replace(request.problem, target=target))


def lie(window: MainWindow, patch: pytest.MonkeyPatch, change: Change) -> None:
    """Let the presenter draw something else."""
    presenter = window.canvas._presenter
    honest = presenter.scene

    def scene(*args: Any, **options: Any) -> Any:
        made = honest(*args, **options)
        return replace(made, panes=tuple(change(pane) for pane in made.panes))

    patch.setattr(presenter, "scene", scene)
    window.canvas._shown = None


def layers(change: Callable[[Any], Any], *kinds: type) -> Change:
    """Change the layers of these kinds."""

    def changed(pane: Pane) -> Pane:
        made = tuple(change(layer) if isinstance(layer, kinds) else layer for layer in pane.layers)
        return replace(pane, layers=made)

    return changed


def entry(name: str, text: str) -> Change:
    """Another text of one line of the legend."""

    def changed(pane: Pane) -> Pane:
        rest = tuple(each for each in pane.legend if each.name != name)
        return replace(pane, legend=(*rest, Legend(name, text)))

    return changed


# ---- what is drawn -----------------------------------------------------------------------------------


def test_that_a_settled_window_has_no_fault(window):
    seen = look(window)
    assert seen is not None
    assert seen.is_settled
    assert {kind for pane in seen.panes for kind in pane.wanted} >= {"density", "field", "trajectories"}
    assert [f"{name}: {fault}" for name in CHECKS for fault in CHECKS[name].examine(seen)] == []


def old_target(layer: Any) -> Any:
    return replace(layer, answers=_aimed(layer.answers, RingsSpec()))


def waiting(layer: Any) -> Any:
    return replace(old_target(layer), is_waiting=True)


def halved(layer: Any) -> Any:
    n = len(layer.a) // 2
    return replace(layer, a=layer.a[:n], b=layer.b[:n], colours=layer.colours[:n])


def smoothed(layer: Any) -> Any:
    return replace(layer, answers=replace(layer.answers, method=DensityMethod.KDE))


PICTURES: dict[str, Change] = {
    "layers answer what is asked": layers(old_target, DensityLayer, ParticleLayer, ArrowLayer),
    "layers show the numbers of what they answer": layers(old_target, ParticleLayer),
    LASTS: lambda pane: layers(waiting, DensityLayer)(replace(pane, waiting="")),
    "particles are those asked": layers(halved, ParticleLayer),
    "particles are where they are at t": layers(
        lambda one: replace(one, weight=one.weight + 5), ParticleLayer
    ),
    "the density is the one asked": layers(smoothed, DensityLayer),
    "arrows point along the field asked": layers(lambda one: replace(one, vectors=-one.vectors), ArrowLayer),
    "a title is the pane's own or its motion's": lambda pane: replace(pane, title="Langevin"),
    "a subtitle names the solver, the steps and the path that run": (
        lambda pane: replace(pane, subtitle="CondOT · Midpoint, 7 steps")
    ),
    "the legend speaks of what is asked": lambda pane: replace(
        pane, legend=tuple(old_target(one) if hasattr(one.answers, "problem") else one for one in pane.legend)
    ),
    "the legend says how the density was had": entry("density", "KDE of the particles"),
    "the legend says whose arrows they are": entry("field", "learned velocity v"),
    "a W2 is that of what is drawn": entry("W₂", "to p_data 0.123 (floor 0.100)"),
    "a notice does not stand over what it denies": lambda pane: replace(pane, notice="Training…"),
    "a notice is of what is asked": lambda pane: replace(pane, notice="The particles ran off to infinity."),
    "no figure is NaN or infinite": entry("W₂", "to p_data nan"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_that_a_false_picture_or_word_is_seen(name, window, monkeypatch):
    window.session.playback.seek(0.31)
    assert faults(window, name) == []
    lie(window, monkeypatch, PICTURES[name])
    assert faults(window, name)


def test_that_a_told_training_step_is_no_fault_and_that_of_another_problem_is(window, monkeypatch):
    commands.explain_step(window.session)
    settle(window)
    window.session.one_step.go(3)
    assert faults(window, "layers answer what is asked") == []
    told = window.session.one_step.seen
    other = replace(told, request=_aimed(told.request, RingsSpec()))
    monkeypatch.setattr(window.session.one_step, "seen", other)
    assert faults(window, "layers answer what is asked")
    monkeypatch.undo()
    window.session.one_step.end()


def test_that_an_old_job_under_a_new_title_is_seen(window, monkeypatch):
    """The scene of before the choice stays on the canvas, dressed in the words of what is chosen."""
    before = window.canvas.canvas.scene.panes[0]
    panes.choose_motion(window.session, "langevin")
    settle(window)
    lie(window, monkeypatch, lambda pane: replace(pane, layers=before.layers))
    assert faults(window, "layers answer what is asked")


def test_that_a_request_of_another_experiment_is_seen(window, monkeypatch):
    planner = window.session.planner
    wrong = _aimed(planner.wanted["trajectories/0"], RingsSpec())
    monkeypatch.setattr(planner, "tick", lambda *_args, **_options: None)
    planner.wanted["trajectories/0"] = wrong
    assert faults(window, "requests are of the experiment") == [
        "pane 1 “ODE”: its trajectories is asked of another target"
    ]


def test_that_a_refusal_that_nothing_tells_is_seen(window, monkeypatch):
    panes.choose(window.session, "target", RingsSpec(), "Choose")
    window.frame(0.0)
    engine, slot = window.session.engine, window.session.results.slots["trajectories/0"]
    engine.refuse(slot.job, "The particles ran off to infinity.", Refusal.BAD_INPUT)
    settle(window)
    name = "a notice is of what is asked"
    assert faults(window, name) == []
    lie(window, monkeypatch, lambda pane: replace(pane, notice=""))
    assert faults(window, name)


def test_that_a_pane_may_wait_as_a_whole_and_is_then_held_to_what_it_shows(window):
    documents = Documents(window.session)
    panes.choose_motion(window.session, "langevin")
    seen = look(window, documents.recent())
    assert seen is not None
    assert seen.panes[0].is_old
    assert at_once(seen) == []
    documents.close()


def drag_particles(window: MainWindow) -> None:
    """To more and more, each frame; none of them comes."""
    for number in (500, 900, 1300):
        window.session.is_interacting = True
        commands.set_field(window.session, "simulation.particles", number, "Particles", merge=True)
        window.frame(0.0)
    commands.end_stroke(window.session)


def stroke(window: MainWindow) -> None:
    """Of which the density alone follows the hand."""
    session, engine = window.session, window.session.engine
    commands.start_drawing(session)
    for x in (0.0, 0.5, 1.0):
        commands.draw_segment(session, (x, 0.0), (x + 0.5, 0.3), session.tools.brush)
        window.frame(0.0)
        engine.finish(engine.in_lane("density/0")[-1])
        window.frame(0.0)
    commands.end_stroke(session)


def choose_solvers(window: MainWindow) -> None:
    compare(window.session, next(one for one in COMPARISONS if one.id == "solvers"))


HANDS = [(drag_particles,), (stroke,), (drag_particles, stroke), (stroke, drag_particles)]


@pytest.mark.parametrize("hands", HANDS)
def test_that_what_a_hand_left_behind_may_wait_under_the_words_it_had(hands, window):
    """Particles of one moment of the hand, the density of a later one: then something else is chosen."""
    documents = Documents(window.session)
    for hand in hands:
        hand(window)
    choose_solvers(window)
    seen = look(window, documents.recent())
    assert seen is not None
    assert seen.panes[0].drawn.title == "ODE"
    assert seen.panes[0].is_old
    assert at_once(seen) == []
    documents.close()


def test_that_layers_of_two_choices_are_no_old_picture(window, monkeypatch):
    """No hand has led from one to the other: the words of one do not stand over layers of the other."""
    documents = Documents(window.session)
    panes.choose(window.session, "target", RingsSpec(), "Choose")
    settle(window)
    lie(window, monkeypatch, layers(lambda one: replace(moons(one), is_waiting=True), ParticleLayer))
    choose_solvers(window)
    seen = look(window, documents.recent())
    assert seen is not None
    assert not seen.panes[0].is_old
    documents.close()


def moons(layer: Any) -> Any:
    return replace(layer, answers=_aimed(layer.answers, TwoMoonsSpec()))


@pytest.mark.parametrize("title", ["Langevin", "RK4", "Runge–Kutta 4", "Learned", "50 steps", "σ = 0.3"])
def test_that_a_title_that_became_false_is_seen(title, window):
    pane = PaneSpec(title=title, dynamics=SDESpec(sigma=1.0))
    set_panes(window.session, (pane,), "Break")
    settle(window)
    name = "a pane's own title is true of it"
    assert faults(window, name) if title != "RK4" else not faults(window, name)


# ---- what is told beside it --------------------------------------------------------------------------


def seen_after(window: MainWindow) -> Seen:
    seen = look(window)
    assert seen is not None
    return seen


def wrong_distance(window: MainWindow) -> None:
    window.findChild(MetricsPanel).rows[0][1].setText("0.123")


def wrong_marginal(window: MainWindow) -> None:
    line = window.findChild(MarginalsPanel).present[0]
    line.setData([0.0, 1.0], [1.0, 2.0])
    line.setVisible(True)  # the panel keeps a pace of its own, and may not have shown it yet


def wrong_marginal_words(window: MainWindow) -> None:
    window.findChild(MarginalsPanel).legend.setText("— p<sub>t</sub> KDE of samples")


def wrong_equation(window: MainWindow) -> None:
    for well in window.findChild(EquationPanel).wells:
        for label in well.findChildren(QLabel):
            label.setText("dX = 0")


def wrong_title(window: MainWindow) -> None:
    window.setWindowTitle("Two moons – fmstudio")


def wrong_history(window: MainWindow) -> None:
    window.top_bar.undo.setEnabled(True)


def wrong_chip(window: MainWindow) -> None:
    window.top_bar.chip.setText("training · 100 steps/s · cpu")


def wrong_time(window: MainWindow) -> None:
    window.timeline._t_label.setText("t = 0.99")


def wrong_figure(window: MainWindow) -> None:
    window.timeline._step_label.setText("step nan / 100")


def wrong_head(window: MainWindow) -> None:
    window.findChild(EndPanel, "target").section.set_summary("Rings")


def wrong_row(window: MainWindow) -> None:
    window.findChild(MotionPanel).steps.figure.setText("61")


def wrong_dimming(window: MainWindow) -> None:
    window.findChild(MotionPanel).seeds.noise.set_useful(True)


def cut_word(window: MainWindow) -> None:
    window.findChild(MetricsPanel).rows[0][0].setText("a method that does not fit into its column " * 8)


def wide_row(window: MainWindow) -> None:
    window.left.panels[-1].setMinimumWidth(window.left.viewport().width() + 6)


FIGURES = {
    "a section's head names what all panes ask": wrong_head,
    "the motion's rows tell what is asked": wrong_row,
    "what changes nothing is dimmed, and says why": wrong_dimming,
    "no word is cut without a sign": cut_word,
    "no column is wider than its place": wide_row,
    "the W2 panel shows what is drawn": wrong_distance,
    "marginals are those of what is asked": wrong_marginal,
    "marginals say how they were had": wrong_marginal_words,
    "equations are those of the motions": wrong_equation,
    "the window is named after its document": wrong_title,
    "undo and redo say what they take back": wrong_history,
    "the engine chip says what the engine does": wrong_chip,
    "the timeline tells the time that is drawn": wrong_time,
    "no figure is NaN or infinite": wrong_figure,
}


@pytest.mark.parametrize("name", FIGURES)
def test_that_a_false_figure_is_seen(name, window):
    seen = seen_after(window)
    assert list(CHECKS[name].examine(seen)) == []
    FIGURES[name](window)
    assert list(CHECKS[name].examine(seen))


@pytest.mark.parametrize(("w2", "floor"), [(0.5, 0.1), (0.11, 0.1)])
def test_that_chance_is_told_where_it_is_one_and_only_there(w2, floor, window, monkeypatch):
    """In the legend and in the panel, which has a figure only where it says something."""
    measured = window.session.results.slots["measure/0"].job.result
    measured.values.setflags(write=True)
    measured.values[0, :2] = (w2, floor)
    panel = window.findChild(MetricsPanel)
    panel._shown = ()
    window.canvas._shown = None
    said = (
        "to p_data at the end: within sampling noise"
        if w2 > 0.2
        else f"to p_data at the end: {w2:.3f} (floor {floor:.3f})"
    )
    for name in ("the W2 panel shows what is drawn", "a W2 is that of what is drawn"):
        assert faults(window, name) == []
    _, value, ground = panel.rows[0]
    value.setText("" if w2 > 0.2 else f"{w2:.3f}")
    ground.setText("within sampling noise" if w2 > 0.2 else f"floor {floor:.3f}")
    for label in (value, ground):
        label.setAccessibleName("")
    seen = seen_after(window)
    assert list(CHECKS["the W2 panel shows what is drawn"].examine(seen))
    lie(window, monkeypatch, entry("W₂", said))
    assert faults(window, "a W2 is that of what is drawn")


def test_that_ready_is_false_while_something_is_on_its_way(window):
    panes.choose(window.session, "target", RingsSpec(), "Choose")
    seen = seen_after(window)
    name = "the engine chip says what the engine does"
    assert list(CHECKS[name].examine(seen)) == []
    window.top_bar.chip.setText("ready · cpu")
    assert list(CHECKS[name].examine(seen))


def test_that_a_stale_w2_is_seen(window, monkeypatch):
    """What was measured before the choice stays under the name of what is chosen."""
    before = next(one for one in window.canvas.canvas.scene.panes[0].legend if one.name == "W₂")
    panes.choose_motion(window.session, "langevin")
    window.frame(0.0)
    for job in window.session.engine.submitted:
        if job.unfinished:
            window.session.engine.fill(job)
    lie(window, monkeypatch, entry("W₂", before.text))
    assert faults(window, "a W2 is that of what is drawn")


def test_that_axes_and_the_rings_of_dropped_particles_answer_nothing(window):
    commands.drop(window.session, 0.4, 0.2)
    commands.toggle_layer(window.session, 0, "axes")
    settle(window)
    assert list(CHECKS["layers answer what is asked"].examine(seen_after(window))) == []


def test_that_a_probe_of_another_field_is_seen(window):
    window.session.tools.choose_mode(Mode.PROBE)
    window.session.tools.hover(Place(0.4, 0.2, 0))
    settle(window)
    name = "the probe tells what is asked here"
    seen = seen_after(window)
    assert list(CHECKS[name].examine(seen)) == []
    window.findChild(ProbePanel).values["density"].setText("123")
    assert list(CHECKS[name].examine(seen))


def learned(window: MainWindow) -> LearnedModel:
    """A model of what the document asks, shown beside the exact field."""
    document = window.session.store.document
    parameters = FrozenArray(np.zeros(9, np.float32))
    model = LearnedModel(
        document.model,
        Objective.CFM,
        parameters,
        10,
        document.problem,
        document.training,
    )
    window.session._publish(model)
    commands.single_pane(window.session, FieldChoice.LEARNED)
    settle(window)
    return model


def test_that_the_loss_of_a_model_that_nothing_asks_for_is_seen(window, monkeypatch):
    model = learned(window)
    recipe = learning.recipe_of_model(model)
    training = TrainingRecord(recipe=recipe, state=TrainingState.FINISHED, steps=10)
    training.losses = [np.ones(10, np.float32)]
    monkeypatch.setattr(learning, "shown_run", lambda *_args: training)
    name = "the loss is of a model that matters"
    assert faults(window, name) == []
    assert window.findChild(LossPanel).isVisible()
    training.recipe = recipe._replace(problem=replace(recipe.problem, target=RingsSpec()))
    assert faults(window, name)


def test_that_an_error_curve_of_another_model_is_seen(window):
    learned(window)
    name = "the error curve is of the model that is drawn"
    seen = seen_after(window)
    assert window.findChild(FieldErrorPanel).isVisible()
    assert list(CHECKS[name].examine(seen)) == []
    window.findChild(FieldErrorPanel).curve.setData([0.0, 1.0], [7.0, 7.0])
    assert list(CHECKS[name].examine(seen))


def test_that_words_of_another_moment_are_seen(window):
    name = "what is said of a moment is said of the one that is shown"
    for words in ("First.", "Second."):
        moments.add(window.session)
        moments.caption(window.session, words)
    settle(window)
    assert window.arrangement.strip.isVisible()
    assert faults(window, name) == []
    window.arrangement.strip.caption.setText("First.")
    assert faults(window, name)


def test_that_every_check_is_broken_once():
    broken = {
        *PICTURES,
        *FIGURES,
        "requests are of the experiment",
        "a pane's own title is true of it",
        "the probe tells what is asked here",
        "what is said of a moment is said of the one that is shown",
        "the loss is of a model that matters",
        "the error curve is of the model that is drawn",
    }
    assert broken == set(CHECKS)
