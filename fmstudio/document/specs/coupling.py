"""How the two ends are joined: an exact choice, from which p_t and its field follow. (Which points of a batch
a training pairs is another thing: ``training.Coupling``.)"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from fmstudio.document.references import Citations, cite
from fmstudio.document.specs.spec import Spec, kinds_of, setting


class JoiningBase(Spec):
    """What every coupling of the ends says of itself."""

    title: ClassVar[str]
    pairs: ClassVar[str]
    """'... pairs'"""
    formula: ClassVar[str]
    caption: ClassVar[str]
    sources: ClassVar[Citations]
    is_independent: ClassVar[bool] = False
    """the schedule says how x_t comes of its ends; if not, they are joined by noise of their own"""

    @property
    def spread(self) -> float:
        """a of the noise a sqrt(t (1 - t)) on the way."""
        return 0.0

    @property
    def is_plain(self) -> bool:
        """x_t is alpha z + beta x_0 of independent ends, and nothing else."""
        return False

    @property
    def called(self) -> str:
        """In the heading of a pane, in place of the path or (independent) beside it; '' for nothing."""
        return ""


class IndependentSpec(JoiningBase):
    """x_0 and z are drawn apart."""

    title: ClassVar[str] = "Independent"
    pairs: ClassVar[str] = "independent"
    formula: ClassVar[str] = "xₜ = α z + β x₀ + γ√(t(1 − t)) w"
    caption: ClassVar[str] = (
        "Any x₀ may go to any z: the lines of pairs cross, and the flow bends around. "
        "γ > 0 adds noise on the way, and takes it back before the end."
    )
    sources: ClassVar[Citations] = (cite("MIT6S184", "eq 18"), cite("AlbergoBoffi2023"))
    is_independent: ClassVar[bool] = True
    kind: Literal["independent"] = "independent"
    noise: float = setting(
        0.0,
        "γ",
        low=0.0,
        high=3.0,
        step=0.05,
        hint="Noise on the way, which makes a stochastic interpolant",
    )

    @property
    def spread(self) -> float:
        return self.noise

    @property
    def is_plain(self) -> bool:
        return self.noise == 0

    @property
    def called(self) -> str:
        return f"γ = {self.noise:g} √(t(1−t))" if self.noise else ""


class BridgeSpec(JoiningBase):
    """The Schrödinger bridge: the pairs that are likeliest under σ times a Brownian motion."""

    title: ClassVar[str] = "Bridge"
    pairs: ClassVar[str] = "exact bridge"
    formula: ClassVar[str] = "xₜ = (1 − t) x₀ + t z + σ√(t(1 − t)) w"
    caption: ClassVar[str] = (
        "Of all ways between the ends, the likeliest under noise σ: small σ pairs near points "
        "by straight lines, large σ pairs anything with anything."
    )
    sources: ClassVar[Citations] = (cite("Leonard2014"), cite("TongSF2M2023"))
    kind: Literal["bridge"] = "bridge"
    sigma: float = setting(
        0.6, "σ", low=0.1, high=5.0, step=0.05, log=True, hint="Noise of the bridge: from OT to independence"
    )

    @property
    def spread(self) -> float:
        return self.sigma

    @property
    def called(self) -> str:
        return f"Schrödinger bridge, σ = {self.sigma:g}"


class OptimalTransportSpec(JoiningBase):
    """Optimal transport, as the bridge of the least noise that can be computed."""

    title: ClassVar[str] = "OT"
    pairs: ClassVar[str] = "least-σ bridge"
    formula: ClassVar[str] = "xₜ ≈ (1 − t) x₀ + t z  of least E|z − x₀|²"
    caption: ClassVar[str] = (
        "The bridge of the least σ that double precision bears: lines that hardly cross, "
        "and particles that go straight."
    )
    sources: ClassVar[Citations] = (cite("Leonard2014"), cite("Bunne2022"))
    kind: Literal["ot"] = "ot"

    @property
    def called(self) -> str:
        return "OT (bridge of the least σ)"


JoiningSpec = Annotated[IndependentSpec | BridgeSpec | OptimalTransportSpec, Field(discriminator="kind")]

JOININGS: tuple[type[JoiningBase], ...] = kinds_of(JoiningSpec)
