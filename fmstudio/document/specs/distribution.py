"""Sources and targets: one union, since any of them may stand at either end.

The window offers all of them at both ends (``BUILT_INS``, a drawing, a file). Each says where it lies
(``extent``), so that a view can be fitted to it. Lengths are in the units of the plane.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from fmstudio.document.specs.formula import (
    FORMULAS,
    BananaSpec,
    DoubleWellSpec,
    FormulaLaw,
    FormulaSpec,
    FunnelSpec,
    MuellerBrownSpec,
)
from fmstudio.document.specs.law import Law
from fmstudio.document.specs.made import MAX_LABELS, PICTURE_CELLS, DrawnSpec, PictureSpec, PointsSpec
from fmstudio.document.specs.named import (
    CheckerboardSpec,
    Component,
    Covariance,
    EightGaussiansSpec,
    FewNormals,
    FiveModesSpec,
    FortyGaussiansSpec,
    GaussianMixtureSpec,
    PinwheelSpec,
    RingSpec,
    RingsSpec,
    SCurveSpec,
    StandardNormalSpec,
    TwoMoonsSpec,
    TwoSpiralsSpec,
    UniformSquareSpec,
)
from fmstudio.document.specs.units import PLANE, Units

__all__ = [
    "BUILT_INS",
    "BUILT_IN_KINDS",
    "FORMULAS",
    "MAX_LABELS",
    "PICTURE_CELLS",
    "BananaSpec",
    "CheckerboardSpec",
    "Component",
    "Covariance",
    "DistributionSpec",
    "DoubleWellSpec",
    "DrawnSpec",
    "EightGaussiansSpec",
    "FewNormals",
    "FiveModesSpec",
    "FormulaLaw",
    "FormulaSpec",
    "FortyGaussiansSpec",
    "FunnelSpec",
    "GaussianMixtureSpec",
    "Law",
    "MuellerBrownSpec",
    "PictureSpec",
    "PinwheelSpec",
    "PointsSpec",
    "RingSpec",
    "RingsSpec",
    "SCurveSpec",
    "StandardNormalSpec",
    "TwoMoonsSpec",
    "TwoSpiralsSpec",
    "UniformSquareSpec",
    "built_in",
    "units_of",
]

DistributionSpec = Annotated[
    StandardNormalSpec
    | GaussianMixtureSpec
    | EightGaussiansSpec
    | FiveModesSpec
    | RingSpec
    | UniformSquareSpec
    | TwoMoonsSpec
    | CheckerboardSpec
    | TwoSpiralsSpec
    | PinwheelSpec
    | RingsSpec
    | SCurveSpec
    | FortyGaussiansSpec
    | FormulaSpec
    | MuellerBrownSpec
    | FunnelSpec
    | BananaSpec
    | DoubleWellSpec
    | PointsSpec
    | DrawnSpec,
    Field(discriminator="kind"),
]


def units_of(*distributions: Any) -> Units:
    """The units in which figures about these are told: those of the first that came from a file."""
    return next((d.units for d in distributions if isinstance(d, PointsSpec)), PLANE)


BUILT_INS: tuple[type[Law], ...] = (
    StandardNormalSpec,
    GaussianMixtureSpec,
    RingSpec,
    UniformSquareSpec,
    TwoMoonsSpec,
    EightGaussiansSpec,
    CheckerboardSpec,
    TwoSpiralsSpec,
    PinwheelSpec,
    RingsSpec,
    FiveModesSpec,
    SCurveSpec,
    FortyGaussiansSpec,
    *FORMULAS,
)
"""Offered as thumbnails at either end (besides a drawing and an import)."""


def built_in(kind: str) -> Any:
    """The built-in distribution of that kind with its defaults. Raises KeyError for an unknown kind."""
    return _BY_KIND[kind]()


_BY_KIND: dict[str, type[Law]] = {c.model_fields["kind"].default: c for c in BUILT_INS}
BUILT_IN_KINDS: tuple[str, ...] = tuple(_BY_KIND)
