"""Probability paths x_t = alpha_t z + beta_t x_0, by their schedules (notation, section 2)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from fmstudio.document.specs.spec import Spec, setting


class CondOTSpec(Spec):
    """alpha = t, beta = 1 - t."""

    title: ClassVar[str] = "CondOT"
    formula: ClassVar[str] = "α = t,  β = 1 − t"
    kind: Literal["condot"] = "condot"


class FMOTSpec(Spec):
    """alpha = t, beta = 1 - (1 - sigma_min) t."""

    title: ClassVar[str] = "FM-OT"
    formula: ClassVar[str] = "α = t,  β = 1 − (1 − σ_min) t"
    kind: Literal["fm-ot"] = "fm-ot"
    sigma_min: float = setting(0.1, "σ_min", low=1e-4, high=0.99, step=0.01)


class VPSpec(Spec):
    """Variance preserving: alpha = exp(-B(1-t)/2), beta = sqrt(1 - alpha^2)."""

    title: ClassVar[str] = "VP"
    formula: ClassVar[str] = "α = exp(−B(1−t)/2),  β = √(1 − α²)"
    kind: Literal["vp"] = "vp"
    beta_min: float = setting(0.1, "β_min", low=0.01, high=5.0, step=0.05)
    beta_max: float = setting(20.0, "β_max", low=0.1, high=40.0, step=0.5)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.beta_max < self.beta_min:
            raise ValueError(f"beta_max must be at least beta_min, got {self.beta_max} < {self.beta_min}")
        return self


class SubVPSpec(Spec):
    """alpha as VP, beta = 1 - exp(-B)."""

    title: ClassVar[str] = "sub-VP"
    formula: ClassVar[str] = "α = exp(−B(1−t)/2),  β = 1 − α²"
    kind: Literal["sub-vp"] = "sub-vp"
    beta_min: float = setting(0.1, "β_min", low=0.01, high=5.0, step=0.05)
    beta_max: float = setting(20.0, "β_max", low=0.1, high=40.0, step=0.5)


class VESpec(Spec):
    """Variance exploding: alpha = 1, beta = sigma_min (sigma_max / sigma_min)^(1 - t)."""

    title: ClassVar[str] = "VE"
    formula: ClassVar[str] = "α = 1,  β = σ_min (σ_max/σ_min)^(1−t)"
    kind: Literal["ve"] = "ve"
    sigma_min: float = setting(0.02, "σ_min", low=1e-3, high=1.0, step=0.01)
    sigma_max: float = setting(5.0, "σ_max", low=0.1, high=50.0, step=0.1)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.sigma_max <= self.sigma_min:
            raise ValueError(f"sigma_max must exceed sigma_min, got {self.sigma_max} <= {self.sigma_min}")
        return self


class CosineSpec(Spec):
    """alpha = sin(pi t/2), beta = cos(pi t/2)."""

    title: ClassVar[str] = "Cosine"
    formula: ClassVar[str] = "α = sin(πt/2),  β = cos(πt/2)"
    kind: Literal["cosine"] = "cosine"


class LinearVPSpec(Spec):
    """alpha = t, beta = sqrt(1 - t^2)."""

    title: ClassVar[str] = "Linear VP"
    formula: ClassVar[str] = "α = t,  β = √(1 − t²)"
    kind: Literal["linear-vp"] = "linear-vp"


class PolynomialSpec(Spec):
    """alpha = t^n, beta = 1 - t^n."""

    title: ClassVar[str] = "Polynomial"
    formula: ClassVar[str] = "α = tⁿ,  β = 1 − tⁿ"
    kind: Literal["polynomial"] = "polynomial"
    n: float = setting(2.0, "n", low=0.25, high=8.0, step=0.25)


PathSpec = Annotated[
    CondOTSpec | FMOTSpec | VPSpec | SubVPSpec | VESpec | CosineSpec | LinearVPSpec | PolynomialSpec,
    Field(discriminator="kind"),
]

PATHS: tuple[type[Spec], ...] = (
    CondOTSpec,
    FMOTSpec,
    VPSpec,
    SubVPSpec,
    VESpec,
    CosineSpec,
    LinearVPSpec,
    PolynomialSpec,
)
