"""The built-in documents: each a small experiment, with a caption in ``assets/gallery``.

To add one: write a function under ``@entry(...)``, here or in a chapter of its own (``gallery_densities``),
that returns the changes to a plain Document, and its caption as ``assets/gallery/<id>.txt`` (what you see,
why, what to try). Entries are listed in this order, then chapter by chapter.
"""

from __future__ import annotations

from typing import Any

from fmstudio.document.gallery_entries import ENTRIES, GROUPS, LESSONS, QUIET, Entry, entry, panes
from fmstudio.document.portrait import cat
from fmstudio.document.references import cite
from fmstudio.document.specs.distribution import (
    CheckerboardSpec,
    Component,
    EightGaussiansSpec,
    GaussianMixtureSpec,
    PinwheelSpec,
    RingsSpec,
    SCurveSpec,
    TwoMoonsSpec,
    TwoSpiralsSpec,
)
from fmstudio.document.specs.dynamics import (
    ODESpec,
    ProbabilityFlowSpec,
    ReverseSDESpec,
    SDESpec,
    SimulationSpec,
)
from fmstudio.document.specs.path import CondOTSpec, CosineSpec, FMOTSpec, SubVPSpec, VESpec, VPSpec
from fmstudio.document.specs.view import PaneSpec

__all__ = ["ENTRIES", "GROUPS", "LESSONS", "Entry"]


@entry(
    "two-moons",
    "Two moons",
    (cite("MIT6S184", "Thm 2.1"), cite("VectorFields")),
    "u_t(x) = ∫ u_t(x|z) p_t(x|z) p_data(z) / p_t(x) dz",
)
def _two_moons() -> dict[str, Any]:
    return {"target": TwoMoonsSpec()}


@entry(
    "eight-gaussians",
    "Eight Gaussians",
    (cite("Khungurn2024", "Thm 2"), cite("MIT6S184", "Ex 2.2")),
    "u_t = (α′ − α β′/β) D_t + (β′/β) x",
)
def _eight_gaussians() -> dict[str, Any]:
    return {"target": EightGaussiansSpec()}


@entry(
    "checkerboard",
    "Checkerboard",
    (cite("MIT6S184", "Thm 2.1"), cite("VectorFields")),
    "p_t = ∫ N(x; α z, β² I) p_data(z) dz",
)
def _checkerboard() -> dict[str, Any]:
    return {"target": CheckerboardSpec(), "simulation": SimulationSpec(steps=60, particles=3000)}


@entry(
    "ode-and-sde",
    "ODE and SDE, the same particles",
    (cite("MIT6S184", "eq 20, Thm 2.3 (eq 25)"),),
    "dX = (u_t + σ²/2 ∇ log p_t) dt + σ dW",
)
def _ode_and_sde() -> dict[str, Any]:
    return {
        "simulation": SimulationSpec(steps=200, particles=1500),
        "view": panes(
            PaneSpec(title="ODE", layers=QUIET, dynamics=ODESpec()),
            PaneSpec(title="SDE, σ = 1", layers=QUIET, dynamics=SDESpec(sigma=1.0)),
        ),
    }


@entry(
    "noise-level",
    "More noise, the same marginals",
    (cite("MIT6S184", "Thm 2.3 (eq 25, 26)"),),
    "X_t ~ p_t for every σ_t ≥ 0",
)
def _noise_level() -> dict[str, Any]:
    def pane(sigma: float) -> PaneSpec:
        return PaneSpec(title=f"σ = {sigma:g}", layers=QUIET, dynamics=SDESpec(sigma=sigma))

    return {
        "target": PinwheelSpec(),
        "simulation": SimulationSpec(steps=250, particles=1000),
        "view": panes(*(pane(sigma) for sigma in (0.0, 0.5, 1.0, 2.0))),
    }


@entry(
    "reverse-sde",
    "Reverse SDE and probability flow",
    (cite("Chen2024", "sec 3 (eq 26–28), sec 7"),),
    "σ_t = g_t against σ_t = 0",
)
def _reverse_sde() -> dict[str, Any]:
    return {
        "target": RingsSpec(),
        "path": VPSpec(),
        "simulation": SimulationSpec(steps=250, particles=1500),
        "view": panes(
            PaneSpec(title="Probability-flow ODE", layers=QUIET, dynamics=ProbabilityFlowSpec()),
            PaneSpec(title="Reverse SDE", layers=QUIET, dynamics=ReverseSDESpec()),
            seconds=6.0,
        ),
    }


@entry(
    "schedules",
    "Six paths between the same ends",
    (cite("Khungurn2024", "Thm 1"), cite("Chen2024", "eq 19–22"), cite("VectorFields"), cite("Liao2024")),
    "x_t = α_t z + β_t x_0",
)
def _schedules() -> dict[str, Any]:
    paths = {
        "Straight": CondOTSpec(),
        "Straight, with σ_min": FMOTSpec(sigma_min=0.15),
        "Variance preserving": VPSpec(),
        "Variance exploding": VESpec(sigma_max=2.0),
        "Below variance preserving": SubVPSpec(),
        "Trigonometric": CosineSpec(),
    }
    return {
        "target": EightGaussiansSpec(),
        "simulation": SimulationSpec(steps=100, particles=1000),
        "view": panes(*(PaneSpec(title=title, layers=QUIET, path=path) for title, path in paths.items())),
    }


@entry(
    "gaussian-mixture-source",
    "From one mixture to another",
    (cite("VectorFields"), cite("MIT6S184", "Thm 2.1")),
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


@entry(
    "euler-heun",
    "Few steps: Euler, Heun, and the reference",
    (cite("MIT6S184", "sec 1.1 (eq 4)"),),
    "X_{t+h} = X_t + h u_t(X_t)",
)
def _euler_heun() -> dict[str, Any]:
    def pane(title: str, solver: str, steps: int) -> PaneSpec:
        return PaneSpec(
            title=title,
            layers=QUIET,
            dynamics=ODESpec.model_validate({"solver": solver}),
            simulation=SimulationSpec(steps=steps, particles=1500),
        )

    return {
        "target": TwoSpiralsSpec(),
        "view": panes(
            pane("Euler, 8 steps", "euler", 8),
            pane("Heun, 8 steps", "heun", 8),
            pane("Runge–Kutta 4, 8 steps", "rk4", 8),
            pane("Reference, 200 steps", "rk4", 200),
        ),
    }


@entry(
    "six-targets",
    "One source, six targets",
    (cite("VectorFields"), cite("Liao2024")),
    "dX = u_t(X) dt, X_0 the same six times",
)
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
        "view": panes(*(PaneSpec(title=t.title, layers=QUIET, target=t) for t in targets)),
    }


@entry(
    "drawn-target",
    "A drawing as target",
    (cite("VectorFields"), cite("Khungurn2024", "eq 10")),
    "p_t = K_x H K_yᵀ on a grid, H the drawing",
)
def _drawn_target() -> dict[str, Any]:
    return {
        "target": cat(),
        "simulation": SimulationSpec(steps=60, particles=3000),
    }


# The chapters, in their order: importing them enters their entries.
from fmstudio.document import (  # noqa: E402
    gallery_densities,  # noqa: F401
    gallery_ends,  # noqa: F401
    gallery_learning,  # noqa: F401
    gallery_lessons,  # noqa: F401
    gallery_motions,  # noqa: F401
)
