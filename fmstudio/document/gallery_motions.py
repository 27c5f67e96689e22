"""Gallery: motions apart from the flow: processes that know no target, pairs, samplers, forward SDEs."""

from __future__ import annotations

from typing import Any

from fmstudio.document.gallery_entries import entry, panes
from fmstudio.document.references import cite
from fmstudio.document.specs.density import DensityMethod
from fmstudio.document.specs.distribution import (
    Component,
    EightGaussiansSpec,
    FiveModesSpec,
    GaussianMixtureSpec,
    RingSpec,
    TwoMoonsSpec,
)
from fmstudio.document.specs.dynamics import (
    AnnealedLangevinSpec,
    BrownianMotionSpec,
    DynamicsSpec,
    InterpolantSpec,
    LangevinSpec,
    LinearFlowSpec,
    LinearSDESpec,
    NoisingSpec,
    ODESpec,
    OrnsteinUhlenbeckSpec,
    SDESpec,
    SigmaProfile,
    SimulationSpec,
)
from fmstudio.document.specs.path import FMOTSpec, SubVPSpec, VESpec, VPSpec
from fmstudio.document.specs.training import Coupling
from fmstudio.document.specs.view import LayersSpec, PaneSpec

_POINT = GaussianMixtureSpec(components=(Component(mean=(1.4, 0.9), cov=(1.6e-3, 0.0, 1.6e-3)),))
"""One data point z, as wide as can be seen."""
_ORIGIN = GaussianMixtureSpec(components=(Component(mean=(0.0, 0.0), cov=(1.6e-3, 0.0, 1.6e-3)),))
_CROWD = LayersSpec(field=False, trajectories=False)
_PATHS = LayersSpec(field=False, trajectories=False, particles=False, paths=True)
_WARP = LayersSpec(density=False, particles=False, trajectories=False, grid=True)
_LINES = LayersSpec(density=False, field=False, trajectories=False, couplings=True)


@entry(
    "linear-flow",
    "A linear flow warps space",
    (cite("MIT6S184", "Ex 1.1 (eq 3), Fig 1"),),
    "φ_t(x) = exp(−θ t) x",
)
def _linear_flow() -> dict[str, Any]:
    moments = {"t = 0": 0.0, "t = 0.5": 1 / 3, "t = 1.5": 1.0}
    return {
        "dynamics": LinearFlowSpec(theta=1.0, duration=1.5),
        "view": panes(*(PaneSpec(title=title, layers=_WARP, until=part) for title, part in moments.items())),
    }


@entry(
    "brownian-motion", "Brownian motion", (cite("MIT6S184", "eq 5"),), "W_{t+h} = W_t + √h ε,  Var W_t = t"
)
def _brownian_motion() -> dict[str, Any]:
    return {
        "source": _ORIGIN,
        "dynamics": BrownianMotionSpec(duration=1.0),
        "simulation": SimulationSpec(steps=150, particles=2000),
        "view": panes(
            PaneSpec(
                title="Some paths",
                layers=LayersSpec(
                    density=False, field=False, trajectories=False, particles=False, paths=True
                ),
                simulation=SimulationSpec(steps=150, particles=100),
            ),
            PaneSpec(title="Where they are: variance t", layers=_CROWD),
            seconds=6.0,
        ),
    }


@entry(
    "ornstein-uhlenbeck",
    "The Ornstein–Uhlenbeck process",
    (cite("MIT6S184", "Ex 1.2 (eq 8)"),),
    "dX = −θ X dt + σ dW → N(0, σ²/2θ)",
)
def _ornstein_uhlenbeck() -> dict[str, Any]:
    def pane(sigma: float) -> PaneSpec:
        dynamics = OrnsteinUhlenbeckSpec(theta=0.8, sigma=sigma, duration=5.0)
        return PaneSpec(title=f"σ = {sigma:g}", layers=_CROWD, dynamics=dynamics)

    return {
        "source": RingSpec(radius=2.4, width=0.1),
        "simulation": SimulationSpec(steps=200, particles=700),
        "view": panes(*(pane(sigma) for sigma in (0.0, 0.3, 0.8, 1.6)), seconds=6.0),
    }


@entry(
    "conditional-path",
    "The path towards one point",
    (cite("Khungurn2024", "Thm 1"), cite("MIT6S184", "Ex 2.1 (eq 16)"), cite("VectorFields")),
    "p_t(x|z) = N(x; α_t z, β_t² I)",
)
def _conditional_path() -> dict[str, Any]:
    paths = {f"σ_min = {sigma:g}": FMOTSpec(sigma_min=sigma) for sigma in (0.5, 0.15, 0.05)}
    return {
        "target": _POINT,
        "simulation": SimulationSpec(steps=60, particles=1000),
        "view": panes(*(PaneSpec(title=title, path=path) for title, path in paths.items())),
    }


def _conditional_and_marginal(motion: DynamicsSpec, name: str) -> dict[str, Any]:
    """Two rows (towards one point, towards all data) by three (samples of p_t, particles, paths)."""

    def row(title: str, target: GaussianMixtureSpec | FiveModesSpec) -> tuple[PaneSpec, ...]:
        samples = PaneSpec(
            title=f"{title}: samples", layers=_CROWD, target=target, dynamics=InterpolantSpec()
        )
        particles = PaneSpec(title=f"{title}: {name} samples", layers=_CROWD, target=target)
        return samples, particles, PaneSpec(title=f"{title}: {name} paths", layers=_PATHS, target=target)

    return {
        "dynamics": motion,
        "simulation": SimulationSpec(steps=150, particles=800),
        "view": panes(*row("One point", _POINT), *row("All data", FiveModesSpec()), seconds=5.0),
    }


@entry(
    "conditional-marginal-ode",
    "Conditional and marginal, by ODE",
    (cite("MIT6S184", "Thm 2.1, Ex 2.2 (eq 18–21), Fig 2"),),
    "dX = u_t(X|z) dt above, dX = u_t(X) dt below",
)
def _conditional_marginal_ode() -> dict[str, Any]:
    return _conditional_and_marginal(ODESpec(), "ODE")


@entry(
    "conditional-marginal-sde",
    "Conditional and marginal, by SDE",
    (cite("MIT6S184", "Thm 2.3 (eq 25), Ex 2.3, Fig 3"),),
    "dX = (u_t + σ_t²/2 ∇ log p_t) dt + σ_t dW",
)
def _conditional_marginal_sde() -> dict[str, Any]:
    return _conditional_and_marginal(SDESpec(sigma=1.0), "SDE")


@entry(
    "noising-vp-ve-subvp",
    "How data turn into noise: VP, VE, sub-VP",
    (cite("Chen2024", "sec 2 (eq 18–22)"),),
    "dX = −(α′/α) X ds + g_s dW,  s from 0 (data) to 1 (noise)",
)
def _noising() -> dict[str, Any]:
    paths = {"VP": VPSpec(), "VE": VESpec(sigma_max=2.0), "sub-VP": SubVPSpec()}
    return {
        "target": TwoMoonsSpec(),
        "dynamics": NoisingSpec(),
        "simulation": SimulationSpec(steps=200, particles=1500),
        "view": panes(
            *(PaneSpec(title=title, layers=_CROWD, path=path) for title, path in paths.items()),
            seconds=6.0,
        ),
    }


@entry(
    "linear-sde",
    "Linear SDEs and their moments",
    (cite("Chen2024", "eq 6–15"),),
    "dX = (a(t) X + b) dt + g(t) dW",
)
def _linear_sde() -> dict[str, Any]:
    kinds = {
        "a = −1: pulled in": LinearSDESpec(a_0=-1.0, b_x=0.0, b_y=0.0, g_0=0.4),
        "a = −1, b = (2, 1): pulled elsewhere": LinearSDESpec(a_0=-1.0, b_x=2.0, b_y=1.0, g_0=0.4),
        "a from −2 to 1: pulled, then pushed": LinearSDESpec(a_0=-2.0, a_1=1.0, b_x=0.0, b_y=0.0, g_0=0.3),
        "g from 0 to 1.5: shaken ever harder": LinearSDESpec(a_0=-1.0, b_x=0.0, b_y=0.0, g_0=0.0, g_1=0.5),
    }
    ends = tuple(Component(mean=(x, y), cov=(0.05, 0.0, 0.05)) for x, y in ((-2.0, 0.8), (1.2, -1.6)))
    return {
        "source": GaussianMixtureSpec(components=ends),
        "simulation": SimulationSpec(steps=150, particles=700),
        "view": panes(
            *(PaneSpec(title=title, layers=_CROWD, dynamics=kind) for title, kind in kinds.items()),
            seconds=6.0,
        ),
    }


@entry(
    "minibatch-ot",
    "Whom to pair with whom",
    (cite("Liao2024"), cite("Tong2023")),
    "(x_0, z) ~ independent, optimal or entropic coupling of a batch",
)
def _minibatch_ot() -> dict[str, Any]:
    couplings = {
        "Independent": Coupling.INDEPENDENT,
        "Exact optimal transport": Coupling.OT,
        "Sinkhorn": Coupling.SINKHORN,
    }
    return {
        "target": EightGaussiansSpec(),
        "simulation": SimulationSpec(steps=60, particles=256),
        "view": panes(
            *(
                PaneSpec(title=title, layers=_LINES, dynamics=InterpolantSpec(coupling=coupling))
                for title, coupling in couplings.items()
            ),
        ),
    }


@entry(
    "mala",
    "Long steps: unadjusted Langevin and MALA",
    (cite("MIT6S184", "eq 31"), cite("Chen2024", "sec 1")),
    "accept y with probability min(1, p(y) q(x|y) / p(x) q(y|x))",
)
def _mala() -> dict[str, Any]:
    def pane(title: str, solver: str, density: DensityMethod) -> PaneSpec:
        smoothed = density is DensityMethod.KDE
        dynamics = {"solver": solver, "sigma": 1.0, "duration": 20.0, "substeps": 1}
        return PaneSpec(
            title=f"{title}, smoothed" if smoothed else title,
            layers=LayersSpec(field=False, trajectories=False, particles=not smoothed),
            dynamics=LangevinSpec.model_validate(dynamics),
            density=density,
        )

    solvers = {"Unadjusted": "ula", "Metropolis-adjusted": "mala"}
    return {
        "target": FiveModesSpec(),
        "simulation": SimulationSpec(steps=100, particles=1500),
        "view": panes(
            *(pane(*named, DensityMethod.EXACT) for named in solvers.items()),
            *(pane(*named, DensityMethod.KDE) for named in solvers.items()),
            seconds=8.0,
        ),
    }


@entry(
    "annealed-langevin",
    "Langevin on a target that sharpens",
    (cite("MIT6S184", "eq 31"), cite("Chen2024", "sec 1")),
    "dX = σ_t²/2 ∇ log p_t ds + σ_t dW,  t = s/S",
)
def _annealed_langevin() -> dict[str, Any]:
    corner = GaussianMixtureSpec(components=(Component(mean=(-1.2, -1.2), cov=(0.2, 0.0, 0.2)),))
    motions = {
        "On the target itself": LangevinSpec(sigma=1.0, duration=10.0),
        "On p_t as it sharpens": AnnealedLangevinSpec(
            sigma=1.0, duration=10.0, profile=SigmaProfile.CONSTANT
        ),
    }
    return {
        "source": corner,
        "target": EightGaussiansSpec(std=0.15),
        "simulation": SimulationSpec(steps=120, particles=1000),
        "view": panes(
            *(PaneSpec(title=title, layers=_CROWD, dynamics=kind) for title, kind in motions.items()),
            seconds=6.0,
        ),
    }
