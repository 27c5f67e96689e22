"""What will be asked if somebody goes to a neighbouring step of the training: computed while there is nothing
else to do, so that scrubbing shows it at once. GUI thread."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import final

from fmstudio.document.document import Document
from fmstudio.engine.messages import Request
from fmstudio.studio.resolve import Known, Look, resolve
from fmstudio.studio.results import Results
from fmstudio.studio.training_steps import at_step, track

LANE = "ahead"
KINDS = ("trajectories", "density", "field")
"""What a flow is seen by, and what comes quickly."""
MOST_BYTES = 128 * 2**20
"""Of all that is computed ahead: a third of what is remembered at all."""


@final
class Ahead:
    """``next`` is what to ask, one request after another; it begins anew with every change."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._of: tuple[object, ...] = ()
        self._coming: Iterator[Request] = iter(())
        self._next: Request | None = None

    def next(self, document: Document, known: Known, look: Look) -> Request | None:
        """The nearest that is not there; None where nothing lacks, or the next frame is to look farther."""
        # By identity: documents and models never change, and comparing their numbers takes long.
        of = (id(document), *(id(model) for model in known.models.values()), look.sight)
        if of != self._of:
            self._of, self._coming = of, _bounded(_neighbours(document, known, look))
            self._next = next(self._coming, None)
        for _ in KINDS:  # a step a frame: finding out what a step asks takes a part of a millisecond a pane
            if self._next is None or not self._is_there(self._next):
                return self._next
            self._next = next(self._coming, None)
        return None

    def _is_there(self, request: Request) -> bool:
        """Or was refused."""
        slot = self._results.slots.get(LANE)
        was_refused = slot is not None and slot.request == request and bool(slot.problem)
        return was_refused or self._results.cached(request) is not None


def _neighbours(document: Document, known: Known, look: Look) -> Iterator[Request]:
    """Of the steps of the training, from that which is shown outwards."""
    there = track(document, known.models)
    if there is None:
        return
    others = (index for index in range(len(there.steps)) if index != there.chosen)
    for index in sorted(others, key=lambda index: abs(index - there.chosen)):
        then = at_step(document, there.value(index))
        for pane in range(len(then.view.panes)):
            asks = resolve(then, pane, known, look).asks
            yield from (asks[kind] for kind in KINDS if kind in asks)


def _bounded(requests: Iterator[Request]) -> Iterator[Request]:
    """As many as there is room for, each once."""
    room, known = MOST_BYTES, set[Request]()
    for request in requests:
        if request not in known:
            known.add(request)
            room -= 4 * math.prod(request.shape)
            if room < 0:
                return
            yield request
