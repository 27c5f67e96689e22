"""What changes nothing of what is shown is dimmed, and says why in one sentence beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from PySide6.QtCore import Qt

from fmstudio.document.document import Document
from fmstudio.document.specs import dynamics as m
from fmstudio.document.specs.distribution import DrawnSpec, FiveModesSpec, RingSpec
from fmstudio.document.specs.motion import Motion
from fmstudio.document.specs.path import PATHS, CosineSpec, VESpec, VPSpec
from fmstudio.document.specs.training import MODEL_OBJECTIVES, Coupling, ModelSpec, Objective, TrainingSpec
from fmstudio.document.specs.view import FieldChoice
from fmstudio.gui.panels.end import source_panel, target_panel
from fmstudio.gui.panels.field import FieldPanel
from fmstudio.gui.panels.motion import MotionPanel
from fmstudio.gui.panels.path import PathPanel
from fmstudio.studio import commands, panes
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.guardrails import guardrails, why_not_train
from tests.gui.conftest import frame

LEFT = Qt.MouseButton.LeftButton
KINDS = (*m.DYNAMICS, *m.MORE_DYNAMICS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    ("control", "panel", "part"),
    [
        (Control.SOURCE, source_panel, "tiles"),
        (Control.TARGET, target_panel, "tiles"),
        (Control.PATH, PathPanel, "form"),
        (Control.PATH, PathPanel, "plot"),
        (Control.FIELD, FieldPanel, "fields"),
    ],
)
def test_that_a_panel_is_dimmed_with_its_reason_where_the_motion_does_not_follow_it(
    session: Any, show: Any, kind: type[Motion], control: Control, panel: Any, part: str
) -> None:
    made = show(panel)
    commands.set_field(session, "dynamics", kind(), "Choose dynamics")
    frame(session, made)
    reason = idle(session.store.document, control)
    assert getattr(made, part).isEnabled() is (not reason)
    assert made.reason.text() == reason
    assert made.reason.isVisible() is bool(reason)
    commands.set_field(session, "dynamics", m.ODESpec(), "Choose dynamics")
    assert getattr(made, part).isEnabled()
    assert made.reason.isHidden()


def test_that_a_press_on_a_dimmed_tile_changes_nothing(qtbot: Any, session: Any, show: Any) -> None:
    panel = show(target_panel)
    commands.set_field(session, "dynamics", m.BrownianMotionSpec(), "Choose dynamics")
    before = session.store.document
    for tile in (*panel.tiles.tiles.values(), panel.draw):
        qtbot.mouseClick(tile, LEFT)
    assert session.store.document == before


def test_that_pairs_are_a_choice_of_what_is_learned(qtbot: Any, session: Any, show: Any) -> None:
    panel = show(PathPanel)
    assert not panel.coupling.isEnabled()
    assert "learned" in panel.coupling_reason.text()
    commands.single_pane(session, FieldChoice.LEARNED)
    assert panel.coupling.isEnabled()
    qtbot.mouseClick(panel.coupling.buttons["ot"], LEFT)
    assert session.store.document.training.coupling == "ot"
    commands.set_field(session, "training.objective", Objective.CNF_ML, "Choose")
    assert not panel.coupling.isEnabled()
    assert "likelihood" in panel.coupling_reason.text()


def test_that_a_training_for_nothing_is_not_begun_but_one_that_is_on_can_be_stopped(
    qtbot: Any, session: Any, engine: Any, show: Any
) -> None:
    panel = show(FieldPanel)
    commands.set_field(session, "dynamics", m.BrownianMotionSpec(), "Choose dynamics")
    frame(session, panel)
    assert not panel.training.button.isEnabled()
    qtbot.mouseClick(panel.training.button, LEFT)
    assert engine.trained == []


def test_that_without_noise_its_die_says_so(session: Any, show: Any) -> None:
    panel = show(MotionPanel)
    assert not panel.seeds.noise.die.isEnabled()
    assert panel.seeds.noise.toolTip() == "There is no noise in ODE."
    commands.set_field(session, "dynamics", m.SDESpec(sigma=0.0), "Choose dynamics")
    assert panel.seeds.noise.toolTip() == "σ is 0: there is no noise to draw."
    commands.set_field(session, "dynamics", m.SDESpec(), "Choose dynamics")
    assert panel.seeds.noise.die.isEnabled()
    assert panel.seeds.noise.toolTip() == ""


def test_that_no_solver_is_offered_where_none_acts(session: Any, show: Any) -> None:
    panel = show(MotionPanel)
    commands.single_pane(session, FieldChoice.LEARNED)
    commands.set_field(session, "training.objective", Objective.REALNVP, "Choose")
    assert not panel.solver.isEnabled()
    assert "layer to layer" in panel.solver_reason.text()


@pytest.mark.parametrize(
    ("path", "is_told"),
    [(VPSpec(), False), (VPSpec(beta_max=2.0), True), (VESpec(), True), (CosineSpec(), False)],
    ids=("vp", "short-vp", "ve", "cosine"),
)
def test_that_the_panel_tells_where_a_path_does_not_reach_its_source(
    session: Any, show: Any, path: Any, is_told: bool
) -> None:
    panel = show(PathPanel)
    commands.set_field(session, "path", path, "Choose path")
    assert panel.gap.isVisible() is is_told
    assert panel.gap.text() == path.source_gap
    commands.set_field(session, "dynamics", m.LangevinSpec(), "Choose dynamics")
    assert panel.gap.isHidden()


IN_VAIN: dict[str, dict[str, Any]] = {
    "a score that no model of the source tells": {"source": RingSpec(), "dynamics": m.SDESpec()},
    "the same by Langevin's annealing": {"source": RingSpec(), "dynamics": m.AnnealedLangevinSpec()},
    "optimally transported pairs": {
        "dynamics": m.SDESpec(),
        "training": TrainingSpec(coupling=Coupling.OT),
    },
    "a likelihood of no density": {
        "source": RingSpec(),
        "training": TrainingSpec(objective=Objective.CNF_ML),
    },
    "nothing drawn": {"target": DrawnSpec()},
    "no labels": {"target": RingSpec(), "model": ModelSpec(conditional=True)},
}


@pytest.mark.parametrize("asked", IN_VAIN.values(), ids=IN_VAIN)
@pytest.mark.parametrize("field", FieldChoice)
def test_that_no_training_is_offered_that_would_not_be_shown(
    qtbot: Any, session: Any, engine: Any, said: Any, show: Any, asked: Any, field: FieldChoice
) -> None:
    panel = show(FieldPanel)
    assert panel.training.button.isEnabled()
    session.store.edit(lambda d: d.model_copy(update=asked).showing(field), "Ask")
    frame(session, panel)
    frame(session, panel)
    why_not = why_not_train(session.store.document)
    assert not panel.training.button.isEnabled()
    assert panel.training.button.toolTip() == panel.training.button.accessibleDescription() == why_not
    notes = [note.text for note in guardrails(session.store.document, session.results)]
    assert why_not in notes or panel.in_vain.isVisible()
    assert panel.in_vain.text() in ("", why_not)
    qtbot.mouseClick(panel.training.button, LEFT)
    assert said == []
    commands.go_on_training(session)  # by its key
    assert said == [why_not]
    assert engine.trained == []
    session.store.edit(lambda _document: Document().showing(field), "All as it comes")
    frame(session, panel)
    assert panel.training.button.isEnabled()
    assert panel.in_vain.isHidden()


def undo(session: Any) -> None:
    session.store.undo()


def toggle_lines(session: Any) -> None:
    commands.toggle_layer(session, 0, "couplings")


def edits(luck: Random) -> Iterator[Callable[[Any], None]]:
    """What a hand may change anywhere that makes a control act or not."""
    while True:
        part, spec = luck.choice(
            [
                *(("path", kind()) for kind in PATHS),
                *(("dynamics", kind()) for kind in KINDS),
                ("dynamics", m.SDESpec(sigma=0.0)),
                *(("training", TrainingSpec(objective=o)) for o in MODEL_OBJECTIVES),
                ("source", RingSpec()),
                ("target", FiveModesSpec()),
            ]
        )
        field = luck.choice(list(FieldChoice))
        yield lambda session, part=part, spec=spec: panes.choose(session, part, spec, "Choose")
        yield lambda session, field=field: panes.show_field(session, field)
        yield luck.choice(
            [
                lambda session: session.store.undo(),
                lambda session: commands.toggle_layer(session, 0, "couplings"),
            ]
        )


def test_that_a_control_follows_whatever_makes_it_idle(session: Any, show: Any) -> None:
    source, target, path, field, motion = made = [
        show(kind) for kind in (source_panel, target_panel, PathPanel, FieldPanel, MotionPanel)
    ]
    controls = {
        Control.SOURCE: source.tiles,
        Control.TARGET: target.tiles,
        Control.PATH: path.form,
        Control.COUPLING: path.coupling,
        Control.FIELD: field.fields,
        Control.SOLVER: motion.solver,
        Control.NOISE_SEED: motion.seeds.noise,
    }
    seen: set[tuple[Control, bool]] = set()
    for _, edit in zip(range(150), edits(Random(3)), strict=False):
        edit(session)
        for panel in made:
            frame(session, panel)
        for control, widget in controls.items():
            why = idle(session.store.document, control)
            assert widget.testAttribute(Qt.WidgetAttribute.WA_ForceDisabled) is bool(why), (control, why)
            seen.add((control, bool(why)))
    assert seen == {(control, why) for control in controls for why in (False, True)}
