"""Gallery: lessons. Each moment shows one thing that is computed; its words are in ``assets/lessons``, a
paragraph a moment: a line of title, then what there is to see."""

from __future__ import annotations

from typing import Any

from fmstudio.document.document import Document, Moment
from fmstudio.document.gallery_ends import heart
from fmstudio.document.gallery_entries import LESSONS, QUIET, entry, panes
from fmstudio.document.lesson import moment_of
from fmstudio.document.portrait import cat
from fmstudio.document.references import cite
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.coupling import BridgeSpec, JoiningSpec, OptimalTransportSpec
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import (
    CheckerboardSpec,
    Component,
    GaussianMixtureSpec,
    PinwheelSpec,
    TwoMoonsSpec,
    TwoSpiralsSpec,
)
from fmstudio.document.specs.dynamics import (
    DynamicsSpec,
    InterpolantSpec,
    LangevinSpec,
    ODESpec,
    ProbabilityFlowSpec,
    ReverseSDESpec,
    SDESpec,
    SimulationSpec,
)
from fmstudio.document.specs.path import VPSpec
from fmstudio.document.specs.training import TrainingSpec
from fmstudio.document.specs.view import FieldChoice, LayersSpec, PaneSpec, Region, ViewSpec
from fmstudio.resources import asset

ALL = LayersSpec()
CROWD = LayersSpec(field=False, trajectories=False)
ARROWS = LayersSpec(particles=False, trajectories=False)
MAP = LayersSpec(particles=False, trajectories=False, field=False)
PATHS = LayersSpec(field=False, trajectories=False, paths=True)
LINES = LayersSpec(field=False, trajectories=False, couplings=True)
PAIRS = LINES.model_copy(update={"particles": False})
SOURCE, TARGET, PATH, FIELD, MOTION, PLOTS = Region


def shown(t: float | None, view: ViewSpec, controls: tuple[Region, ...], **parts: Any) -> Moment:
    """A moment without words: at time t, or playing from the start; of the controls it shows only these."""
    hidden = tuple(region for region in Region if region not in controls)
    document = Document(view=view.model_copy(update={"hidden": hidden}), **parts)
    return moment_of(document, t or 0.0, t is None)


def one(layers: LayersSpec, **pane: Any) -> ViewSpec:
    return ViewSpec(panes=(PaneSpec(layers=layers, **pane),), seconds=5.0)


def lesson(name: str, *moments: Moment) -> dict[str, Any]:
    """A document that shows the first of these, with their words."""
    words = asset(f"lessons/{name}.txt").read_text(encoding="utf-8").strip().split("\n\n")
    told = tuple(
        moment.model_copy(update=_words(paragraph)) for moment, paragraph in zip(moments, words, strict=True)
    )
    first = moments[0].document
    own = {part: getattr(first, part) for part in Document.model_fields if part not in ("title", "lesson")}
    return {**own, "lesson": told}


def _words(paragraph: str) -> dict[str, str]:
    title, _, caption = paragraph.partition("\n")
    return {"title": title, "caption": " ".join(caption.split())}


def point(x: float, y: float) -> GaussianMixtureSpec:
    """One data point, as wide as can be seen."""
    return GaussianMixtureSpec(components=(Component(mean=(x, y), cov=(1.6e-3, 0.0, 1.6e-3)),))


@entry(
    "from-noise-to-data",
    "From noise to data",
    (cite("MIT6S184", "eq 18–20"), cite("VectorFields")),
    "X_0 ~ p_init,  dX = u_t(X) dt,  X_1 ~ p_data",
    LESSONS,
)
def _from_noise_to_data() -> dict[str, Any]:
    moons: dict[str, Any] = {"target": TwoMoonsSpec()}
    few, drawn = SimulationSpec(steps=100, particles=150), SimulationSpec(steps=60, particles=3000)

    def stepping(steps: int) -> PaneSpec:
        simulation = SimulationSpec(steps=steps, particles=1500)
        return PaneSpec(title=f"Euler, {steps} steps", layers=QUIET, simulation=simulation)

    return lesson(
        "from-noise-to-data",
        shown(0.0, one(CROWD), (TARGET,), **moons),
        shown(1.0, one(CROWD), (TARGET,), **moons),
        shown(None, one(CROWD), (TARGET, PATH), **moons),
        shown(0.5, one(ALL), (TARGET, PATH, PLOTS), **moons),
        shown(1.0, one(PATHS), (TARGET, PATH, PLOTS), simulation=few, **moons),
        shown(
            1.0,
            panes(*map(stepping, (2, 6, 60))),
            (TARGET, MOTION, PLOTS),
            dynamics=ODESpec(solver="euler"),
            **moons,
        ),
        shown(None, one(ALL), tuple(Region), target=cat(), simulation=drawn),
    )


@entry(
    "why-not-just-average",
    "Why not just average?",
    (cite("VectorFields"), cite("MIT6S184", "Thm 2.1 (eq 19)"), cite("Khungurn2024", "Thm 2, 3")),
    "u_t(x) = E[u_t(x|z) | x_t = x],  not  E[u_t(x|z)]",
    LESSONS,
)
def _why_not_just_average() -> dict[str, Any]:
    controls = (TARGET, PLOTS)
    clusters = GaussianMixtureSpec()
    mean = (0.0, 0.2)  # of the three clusters
    three: dict[str, Any] = {"target": clusters}
    some, few = SimulationSpec(particles=1500), SimulationSpec(steps=60, particles=300)

    def mapped(title: str, method: DensityMethod) -> PaneSpec:
        return PaneSpec(title=title, layers=MAP, density=method)

    follows = (
        PaneSpec(title="All data at their mean", layers=QUIET, target=point(*mean)),
        PaneSpec(title="The data", layers=QUIET, target=clusters),
    )
    continuity = (
        mapped("Change of p", DensityMethod.TIME_DERIVATIVE),
        mapped("Carried by u", DensityMethod.MINUS_DIVERGENCE),
        mapped("Difference", DensityMethod.RESIDUAL),
    )
    learned = (
        PaneSpec(title="Exact", layers=QUIET),
        PaneSpec(title="Learned", layers=QUIET, field=FieldChoice.LEARNED),
    )
    return lesson(
        "why-not-just-average",
        shown(None, one(ALL), controls, target=point(1.2, 0.9)),
        shown(None, one(LINES), controls, dynamics=InterpolantSpec(), simulation=few, **three),
        shown(0.6, one(ARROWS, arrows=Quantity.NAIVE_AVERAGE), controls, **three),
        shown(None, panes(*follows, seconds=5.0), (TARGET,), simulation=some, **three),
        shown(0.6, one(ARROWS), controls, **three),
        shown(None, one(MAP, density=DensityMethod.NAIVE_ERROR), controls, **three),
        shown(0.6, panes(*continuity), controls, **three),
        shown(
            None,
            panes(*learned, seconds=5.0),
            (TARGET, FIELD, PLOTS),
            training=TrainingSpec(steps=2500),
            simulation=some,
            **three,
        ),
    )


@entry(
    "one-field-many-motions",
    "One field, many motions",
    (cite("MIT6S184", "Thm 2.3 (eq 25), eq 31"), cite("Chen2024", "sec 3 (eq 26–28), sec 7")),
    "dX = (u_t + σ_t²/2 ∇ log p_t) dt + σ_t dW",
    LESSONS,
)
def _one_field_many_motions() -> dict[str, Any]:
    controls = (MOTION, PLOTS)
    wheel: dict[str, Any] = {"target": PinwheelSpec()}
    fine = SimulationSpec(steps=200, particles=1200)
    few = SimulationSpec(steps=200, particles=150)
    crowd, walk = SimulationSpec(steps=250, particles=1500), SimulationSpec(steps=100, particles=1200)
    many = SimulationSpec(steps=250, particles=10_000)

    def moving(title: str, dynamics: DynamicsSpec) -> PaneSpec:
        return PaneSpec(title=title, layers=QUIET, dynamics=dynamics)

    def counted(title: str, dynamics: DynamicsSpec) -> PaneSpec:
        return PaneSpec(title=title, layers=MAP, dynamics=dynamics, density=DensityMethod.KDE)

    strengths = (moving(f"σ = {sigma:g}", SDESpec(sigma=sigma)) for sigma in (0.0, 0.5, 1.0, 2.0))
    counts = (
        PaneSpec(title="Exact", layers=MAP, density=DensityMethod.EXACT),
        counted("ODE", ODESpec()),
        counted("SDE, σ = 2", SDESpec(sigma=2.0)),
    )
    diffusions = (
        moving("Probability flow", ProbabilityFlowSpec()),
        moving("Reverse SDE", ReverseSDESpec()),
    )
    return lesson(
        "one-field-many-motions",
        shown(None, one(QUIET), controls, simulation=fine, **wheel),
        shown(None, one(QUIET), controls, dynamics=SDESpec(sigma=1.0), simulation=fine, **wheel),
        shown(0.75, one(PATHS), controls, dynamics=SDESpec(sigma=0.2), simulation=few, **wheel),
        shown(0.75, one(PATHS), controls, dynamics=SDESpec(sigma=2.0), simulation=few, **wheel),
        shown(None, panes(*strengths, seconds=6.0), controls, simulation=fine, **wheel),
        shown(0.8, panes(*counts), controls, simulation=many, **wheel),
        shown(
            None,
            panes(*diffusions, seconds=6.0),
            (PATH, *controls),
            path=VPSpec(),
            simulation=crowd,
            **wheel,
        ),
        shown(None, one(QUIET), controls, dynamics=LangevinSpec(duration=4.0), simulation=walk, **wheel),
    )


@entry(
    "between-any-two-drawings",
    "Between any two drawings",
    (cite("VectorFields"), cite("Leonard2014"), cite("TongSF2M2023")),
    "σ → 0: optimal transport;  σ → ∞: independent pairs",
    LESSONS,
)
def _between_any_two_drawings() -> dict[str, Any]:
    ends, controls = (SOURCE, TARGET), (SOURCE, TARGET, PATH)
    few, fine = SimulationSpec(steps=60, particles=2000), SimulationSpec(steps=200, particles=2000)
    drawn: dict[str, Any] = {"source": heart(), "target": cat(), "simulation": fine}
    shapes: dict[str, Any] = {"source": CheckerboardSpec(), "target": TwoSpiralsSpec(), "simulation": few}

    def joined(coupling: JoiningSpec) -> Moment:
        return shown(0.5, one(PAIRS), controls, coupling=coupling, **drawn)

    def moving(title: str, coupling: JoiningSpec | None = None) -> PaneSpec:
        return PaneSpec(title=title, layers=QUIET, coupling=coupling)

    dial = (
        moving("Optimal transport", OptimalTransportSpec()),
        moving("σ = 0.4", BridgeSpec(sigma=0.4)),
        moving("σ = 1", BridgeSpec(sigma=1.0)),
        moving("Independent"),
    )
    return lesson(
        "between-any-two-drawings",
        shown(0.0, one(CROWD), ends, **drawn),
        shown(None, one(ALL), ends, **drawn),
        shown(0.5, one(PAIRS), controls, **drawn),
        joined(BridgeSpec(sigma=1.0)),
        joined(BridgeSpec(sigma=0.4)),
        joined(OptimalTransportSpec()),
        shown(None, panes(*dial, seconds=6.0), controls, **drawn),
        shown(None, one(ALL), tuple(Region), **shapes),
    )
