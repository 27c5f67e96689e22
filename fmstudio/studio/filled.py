"""The equation of a motion with the numbers of one place in it. Pure text."""

from __future__ import annotations

import math
from collections.abc import Iterator

from fmstudio.document.specs.motion import Motion
from fmstudio.document.specs.units import Units
from fmstudio.engine.messages import ProbeRequest, Row
from fmstudio.studio import written
from fmstudio.studio.clocks import clock_of
from fmstudio.studio.probing import Figures, Probed, probed, told_in, units_told

_NEXT = "<br>"
_X = "dX<sub>t</sub>"
_W = "dW<sub>t</sub>"


def filled(asked: ProbeRequest, values: Row) -> str:
    """Rich text: where it is, the place as a mixture of the ends, and what moves a particle there."""
    units, dynamics = units_told(asked), asked.moving.dynamics
    told = told_in(units, probed(values))
    x, y = units.from_plane(asked.x).tolist()
    here = f"At x = {written.place(units, x, y)}, {clock_of(dynamics).words(asked.t)}:"
    return _NEXT.join((here, *_scales(told), *_motion(dynamics, told, units)))


def _scales(told: Probed) -> Iterator[str]:
    if math.isfinite(told.alpha):
        yield f"x<sub>t</sub> = {_number(told.alpha)} z + {_number(told.beta)} x<sub>0</sub>"


def _motion(dynamics: Motion, told: Probed, units: Units) -> Iterator[str]:
    if not dynamics.by_equation:
        yield f"u<sub>t</sub>(x) = {_vector(told.velocity, units)}"
    elif not dynamics.is_noisy:
        yield f"{_X} = {_vector(told.drift, units)} dt"
    else:
        yield f"{_X} = {_drift(dynamics, told, units)} dt + {_number(told.sigma)} {_W}"


def _drift(dynamics: Motion, told: Probed, units: Units) -> str:
    """In its parts, where these are known and of a size that can be read."""
    if dynamics.is_process or not all(map(math.isfinite, told.score)):
        return _vector(told.drift, units)
    pushed = f"½ · {_number(told.sigma)}<sup>2</sup> {_vector(told.score, units)}"
    return pushed if dynamics.moved_by == "score" else f"({_vector(told.velocity, units)} + {pushed})"


def _number(value: float) -> str:
    return f"<b>{written.figure(value)}</b>"


def _vector(vector: Figures, units: Units) -> str:
    """Without its length; words do not break in it."""
    text = written.vector(units, *vector.tolist())
    start, _, end = text.partition("  |")
    power = end.partition("| ")[2]
    told = f"{start}{f' {power}' if power else ''}".replace(" ", "\N{NO-BREAK SPACE}")
    return f"<b>{told}</b>"
