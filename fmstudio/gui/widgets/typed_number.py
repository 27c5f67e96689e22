"""What a person means by a number that they typed, in their own country's writing or with a point. Pure."""

from __future__ import annotations

import math
import re

_SIGNS = {"\u2212": "-", "\u2013": "-", "\u066b": ",", "\u066c": "'", "\u2019": "'", "_": "'"}
"""Minus signs, Arabic marks, and what sets digits off in threes, as they are read."""
_NUMBER = re.compile(r"([+-]?)([0-9.,' ]*[0-9][0-9.,' ]*)(e[+-]?[0-9]{1,3})?", re.IGNORECASE)
_IN_THREES = r"[1-9][0-9]{0,2}(?P<apart>[.,' ])[0-9]{3}(?:(?P=apart)[0-9]{3})*"
_THREES = re.compile(_IN_THREES)
_DECIMALS = re.compile(rf"(?P<whole>[0-9]*|{_IN_THREES})(?:(?P<mark>[.,])(?P<part>[0-9]*))?")


class Unreadable(ValueError):
    """What was typed is no number, or could be two. One sentence."""


def read_number(text: str, decimal: str = ".", whole: bool = False) -> float:
    """The number that ``text`` means where ``decimal`` is the country's decimal sign.

    A point is always a decimal sign, a comma wherever it cannot set off thousands; where both occur, the last
    one is. "1,250" alone could be either: it is 1.25 where the comma is the decimal sign, 1250 where a
    ``whole`` number is asked for, and else nobody's guess. Raises Unreadable.
    """
    plain = "".join(" " if sign.isspace() else _SIGNS.get(sign, sign) for sign in text.strip())
    found = _NUMBER.fullmatch(plain)
    if found is None:
        raise Unreadable(f"{_quoted(text)} is not a number.")
    sign, digits, power = found.groups()
    number = float(sign + _with_point(digits, decimal, whole, text) + (power or ""))
    if not math.isfinite(number):
        raise Unreadable(f"{_quoted(text)} is too large to be a number here.")
    if whole and number != round(number):
        raise Unreadable(f"{_quoted(text)} is not a whole number.")
    return number


def _with_point(digits: str, decimal: str, whole: bool, text: str) -> str:
    """Digits as Python reads them: nothing sets off thousands, a point stands before the decimals."""
    threes = _THREES.fullmatch(digits)
    if threes and (whole or threes["apart"] in "' " or digits.count(threes["apart"]) > 1):
        return _joined(digits)
    if threes and threes["apart"] == "," and decimal != ",":
        either = f"{_joined(digits)} or {digits.replace(',', '.')}"
        raise Unreadable(f"{_quoted(text)} could be {either}: type one of them.")
    parts = _DECIMALS.fullmatch(digits)
    if parts is None or (parts["mark"] and parts["apart"] == parts["mark"]):
        raise Unreadable(f"{_quoted(text)} is not a number.")
    return f"{_joined(parts['whole'] or '0')}.{parts['part'] or '0'}"


def _joined(digits: str) -> str:
    return re.sub(r"[.,' ]", "", digits)


def _quoted(text: str) -> str:
    short = text.strip()
    return f"“{short[:20]}…”" if len(short) > 20 else f"“{short}”"
