"""What is seen before the engine answers: the first rows of the opening scene and of the tiles, shipped.

They lie under the jobs that are on their way, as results that have come before, and are gone with the first
row of the engine's own. ``packaging/opening_rows.py`` computes them; they are in ``assets/opening``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fmstudio.document.document import Document
from fmstudio.document.specs.arrows import Quantity
from fmstudio.document.specs.density import DensityMethod
from fmstudio.engine.buffers import LocalArray
from fmstudio.engine.client import Job, JobState
from fmstudio.engine.messages import (
    DensityRequest,
    FieldRequest,
    Grid,
    Request,
    SamplesRequest,
    TrajectoriesRequest,
)
from fmstudio.resources import asset
from fmstudio.studio.planner import thumbnail_lanes
from fmstudio.studio.results import Results

ROWS = "opening/rows.npz"
SHEET = Grid(0.0, 0.0, 9.0, 9.0, 81, 81)
"""Where the opening scene's density and velocity at t = 0 are kept."""
Values = npt.NDArray[np.float32]


def lay_under(results: Results, document: Document, wanted: Mapping[str, Request]) -> None:
    """Put what ships under those of the ``wanted`` results that nothing is there of yet."""
    with np.load(asset(ROWS)) as kept:
        for number, (lane, request) in enumerate(wanted.items()):
            slot = results.slots.get(lane)
            row = _first_row(kept, document, lane, request)
            if slot is None or row is None or slot.job.result.ready:
                continue
            result = LocalArray(request.shape)
            result.write(0, row)
            shipped = Job(-1 - number, lane, request, result, JobState.CANCELLED)
            results.slots[lane] = replace(slot, shipped=shipped)


def _first_row(kept: Any, document: Document, lane: str, request: Request) -> Values | None:
    """The shipped row of this request; None where none ships."""
    if isinstance(request, SamplesRequest):
        return _read(kept, lane) if lane in thumbnail_lanes() else None
    kind, _, index = lane.partition("/")
    if not index.isdigit() or document.experiment(int(index)) != Document().experiment(0):
        return None
    if isinstance(request, TrajectoriesRequest):
        return _read(kept, kind)
    if isinstance(request, DensityRequest) and request.method is DensityMethod.EXACT and request.law is None:
        return between(_read(kept, kind)[..., None], request.grid)[..., 0]
    if isinstance(request, FieldRequest) and request.quantity is Quantity.VELOCITY:
        return between(_read(kept, kind), request.grid)
    return None


def between(values: Values, grid: Grid) -> Values:
    """(ny, nx, c) on SHEET, at the points of another grid: linear between its points."""
    rows, below, up = _places(grid.ys)
    columns, left, right = _places(grid.xs)
    lower = values[rows][:, columns] * left[:, None] + values[rows][:, columns + 1] * right[:, None]
    upper = values[rows + 1][:, columns] * left[:, None] + values[rows + 1][:, columns + 1] * right[:, None]
    return np.asarray(lower * below[:, None, None] + upper * up[:, None, None], np.float32)


def _places(at: npt.ArrayLike) -> tuple[npt.NDArray[np.intp], Values, Values]:
    """The point of SHEET below each place, and the weights of that and the next."""
    last = SHEET.nx - 1
    place = np.clip((np.asarray(at) + SHEET.half_x) / (2 * SHEET.half_x) * last, 0, last)
    low = np.minimum(place.astype(np.intp), last - 1)
    weight = np.asarray(place - low, np.float32)
    return low, 1 - weight, weight


def _read(kept: Any, name: str) -> Values:
    return np.asarray(kept[name], np.float32)
