"""Gallery: where mass is and how it moves: densities by other means than the closed form, and maps."""

from __future__ import annotations

from typing import Any

from fmstudio.document.gallery_entries import QUIET, entry, panes
from fmstudio.document.references import cite
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import EightGaussiansSpec, FiveModesSpec, TwoMoonsSpec
from fmstudio.document.specs.dynamics import LangevinSpec, ODESpec, SDESpec, SimulationSpec
from fmstudio.document.specs.view import LayersSpec, PaneSpec

_PICTURE = LayersSpec(particles=False, trajectories=False, field=False)
_PICTURE_AND_ARROWS = LayersSpec(particles=False, trajectories=False)
_CROWD = LayersSpec(density=False, field=False, trajectories=False)


@entry(
    "langevin-five-modes",
    "Langevin dynamics on five modes",
    (cite("MIT6S184", "eq 31, Fig 4"),),
    "dX = σ²/2 ∇ log p dt + σ dW",
)
def _langevin() -> dict[str, Any]:
    moments = {0.015: "Soon", 0.08: "Later", 1.0: "At the end"}
    particles = (PaneSpec(title=f"{word}: particles", layers=_CROWD, until=t) for t, word in moments.items())
    smoothed = (
        PaneSpec(title=f"{word}: their density", layers=_PICTURE, density=DensityMethod.KDE, until=t)
        for t, word in moments.items()
    )
    return {
        "target": FiveModesSpec(),
        "dynamics": LangevinSpec(sigma=1.0, duration=3.0, substeps=1),
        "simulation": SimulationSpec(steps=600, particles=2000),
        "view": panes(*particles, *smoothed, seconds=8.0),
    }


@entry(
    "posterior-weights",
    "The right average and the naive one",
    (cite("VectorFields"),),
    "u_t(x) = E[u_t(x|z) given x_t = x], not E over p_data",
)
def _posterior_weights() -> dict[str, Any]:
    return {
        "target": EightGaussiansSpec(),
        "view": panes(
            PaneSpec(title="Average over the posterior"),
            PaneSpec(
                title="Average over p_data",
                layers=_PICTURE_AND_ARROWS,
                density=DensityMethod.NAIVE_ERROR,
                arrows=Quantity.NAIVE_AVERAGE,
            ),
        ),
    }


@entry(
    "change-of-variables",
    "Density by the change of variables",
    (cite("Khungurn2024", "eq 2, 3"), cite("Liao2024")),
    "log p_t(x_t) = log p_0(x_0) − ∫ div u_s(x_s) ds",
)
def _change_of_variables() -> dict[str, Any]:
    ways = {
        "Closed form": DensityMethod.EXACT,
        "Along the flow, exact trace": DensityMethod.LIKELIHOOD,
        "Along the flow, Hutchinson": DensityMethod.LIKELIHOOD_HUTCHINSON,
        "Smoothed particles": DensityMethod.KDE,
    }
    return {
        "target": EightGaussiansSpec(),
        "view": panes(
            *(PaneSpec(title=way, layers=_PICTURE, density=density) for way, density in ways.items())
        ),
    }


@entry(
    "continuity",
    "Mass is only moved",
    (cite("Khungurn2024", "App A"), cite("MIT6S184", "Thm 2.2"), cite("VectorFields"), cite("Liao2024")),
    "∂_t p_t + div(p_t u_t) = 0",
)
def _continuity() -> dict[str, Any]:
    maps = {
        "How fast the density changes": DensityMethod.TIME_DERIVATIVE,
        "What flows in, less what flows out": DensityMethod.MINUS_DIVERGENCE,
        "The difference": DensityMethod.RESIDUAL,
    }
    flux = PaneSpec(
        title="Density and flux",
        layers=_PICTURE_AND_ARROWS,
        density=DensityMethod.EXACT,
        arrows=Quantity.FLUX,
    )
    return {
        "target": TwoMoonsSpec(noise=0.15),
        "view": panes(
            flux,
            *(PaneSpec(title=title, layers=_PICTURE, density=density) for title, density in maps.items()),
            seconds=6.0,
        ),
    }


@entry(
    "fokker-planck",
    "Fokker–Planck on a grid, from ODE to SDE",
    (cite("MIT6S184", "Thm 2.4"), cite("Chen2024", "sec 6"), cite("Liao2024")),
    "∂_t p = −div(p (u_t + σ²/2 ∇ log p_t)) + σ²/2 Δp",
)
def _fokker_planck() -> dict[str, Any]:
    def pane(sigma: float) -> PaneSpec:
        dynamics = SDESpec(sigma=sigma) if sigma else ODESpec()
        title = f"σ = {sigma:g}" if sigma else "ODE: the continuity equation"
        return PaneSpec(title=title, layers=QUIET, dynamics=dynamics, density=DensityMethod.FOKKER_PLANCK)

    return {
        "target": FiveModesSpec(),
        "simulation": SimulationSpec(steps=200, particles=600),
        "view": panes(*(pane(sigma) for sigma in (0.0, 0.5, 1.0, 2.0))),
    }
