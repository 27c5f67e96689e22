"""Points with times of their own, answered moment by moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from fmstudio.flows.paths.schedules import Time, as_time

PER_ROW = 48
"""With a time for each row, rows are served from at most so many moments."""

Moment = TypeVar("Moment")
Answer = Callable[[Moment, Tensor], tuple[Tensor, ...]]
"""What is asked of one moment at its rows."""


def by_time(
    x: Tensor,
    t: Time,
    remembered: Callable[[float], Moment],
    fresh: Callable[[float], Moment],
    answer: Answer[Moment],
) -> tuple[Tensor, ...]:
    """``answer`` of each moment for its rows: a single time's moment is ``remembered``, those of rows are
    made ``fresh``. More than ``PER_ROW`` different times are rounded to the quantiles of all. Raises
    ValueError for neither one time nor one a row."""
    with torch.no_grad():
        time, rows = as_time(t).detach().double().cpu().flatten(), x.detach().cpu()
        if time.numel() == 1:
            return tuple(v.to(x) for v in answer(remembered(float(time)), rows))
        if time.numel() != len(x):
            raise ValueError(f"t must be one time or one per point ({len(x)}), got {time.numel()} times")
        return tuple(v.to(x) for v in _by_rows(rows, time, fresh, answer))


def _by_rows(
    x: Tensor, time: Tensor, fresh: Callable[[float], Moment], answer: Answer[Moment]
) -> tuple[Tensor, ...]:
    values, group = torch.unique(time, return_inverse=True)
    if len(values) > PER_ROW:
        parts = torch.chunk(values, PER_ROW)
        lengths = torch.tensor([len(part) for part in parts])
        group = torch.repeat_interleave(torch.arange(len(parts)), lengths)[group]
        values = torch.stack([part.mean() for part in parts])
    found: list[Tensor] = []
    for index, value in enumerate(values.tolist()):
        rows = (group == index).nonzero()[:, 0]
        parts_of = answer(fresh(value), x[rows])
        if not found:
            found = [p.new_empty((len(x), *p.shape[1:])) for p in parts_of]
        for whole, part in zip(found, parts_of, strict=True):
            whole[rows] = part
    return tuple(found)
