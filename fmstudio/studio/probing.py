"""What the probe asks of a pane, and its answer with names. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fmstudio.document.document import Experiment
from fmstudio.document.specs.distribution import Vector
from fmstudio.document.specs.view import FieldChoice
from fmstudio.engine.messages import ProbeRequest, Row
from fmstudio.studio import learning
from fmstudio.studio.choices import Means

MOMENTS = 400
"""The probe's time is rounded to such a part, so that a slow pass does not ask at every frame."""


def probe_lane(pane: int) -> str:
    return f"probe/{pane}"


def probe_request(experiment: Experiment, means: Means, x: Vector, t: float) -> ProbeRequest | None:
    """None where the pane follows no field of a path. Langevin dynamics stand on p_data."""
    if experiment.dynamics.is_process or means.moving is None or means.is_guided:
        return None
    learned = means.learned if experiment.field is FieldChoice.LEARNED else None
    if not learning.has_field(experiment) or (learned is None and not means.closed_form):
        return None
    time = 1.0 if experiment.dynamics.is_steady else round(t * MOMENTS) / MOMENTS
    return ProbeRequest(
        experiment.source,
        experiment.target,
        experiment.path,
        x,
        time,
        learned,
        learning.has_score(experiment),
    )


@dataclass(frozen=True, eq=False)
class Probed:
    """What is known at a place; NaN where it is not. ``points`` (m, 2) pull with ``weights`` (m,)."""

    density: float
    velocity: Row
    score: Row
    divergence: float
    mean: Row
    points: Row
    weights: Row


def probed(values: Row) -> Probed:
    """The rows of a ProbeRequest's result."""
    here, pulls = values[0], values[1:]
    named = pulls[np.isfinite(pulls[:, 2])]
    return Probed(float(here[0]), here[1:3], here[3:5], float(here[5]), here[6:8], named[:, :2], named[:, 2])
