"""Numbers as people and programs write them, in any locale: the sign of the decimals and of the thousands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SIGNS = str.maketrans(dict.fromkeys("\u2212\u2013\u2010\u2011\ufe63\uff0d", "-"))
"""The minus of typography and the dashes that stand in for it."""
_GAPS = "\u00a0\u202f\u2009\u2007"
"""Blanks that do not break, with which thousands are set apart."""
_STRIPPED = " \t\ufeff\u200b\u200e\u200f\u2066\u2069" + _GAPS

_DIGITS = re.compile(r"[+-]?[0-9]+")
_POINT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_COMMA = re.compile(r"[+-]?(?:[0-9]+,?[0-9]*|,[0-9]+)(?:[eE][+-]?[0-9]+)?")
_GAPPED = re.compile(r"([+-]?[1-9][0-9]{0,2})((?:[ '\u2019" + _GAPS + r"][0-9]{3})+)((?:[.,][0-9]*)?)")
_BY_COMMAS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_BY_POINTS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]*)?")

NO_NUMBER = frozenset(
    {"na", "n/a", "#n/a", "nan", "-nan", "+nan", "1.#qnan", "null", "none", "inf", "-inf", "+inf"}
    | {"infinity", "-infinity", "#num!", "#div/0!", "#value!"}
)
"""What programs write where there is no (finite) number, in small letters."""


def cleaned(cell: str) -> str:
    """A cell without what cannot be seen around it, its minus signs plain."""
    return cell.translate(_SIGNS).strip(_STRIPPED) if not cell.isascii() else cell.strip()


def is_whole(cell: str) -> bool:
    """It is written as a whole number: no decimals, no exponent. Of a cleaned cell."""
    return _DIGITS.fullmatch(cell) is not None


def is_number(cell: str) -> bool:
    """It is a number in some locale, or stands for one that is missing. Of a cleaned cell."""
    return cell.lower() in NO_NUMBER or bool(_marks(cell))


def _marks(cell: str) -> str:
    """The decimal signs with which the cell is a number: '.', ',' or both; '' if it is none."""
    cell = _ungapped(cell)
    point = _POINT.fullmatch(cell) or _BY_COMMAS.fullmatch(cell)
    comma = _COMMA.fullmatch(cell) or _BY_POINTS.fullmatch(cell)
    return ("." if point else "") + ("," if comma else "")


def _ungapped(cell: str) -> str:
    """Without the gaps between its thousands."""
    found = _GAPPED.fullmatch(cell)
    if found is None:
        return cell
    return found[1] + "".join(sign for sign in found[2] if sign in "0123456789") + found[3]


class Unclear(ValueError):
    """No one decimal sign fits: ``first`` and ``second`` are places of cells that contradict each other, or
    one place twice where the cells fit both."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(first, second)
        self.first, self.second = first, second


def decimal_sign(cells: Sequence[str], likely: str = "") -> str:
    """'.' or ',': the only one with which all cells are numbers. Raises Unclear.

    Cells that are no numbers at all are left to ``values``. Where every cell would be a number either way,
    as '1.234' may be a thousand, a point is a decimal point; a comma is what ``likely`` says, if anything.
    """
    seen: dict[str, int] = {}
    either: int | None = None
    for place, cell in enumerate(cells):
        if "," not in cell and "." not in cell:
            continue
        marks = _marks(cell)
        if marks in (".", ","):
            seen.setdefault(marks, place)
        elif marks and "," in cell and either is None:
            either = place
        if len(seen) == 2:
            raise Unclear(seen["."], seen[","])
    if seen:
        return next(iter(seen))
    if either is None:
        return "."
    if not likely:
        raise Unclear(either, either)
    return likely


def may_be_thousands(cells: Sequence[str]) -> bool:
    """Every cell with a sign in it would be a number with either, as '1.234' is, which may be a thousand."""
    signed = [cell for cell in cells if "." in cell or "," in cell]
    return bool(signed) and all(len(_marks(cell)) == 2 for cell in signed)


def values(cells: Iterable[str], decimal: str) -> list[float | None]:
    """The numbers, None where there is none."""
    return [_value(cell, decimal) for cell in cells]


def _value(cell: str, decimal: str) -> float | None:
    if decimal == "." and _POINT.fullmatch(cell):
        return float(cell)
    cell = _ungapped(cell)
    plain, grouped, thousands = (_POINT, _BY_COMMAS, ",") if decimal == "." else (_COMMA, _BY_POINTS, ".")
    if plain.fullmatch(cell):
        return float(cell.replace(",", "."))
    if grouped.fullmatch(cell):
        return float(cell.replace(thousands, "").replace(",", "."))
    return None
