"""At which steps of a training the weights are kept, so that its flow can be seen as it was."""

from __future__ import annotations

from fmstudio.document.saved_model import MOST_CHECKPOINTS
from fmstudio.document.specs.training import Trained
from fmstudio.engine.messages import TrainRequest
from fmstudio.engine.worker import learning

MOST_NUMBERS = 2**20
"""In all checkpoints of a model, 4 MB: they are copied to the window and written with every file."""
_DIGITS = (1, 2, 5)


def kept_steps(request: TrainRequest, parameters: int) -> frozenset[int]:
    """0, 1, 2, 5, 10, 20, 50 ... as far as the training goes: early, where much changes, often. Of a network
    of so many ``parameters`` that this would be too much, fewer, as evenly. None of a model that moves no
    particles."""
    spec, (_, last) = request.training, learning.span(request)
    if spec.objective.facts.makes is Trained.CLASSIFIER:
        return frozenset()
    steps = [digit * 10**power for power in range(8) for digit in _DIGITS]
    # Each round of reflow begins with another network, which is normalised at its first step.
    first = [] if spec.reflow else [0]
    return frozenset(_thinned([*first, *(step for step in steps if step < last)], parameters))


def _thinned(steps: list[int], parameters: int) -> list[int]:
    most = min(MOST_CHECKPOINTS, max(1, MOST_NUMBERS // max(1, parameters)))
    if len(steps) <= most:
        return steps
    if most == 1:
        return steps[-1:]
    return [steps[round(k * (len(steps) - 1) / (most - 1))] for k in range(most)]
