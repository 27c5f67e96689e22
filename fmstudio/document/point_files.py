"""Points from text and ``.npy`` files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fmstudio.document.arrays import FrozenArray, read_npy
from fmstudio.document.atomic import explain_os_error
from fmstudio.document.specs.distribution import PointsSpec

MAX_BYTES = 64 * 2**20
MAX_POINTS = 20_000
VIEW_HALF = 4.0
_FITTED_HALF = 3.0
_THINNING_SEED = 20_000

Points = npt.NDArray[np.float64]


class ImportProblem(ValueError):
    """A file that cannot become a distribution: one sentence saying why and what to do."""


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The whole file. Raises ImportProblem if it cannot be read or is larger than ``limit``."""
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise ImportProblem(explain_os_error(error, path)) from error
    if len(data) > limit:
        raise ImportProblem(f"{path.name} is larger than {limit // 2**20} MB: give a smaller one.")
    if not data:
        raise ImportProblem(f"{path.name} is empty: it needs at least two points, or a picture.")
    return data


def import_points(path: Path) -> PointsSpec:
    """The points of a ``.npy``, ``.csv``, ``.tsv`` or ``.txt`` file, two columns. Raises ImportProblem.

    Points that leave [-4, 4]^2 are centred and scaled into it, and more than 20,000 are thinned at random
    (always the same ones); the name says either.
    """
    points = read_points(path)
    notes = []
    if len(points) > MAX_POINTS:
        notes.append(f"{MAX_POINTS:,} of {len(points):,} points")
        points = np.random.default_rng(_THINNING_SEED).permutation(points)[:MAX_POINTS]
    if np.abs(points).max() > VIEW_HALF:
        points, factor = _fitted(points)
        notes.append(f"centred and scaled by {factor:.3g}")
    name = f"{path.stem} ({', '.join(notes)})" if notes else path.stem
    return PointsSpec(points=FrozenArray(points), name=name)


def read_points(path: Path) -> Points:
    """The points of such a file as they are, (n, 2), n >= 2, finite. Raises ImportProblem."""
    data = read_bytes(path)
    points = _from_npy(data, path.name) if path.suffix.lower() == ".npy" else _from_text(data, path.name)
    _check(points, path.name)
    return points


def points_in_place(path: Path) -> PointsSpec:
    """The points of such a file where they lie, however far: for the shell, whose samples are compared with
    the file. Each is blurred by half of what lies between neighbours. More than 20,000 are thinned at random
    (always the same ones). Raises ImportProblem."""
    points = read_points(path)
    if len(points) > MAX_POINTS:
        points = np.random.default_rng(_THINNING_SEED).permutation(points)[:MAX_POINTS]
    return PointsSpec(points=FrozenArray(points), width=_fine_width(points), name=path.stem)


def _fine_width(points: Points) -> float:
    """Half the typical distance between nearest neighbours, within what a PointsSpec takes."""
    from scipy.spatial import cKDTree

    distances = cKDTree(points).query(points, k=2)[0][:, 1]
    return float(np.clip(np.median(distances) / 2, 1e-3, 2.0))


def _from_npy(data: bytes, name: str) -> Points:
    try:
        array: npt.NDArray[Any] = read_npy(data)
    except ValueError as error:
        raise ImportProblem(f"{name} is no .npy file of numbers: {error}.") from error
    if array.ndim != 2:
        raise ImportProblem(f"{name} holds an array of shape {array.shape}: points need shape (n, 2).")
    return array.astype(np.float64)


def _from_text(data: bytes, name: str) -> Points:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportProblem(f"{name} is not a text file of numbers: save it as CSV in UTF-8.") from error
    rows: list[list[float]] = []
    has_header = False
    for number, line in enumerate(text.splitlines(), start=1):
        cells = _cells(line.partition("#")[0])
        if not cells:
            continue
        values = _numbers(cells)
        if values is None and not rows and not has_header:
            has_header = True
        elif values is None:
            raise ImportProblem(f"{name}, line {number}: '{line.strip()[:40]}' is not two numbers.")
        elif len(values) != 2:
            raise ImportProblem(_columns(name, len(values), f", line {number}"))
        else:
            rows.append(values)
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def _cells(line: str) -> list[str]:
    """A line cut at semicolons, tabs, commas or blanks; beside semicolons a comma is a decimal comma."""
    line = line.strip()
    if ";" in line:
        cells = line.replace(",", ".").split(";")
    elif "," in line:
        cells = line.split(",")
    else:
        cells = re.split(r"\s+", line)
    stripped = [cell.strip().strip('"') for cell in cells]
    while stripped and not stripped[-1]:  # a trailing separator
        stripped.pop()
    return stripped


def _numbers(cells: list[str]) -> list[float] | None:
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None


def _columns(name: str, count: int, where: str = "") -> str:
    columns = "1 column" if count == 1 else f"{count} columns"
    return f"{name}{where} has {columns}: points in the plane need exactly two, x and y."


def _check(points: Points, name: str) -> None:
    if points.shape[1] != 2:
        raise ImportProblem(_columns(name, points.shape[1]))
    if len(points) < 2:
        count = "one point" if len(points) == 1 else "no points"
        raise ImportProblem(f"{name} holds {count}: a distribution needs at least two.")
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        row = ", ".join(f"{value:g}" for value in points[bad[0]])
        raise ImportProblem(
            f"{name}: point {bad[0] + 1} is ({row}); remove rows with NaN or infinite values."
        )


def _fitted(points: Points) -> tuple[Points, float]:
    """The points moved and scaled so that they just fill [-3, 3]^2, and the factor."""
    low, high = (
        points.min(axis=0) / 2,
        points.max(axis=0) / 2,
    )  # halves: the sum of two huge ones stays finite
    half = float((high - low).max())
    centred = points / 2 - (low + high) / 2
    factor = _FITTED_HALF / half if half > 0 else 1.0
    return centred * (2 * factor), factor
