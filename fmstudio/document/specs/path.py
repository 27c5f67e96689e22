"""Probability paths x_t = alpha_t z + beta_t x_0, by their schedules (notation, section 2)."""

from __future__ import annotations

import math
from abc import abstractmethod
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from fmstudio.document.specs.hermite import require_times, through
from fmstudio.document.specs.spec import Spec, kinds_of, setting

SEEN = 0.01
"""A part of the target in p_0 that is this small beside the source is not worth a word."""


Curve = npt.NDArray[np.float64]
Pair = tuple[Curve, Curve]


class ScheduleSpec(Spec):
    """What every path says of itself beside its settings: a ``title``, its ``formulas``, and its curves for
    pictures (the laws live in ``flows.paths.schedules``, under the same ``kind`` and settings)."""

    title: ClassVar[str]
    formulas: ClassVar[tuple[str, str]]
    """of α and of β"""

    @abstractmethod
    def _curves(self, t: Curve) -> Pair:
        """(alpha, beta) at the times ``t``."""

    def curves(self, t: npt.ArrayLike) -> Pair:
        """(alpha, beta) at the times ``t`` in [0, 1]."""
        return self._curves(np.asarray(t, np.float64))

    @property
    def start_scales(self) -> tuple[float, float]:
        """(alpha_0, beta_0): particles start from p_0, the law of alpha_0 z + beta_0 x_0. (0, 1) is the
        source itself."""
        alpha, beta = self.curves(0.0)
        return float(alpha), float(beta)

    @property
    def source_gap(self) -> str:
        """One sentence where p_0 is visibly not the law of beta_0 x_0, the source (scaled); else ''."""
        alpha, beta = self.start_scales
        if alpha <= SEEN * beta:
            return ""
        return (
            f"{self.title} does not quite reach its source: particles start from p₀, the law of "
            f"α₀ z + β₀ x₀ with α₀ = {alpha:.3g} (not 0) and β₀ = {beta:.3g}."
        )


class CondOTSpec(ScheduleSpec):
    """alpha = t, beta = 1 - t."""

    title: ClassVar[str] = "CondOT"
    formulas: ClassVar[tuple[str, str]] = ("α = t", "β = 1 − t")
    kind: Literal["condot"] = "condot"

    def _curves(self, t: Curve) -> Pair:
        return t, 1 - t


class FMOTSpec(ScheduleSpec):
    """alpha = t, beta = 1 - (1 - sigma_min) t."""

    title: ClassVar[str] = "FM-OT"
    formulas: ClassVar[tuple[str, str]] = ("α = t", "β = 1 − (1 − σ_min) t")
    kind: Literal["fm-ot"] = "fm-ot"
    sigma_min: float = setting(0.1, "σ_min", low=1e-4, high=0.99, step=0.01)

    def _curves(self, t: Curve) -> Pair:
        return t, 1 - (1 - self.sigma_min) * t


class _NoisingRateSpec(ScheduleSpec):
    """The rate B'(s) of VP and sub-VP, rising from beta_min at the data to beta_max at the noise."""

    beta_min: float = setting(0.1, "β_min", low=0.01, high=5.0, step=0.05)
    beta_max: float = setting(20.0, "β_max", low=0.1, high=40.0, step=0.5)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.beta_max < self.beta_min:
            raise ValueError(
                f"β_max must be at least β_min: {self.beta_max:g} is less than {self.beta_min:g}"
            )
        return self

    def _integral(self, t: Curve) -> Curve:
        """B(s) at s = 1 - t."""
        s = 1 - t
        return self.beta_min * s + (self.beta_max - self.beta_min) * s * s / 2


class VPSpec(_NoisingRateSpec):
    """Variance preserving: alpha = exp(-B(1-t)/2), beta = sqrt(1 - alpha^2)."""

    title: ClassVar[str] = "VP"
    formulas: ClassVar[tuple[str, str]] = ("α = exp(−B(1−t)/2)", "β = √(1 − α²)")
    kind: Literal["vp"] = "vp"

    def _curves(self, t: Curve) -> Pair:
        return np.exp(-self._integral(t) / 2), np.sqrt(-np.expm1(-self._integral(t)))


class SubVPSpec(_NoisingRateSpec):
    """alpha as VP, beta = 1 - exp(-B)."""

    title: ClassVar[str] = "sub-VP"
    formulas: ClassVar[tuple[str, str]] = ("α = exp(−B(1−t)/2)", "β = 1 − α²")
    kind: Literal["sub-vp"] = "sub-vp"

    def _curves(self, t: Curve) -> Pair:
        return np.exp(-self._integral(t) / 2), -np.expm1(-self._integral(t))


class VESpec(ScheduleSpec):
    """Variance exploding: alpha = 1, beta = sigma_min (sigma_max / sigma_min)^(1 - t)."""

    title: ClassVar[str] = "VE"
    formulas: ClassVar[tuple[str, str]] = ("α = 1", "β = σ_min (σ_max/σ_min)^(1−t)")
    kind: Literal["ve"] = "ve"
    sigma_min: float = setting(0.02, "σ_min", low=1e-3, high=1.0, step=0.01)
    sigma_max: float = setting(5.0, "σ_max", low=0.1, high=50.0, step=0.1)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.sigma_max <= self.sigma_min:
            raise ValueError(
                f"σ_max must be larger than σ_min: {self.sigma_max:g} is not larger than {self.sigma_min:g}"
            )
        return self

    def _curves(self, t: Curve) -> Pair:
        return np.ones_like(t), self.sigma_min * (self.sigma_max / self.sigma_min) ** (1 - t)


class CosineSpec(ScheduleSpec):
    """alpha = sin(pi t/2), beta = cos(pi t/2)."""

    title: ClassVar[str] = "Cosine"
    formulas: ClassVar[tuple[str, str]] = ("α = sin(πt/2)", "β = cos(πt/2)")
    kind: Literal["cosine"] = "cosine"

    def _curves(self, t: Curve) -> Pair:
        return np.sin(math.pi / 2 * t), np.sin(math.pi / 2 * (1 - t))


class LinearVPSpec(ScheduleSpec):
    """alpha = t, beta = sqrt(1 - t^2)."""

    title: ClassVar[str] = "Linear VP"
    formulas: ClassVar[tuple[str, str]] = ("α = t", "β = √(1 − t²)")
    kind: Literal["linear-vp"] = "linear-vp"

    def _curves(self, t: Curve) -> Pair:
        return t, np.sqrt((1 - t) * (1 + t))


class PolynomialSpec(ScheduleSpec):
    """alpha = t^n, beta = 1 - t^n."""

    title: ClassVar[str] = "Polynomial"
    formulas: ClassVar[tuple[str, str]] = ("α = tⁿ", "β = 1 − tⁿ")
    kind: Literal["polynomial"] = "polynomial"
    n: float = setting(2.0, "n", low=0.25, high=8.0, step=0.25)

    def _curves(self, t: Curve) -> Pair:
        return t**self.n, 1 - t**self.n


Handle = tuple[float, float, float]
"""(t, alpha, beta)"""


class SplineSpec(ScheduleSpec):
    """alpha and beta drawn by hand: monotone curves through ``handles``, from (0, 0, 1) to (1, 1, 0)."""

    title: ClassVar[str] = "By hand"
    formulas: ClassVar[tuple[str, str]] = ("α by hand", "β by hand")
    kind: Literal["spline"] = "spline"
    handles: tuple[Handle, ...] = ((0, 0, 1), (0.35, 0.1, 0.75), (0.7, 0.8, 0.4), (1, 1, 0))

    @model_validator(mode="after")
    def _monotone(self) -> Self:
        require_times([handle[0] for handle in self.handles])
        first, last = self.handles[0], self.handles[-1]
        if first[1:] != (0, 1) or last[1:] != (1, 0):
            raise ValueError(
                "handles begin at α = 0, β = 1 and end at α = 1, β = 0, got "
                f"α = {first[1]:g}, β = {first[2]:g} and α = {last[1]:g}, β = {last[2]:g}"
            )
        for (_, a, b), (t, alpha, beta) in pairwise(self.handles):
            if alpha < a or beta > b or (alpha == a and beta == b):
                raise ValueError(
                    f"from handle to handle α does not fall, β does not rise and one of them moves, got "
                    f"α = {alpha:g}, β = {beta:g} at t = {t:g} after α = {a:g}, β = {b:g}"
                )
        return self

    def _curves(self, t: Curve) -> Pair:
        times, alpha, beta = zip(*self.handles, strict=True)
        return through(times, alpha, t), through(times, beta, t)


PathSpec = Annotated[
    CondOTSpec
    | FMOTSpec
    | VPSpec
    | SubVPSpec
    | VESpec
    | CosineSpec
    | LinearVPSpec
    | PolynomialSpec
    | SplineSpec,
    Field(discriminator="kind"),
]

PATHS: tuple[type[ScheduleSpec], ...] = kinds_of(PathSpec)
