"""Points from text and ``.npy`` files, moved and scaled into the plane; their own units are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fmstudio.document.arrays import FrozenArray, read_npy
from fmstudio.document.foreign import ImportProblem, border, read_bytes
from fmstudio.document.point_tables import THIRD, Labels, Points, PointTable, points_of
from fmstudio.document.sentences import short
from fmstudio.document.specs.distribution import MAX_LABELS, PointsSpec
from fmstudio.document.specs.units import PLANE, Units
from fmstudio.document.tables import TableProblem, columns, decoded, read_table

MAX_POINTS = 20_000
VIEW_HALF = 4.0
_FITTED_HALF = 3.0
_SMALL_HALF = 0.5
"""Points that reach no farther than this from their middle are hard to see: they are scaled up."""
_FARTHEST = 100.0
"""How far a second file of points may lie in the units of the first."""
_FINEST = 1 / 150
"""The least width, as a share of how far the points reach: finer ones fall between the density's cells."""
_WIDEST = 2.0
_THINNING_SEED = 20_000
_SENTINELS = (99.0, 999.0, 9999.0, 99999.0, 999999.0, 32768.0, 32767.0, 2147483648.0, 1e20, 1e30, 1e36)
_ALONE = 3.0
"""A sentinel stands so many times the breadth of all other values away from them."""
_FEW = 8
_NAME = 80
"""Signs of a file's name by which its points are called."""
_WANTED = "file of points that can be read: save two columns of numbers as CSV and try again"


def import_points(path: Path, other: PointsSpec | None = None) -> PointsSpec:
    """The points of a ``.npy``, ``.csv``, ``.tsv`` or ``.txt`` file, two columns and perhaps labels.
    Raises ImportProblem.

    Points that leave [-4, 4]^2, or that are hard to see in it, are centred and scaled into it: ``units`` keep
    how they were. More than 20,000 are thinned at random (always the same ones). ``other`` are the points at
    the other end, whose units are taken if that is possible, so that both lie as they do in the files.
    """
    with border(path, _WANTED):
        table = _read(path)
        notes = list(table.notes)
        if len(table.points) > MAX_POINTS:
            notes.insert(0, f"{MAX_POINTS:,} of {len(table.points):,} points")
            table = _thinned(table)
        units = _units(table.points)
        if other is not None and (shared := _shared(table.points, other.units)) is not None:
            units = shared
        elif other is not None:
            notes.append(
                f"too far from {other.name} to be shown beside it as it lies: moved and scaled apart"
            )
        points = units.to_plane(table.points)
        labels, names = (None, ()) if table.labels is None else (table.labels.codes, table.labels.names)
        return PointsSpec(
            points=FrozenArray(points),
            width=_fine_width(points),
            name=short(path.stem, _NAME),
            units=units,
            labels=None if labels is None else FrozenArray(labels),
            label_names=names,
            note="; ".join(notes),
        )


def read_points(path: Path) -> PointTable:
    """The points of such a file as they are, (n, 2), n >= 2, finite. Raises ImportProblem."""
    with border(path, _WANTED):
        return _read(path)


def _read(path: Path) -> PointTable:
    data = read_bytes(path)
    try:
        table = _from_npy(data) if path.suffix.lower() == ".npy" else points_of(read_table(*decoded(data)))
        _check(table)
    except TableProblem as problem:
        raise ImportProblem(f"{short(path.name)}{problem}") from problem
    return table


def _from_npy(data: bytes) -> PointTable:
    try:
        array: npt.NDArray[Any] = read_npy(data)
    except ValueError as error:
        raise TableProblem(f" is no .npy file of numbers: {error}.") from error
    if array.ndim != 2:
        raise TableProblem(f" holds an array of shape {array.shape}: points need shape (n, 2).")
    values = array.astype(np.float64)
    if values.shape[1] == 3 and (labels := _labels(values[:, 2])) is not None:
        return PointTable(values[:, :2], None, labels, (f"{len(labels.names)} labels from column 3",))
    if values.shape[1] != 2:
        count = columns(values.shape[1])
        raise TableProblem(f" has {count}: points in the plane need exactly two, x and y ({THIRD}).")
    return PointTable(values)


def _labels(column: npt.NDArray[np.float64]) -> Labels | None:
    """Labels, if the numbers are whole and few."""
    if not np.isfinite(column).all() or (column != np.round(column)).any():
        return None
    found, codes = np.unique(column, return_inverse=True)
    if not 2 <= len(found) <= min(MAX_LABELS, len(column) // 2):
        return None
    return Labels(codes.astype(np.int64), tuple(f"{value:.0f}" for value in found))


# ---- what is no point --------------------------------------------------------------------------------


def _check(table: PointTable) -> None:
    points = table.points
    if len(points) < 2:
        count = "one point" if len(points) == 1 else "no points"
        raise TableProblem(f" holds {count}: a distribution needs at least two.")
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        row = ", ".join(f"{value:g}" for value in points[bad[0]])
        where = table.where(int(bad[0]))
        raise TableProblem(f"{where} is ({row}): remove rows with NaN, infinite or unheard-of values.")
    for axis, letter in enumerate("xy"):
        _refuse_sentinel(table, points[:, axis], letter)


def _refuse_sentinel(table: PointTable, values: npt.NDArray[np.float64], letter: str) -> None:
    """-9999 and its like stand for a value that is missing, where all others are far away."""
    for size in _SENTINELS:
        for sentinel in (-size, size):
            is_one = values == sentinel
            count = int(is_one.sum())
            others = values[~is_one]
            if not count or len(others) < _FEW:
                continue
            low, high = others.min(), others.max()
            if max(low - sentinel, sentinel - high) > _ALONE * max(high - low, 1e-3 * size):
                where = table.where(int(np.flatnonzero(is_one)[0]))
                raise TableProblem(
                    f"{where}: {letter} is {sentinel:g} ({count} of {len(values):,} rows), far from all "
                    "others, as programs write for a missing one: remove these rows."
                )


def _thinned(table: PointTable) -> PointTable:
    kept = np.random.default_rng(_THINNING_SEED).permutation(len(table.points))[:MAX_POINTS]
    labels = table.labels
    if labels is not None:
        labels = _used(labels.codes[kept], labels.names)
    return replace(table, points=table.points[kept], lines=None, labels=labels)


def _used(codes: npt.NDArray[np.int64], names: tuple[str, ...]) -> Labels:
    """Numbered anew, so that every label is borne by a point."""
    found, codes = np.unique(codes, return_inverse=True)
    return Labels(codes.astype(np.int64), tuple(names[k] for k in found))


# ---- into the plane ----------------------------------------------------------------------------------


def _middle_and_half(points: Points) -> tuple[Points, float]:
    """The middle of the box around the points, and half its longer side, of halves that stay finite."""
    low, high = points.min(axis=0) / 2, points.max(axis=0) / 2
    return low + high, float((high - low).max())


def _units(points: Points) -> Units:
    """The plane's own where the points are well seen in it; else those in which they just fill [-3, 3]^2."""
    middle, half = _middle_and_half(points)
    if np.abs(points).max() <= VIEW_HALF and (half >= _SMALL_HALF or half == 0):
        return PLANE
    scale = max(half / _FITTED_HALF, float(np.finfo(np.float64).tiny)) if half > 0 else 1.0
    return Units(offset=(float(middle[0]), float(middle[1])), scale=scale)


def _shared(points: Points, units: Units) -> Units | None:
    """``units``, if the points can be seen in them."""
    placed = units.to_plane(points)
    half = _middle_and_half(placed)[1]
    return units if np.abs(placed).max() <= _FARTHEST and half >= _SMALL_HALF / 10 else None


def _fine_width(points: Points) -> float:
    """Half the typical distance between nearest neighbours, within what can be drawn of it."""
    from scipy.spatial import cKDTree

    half = _middle_and_half(points)[1]
    distances = cKDTree(points).query(points, k=2)[0][:, 1]
    least = max(_FINEST * half, 1e-3)
    return float(np.clip(np.median(distances) / 2, least, _WIDEST))
