"""Gallery: between any two ends, and how they are joined: independent, by a bridge, by optimal transport."""

from __future__ import annotations

from typing import Any

import numpy as np

from fmstudio.document.arrays import FrozenArray
from fmstudio.document.gallery_entries import QUIET, entry, panes
from fmstudio.document.portrait import cat
from fmstudio.document.references import cite
from fmstudio.document.specs.coupling import BridgeSpec, IndependentSpec, OptimalTransportSpec
from fmstudio.document.specs.distribution import (
    CheckerboardSpec,
    DrawnSpec,
    RingSpec,
    TwoMoonsSpec,
    TwoSpiralsSpec,
)
from fmstudio.document.specs.dynamics import SDESpec, SigmaProfile, SimulationSpec
from fmstudio.document.specs.training import Objective, TrainingSpec
from fmstudio.document.specs.view import FieldChoice, LayersSpec, PaneSpec

LINED = LayersSpec(field=False, couplings=True)
FEW = SimulationSpec(steps=60, particles=1500)
_SF2M_SIGMA = 0.6


def heart() -> DrawnSpec:
    """(x² + y² − 1)³ ≤ x² y³ as ink, on a sheet as large as the cat's."""
    sheet = cat()
    cells = sheet.raster.values.shape[0]
    axis = (np.arange(cells) + 0.5) * 2 * sheet.half / cells - sheet.half
    x, y = axis[None] / (0.62 * sheet.half), axis[:, None] / (0.62 * sheet.half)
    ink = ((x**2 + y**2 - 1) ** 3 <= x**2 * y**3).astype(np.float32)
    return DrawnSpec(half=sheet.half, raster=FrozenArray(ink))


@entry(
    "ring-to-moons",
    "A ring becomes two moons, exactly",
    (cite("VectorFields"), cite("MIT6S184", "eq 18")),
    "φ_t(k) = φ_data(α k) φ_init(β k)",
)
def _ring_to_moons() -> dict[str, Any]:
    return {"source": RingSpec(), "target": TwoMoonsSpec(), "simulation": SimulationSpec(particles=3000)}


@entry(
    "drawn-to-drawn",
    "From one drawing to another",
    (cite("VectorFields"), cite("Khungurn2024", "eq 10")),
    "p_t = F⁻¹[φ_data(α k) φ_init(β k)]",
)
def _drawn_to_drawn() -> dict[str, Any]:
    return {"source": heart(), "target": cat(), "simulation": SimulationSpec(steps=60, particles=3000)}


@entry(
    "bridge",
    "The Schrödinger bridge, σ from small to large",
    (cite("MIT6S184", "Thm 2.3"), cite("Leonard2014"), cite("TongSF2M2023")),
    "dX = ½ σ² (∇ log g_t − ∇ log f_t) dt",
)
def _bridge() -> dict[str, Any]:
    def pane(sigma: float) -> PaneSpec:
        return PaneSpec(title=f"σ = {sigma:g}", layers=LINED, coupling=BridgeSpec(sigma=sigma))

    independent = PaneSpec(title="Independent", layers=LINED, coupling=IndependentSpec())
    return {
        "source": RingSpec(),
        "simulation": FEW,
        "view": panes(*(pane(sigma) for sigma in (0.2, 0.6, 1.2)), independent),
    }


@entry(
    "sf2m",
    "Flow and score, learned from a bridge",
    (cite("MIT6S184", "Thm 2.3"), cite("TongSF2M2023")),
    "min E|v − u_t(x | x_0, z)|² + E|s − ∇ log p_t(x | x_0, z)|²",
)
def _sf2m() -> dict[str, Any]:
    sde = SDESpec(sigma=_SF2M_SIGMA, profile=SigmaProfile.CONSTANT)
    return {
        "source": RingSpec(),
        "coupling": BridgeSpec(sigma=_SF2M_SIGMA),
        "dynamics": sde,
        "training": TrainingSpec(objective=Objective.SF2M, steps=4000),
        "simulation": SimulationSpec(steps=100, particles=2000),
        "view": panes(
            PaneSpec(title="Exact bridge", layers=QUIET),
            PaneSpec(title="Learned flow and score", layers=QUIET, field=FieldChoice.LEARNED),
        ),
    }


@entry(
    "transport-of-drawings",
    "Optimal transport of two drawings",
    (cite("Liao2024"), cite("Leonard2014"), cite("Bunne2022")),
    "x_t ≈ (1 − t) x_0 + t z of least E|z − x_0|²",
)
def _transport_of_drawings() -> dict[str, Any]:
    return {
        "source": heart(),
        "target": cat(),
        "simulation": FEW,
        "view": panes(
            PaneSpec(title="Independent", layers=LINED),
            PaneSpec(title="Optimal transport", layers=LINED, coupling=OptimalTransportSpec()),
        ),
    }


@entry(
    "interpolant",
    "A stochastic interpolant",
    (cite("MIT6S184", "Thm 2.1"), cite("AlbergoBoffi2023")),
    "x_t = α z + β x_0 + γ √(t(1 − t)) w",
)
def _interpolant() -> dict[str, Any]:
    def pane(noise: float) -> PaneSpec:
        return PaneSpec(title=f"γ = {noise:g}", layers=QUIET, coupling=IndependentSpec(noise=noise))

    return {
        "source": CheckerboardSpec(),
        "target": TwoSpiralsSpec(),
        "simulation": FEW,
        "view": panes(*(pane(noise) for noise in (0.0, 0.5, 1.5))),
    }
