"""A density given by a formula as the mass of square cells; what no density can be is refused in a sentence.

A cell's mass is the mean of four places in it, in float64 and relative to the largest, so that log p may be
anything: a number added to it changes nothing. None of these places is a corner of a cell. A peak that is
infinite at a corner, as that of 1/r, is therefore held by its neighbourhood, where its mass is finite.
Whether it is, and whether cells are fine enough, is judged by how much the masses change if each is taken
from the middle of its cell alone. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fmstudio.document.extent import Extent, Interval
from fmstudio.document.formulas import Formula, FormulaError, read_formula

CELLS = 256
CUT = 0.03
"""Of the largest density, at the border: less than that beyond the square is not worth a word."""
CUT_MEAN = 0.1
"""Of the mean density, in the mean of the border: so a peak does not hide what is cut off, as that of 1/r."""
COARSE = 0.05
"""Share of the mass that moves between the two ways to take it, above which cells are called coarse: a normal
whose deviation is a cell's side moves 0.046, one of two sides 0.011."""
SUSPECT = 0.01
"""The same, above which the highest peak is looked at: 1/r moves 0.001, 1/r^1.5 0.014, and 1/r^2, whose mass
is infinite, 0.1."""
HIGH = 4.0
"""Times the largest of the grid: a peak that is lower is no more than an edge."""
ZOOMS = 6
"""Times that a peak is looked at eight times as closely, to find where it is."""
OCTAVES = 3
SETTLED = 0.65
"""Taken as many octaves finer, a finite mean grows by that share of what it grew before, or less: that of
1/r^1.5 by 0.35; that of 1/r^2 grows by the same again, for ever."""
BEYOND = 5e-4
"""Share of the mass that an extent leaves out at each of its sides."""
FAINT = 1e-30
"""Of the largest cell: less is nothing, for float32 tells it from nothing no more once it is normalised."""
_ROUNDING = 1e-12

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FormulaRaster:
    """What a formula is on [-half, half]^2. ``mass`` (CELLS, CELLS) float32, at most 1, lowest row first."""

    mass: npt.NDArray[np.float32]
    extent: Extent
    note: str
    """what became of it, as a person should know; '' for nothing"""


@lru_cache(maxsize=32)
def raster_of(text: str, is_log: bool, half: float) -> FormulaRaster:
    """``text`` is log p (up to a number) or p (up to a factor). Raises FormulaError."""
    formula = read_formula(text)
    cell = 2 * half / CELLS
    middle = np.asarray((np.arange(CELLS) + 0.5) * cell - half, np.float64)
    quarters = np.asarray((np.arange(2 * CELLS) + 0.5) * cell / 2 - half, np.float64)
    found = [_judged(formula, is_log, axis) for axis in (middle, quarters)]
    top = max(float(values.max()) for values in found)
    if top == (-np.inf if is_log else 0.0):
        raise FormulaError(f"The density is zero in every cell of the square of half side {half:g}.")
    rough, fine = (_density(values, is_log, top) for values in found)
    mass = np.asarray(fine.reshape(CELLS, 2, CELLS, 2).mean((1, 3)), np.float64)
    moved = float(np.abs(mass - rough).sum() / mass.sum())
    if moved > SUSPECT:
        _require_bounded(formula, is_log, top, mass, half)
    notes = (_peak(formula, half), _border(mass), _fineness(moved, cell))
    held = (mass / mass.max()).astype(np.float32)
    held[held < FAINT] = 0
    held.flags.writeable = False
    return FormulaRaster(held, _extent(mass, half), " ".join(words for words in notes if words))


def _judged(formula: Formula, is_log: bool, axis: Values) -> Values:
    """The formula on a grid. Raises FormulaError for what no density can be."""
    values = formula.values(axis, axis[:, None])
    name = "log p" if is_log else "p"
    if (where := np.isnan(values)).any():
        hint = "a root or log of what is negative, or 0/0"
        raise FormulaError(f"{name} is no number at {_place(where, axis)}: {hint}.")
    if (where := values == np.inf).any():
        raise FormulaError(f"{name} is infinite at {_place(where, axis)}.")
    if is_log:
        return values
    if (where := values < -_ROUNDING * values.max()).any():
        hint = "take log p if it is a logarithm, or max(…, 0)"
        raise FormulaError(f"p is negative at {_place(where, axis)}: {hint}.")
    return values.clip(min=0)


def _place(where: npt.NDArray[np.bool_], axis: Values) -> str:
    """That of those which is nearest to the origin."""
    rows, columns = np.nonzero(where)
    nearest = np.hypot(axis[rows], axis[columns]).argmin()
    return _pair(axis[columns[nearest]], axis[rows[nearest]])


def _pair(x: float, y: float) -> str:
    return f"({round(x, 4) + 0.0:.3g}, {round(y, 4) + 0.0:.3g})"


def _density(values: Values, is_log: bool, top: float) -> Values:
    """Relative to the largest of the grid."""
    with np.errstate(over="ignore"):
        density: Values = np.exp(values - top) if is_log else values / top
    return density


def _require_bounded(formula: Formula, is_log: bool, top: float, mass: Values, half: float) -> None:
    """The mass of the highest peak settles as it is looked at more closely. Raises FormulaError."""
    cell = 2 * half / CELLS
    row, column = np.unravel_index(mass.argmax(), mass.shape)
    x, y = ((float(index) + 0.5) * cell - half for index in (column, row))

    def near(side: float, count: int) -> tuple[Values, Values, Values]:
        places = np.asarray(((np.arange(count) + 0.5) / count - 0.5) * side, np.float64)
        xs, ys = (x + places).clip(-half, half), (y + places).clip(-half, half)
        return xs, ys, _density(formula.values(xs, ys[:, None]), is_log, top)

    for zoom in range(ZOOMS):
        xs, ys, density = near(3 * cell / 8**zoom, 24)
        row, column = np.unravel_index(density.argmax(), density.shape)
        x, y = float(xs[column]), float(ys[row])
    if density.max() < HIGH:
        return
    means = [float(near(3 * cell, 3 * 2**k)[2].mean()) for k in range(1, 2 * OCTAVES + 2, OCTAVES)]
    before, after = means[1] - means[0], means[2] - means[1]
    if not after <= max(SETTLED * before, _ROUNDING):
        raise FormulaError(f"The density has a peak at {_pair(x, y)} too high and narrow for its cells.")


def _peak(formula: Formula, half: float) -> str:
    """Of a peak that is infinite at a corner of cells."""
    corners = np.linspace(-half, half, CELLS + 1)
    infinite = formula.values(corners, corners[:, None]) == np.inf
    if not infinite.any():
        return ""
    return f"Infinite at {_place(infinite, corners)}: the cells there hold its mean around it."


def _border(mass: Values) -> str:
    edges = np.concatenate([mass[0], mass[-1], mass[:, 0], mass[:, -1]])
    if edges.max() < CUT * mass.max() and edges.mean() < CUT_MEAN * mass.mean():
        return ""
    return "Cut off at the border of the square: what lies beyond is left out."


def _fineness(moved: float, cell: float) -> str:
    return f"Parts finer than a cell ({cell:.2g}) are blurred." if moved > COARSE else ""


def _extent(mass: Values, half: float) -> Extent:
    return Extent(_interval(mass.sum(0), half), _interval(mass.sum(1), half))


def _interval(mass: Values, half: float) -> Interval:
    """That leaves out ``BEYOND`` at either end."""
    share = np.concatenate([[0.0], mass.cumsum()]) / mass.sum()
    low, high = np.interp((BEYOND, 1 - BEYOND), share, np.linspace(-half, half, CELLS + 1)).tolist()
    return Interval((low + high) / 2, (high - low) / 2)
