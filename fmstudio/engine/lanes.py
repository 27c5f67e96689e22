"""Work that waits its turn, and when a newer request takes the place of an older one. No torch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from fmstudio.engine.buffers import ResultArray
from fmstudio.engine.messages import (
    DensityRequest,
    DropsRequest,
    FieldErrorRequest,
    FieldRequest,
    GradientsRequest,
    LabelsRequest,
    LogDensityRequest,
    OneStepRequest,
    PairsRequest,
    ProbeRequest,
    Request,
    SamplesRequest,
    TrajectoriesRequest,
    W2Request,
    WarpRequest,
)

URGENT_SECONDS = 0.03
"""How long a density or field that shows nothing yet goes before everything else."""

SETTLED_SECONDS = 0.15
"""No newer request for so long: the hand rests."""

LONG_SECONDS = 0.25
"""A job with so much left to do is given up for a newer request once the hand rests."""

VERY_LONG_SECONDS = 2.0
"""A job with so much left to do may be given up as often as it takes."""

MOST_ABANDONED = 2
"""Shorter ones are given up at most so often in a row: pictures keep coming."""


class Rank(IntEnum):
    """Who goes first, all else equal."""

    DENSITY = 0
    FIELD = 1
    TRAJECTORIES = 2
    SAMPLES = 3
    MEASURE = 4


_RANKS: dict[type, Rank] = {
    DensityRequest: Rank.DENSITY,
    FieldRequest: Rank.FIELD,
    TrajectoriesRequest: Rank.TRAJECTORIES,
    SamplesRequest: Rank.SAMPLES,
    PairsRequest: Rank.SAMPLES,
    ProbeRequest: Rank.DENSITY,
    DropsRequest: Rank.DENSITY,
    WarpRequest: Rank.TRAJECTORIES,
    W2Request: Rank.MEASURE,
    FieldErrorRequest: Rank.MEASURE,
    LabelsRequest: Rank.SAMPLES,
    LogDensityRequest: Rank.SAMPLES,
    GradientsRequest: Rank.SAMPLES,
    OneStepRequest: Rank.SAMPLES,
}


@dataclass(eq=False)
class Work:
    """One request on the engine's side. ``progress`` is what its task said last: the part that is done."""

    job: int
    lane: str
    request: Request
    result: ResultArray
    asked_at: float
    task: Iterator[float] | None = None
    progress: float = 0.0
    seconds: float = 0.0
    served_at: int = 0

    @property
    def rank(self) -> Rank:
        return _RANKS[type(self.request)]

    @property
    def urgent(self) -> bool:
        """The moment that is looked at is still missing, and might come quickly."""
        return self.rank <= Rank.FIELD and self.progress == 0 and self.seconds < URGENT_SECONDS

    @property
    def seconds_left(self) -> float:
        return self.seconds * (1 - self.progress) / self.progress if self.progress > 0 else math.inf


class Lane:
    """One job that runs and one that waits."""

    def __init__(self) -> None:
        self.current: Work | None = None
        self.pending: Work | None = None
        self._abandoned = 0

    def offer(self, work: Work) -> Work | None:
        """Take ``work``; returns the one that it replaces, if any."""
        if self.current is None or self.current.task is None:
            replaced, self.current = self.current, work
        else:
            replaced, self.pending = self.pending, work
        return replaced

    def finish(self) -> None:
        """The current one has ended."""
        self._abandoned = 0
        self.current, self.pending = self.pending, None

    def clear(self) -> list[Work]:
        """Empty the lane; returns what was in it."""
        works = [work for work in (self.current, self.pending) if work is not None]
        self.current = self.pending = None
        return works

    def abandon_stale(self, now: float) -> Work | None:
        """Put the waiting one in place of the current one if that is due; returns the one given up."""
        if (
            self.current is None
            or self.pending is None
            or not self._is_stale(self.current, self.pending, now)
        ):
            return None
        stale, self.current, self.pending = self.current, self.pending, None
        return stale

    def _is_stale(self, current: Work, pending: Work, now: float) -> bool:
        if current.rank <= Rank.FIELD and current.progress > 0:
            # The moment that was looked at has been shown; the others would be of an older drawing.
            return True
        if now - pending.asked_at < SETTLED_SECONDS or current.seconds_left < LONG_SECONDS:
            return False
        if current.seconds_left < VERY_LONG_SECONDS and self._abandoned >= MOST_ABANDONED:
            return False
        self._abandoned += 1
        return True
