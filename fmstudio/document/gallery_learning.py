"""Gallery: what is learned, by which loss, and what a trained model can be made to do.

Entries that show learned panes train when they are opened: their budgets are those of some seconds.
"""

from __future__ import annotations

from typing import Any

from fmstudio.document.gallery_entries import QUIET, entry, panes
from fmstudio.document.references import cite
from fmstudio.document.specs.colouring import ParticleColour
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import (
    CheckerboardSpec,
    EightGaussiansSpec,
    FiveModesSpec,
    PinwheelSpec,
    TwoMoonsSpec,
)
from fmstudio.document.specs.dynamics import ODESpec, ReverseSDESpec, SimulationSpec
from fmstudio.document.specs.guidance import GuidanceMethod, GuidanceSpec
from fmstudio.document.specs.path import VPSpec
from fmstudio.document.specs.training import ModelSpec, Objective, TrainingSpec
from fmstudio.document.specs.view import (
    FieldChoice,
    LayersSpec,
    PaneSpec,
)

_LEARNED = FieldChoice.LEARNED
_WARP = LayersSpec(density=False, particles=False, trajectories=False, field=False, grid=True)
_CROWD = LayersSpec(field=False, trajectories=False)
"""Of an SDE: tails that are rough hide the particles."""
_PATHS = LayersSpec(density=False, field=False, trajectories=False, paths=True)
_BUDGET = 2000


@entry(
    "cfm-training",
    "Conditional flow matching",
    (cite("Khungurn2024", "Thm 3"), cite("Liao2024", "Alg 1, 2")),
    "L = E |v(x_t, t) − (α′ z + β′ x_0)|²",
)
def _cfm_training() -> dict[str, Any]:
    return {
        "target": TwoMoonsSpec(),
        "training": TrainingSpec(steps=_BUDGET),
        "view": panes(
            PaneSpec(title="Exact"),
            PaneSpec(title="Learned", field=_LEARNED),
        ),
    }


@entry(
    "fm-equals-cfm",
    "Two losses, one gradient",
    (cite("Khungurn2024", "Thm 3"), cite("Liao2024", "Thm 2")),
    "∇ E |v − u_t(x_t)|² = ∇ E |v − u_t(x_t|z)|²",
)
def _fm_equals_cfm() -> dict[str, Any]:
    def pane(title: str, objective: Objective) -> PaneSpec:
        training = TrainingSpec(objective=objective, steps=_BUDGET)
        return PaneSpec(title=title, field=_LEARNED, layers=QUIET, training=training)

    return {
        "target": EightGaussiansSpec(),
        "training": TrainingSpec(steps=_BUDGET),
        "view": panes(
            pane("Flow matching: uₜ(x) is given", Objective.EXACT),
            pane("Conditional: only uₜ(x|z) is", Objective.CFM),
            gradients=True,
        ),
    }


@entry(
    "score-matching",
    "Denoising score matching",
    (cite("Chen2024", "sec 4 (eq 29–34)"),),
    "L = E |ε(x_t, t) − x_0|²,  ∇ log p_t = −ε/β_t",
)
def _score_matching() -> dict[str, Any]:
    return {
        "target": PinwheelSpec(),
        "path": VPSpec(),
        "training": TrainingSpec(objective=Objective.DSM, steps=_BUDGET),
        "dynamics": ReverseSDESpec(),
        "simulation": SimulationSpec(steps=200, particles=1500),
        "view": panes(
            PaneSpec(title="Exact score", layers=_CROWD),
            PaneSpec(title="Learned score", layers=_CROWD, field=_LEARNED),
        ),
    }


@entry(
    "flow-or-diffusion",
    "Flow matching or score matching, at equal cost",
    (cite("Liao2024"), cite("Chen2024", "sec 4, 7")),
    "|v − (α′ z + β′ x_0)|² on CondOT, |ε − x_0|² on VP",
)
def _flow_or_diffusion() -> dict[str, Any]:
    flow = {"training": TrainingSpec(steps=_BUDGET)}
    score = {"training": TrainingSpec(objective=Objective.DSM, steps=_BUDGET), "path": VPSpec()}
    heun, noisy = ODESpec(solver="heun"), ReverseSDESpec()

    def pane(title: str, learning: dict[str, Any], dynamics: Any, steps: int) -> PaneSpec:
        simulation = SimulationSpec(steps=steps, particles=1500)
        layers = _CROWD if dynamics is noisy else QUIET
        shown = {"title": title, "field": _LEARNED, "layers": layers}
        return PaneSpec(**shown, **learning, dynamics=dynamics, simulation=simulation)

    return {
        "target": CheckerboardSpec(),
        "view": panes(
            pane("Flow, 4 steps", flow, heun, 4),
            pane("Diffusion as ODE, 4 steps", score, heun, 4),
            pane("Diffusion as SDE, 10 steps", score, noisy, 10),
            pane("Diffusion as SDE, 200 steps", score, noisy, 200),
        ),
    }


@entry(
    "classifier-guidance",
    "Classifier guidance",
    (cite("Chen2024", "sec 5 (eq 35–36)"),),
    "s + S ∇ log p_t(y|x)",
)
def _classifier_guidance() -> dict[str, Any]:
    def pane(scale: float, method: GuidanceMethod, who: str) -> PaneSpec:
        guidance = GuidanceSpec(label=0, scale=scale, method=method)
        return PaneSpec(title=f"S = {scale:g}, {who} classifier", layers=QUIET, guidance=guidance)

    scales = (0.5, 1.0, 8.0)
    return {
        "target": FiveModesSpec(),
        "simulation": SimulationSpec(steps=80, particles=1000),
        "view": panes(
            *(pane(scale, GuidanceMethod.EXACT, "exact") for scale in scales),
            *(pane(scale, GuidanceMethod.LEARNED, "learned") for scale in scales),
            particle_colour=ParticleColour.LABEL,
        ),
    }


@entry(
    "realnvp",
    "RealNVP, layer by layer",
    (cite("Liao2024"),),
    "x_a′ = x_a exp(s(x_b)) + m(x_b),  x_b′ = x_b",
)
def _realnvp() -> dict[str, Any]:
    return {
        "target": TwoMoonsSpec(),
        "training": TrainingSpec(objective=Objective.REALNVP, steps=1200),
        "simulation": SimulationSpec(steps=90, particles=2000),
        "view": panes(
            PaneSpec(title="A grid, warped by each coupling", field=_LEARNED, layers=_WARP),
            PaneSpec(title="The particles with it", field=_LEARNED, layers=QUIET),
            seconds=8.0,
        ),
    }


@entry(
    "cnf-likelihood",
    "Maximum likelihood or flow matching, at equal time",
    (cite("Liao2024"), cite("Khungurn2024", "eq 2–3")),
    "log p_1(x) = log p_0(x_0) − ∫ div v dt",
)
def _cnf_likelihood() -> dict[str, Any]:
    def pane(title: str, training: TrainingSpec) -> PaneSpec:
        return PaneSpec(
            title=title, field=_LEARNED, layers=QUIET, density=DensityMethod.LIKELIHOOD, training=training
        )

    return {
        "target": TwoMoonsSpec(),
        "view": panes(
            pane("Maximum likelihood, 40 steps", TrainingSpec(objective=Objective.CNF_ML, steps=40)),
            pane("Flow matching, 4000 steps", TrainingSpec(steps=4000)),
        ),
    }


@entry(
    "reflow",
    "Reflow straightens a flow",
    (cite("Liao2024"), cite("Liu2023")),
    "x_0 and φ_1(x_0) as the next pairs",
)
def _reflow() -> dict[str, Any]:
    once, again = TrainingSpec(steps=_BUDGET), TrainingSpec(steps=_BUDGET, reflow=1)
    many, few = SimulationSpec(steps=50, particles=600), SimulationSpec(steps=2, particles=1500)

    def pane(title: str, training: TrainingSpec, simulation: SimulationSpec) -> PaneSpec:
        layers = _PATHS if simulation is many else QUIET
        shown = {"title": title, "field": _LEARNED, "layers": layers}
        return PaneSpec(**shown, training=training, simulation=simulation, dynamics=ODESpec(solver="euler"))

    return {
        "target": EightGaussiansSpec(),
        "view": panes(
            pane("As trained: its paths", once, many),
            pane("Reflowed: its paths", again, many),
            pane("As trained: 2 Euler steps", once, few),
            pane("Reflowed: 2 Euler steps", again, few),
        ),
    }


@entry(
    "classifier-free-guidance",
    "Guidance without a classifier",
    (cite("Chen2024", "sec 5"), cite("Ho2022")),
    "u + S (u_y − u)",
)
def _classifier_free() -> dict[str, Any]:
    def pane(title: str, scale: float, field: FieldChoice) -> PaneSpec:
        guidance = GuidanceSpec(label=0, scale=scale, method=GuidanceMethod.CLASSIFIER_FREE)
        return PaneSpec(title=title, field=field, layers=QUIET, guidance=guidance)

    return {
        "target": FiveModesSpec(),
        "model": ModelSpec(conditional=True),
        "training": TrainingSpec(steps=_BUDGET),
        "simulation": SimulationSpec(steps=80, particles=1000),
        "view": panes(
            pane("Exact, S = 1", 1.0, FieldChoice.EXACT),
            pane("Learned, S = 1", 1.0, _LEARNED),
            pane("Exact, S = 4", 4.0, FieldChoice.EXACT),
            pane("Learned, S = 4", 4.0, _LEARNED),
            particle_colour=ParticleColour.LABEL,
        ),
    }
