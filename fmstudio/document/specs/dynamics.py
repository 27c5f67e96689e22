"""How particles move: ODE, SDE, reverse SDE, Langevin; and how that is simulated."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fmstudio.document.specs.spec import Spec, setting


class SigmaProfile(StrEnum):
    """The shape of sigma_t; the SDE's sigma slider scales it."""

    SQRT_BETA = "sqrt-beta"
    """sigma sqrt(beta_t / beta_0): sigma_t^2 times the score stays finite at t = 1"""
    CONSTANT = "constant"


class ODESpec(Spec):
    """dX = u_t(X) dt (001 eq 20)."""

    title: ClassVar[str] = "ODE"
    kind: Literal["ode"] = "ode"
    solver: Literal["euler", "midpoint", "heun", "rk4"] = "heun"


class SDESpec(Spec):
    """dX = (u_t + sigma_t^2/2 grad log p_t) dt + sigma_t dW (001 Thm 2.3)."""

    title: ClassVar[str] = "SDE"
    kind: Literal["sde"] = "sde"
    solver: Literal["euler-maruyama", "stochastic-heun"] = "euler-maruyama"
    sigma: float = setting(1.0, "Noise σ", low=0.0, high=5.0, step=0.05)
    profile: SigmaProfile = SigmaProfile.SQRT_BETA


class ReverseSDESpec(Spec):
    """The same with sigma_t = g_t, the coefficient of the path's own noising SDE (002 eq 26-28)."""

    title: ClassVar[str] = "Reverse SDE"
    kind: Literal["reverse-sde"] = "reverse-sde"
    solver: Literal["euler-maruyama", "stochastic-heun"] = "euler-maruyama"


class LangevinSpec(Spec):
    """dX = sigma^2/2 grad log p_data dt + sigma dW, from the source, for ``duration`` units of its own time
    (001 eq 31). ``ula`` is the unadjusted discretisation, ``mala`` the Metropolis-adjusted one."""

    title: ClassVar[str] = "Langevin"
    kind: Literal["langevin"] = "langevin"
    solver: Literal["ula", "mala"] = "ula"
    sigma: float = setting(1.0, "Noise σ", low=0.05, high=5.0, step=0.05)
    duration: float = setting(4.0, "Duration", low=0.1, high=100.0, step=0.5)


DynamicsSpec = Annotated[ODESpec | SDESpec | ReverseSDESpec | LangevinSpec, Field(discriminator="kind")]

DYNAMICS: tuple[type[Spec], ...] = (ODESpec, SDESpec, ReverseSDESpec, LangevinSpec)

SOLVER_TITLES: dict[str, str] = {
    "euler": "Euler",
    "midpoint": "Midpoint",
    "heun": "Heun",
    "rk4": "Runge–Kutta 4",
    "euler-maruyama": "Euler–Maruyama",
    "stochastic-heun": "Stochastic Heun",
    "ula": "Unadjusted Langevin",
    "mala": "Metropolis-adjusted (MALA)",
}


class SimulationSpec(Spec):
    """n steps give n + 1 states. Starting points and noise have a seed each (the two dice)."""

    steps: int = setting(60, "Steps", low=1, high=2000, step=1)
    particles: int = setting(2000, "Particles", low=100, high=100_000, step=100, log=True)
    start_seed: int = setting(7, "Starting points", low=0, high=2**31 - 1, step=1)
    noise_seed: int = setting(11, "Noise", low=0, high=2**31 - 1, step=1)
