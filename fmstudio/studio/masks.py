"""Ink that is no line: a filled polygon and words, with their copies by symmetry. Pure; the same input leaves
the same ink."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from fmstudio.document.specs.units import Vector

Raster = npt.NDArray[np.float32]
Turn = tuple[float, float, float]
"""(cos, sin, side): turned around the middle, then mirrored in the vertical axis where side is -1."""
FINE = 4
"""Pixels a cell along each side while a polygon is filled: edges have 16 shades."""
SOFT = 0.3
"""Of the brush's radius: how far a wholly soft edge is blurred."""
EM = 4.0
"""Letters are so many radii of the brush high, from below p to above h."""
LEAST_EM = 4
"""Cells: smaller letters are none."""


def turns(count: int, mirrored: bool) -> Iterator[Turn]:
    """The copies of a stroke, itself first."""
    for turn in range(count):
        angle = math.tau * turn / count
        for side in (1.0, -1.0) if mirrored else (1.0,):
            yield math.cos(angle), math.sin(angle), side


def turned(at: Vector, turn: Turn) -> Vector:
    cos, sin, side = turn
    return side * (cos * at[0] - sin * at[1]), sin * at[0] + cos * at[1]


def polygon(
    corners: Sequence[Vector], copies: Sequence[Turn], cells: int, half: float, soft: float
) -> Raster:
    """The inside of the polygon and of its copies on (cells, cells) of [-half, half]^2, y up; edges are
    blurred by ``soft`` in units of the plane."""
    ink = np.zeros((cells, cells), np.float32)
    for turn in copies:
        picture = Image.new("L", (FINE * cells, FINE * cells))
        scale = FINE * cells / (2 * half)
        places = [turned(corner, turn) for corner in corners]
        pixels = [((x + half) * scale - 0.5, (y + half) * scale - 0.5) for x, y in places]
        ImageDraw.Draw(picture).polygon(pixels, fill=255)
        ink = np.maximum(ink, _cells_of(_softened(picture, soft * scale).reduce(FINE)))
    return ink


def words(
    letters: Raster, at: Vector, copies: Sequence[Turn], cells: int, half: float, em: float, soft: float
) -> Raster:
    """Letters (h, w), their first row the uppermost, of height ``em`` with their middle at ``at``."""
    cell = 2 * half / cells
    high = round(em / cell)
    if high < LEAST_EM or letters.size == 0:
        return np.zeros((cells, cells), np.float32)
    picture = Image.fromarray(np.round(255 * letters).astype(np.uint8))
    wide = max(1, round(high * picture.width / picture.height))
    room = math.ceil(3 * soft / cell) + 1
    sheet = Image.new("L", (wide + 2 * room, high + 2 * room))
    sheet.paste(picture.resize((wide, high), Image.Resampling.BOX), (room, room))
    small = _cells_of(_softened(sheet, soft / cell))
    ink = np.zeros((cells, cells), np.float32)
    for turn in copies:
        ink = np.maximum(ink, _laid(small, at, turn, cells, cell))
    return ink


def _laid(small: Raster, at: Vector, turn: Turn, cells: int, cell: float) -> Raster:
    """The picture with its middle at the copy of ``at``, turned with it; between its pixels it is mixed."""
    cos, sin, side = turn
    middles = (np.arange(cells) + 0.5) * cell - cells * cell / 2
    x, y = side * middles[None, :], middles[:, None]
    column = (cos * x + sin * y - at[0]) / cell + (small.shape[1] - 1) / 2
    row = (small.shape[0] - 1) / 2 - (cos * y - sin * x - at[1]) / cell
    inside = (column > 0) & (column < small.shape[1] - 1) & (row > 0) & (row < small.shape[0] - 1)
    ink = np.zeros((cells, cells), np.float32)
    u, v = column[inside], row[inside]
    i, j = v.astype(int), u.astype(int)
    dv, du = v - i, u - j
    above = small[i, j] * (1 - du) + small[i, j + 1] * du
    below = small[i + 1, j] * (1 - du) + small[i + 1, j + 1] * du
    ink[inside] = above * (1 - dv) + below * dv
    return ink


def _softened(picture: Image.Image, pixels: float) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(pixels)) if pixels > 0 else picture


def _cells_of(picture: Image.Image) -> Raster:
    return np.asarray(np.asarray(picture) / 255, np.float32)
