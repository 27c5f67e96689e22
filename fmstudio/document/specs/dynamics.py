"""How particles move: ODE, SDE, reverse SDE, Langevin; and how that is simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, Field

from fmstudio.document.specs.hermite import Curve, require_times, through
from fmstudio.document.specs.motion import (
    Coefficients,
    FieldFlow,
    FreeMotion,
    Motion,
    NoisyTransport,
    PathMotion,
    ProcessMotion,
    SamplerMotion,
)
from fmstudio.document.specs.spec import Kind, Spec, setting
from fmstudio.document.specs.training import Coupling

ODESolver = Literal["euler", "midpoint", "heun", "rk4"]
"""Of a motion without noise, in the order in which they are offered."""
SDESolver = Literal["euler-maruyama", "stochastic-heun"]
"""Of one with noise that is no sampler."""


@dataclass(frozen=True)
class ProfileFacts:
    """What everybody must know of a shape of sigma_t."""

    title: str
    in_words: str
    """what stands after 'σ = 1'"""


class SigmaProfile(Kind):
    """The shape of sigma_t; sigma scales it."""

    facts: ProfileFacts

    SQRT_BETA = "sqrt-beta", ProfileFacts("σ ∝ √β, ends at 0", " that fades")
    """sigma sqrt(beta_t / beta_0): sigma_t^2 times the score stays finite at t = 1"""
    CONSTANT = "constant", ProfileFacts("constant", "")
    DRAWN = "drawn", ProfileFacts("by hand", " times a curve of one's own")
    """sigma times a curve through handles"""


def _require_shape(shape: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    require_times([t for t, _ in shape])
    outside = next((share for _, share in shape if not 0 <= share <= 1), None)
    if outside is not None:
        raise ValueError(f"the shares of σ lie in [0, 1], got {outside:g}")
    return shape


Shape = Annotated[tuple[tuple[float, float], ...], AfterValidator(_require_shape)]
"""Handles (t, share of sigma)"""


class ShapedNoise(Motion):
    """sigma_t is ``sigma`` times a shape."""

    profile: SigmaProfile = SigmaProfile.SQRT_BETA
    shape: Shape = ((0.0, 0.2), (0.5, 1.0), (1.0, 0.0))
    """of the profile DRAWN"""

    def shares(self, beta: Curve, t: Curve) -> Curve:
        """sigma_t / sigma at the times ``t``, given the noise scale there, for pictures."""
        match self.profile:
            case SigmaProfile.CONSTANT:
                return np.ones_like(t)
            case SigmaProfile.SQRT_BETA:
                return np.asarray(np.sqrt(beta / beta[0]))
            case SigmaProfile.DRAWN:
                times, shares = zip(*self.shape, strict=True)
                return through(times, shares, t)


class ODESpec(FieldFlow):
    """dX = u_t(X) dt (6.S184 notes, eq 20)."""

    title: ClassVar[str] = "ODE"
    needs_score = False
    kind: Literal["ode"] = "ode"
    solver: ODESolver = "heun"


class SDESpec(ShapedNoise, NoisyTransport):
    """dX = (u_t + sigma_t^2/2 grad log p_t) dt + sigma_t dW (6.S184 notes, Thm 2.3)."""

    title: ClassVar[str] = "SDE"
    fades = False
    kind: Literal["sde"] = "sde"
    solver: SDESolver = "euler-maruyama"
    sigma: float = setting(1.0, "Noise σ", low=0.0, high=5.0, step=0.05)


class ReverseSDESpec(NoisyTransport):
    """The same with sigma_t = g_t, the coefficient of the path's own noising SDE, which it turns back from a
    standard normal source (Chen 2024, eq 26-28)."""

    title: ClassVar[str] = "Reverse SDE"
    fades = needs_normal_source = True
    kind: Literal["reverse-sde"] = "reverse-sde"
    solver: SDESolver = "euler-maruyama"


class LangevinSpec(SamplerMotion):
    """dX = sigma^2/2 grad log p_data dt + sigma dW, from the source, for ``duration`` units of its own time
    (6.S184 notes, eq 31). ``ula`` is the unadjusted discretisation, ``mala`` the Metropolis-adjusted one.
    Narrow targets need short steps: ``substeps`` solver steps are taken from one state that is shown to the
    next."""

    title: ClassVar[str] = "Langevin"
    is_steady = is_autonomous = True
    follows_path = uses_field = needs_score = False
    kind: Literal["langevin"] = "langevin"
    solver: Literal["ula", "mala"] = "ula"
    sigma: float = setting(1.0, "Noise σ", low=0.05, high=5.0, step=0.05)
    duration: float = setting(4.0, "Duration", low=0.1, high=100.0, step=0.5)
    substeps: int = setting(
        10, "Substeps", low=1, high=500, step=5, hint="Solver steps from one state that is shown to the next"
    )


class ProbabilityFlowSpec(FieldFlow):
    """dX = ((alpha'/alpha) X + g_t^2/2 grad log p_t) dt, with the score (Chen 2024, sec 6-7); it equals
    u_t."""

    title: ClassVar[str] = "Probability flow"
    needs_score = needs_normal_source = True
    kind: Literal["probability-flow"] = "probability-flow"
    solver: ODESolver = "heun"


class InterpolantSpec(PathMotion):
    """X_t = alpha_t z + beta_t X_0 for pairs (X_0, z) of the coupling: exact samples of p_t, and the lines
    that conditional flow matching learns from (Khungurn 2024, Thm 2; Liao et al. 2024)."""

    title: ClassVar[str] = "Samples of pₜ"
    uses_field = needs_score = by_equation = fades = False
    is_noisy = is_flow = ends_at_target = False
    kind: Literal["interpolant"] = "interpolant"
    solver: Literal["pairs"] = "pairs"
    coupling: Coupling = Coupling.INDEPENDENT


class AnnealedLangevinSpec(ShapedNoise, SamplerMotion):
    """Langevin steps on p_t while t goes from 0 to 1; ``duration`` is what the sampler's own clock spends.
    ``substeps`` as for Langevin dynamics."""

    title: ClassVar[str] = "Annealed Langevin"
    follows_path = uses_field = needs_score = True
    is_steady = is_autonomous = False
    kind: Literal["annealed-langevin"] = "annealed-langevin"
    solver: Literal["ula"] = "ula"
    sigma: float = setting(1.0, "Noise σ", low=0.05, high=5.0, step=0.05)
    duration: float = setting(6.0, "Duration", low=0.1, high=100.0, step=0.5)
    substeps: int = setting(
        10, "Substeps", low=1, high=500, step=5, hint="Solver steps from one state that is shown to the next"
    )


class LinearFlowSpec(FreeMotion):
    """dX = -theta X dt for ``duration`` (6.S184 notes, Ex 1.1): X_t = exp(-theta t) X_0."""

    title: ClassVar[str] = "Linear flow"
    is_flow = is_autonomous = True
    is_noisy = False
    kind: Literal["linear-flow"] = "linear-flow"
    solver: ODESolver = "rk4"
    theta: float = setting(
        1.0,
        "θ",
        low=-3.0,
        high=10.0,
        step=0.1,
        hint="How fast particles are drawn to the origin; below 0, away",
    )
    duration: float = setting(1.0, "Duration", low=0.1, high=20.0, step=0.5)

    def coefficients(self, _t: float) -> Coefficients:
        return -self.theta, 0.0, 0.0, 0.0


class BrownianMotionSpec(FreeMotion):
    """dX = dW for ``duration`` (6.S184 notes, eq 5): the variance grows by t."""

    title: ClassVar[str] = "Brownian motion"
    is_flow = False
    is_noisy = is_autonomous = True
    kind: Literal["brownian-motion"] = "brownian-motion"
    solver: Literal["euler-maruyama"] = "euler-maruyama"
    duration: float = setting(1.0, "Duration", low=0.1, high=20.0, step=0.5)

    def coefficients(self, _t: float) -> Coefficients:
        return 0.0, 0.0, 0.0, 1.0


class OrnsteinUhlenbeckSpec(FreeMotion):
    """dX = -theta X dt + sigma dW for ``duration`` (6.S184 notes, Ex 1.2); tends to N(0, sigma^2 / (2 theta)
    I)."""

    title: ClassVar[str] = "Ornstein–Uhlenbeck"
    is_flow = False
    is_noisy = is_autonomous = True
    kind: Literal["ornstein-uhlenbeck"] = "ornstein-uhlenbeck"
    solver: SDESolver = "euler-maruyama"
    theta: float = setting(
        0.5, "θ", low=0.0, high=10.0, step=0.05, hint="How fast particles are drawn to the origin"
    )
    sigma: float = setting(0.5, "Noise σ", low=0.0, high=5.0, step=0.05)
    duration: float = setting(6.0, "Duration", low=0.1, high=50.0, step=0.5)

    def coefficients(self, _t: float) -> Coefficients:
        return -self.theta, 0.0, 0.0, self.sigma


class NoisingSpec(ProcessMotion):
    """The forward SDE of the path (VP, VE or sub-VP): from data at s = 0 to noise at s = 1 (Chen 2024, sec
    2)."""

    title: ClassVar[str] = "Noising SDE"
    follows_source = is_flow = is_autonomous = False
    follows_target = follows_path = is_noisy = fades = True
    kind: Literal["noising"] = "noising"
    solver: SDESolver = "euler-maruyama"


class LinearSDESpec(FreeMotion):
    """dX = (a(t) X + b(t)) dt + g(t) dW with a = a_0 + a_1 t, g = g_0 + g_1 t (Chen 2024, eq 6-15)."""

    title: ClassVar[str] = "Linear SDE"
    is_flow = is_autonomous = False
    is_noisy = True
    kind: Literal["linear-sde"] = "linear-sde"
    solver: SDESolver = "euler-maruyama"
    a_0: float = setting(
        -1.0,
        "a₀",
        low=-5.0,
        high=5.0,
        step=0.1,
        hint="Below 0 particles are drawn in, above 0 they are driven out",
    )
    a_1: float = setting(0.0, "a₁", low=-5.0, high=5.0, step=0.1, hint="How fast a changes: a = a₀ + a₁ t")
    b_x: float = setting(1.0, "b, x", low=-5.0, high=5.0, step=0.1, hint="A steady push to the right")
    b_y: float = setting(0.5, "b, y", low=-5.0, high=5.0, step=0.1, hint="A steady push upwards")
    g_0: float = setting(0.6, "g₀", low=0.0, high=5.0, step=0.1, hint="The size of the noise at the start")
    g_1: float = setting(
        0.0, "g₁", low=0.0, high=5.0, step=0.1, hint="How fast the noise grows: g = g₀ + g₁ t"
    )
    duration: float = setting(3.0, "Duration", low=0.1, high=20.0, step=0.5)

    def coefficients(self, t: float) -> Coefficients:
        return self.a_0 + self.a_1 * t, self.b_x, self.b_y, self.g_0 + self.g_1 * t


Transport = ODESpec | SDESpec | ReverseSDESpec | ProbabilityFlowSpec | InterpolantSpec
"""Motions whose law at time t is p_t of the path."""
Sampler = LangevinSpec | AnnealedLangevinSpec
"""Motions that sample a density that is given."""
FreeProcess = LinearFlowSpec | BrownianMotionSpec | OrnsteinUhlenbeckSpec | NoisingSpec | LinearSDESpec
"""Motions that know no target: their p_t follows from where they start."""

DynamicsSpec = Annotated[Transport | Sampler | FreeProcess, Field(discriminator="kind")]


DYNAMICS: tuple[type[Motion], ...] = (ODESpec, SDESpec, ReverseSDESpec, LangevinSpec)
"""Offered first in the motion panel."""
MORE_DYNAMICS: tuple[type[Motion], ...] = (
    ProbabilityFlowSpec,
    InterpolantSpec,
    AnnealedLangevinSpec,
    LinearFlowSpec,
    BrownianMotionSpec,
    OrnsteinUhlenbeckSpec,
    NoisingSpec,
    LinearSDESpec,
)
"""Offered after them."""

SOLVER_TITLES: dict[str, str] = {
    "euler": "Euler",
    "midpoint": "Midpoint",
    "heun": "Heun",
    "rk4": "Runge–Kutta 4",
    "euler-maruyama": "Euler–Maruyama",
    "stochastic-heun": "Stochastic Heun",
    "ula": "Unadjusted Langevin",
    "mala": "Metropolis-adjusted (MALA)",
    "pairs": "Pairs of the coupling",
}


class SimulationSpec(Spec):
    """n steps give n + 1 states. Starting points and noise have a seed each (the two dice)."""

    steps: int = setting(60, "Steps", low=1, high=2000, step=1)
    particles: int = setting(2000, "Particles", low=100, high=100_000, step=100, log=True)
    start_seed: int = setting(7, "Starting points", low=0, high=2**31 - 1, step=1)
    noise_seed: int = setting(11, "Noise", low=0, high=2**31 - 1, step=1)
