"""The built-in documents: each a small experiment, with a caption in ``assets/gallery``.

To add one: write a function below under ``@_entry(...)`` that returns the changes to a plain Document, and
its caption as ``assets/gallery/<id>.txt`` (what you see, why, what to try). Entries are listed in this order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fmstudio.document.document import Document
from fmstudio.document.portrait import cat
from fmstudio.document.specs.distribution import (
    CheckerboardSpec,
    Component,
    EightGaussiansSpec,
    FiveModesSpec,
    GaussianMixtureSpec,
    PinwheelSpec,
    RingsSpec,
    SCurveSpec,
    TwoMoonsSpec,
    TwoSpiralsSpec,
)
from fmstudio.document.specs.dynamics import (
    LangevinSpec,
    ODESpec,
    ReverseSDESpec,
    SDESpec,
    SimulationSpec,
)
from fmstudio.document.specs.path import CondOTSpec, CosineSpec, VESpec, VPSpec
from fmstudio.document.specs.view import CameraSpec, LayersSpec, PaneSpec, ViewSpec
from fmstudio.resources import asset


@dataclass(frozen=True)
class Entry:
    """A built-in document and where in the source documents it comes from."""

    id: str
    title: str
    source: str
    """the source documents, by number and place"""
    equations: str
    """what is shown, in the notation of the window"""
    changes: Callable[[], dict[str, Any]]

    @property
    def caption(self) -> str:
        """What you see, why, what to try: plain text, a paragraph each."""
        return asset(f"gallery/{self.id}.txt").read_text(encoding="utf-8").strip()

    def make(self) -> Document:
        return Document(title=self.title, caption=self.caption, **self.changes())


ENTRIES: list[Entry] = []


def _entry(
    entry_id: str, title: str, source: str, equations: str
) -> Callable[[Callable[[], dict[str, Any]]], Callable[[], dict[str, Any]]]:
    def register(changes: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
        ENTRIES.append(Entry(entry_id, title, source, equations, changes))
        return changes

    return register


_QUIET = LayersSpec(field=False)
"""For comparisons: small panes read better without arrows."""


def _panes(*panes: PaneSpec, **changes: Any) -> ViewSpec:
    """Small panes have small particles."""
    return ViewSpec(panes=panes, particle_size=5.0 if len(panes) < 4 else 4.0, **changes)


@_entry("two-moons", "Two moons", "001 Thm 2.1; 003", "u_t(x) = ∫ u_t(x|z) p_t(x|z) p_data(z) / p_t(x) dz")
def _two_moons() -> dict[str, Any]:
    return {"target": TwoMoonsSpec()}


@_entry("eight-gaussians", "Eight Gaussians", "000 Thm 2; 001 Ex 2.2", "u_t = (α′ − α β′/β) D_t + (β′/β) x")
def _eight_gaussians() -> dict[str, Any]:
    return {"target": EightGaussiansSpec()}


@_entry("checkerboard", "Checkerboard", "001 Thm 2.1; 003", "p_t = ∫ N(x; α z, β² I) p_data(z) dz")
def _checkerboard() -> dict[str, Any]:
    return {"target": CheckerboardSpec(), "simulation": SimulationSpec(steps=60, particles=3000)}


@_entry(
    "ode-and-sde",
    "ODE and SDE, the same particles",
    "001 eq 20, Thm 2.3 (eq 25)",
    "dX = (u_t + σ²/2 ∇ log p_t) dt + σ dW",
)
def _ode_and_sde() -> dict[str, Any]:
    return {
        "simulation": SimulationSpec(steps=200, particles=1500),
        "view": _panes(
            PaneSpec(title="ODE", layers=_QUIET, dynamics=ODESpec()),
            PaneSpec(title="SDE, σ = 1", layers=_QUIET, dynamics=SDESpec(sigma=1.0)),
        ),
    }


@_entry(
    "noise-level", "More noise, the same marginals", "001 Thm 2.3 (eq 25, 26)", "X_t ~ p_t for every σ_t ≥ 0"
)
def _noise_level() -> dict[str, Any]:
    def pane(sigma: float) -> PaneSpec:
        return PaneSpec(title=f"σ = {sigma:g}", layers=_QUIET, dynamics=SDESpec(sigma=sigma))

    return {
        "target": PinwheelSpec(),
        "simulation": SimulationSpec(steps=250, particles=1000),
        "view": _panes(*(pane(sigma) for sigma in (0.0, 0.5, 1.0, 2.0))),
    }


@_entry(
    "reverse-sde",
    "Reverse SDE and probability flow",
    "002 sec 3 (eq 26–28), sec 7",
    "σ_t = g_t against σ_t = 0",
)
def _reverse_sde() -> dict[str, Any]:
    return {
        "target": RingsSpec(),
        "path": VPSpec(),
        "simulation": SimulationSpec(steps=250, particles=1500),
        "view": _panes(
            PaneSpec(title="Probability-flow ODE", layers=_QUIET, dynamics=ODESpec()),
            PaneSpec(title="Reverse SDE", layers=_QUIET, dynamics=ReverseSDESpec()),
            seconds=6.0,
        ),
    }


@_entry(
    "schedules",
    "Four paths between the same ends",
    "000; 002 eq 19, 20; 003; 004",
    "x_t = α_t z + β_t x_0",
)
def _schedules() -> dict[str, Any]:
    paths = {
        "Straight": CondOTSpec(),
        "Variance preserving": VPSpec(),
        "Variance exploding": VESpec(sigma_max=3.0),
        "Trigonometric": CosineSpec(),
    }
    return {
        "target": EightGaussiansSpec(),
        "simulation": SimulationSpec(steps=100, particles=1000),
        "view": _panes(*(PaneSpec(title=title, layers=_QUIET, path=path) for title, path in paths.items())),
    }


@_entry(
    "langevin-five-modes",
    "Langevin dynamics on five modes",
    "001 eq 31, Fig 4",
    "dX = σ²/2 ∇ log p dt + σ dW",
)
def _langevin() -> dict[str, Any]:
    return {
        "target": FiveModesSpec(),
        "dynamics": LangevinSpec(sigma=1.0, duration=6.0),
        "simulation": SimulationSpec(steps=600, particles=1000),
        "view": ViewSpec(seconds=8.0),
    }


@_entry(
    "gaussian-mixture-source",
    "From one mixture to another",
    "003; 001 Thm 2.1",
    "p_t = Σ_jk w_j v_k N(α m_k + β μ_j, α² S_k + β² R_j)",
)
def _mixture_source() -> dict[str, Any]:
    left = tuple(Component(mean=(-2.2, y), cov=(0.06, 0.0, 0.06)) for y in (-1.6, 0.0, 1.6))
    right = (
        Component(mean=(1.6, 1.1), cov=(0.28, 0.14, 0.12), weight=2.0),
        Component(mean=(1.6, -1.1), cov=(0.28, -0.14, 0.12), weight=1.0),
    )
    return {
        "source": GaussianMixtureSpec(components=left),
        "target": GaussianMixtureSpec(components=right),
    }


@_entry(
    "euler-heun",
    "Few steps: Euler, Heun, and the reference",
    "001 sec 1.1 (eq 4)",
    "X_{t+h} = X_t + h u_t(X_t)",
)
def _euler_heun() -> dict[str, Any]:
    def pane(title: str, solver: str, steps: int) -> PaneSpec:
        return PaneSpec(
            title=title,
            layers=_QUIET,
            dynamics=ODESpec.model_validate({"solver": solver}),
            simulation=SimulationSpec(steps=steps, particles=1500),
        )

    return {
        "target": TwoSpiralsSpec(),
        "view": _panes(
            pane("Euler, 8 steps", "euler", 8),
            pane("Heun, 8 steps", "heun", 8),
            pane("Runge–Kutta 4, 8 steps", "rk4", 8),
            pane("Reference, 200 steps", "rk4", 200),
        ),
    }


@_entry("six-targets", "One source, six targets", "003; 004", "dX = u_t(X) dt, X_0 the same six times")
def _six_targets() -> dict[str, Any]:
    targets = (
        TwoMoonsSpec(),
        TwoSpiralsSpec(),
        PinwheelSpec(),
        RingsSpec(),
        SCurveSpec(),
        CheckerboardSpec(),
    )
    return {
        "simulation": SimulationSpec(particles=1000),
        "view": _panes(*(PaneSpec(title=t.title, layers=_QUIET, target=t) for t in targets)),
    }


@_entry("drawn-target", "A drawing as target", "003; 000 eq 10", "p_t = K_x H K_yᵀ on a grid, H the drawing")
def _drawn_target() -> dict[str, Any]:
    return {
        "target": cat(),
        "simulation": SimulationSpec(steps=60, particles=3000),
        "view": ViewSpec(camera=CameraSpec(half_height=3.0)),
    }
