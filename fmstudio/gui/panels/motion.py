"""How particles move, and how that is simulated. GUI thread."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from pydantic.fields import FieldInfo
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from fmstudio.document.document import Document
from fmstudio.document.specs.dynamics import (
    DYNAMICS,
    MORE_DYNAMICS,
    SOLVER_TITLES,
    SDESpec,
    ShapedNoise,
    SigmaProfile,
    SimulationSpec,
)
from fmstudio.document.specs.path import ScheduleSpec
from fmstudio.document.specs.training import Coupling
from fmstudio.gui.bind import FieldEdit, Notify, watch
from fmstudio.gui.panels.guidance_rows import GuidanceRows
from fmstudio.gui.panels.panel import Panel
from fmstudio.gui.panels.seed_row import SeedRow
from fmstudio.gui.stops import make_group
from fmstudio.gui.theme import Theme
from fmstudio.gui.widgets.curve_picture import Line, samples
from fmstudio.gui.widgets.curve_plot import CurvePlot
from fmstudio.gui.widgets.reason import Reason
from fmstudio.gui.widgets.scale import Scale
from fmstudio.gui.widgets.segmented import Choice, Segmented
from fmstudio.gui.widgets.slider_row import LABEL_WIDTH
from fmstudio.gui.widgets.spec_form import ChoiceBox, ChoiceRow, FieldRow, SpecForm, scale_of
from fmstudio.studio import panes
from fmstudio.studio.clocks import path_time
from fmstudio.studio.curve_editing import SHAPES
from fmstudio.studio.effects import Control, idle
from fmstudio.studio.guardrails import Section
from fmstudio.studio.session import Session

MOTIONS = (
    Choice("ode", "ODE", "The flow: no noise"),
    Choice("sde", "SDE", "The flow with noise and the score that makes up for it"),
    Choice("reverse-sde", "Reverse", "The reverse SDE: the path's own noising, backwards"),
    Choice("langevin", "Langevin", "Langevin dynamics on the target"),
    Choice("more", "More", "Samples of pₜ, annealed Langevin, and processes that know no target"),
)
MORE = {str(spec.model_fields["kind"].default): str(spec.title) for spec in MORE_DYNAMICS}
COUPLINGS = {coupling.value: coupling.facts.paired for coupling in Coupling}
QUICK_STEPS = (1, 2, 4, 10, 20, 50, 100)
PROFILES = {profile.value: profile.facts.title for profile in SigmaProfile}
_SHAPES = {name: shape.title for name, shape in SHAPES.items()}
_STEPS = Scale(1, 500, log=True, integer=True, least=1, most=2000)
_SPECS: dict[str, Any] = {
    str(spec.model_fields["kind"].default): spec for spec in (*DYNAMICS, *MORE_DYNAMICS)
}
_LONGEST = 20.0
"""Where the slider of a duration ends; longer ones may be typed."""
_OWN_ROWS = ("sigma", "profile", "duration")
"""Settings that several motions share: a slider stays where it is when the motion changes."""


class StepButton(QPushButton):
    """A number of steps at one press."""

    picked = Signal(int)

    def __init__(self, steps: int) -> None:
        super().__init__(str(steps))
        self.steps = steps
        self.setCheckable(True)
        self.setProperty("kind", "quick")
        self.setAccessibleName(f"{steps} steps")
        self.setToolTip(f"{steps} steps" if steps > 1 else "1 step")
        self.clicked.connect(self._on_clicked)

    def nextCheckState(self) -> None:
        """What is checked is what the document says."""

    def _on_clicked(self) -> None:
        self.picked.emit(self.steps)


class MotionPanel(Panel):
    """Kind of motion, solver, steps, noise, particles, seeds."""

    def __init__(self, session: Session, theme: Theme, notify: Notify) -> None:
        super().__init__(session, theme, notify)
        self.motions = Segmented("Motion", MOTIONS)
        self.more = ChoiceBox("Further motions", MORE)
        self.more.setPlaceholderText("Choose a motion")
        choices = {"coupling": ("Paired", COUPLINGS)}
        self.form = SpecForm(session, "dynamics", notify, choices=choices, skip=_OWN_ROWS)
        self.solver = ChoiceBox("Solver", {})
        self.solver_reason = Reason(self.solver)
        self.quick = {steps: StepButton(steps) for steps in QUICK_STEPS}
        self._quick_edit = FieldEdit(session, "simulation.steps", "Change steps", notify)
        fields = SimulationSpec.model_fields
        self.steps = self._row(
            "simulation.steps", "Steps", _STEPS, "More steps follow the motion more closely"
        )
        self.sigma = self._row(
            "dynamics.sigma",
            "Noise σ",
            scale_of(SDESpec.model_fields["sigma"]),
            "The noise is frozen: σ bends the same paths",
        )
        self.profile = ChoiceRow(
            FieldEdit(session, "dynamics.profile", "Change noise shape", notify), "Shape", PROFILES
        )
        self._shape_edit = FieldEdit(session, "dynamics.shape", "Draw the noise's shape", notify)
        self.shape = CurvePlot(theme, "Noise sigma over time", self._shape_edit)
        self.shapes = ChoiceBox("Begin with a shape", _SHAPES)
        self.shapes.setPlaceholderText("Begin like …")
        self.duration = self._row(
            "dynamics.duration",
            "Duration",
            Scale(0.1, _LONGEST, log=True),
            "How long, by the motion's own clock",
        )
        self.particles = self._row("simulation.particles", "Particles", scale_of(fields["particles"]), "")
        self.guidance = GuidanceRows(session, notify)
        self.seeds = SeedRow(session, theme, notify)
        self.lay_out("Motion", "X_t", self._content(), Section.MOTION)
        self.motions.chosen.connect(self._on_motions_chosen)
        self.more.picked.connect(self._on_more_picked)
        self.solver.picked.connect(self._on_solver_picked)
        self.shapes.picked.connect(self._on_shapes_picked)
        for button in self.quick.values():
            button.picked.connect(self._on_quick_picked)
        watch(self, session.store, _dynamics, self._on_dynamics_changed)
        watch(self, session.store, _noise, self._on_noise_changed)
        watch(self, session.store, _simulation, self._on_simulation_changed)
        watch(self, session.store, _idle_solver, self.solver_reason.explain)
        watch(self, session.store, _seeds, self._on_seeds_changed)

    def _row(self, path: str, label: str, scale: Scale, hint: str) -> FieldRow:
        edit = FieldEdit(self.session, path, f"Change {label.lower()}", self.notify)
        return FieldRow(edit, label, scale, hint)

    def _quick_row(self) -> QWidget:
        row = QWidget()
        make_group(row)
        buttons = _labelled("", *self.quick.values())
        buttons.setContentsMargins(0, 0, 0, 0)
        row.setLayout(buttons)
        return row

    def _content(self) -> QWidget:
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.motions)
        box.addWidget(self.more)
        box.addSpacing(4)
        box.addLayout(_labelled("Solver", self.solver))
        box.addWidget(self.solver_reason)
        box.addWidget(self.steps)
        box.addWidget(self._quick_row())
        for widget in (
            self.form,
            self.sigma,
            self.profile,
            self.shape,
            self.shapes,
            self.duration,
            self.guidance,
            self.particles,
            self.seeds,
        ):
            box.addWidget(widget)
        return content

    @property
    def has_content(self) -> bool:
        return True

    def tick(self) -> None:
        if self.shape.isVisible():
            self.shape.show_time(path_time(self.session.store.document, self.session.playback.t))

    # ---- from the document ----

    def _on_dynamics_changed(self, dynamics: tuple[Any, ...]) -> None:
        self._show_kinds(dynamics)
        self.section.set_summary(panes.summary(self.session.store.document, "dynamics"))
        self._show_solver(dynamics)
        rows: tuple[tuple[str, FieldRow | ChoiceRow], ...] = (
            ("sigma", self.sigma),
            ("profile", self.profile),
            ("duration", self.duration),
        )
        for name, row in rows:
            owner = next((spec for spec in dynamics if name in type(spec).model_fields), None)
            row.setVisible(owner is not None)
            if owner is not None:
                if isinstance(row, FieldRow):
                    row.use_scale(_scale_within(row.scale, type(owner).model_fields[name]))
                row.show_value(getattr(owner, name))

    def _show_kinds(self, dynamics: tuple[Any, ...]) -> None:
        kinds = list(dict.fromkeys(spec.kind for spec in dynamics))
        further = [kind for kind in kinds if kind in MORE]
        self.motions.show_choices(*("more" if kind in MORE else kind for kind in kinds))
        self.more.setVisible(bool(further))
        self.more.show_value(further[0] if len(further) == 1 else "")
        self.form.show_spec(next((spec for spec in dynamics if spec.kind in MORE), dynamics[0]))
        self.form.setVisible(bool(self.form.rows))
        paired, row = {getattr(spec, "coupling", None) for spec in dynamics}, self.form.rows.get("coupling")
        if isinstance(row, ChoiceRow) and len(paired - {None}) > 1:
            row.box.setPlaceholderText("one for each pane")
            row.show_value("")

    def _show_solver(self, dynamics: tuple[Any, ...]) -> None:
        solvers = list(dict.fromkeys(spec.solver for spec in dynamics))
        names = get_args(type(dynamics[0]).model_fields["solver"].annotation)
        self.solver.offer({name: SOLVER_TITLES[name] for name in names})
        self.solver.setPlaceholderText("one for each pane")
        self.solver.show_value(solvers[0] if len(solvers) == 1 else "")
        self.solver.setToolTip("Solver: " + " · ".join(SOLVER_TITLES[name] for name in solvers))

    def _on_noise_changed(self, noise: tuple[ShapedNoise, ScheduleSpec] | None) -> None:
        """sigma_t over t, with handles where it is drawn by hand."""
        self.shape.setVisible(noise is not None)
        is_drawn = noise is not None and noise[0].profile is SigmaProfile.DRAWN
        self.shapes.setVisible(is_drawn)
        if noise is None:
            return
        spec, path = noise
        shares = spec.shares(path.curves(samples())[1], samples())
        self.shape.show_lines((Line("text", "σ", tuple(shares.tolist())),))
        self.shape.show_handles(spec.shape if is_drawn else ())
        self.shapes.show_value("")

    def _on_simulation_changed(self, simulations: tuple[SimulationSpec, ...]) -> None:
        simulation = simulations[0]
        self.steps.show_value(simulation.steps)
        self.particles.show_value(simulation.particles)
        for steps, button in self.quick.items():
            button.setChecked(all(steps == other.steps for other in simulations))

    def _on_seeds_changed(self, seeds: tuple[SimulationSpec, str]) -> None:
        self.seeds.show_seeds(*seeds)

    # ---- from a person ----

    def _on_motions_chosen(self, kind: str) -> None:
        if kind == "more":
            self.more.show()
            self.more.showPopup()
        else:
            self._choose(kind)

    def _on_more_picked(self, kind: object) -> None:
        self._choose(str(kind))

    def _choose(self, kind: str) -> None:
        panes.choose_motion(self.session, kind)

    def _on_solver_picked(self, name: object) -> None:
        first = panes.shown(self.session.store.document, "dynamics")[0]
        spec = first.model_copy(update={"solver": name})
        panes.choose(self.session, "dynamics", spec, f"Choose {SOLVER_TITLES[str(name)]}")

    def _on_shapes_picked(self, name: object) -> None:
        self._shape_edit.set(SHAPES[str(name)].handles)

    def _on_quick_picked(self, steps: int) -> None:
        self._quick_edit.set(steps)


def _scale_within(scale: Scale, info: FieldInfo) -> Scale:
    """The same slider, with the bounds of this motion's own setting."""
    own = scale_of(info)
    high = min(own.high, _LONGEST) if scale.log else own.high
    return replace(scale, low=own.low, high=high, least=own.low, most=own.high)


def _labelled(label: str, *widgets: QWidget) -> QHBoxLayout:
    words = QLabel(label)
    words.setProperty("role", "secondary")
    words.setFixedWidth(LABEL_WIDTH)
    row = QHBoxLayout()
    row.setSpacing(4 if len(widgets) == 1 else 2)
    row.addWidget(words)
    for widget in widgets:
        row.addWidget(widget, 1)
    return row


def _idle_solver(document: Document) -> str:
    return idle(document, Control.SOLVER)


def _dynamics(document: Document) -> tuple[Any, ...]:
    return panes.shown(document, "dynamics")


def _noise(document: Document) -> tuple[ShapedNoise, ScheduleSpec] | None:
    """The first pane whose noise has a shape, with its path."""
    shown = (document.experiment(index) for index in range(len(document.view.panes)))
    return next(((e.dynamics, e.path) for e in shown if isinstance(e.dynamics, ShapedNoise)), None)


def _seeds(document: Document) -> tuple[SimulationSpec, str]:
    """The seeds, and why that of the noise changes nothing."""
    return panes.shown(document, "simulation")[0], idle(document, Control.NOISE_SEED)


def _simulation(document: Document) -> tuple[SimulationSpec, ...]:
    return panes.shown(document, "simulation")
