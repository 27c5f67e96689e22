"""How figures are written on screen: with as many digits as say something, however large or small. Pure."""

from __future__ import annotations

import math

from fmstudio.document.specs.units import Units

DIGITS = 3
_PLAIN = (1e-3, 1e5)
"""Sizes that are read more easily without a power of ten."""
FINE = 0.01
"""Of the plane's unit: the least step in which places are told."""


def figure(value: float) -> str:
    """To three significant digits, with a decimal at least: 0.150, 12.3, 1234.5, 2.34e-5."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0.000"
    if not _PLAIN[0] <= abs(value) < _PLAIN[1]:
        return _short(f"{value:.{DIGITS - 1}e}")
    decimals = DIGITS - 1 - math.floor(math.log10(abs(value)))
    return f"{value:.{max(decimals, 1)}f}"


def loss(value: float, nats: bool) -> str:
    """Nats have no scale: they are told to a thousandth."""
    return f"{value:.3f}" if nats else figure(value)


def tick(value: float) -> str:
    """A round number as it is."""
    return _short(f"{value:.12g}")


def place(units: Units, x: float, y: float) -> str:
    """A place of the file, (x, y) there, as finely as the eye tells it on the canvas."""
    if not (math.isfinite(x) and math.isfinite(y)):
        return "–"
    step = FINE * units.scale
    return f"({_to(x, step)}, {_to(y, step)})"


def vector(units: Units, x: float, y: float) -> str:
    """An arrow and its length: '(3.00, 4.00)  |5.00|', '(300, 400)  |500|', or with one power of ten for all,
    '... e-7'."""
    if not (math.isfinite(x) and math.isfinite(y)):
        return "–"
    length = math.hypot(x, y)
    power = math.floor(math.log10(length)) if length else 0
    if -2 < power < 3 or (units.are_plane and power < 0):
        power = 0
    x, y, length = (_shifted(value, power) for value in (x, y, length))
    mark = f" e{power}" if power else ""
    places = 2 if length < 10 else 1 if length < 100 else 0
    return f"({x:.{places}f}, {y:.{places}f})  |{length:.{places}f}|{mark}"


def _shifted(value: float, power: int) -> float:
    """``value / 10^power``, in two steps: 10^308 is the largest power that there is."""
    half = power // 2
    return value / 10.0**half / 10.0 ** (power - half)


def _to(value: float, step: float) -> str:
    """To the nearest decimal place that is as fine as ``step``."""
    exponent = math.floor(math.log10(step)) if step > 0 else -2
    if exponent >= -4:
        return f"{round(value, -exponent):.{max(-exponent, 0)}f}"
    digits = (math.floor(math.log10(abs(value))) if value else exponent) - exponent
    return _short(f"{value:.{digits}e}") if digits >= 0 else "0"


def _short(text: str) -> str:
    """1.5e-05 as 1.5e-5."""
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else text
