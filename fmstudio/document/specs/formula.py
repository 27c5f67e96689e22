"""Distributions given by a formula: one that a person types, and those of the literature that have a name."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from fmstudio.document.extent import Extent
from fmstudio.document.formula_raster import FormulaRaster, raster_of
from fmstudio.document.formulas import FormulaError, side_of
from fmstudio.document.specs.law import Law
from fmstudio.document.specs.spec import setting


class Stated(NamedTuple):
    """``text`` is log p(x, y) up to a number, or p(x, y) up to a factor, on [-half, half]^2."""

    text: str
    is_log: bool
    half: float


class FormulaLaw(Law):
    """A density by its formula; its closed forms are those of a raster of square cells."""

    is_normal = has_parts = False

    @property
    @abstractmethod
    def stated(self) -> Stated:
        """The formula."""

    @property
    def raster(self) -> FormulaRaster:
        """Remembered for equal formulas."""
        return raster_of(*self.stated)

    @property
    def remarks(self) -> str:
        """What became of the formula on its cells, as a person should know; '' for nothing."""
        return self.raster.note.rstrip(".")

    def typed(self, text: str, is_log: bool) -> FormulaLaw:
        """With another formula on the same square; itself where that is its own. Raises FormulaError."""
        if (text, is_log) == self.stated[:2]:
            return self
        raster_of(text, is_log, self.stated.half)
        return FormulaSpec(expression=text, is_log=is_log, half=self.stated.half)

    def extent(self) -> Extent:
        return self.raster.extent


class FormulaSpec(FormulaLaw):
    """Your own density, as log p(x, y) or p(x, y)."""

    title: ClassVar[str] = "Formula"
    kind: Literal["formula"] = "formula"
    expression: str = Field(default="-6 (r - 1.7 - 0.5 cos(5 theta))^2", coerce_numbers_to_str=True)
    """may begin with "log p =" or "p =", which then decides ``is_log``"""
    is_log: bool = True
    half: float = setting(3.0, "Half side", low=0.1, high=20.0, step=0.1, hint="Of the square that holds it")

    @property
    def stated(self) -> Stated:
        return Stated(self.expression, self.is_log, self.half)

    @model_validator(mode="before")
    @classmethod
    def _side(cls, fields: Any) -> Any:
        if not isinstance(fields, dict) or not isinstance(fields.get("expression"), str):
            return fields
        is_log, start = side_of(fields["expression"])
        if is_log is None:
            return fields
        return {**fields, "expression": fields["expression"][start:].strip(), "is_log": is_log}

    @model_validator(mode="after")
    def _density(self) -> Self:
        try:
            raster_of(*self.stated)
        except FormulaError as error:
            raise ValueError(error.as_part()) from error
        return self


class NamedFormula(FormulaLaw):
    """One of the literature, moved and stretched to fit the plane where need be; once edited, it is a
    ``FormulaSpec``."""

    text: ClassVar[str]
    """log p"""
    half: ClassVar[float] = 3.0

    @property
    def stated(self) -> Stated:
        return Stated(self.text, True, self.half)


class MuellerBrownSpec(NamedFormula):
    """The Mueller-Brown potential of a molecule with three states, at temperature 20, twice as large."""

    title: ClassVar[str] = "Müller-Brown"
    kind: Literal["mueller-brown"] = "mueller-brown"
    text = (
        "10 exp(-(x - 2)^2/4 - 2.5 (y + 1.5)^2) + 5 exp(-x^2/4 - 2.5 (y + 0.5)^2)"
        " + 8.5 exp(-1.625 (x + 1)^2 + 2.75 (x + 1)(y - 1.5) - 1.625 (y - 1.5)^2)"
        " - 0.75 exp(0.175 (x + 2)^2 + 0.15 (x + 2)(y - 0.5) + 0.175 (y - 0.5)^2)"
    )
    half = 3.5


class FunnelSpec(NamedFormula):
    """Neal's funnel: y is normal, and so is x, of deviation 0.35 exp(3y/4): half as steep as his."""

    title: ClassVar[str] = "Funnel"
    kind: Literal["funnel"] = "funnel"
    text = "-y^2/2 - 0.75 y - x^2 exp(-1.5 y)/0.245"
    half = 4.0


class BananaSpec(NamedFormula):
    """The bent valley of Rosenbrock's function, about the middle."""

    title: ClassVar[str] = "Banana"
    kind: Literal["banana"] = "banana"
    text = "-x^2/1.4 - 8 (y + 1.5 - 0.6 x^2)^2"
    half = 4.0


class DoubleWellSpec(NamedFormula):
    """Two wells with a barrier of 4 between them."""

    title: ClassVar[str] = "Double well"
    kind: Literal["double-well"] = "double-well"
    text = "-(x^2 - 2)^2 - 2 y^2"


FORMULAS: tuple[type[FormulaLaw], ...] = (
    FormulaSpec,
    MuellerBrownSpec,
    FunnelSpec,
    BananaSpec,
    DoubleWellSpec,
)
