"""The normals of a mixture as a person takes hold of them: place, axes, weight. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from fmstudio.document.specs.distribution import Component, Covariance, GaussianMixtureSpec
from fmstudio.document.specs.named import MOST_NORMALS
from fmstudio.document.specs.units import Vector
from fmstudio.studio.asked_files import End

REACH = 2.0
"""Standard deviations from a mean to the tip of an axis: the ellipse through the tips holds 86 % of it."""
TIPS = 4
DEVIATIONS = (0.01, 20.0)
WEIGHTS = (0.01, 100.0)
FARTHEST_MEAN = 100.0


@dataclass(frozen=True)
class Chosen:
    """One normal of the mixture at one end."""

    end: End
    index: int


@dataclass(frozen=True)
class Handles:
    """At which ends normals may be taken hold of, and which one is chosen; the polygon that is being clicked
    at one end."""

    ends: frozenset[End] = frozenset()
    chosen: Chosen | None = None
    outline_end: End = "target"
    outline: tuple[Vector, ...] = ()

    def chosen_at(self, end: End) -> int | None:
        """Its number, if it is of that end."""
        return self.chosen.index if self.chosen is not None and self.chosen.end == end else None


@dataclass(frozen=True)
class Shape:
    """Standard deviations along two axes at right angles, and the angle of the first in radians."""

    first: float
    second: float
    angle: float

    def alike(self) -> Iterator[Shape]:
        """The same ellipse, with the angle in [-90, 90] degrees."""
        for turn in range(-2, 3):
            angle = self.angle + turn * math.pi / 2
            if abs(angle) <= math.pi / 2 + 1e-9:
                first, second = (self.second, self.first) if turn % 2 else (self.first, self.second)
                yield Shape(first, second, angle)

    def within_bounds(self) -> Shape:
        return Shape(_bounded(self.first, DEVIATIONS), _bounded(self.second, DEVIATIONS), self.angle)

    def tips(self, mean: Vector) -> tuple[Vector, ...]:
        """Ends of the first and the second axis, then those opposite."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        a, b = REACH * self.first, REACH * self.second
        arms = ((a * cos, a * sin), (-b * sin, b * cos))
        ahead = tuple((mean[0] + x, mean[1] + y) for x, y in arms)
        return (*ahead, *((mean[0] - x, mean[1] - y) for x, y in arms))

    def with_tip(self, tip: int, arm: Vector) -> Shape:
        """With that tip at ``arm`` from the mean: the other axis keeps its length, at right angles."""
        length = math.hypot(*arm) / REACH
        if length == 0:
            return self
        angle = math.atan2(arm[1], arm[0]) - tip * math.pi / 2
        if tip % 2:
            return Shape(self.first, length, angle).within_bounds()
        return Shape(length, self.second, angle).within_bounds()


def shape_of(cov: Covariance, like: Shape | None = None) -> Shape:
    """Of all ways to tell the ellipse the one nearest to ``like``, so that nothing jumps under a hand; or
    else the longer axis is the first. A round one keeps the angle of ``like``."""
    xx, xy, yy = cov
    middle, apart = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    wide, narrow = math.sqrt(middle + apart), math.sqrt(max(middle - apart, 0.0))
    if apart <= 1e-9 * middle:
        return Shape(wide, wide, like.angle if like is not None else 0.0)
    found = Shape(wide, narrow, math.atan2(xy, (xx - yy) / 2) / 2)
    if like is None:
        return found
    return min(found.alike(), key=lambda shape: _apart(shape, like))


def _apart(shape: Shape, like: Shape) -> tuple[float, float]:
    """How far the ellipse has turned from ``like``, or if it is told so, by how much the angle jumps."""
    turn = abs(math.remainder(shape.angle - like.angle, math.pi))
    return round(turn, 6), abs(shape.angle - like.angle)


def cov_of(shape: Shape) -> Covariance:
    cos, sin = math.cos(shape.angle), math.sin(shape.angle)
    a, b = shape.first**2, shape.second**2
    return (a * cos * cos + b * sin * sin, (a - b) * cos * sin, a * sin * sin + b * cos * cos)


# ---- what an edit makes of a mixture -----------------------------------------------------------------


def moved(component: Component, mean: Vector) -> Component:
    x, y = (_bounded(value, (-FARTHEST_MEAN, FARTHEST_MEAN)) for value in mean)
    return component.model_copy(update={"mean": (x, y)})


def shaped(component: Component, shape: Shape) -> Component:
    return component.model_copy(update={"cov": cov_of(shape.within_bounds())})


def with_round(component: Component) -> Component:
    """As wide every way, with the same area."""
    shape = shape_of(component.cov)
    std = math.sqrt(shape.first * shape.second)
    return shaped(component, Shape(std, std, 0.0))


def weighing(component: Component, weight: float) -> Component:
    return component.model_copy(update={"weight": _bounded(weight, WEIGHTS)})


def with_normal(mixture: GaussianMixtureSpec, index: int, component: Component) -> GaussianMixtureSpec:
    """With another normal in that place."""
    parts = mixture.components
    return GaussianMixtureSpec(components=(*parts[:index], component, *parts[index + 1 :]))


def may_grow(mixture: GaussianMixtureSpec) -> bool:
    return len(mixture.components) < MOST_NORMALS


def with_another(mixture: GaussianMixtureSpec, like: int, mean: Vector) -> GaussianMixtureSpec:
    """With one more at the end, of the shape and weight of one that is there."""
    return GaussianMixtureSpec(components=(*mixture.components, moved(mixture.components[like], mean)))


def without(mixture: GaussianMixtureSpec, index: int) -> GaussianMixtureSpec:
    """The last one stays: a distribution has mass somewhere."""
    parts = mixture.components
    return (
        GaussianMixtureSpec(components=(*parts[:index], *parts[index + 1 :])) if len(parts) > 1 else mixture
    )


def share(mixture: GaussianMixtureSpec, index: int) -> float:
    """Of all mass, that in this normal."""
    return mixture.components[index].weight / sum(component.weight for component in mixture.components)


# ---- what the pointer is upon ------------------------------------------------------------------------


@dataclass(frozen=True)
class Hold:
    """What a press takes hold of: a mean, or (of the chosen normal) the tip of an axis."""

    chosen: Chosen
    tip: int | None = None


def hold_at(
    mixtures: dict[End, GaussianMixtureSpec], handles: Handles, at: Vector, reach: float
) -> Hold | None:
    """The nearest handle within ``reach``: those of the chosen normal come first."""
    found = [
        (hold.chosen != handles.chosen, math.dist(place, at), hold)
        for hold, place in _places(mixtures, handles)
    ]
    near = [one for one in found if one[1] <= reach]
    return min(near, key=lambda one: one[:2])[2] if near else None


def place_of(component: Component, tip: int | None) -> Vector:
    """Where a handle is."""
    return component.mean if tip is None else shape_of(component.cov).tips(component.mean)[tip]


def _places(mixtures: dict[End, GaussianMixtureSpec], handles: Handles) -> Iterator[tuple[Hold, Vector]]:
    for end, mixture in mixtures.items():
        for index, component in enumerate(mixture.components):
            chosen = Chosen(end, index)
            yield Hold(chosen), component.mean
            if chosen == handles.chosen:
                yield from ((Hold(chosen, tip), place_of(component, tip)) for tip in range(TIPS))


def _bounded(value: float, bounds: tuple[float, float]) -> float:
    return min(bounds[1], max(bounds[0], value))
