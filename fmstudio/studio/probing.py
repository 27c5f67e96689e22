"""What the probe asks of a pane, and its answer with names. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fmstudio.document.document import Experiment
from fmstudio.document.specs.motion import Motion
from fmstudio.document.specs.units import Units, Vector
from fmstudio.engine.messages import ProbeRequest, Row
from fmstudio.studio import learning, motions, written
from fmstudio.studio.choices import Available

Figures = npt.NDArray[np.floating[Any]]

MOMENTS = 400
"""The probe's time is rounded to such a part, so that a slow pass does not ask at every frame."""


def probe_lane(pane: int) -> str:
    return f"probe/{pane}"


def probe_request(experiment: Experiment, available: Available, x: Vector, t: float) -> ProbeRequest | None:
    """None where nothing is known of what moves the pane: it is guided, goes from layer to layer, or runs
    between pairs whose p_t is their own."""
    if available.moving is None or available.is_guided:
        return None
    if not learning.has_field(experiment) or motions.is_coupled(experiment.dynamics):
        return None
    part = 0.0 if experiment.dynamics.is_steady else round(t * MOMENTS) / MOMENTS
    return ProbeRequest(available.moving, x, part, learning.has_score(experiment))


@dataclass(frozen=True, eq=False)
class Probed:
    """What is known at a place; NaN where it is not, or plays no part. ``points`` (m, 2) pull with
    ``weights`` (m,)."""

    density: float
    velocity: Row
    score: Row
    divergence: float
    mean: Figures
    drift: Row
    points: Row
    weights: Row
    alpha: float
    beta: float
    sigma: float


def units_told(asked: ProbeRequest) -> Units:
    """Those in which an answer is told."""
    return asked.moving.problem.units


def told_in(units: Units, here: Probed) -> Probed:
    """What is told of a place, in these units; ``points`` stay where they lie in the plane. Times have no
    unit of a file, and neither has a divergence."""
    return replace(
        here,
        density=units.density(here.density),
        velocity=units.length(here.velocity),
        drift=units.length(here.drift),
        score=units.slope(here.score),
        mean=units.from_plane(here.mean),
        sigma=units.length(here.sigma),
    )


def probed(values: Row) -> Probed:
    """The rows of a ProbeRequest's result."""
    here, pulls = values[0], values[1:]
    named = pulls[np.isfinite(pulls[:, 2])]
    return Probed(
        *(float(here[0]), here[1:3], here[3:5], float(here[5]), here[6:8], here[8:10]),
        *(named[:, :2], named[:, 2]),
        *here[10:13].tolist(),
    )


@dataclass(frozen=True)
class Quantity:
    """One line of the probe: which part of the answer, its symbol as rich text, what it is, and how it is
    marked on the canvas while the line is pointed at."""

    key: str
    symbol: str
    hint: str
    mark: str

    @property
    def words(self) -> str:
        return f"{self.hint} On the canvas: {self.mark}."


def quantities(dynamics: Motion) -> tuple[Quantity, ...]:
    """What plays a part in a motion, in the order in which the probe tells it."""
    p = "p<sub>data</sub>" if dynamics.is_steady else "p<sub>t</sub>"
    density = Quantity(
        "density",
        f"{p}(x)",
        "The density at this place: the share of particles in a small patch around it, by the patch's area.",
        "a circle whose area is this number",
    )
    score = Quantity(
        "score",
        f"∇ log {p}(x)",
        "The score: the way uphill in log density, and how steep that is. It is 0 on a peak.",
        "an arrow uphill",
    )
    scales = _SCALES if dynamics.mixes_ends else ()
    noise = (_NOISE,) if dynamics.is_noisy else ()
    if dynamics.is_process:
        return (*noise, density, _DRIFT)
    if dynamics.moved_by == "score":
        return (*scales, *noise, density, _DRIFT, score)
    velocity, *others = _OF_THE_PATH
    return (*scales, *noise, density, *((_DRIFT,) if noise else ()), velocity, score, *others)


_SCALES = (
    Quantity(
        "alpha",
        "α<sub>t</sub>",
        "The signal scale in xₜ = αₜ z + βₜ x₀: how much of a data point z has come through by now.",
        "the dots αₜ z, where the roads to each z would be without noise",
    ),
    Quantity(
        "beta",
        "β<sub>t</sub>",
        "The noise scale in xₜ = αₜ z + βₜ x₀: how far the roads to one z lie apart.",
        "circles of radius βₜ around αₜ z. The more x lies inside one, the more that z pulls",
    ),
)
_NOISE = Quantity(
    "sigma",
    "σ<sub>t</sub>",
    "The size of the noise in dX = b dt + σ dW.",
    "a circle as far as the noise of one step of the solver reaches, σ √dt",
)
_DRIFT = Quantity(
    "drift",
    "drift b(x)",
    "Where a particle here is heading, but for the noise, and how fast: b in dX = b dt + σ dW.",
    "an arrow that way",
)
_OF_THE_PATH = (
    Quantity(
        "velocity",
        "u<sub>t</sub>(x)",
        "The velocity of the path at this place, and how fast it is: the mean of what all z ask for, "
        "each by its weight.",
        "an arrow that way",
    ),
    Quantity(
        "divergence",
        "div u<sub>t</sub>(x)",
        "How fast the flow spreads (above 0) or squeezes (below 0) here: −div u is the rate at which "
        "log pₜ grows along a particle's way.",
        "a circle of particles, and what becomes of it in a fifth of the time",
    ),
    Quantity(
        "mean",
        "E[z | x]",
        "The mean of the data points whose roads from the source pass here now. "
        "A particle of the flow may end elsewhere.",
        "the dot in the middle of the pulls",
    ),
    Quantity(
        "pull",
        "max<sub>z</sub> P(z | x)",
        "The share of the one data point that counts most in this mean, P(z | x) ∝ pₜ(x | z) p(z).",
        "the line to that z",
    ),
)


def pull_words(units: Units, z: Vector, weight: float) -> str:
    """What is said of one data point that is pointed at."""
    return f"z = {written.place(units, *units.from_plane(z).tolist())}: P(z | x) = {100 * weight:.1f} %"


def nearest_pull(here: Probed, at: Vector, reach: float) -> int | None:
    """The number of the data point there; None where none is within ``reach``."""
    if not len(here.points):
        return None
    far = np.hypot(*(here.points - np.array(at)).T)
    nearest = int(far.argmin())
    return nearest if far[nearest] <= reach else None
