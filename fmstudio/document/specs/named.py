"""Distributions that are there by name: normals, mixtures and shapes, each within about [-3, 3]^2."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from fmstudio.document.extent import Extent, Interval, union
from fmstudio.document.specs.law import Law
from fmstudio.document.specs.spec import Spec, setting
from fmstudio.document.specs.units import Vector

Covariance = tuple[float, float, float]
"""(xx, xy, yy)"""
MOST_NORMALS = 256


class Component(Spec):
    """One Gaussian of a mixture: N(mean, cov) with weight (relative)."""

    mean: Vector
    cov: Covariance = (0.04, 0.0, 0.04)
    weight: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _positive_definite(self) -> Self:
        xx, xy, yy = self.cov
        if xx <= 0 or yy <= 0 or xx * yy - xy * xy <= 1e-12 * xx * yy:
            raise ValueError(f"cov is singular: {self.cov}; it takes (xx, xy, yy) with xx yy > xy^2")
        return self

    def extent(self) -> Extent:
        (x, y), (xx, _, yy) = self.mean, self.cov
        return Extent(Interval(x, 0.0, math.sqrt(xx)), Interval(y, 0.0, math.sqrt(yy)))


class FewNormals(Law):
    """A mixture of so few normals that a person may take hold of each."""

    is_normal = True

    @abstractmethod
    def normals(self) -> tuple[Component, ...]:
        """Each of them."""

    def extent(self) -> Extent:
        return union(component.extent() for component in self.normals())


class StandardNormalSpec(FewNormals):
    """N(0, I)."""

    title: ClassVar[str] = "Standard normal"
    has_parts = False
    kind: Literal["standard-normal"] = "standard-normal"

    def normals(self) -> tuple[Component, ...]:
        return (Component(mean=(0.0, 0.0), cov=(1.0, 0.0, 1.0)),)


def _ring_of_components(n: int, radius: float, std: float, turn: float = 0.0) -> tuple[Component, ...]:
    angles = [2 * math.pi * k / n + turn for k in range(n)]
    return tuple(
        Component(mean=(radius * math.cos(a), radius * math.sin(a)), cov=(std**2, 0.0, std**2))
        for a in angles
    )


class GaussianMixtureSpec(FewNormals):
    """Some normal clouds, each with a place, a shape and a weight of its own: sum_k w_k N(m_k, S_k)."""

    title: ClassVar[str] = "Gaussian mixture"
    has_parts = True
    kind: Literal["gaussian-mixture"] = "gaussian-mixture"
    components: tuple[Component, ...] = Field(
        default=(
            Component(mean=(-1.2, 0.9), cov=(0.09, 0.0, 0.09)),
            Component(mean=(1.2, 0.9), cov=(0.09, 0.0, 0.09)),
            Component(mean=(0.0, -1.2), cov=(0.09, 0.0, 0.09)),
        ),
        min_length=1,
        max_length=MOST_NORMALS,
    )

    def normals(self) -> tuple[Component, ...]:
        return self.components


class EightGaussiansSpec(FewNormals):
    """Eight Gaussians on a ring."""

    title: ClassVar[str] = "Eight Gaussians"
    has_parts = True
    kind: Literal["eight-gaussians"] = "eight-gaussians"
    radius: float = setting(2.0, "Radius", low=0.1, high=10.0, step=0.1)
    std: float = setting(0.2, "Width", low=0.01, high=3.0, step=0.01)

    def normals(self) -> tuple[Component, ...]:
        return _ring_of_components(8, self.radius, self.std)


class FortyGaussiansSpec(Law):
    """GMM-40, forty Gaussians at random places of [-40, 40]^2 (Midgley et al. 2023), times a scale."""

    title: ClassVar[str] = "40 Gaussians"
    is_normal = has_parts = True
    kind: Literal["forty-gaussians"] = "forty-gaussians"
    scale: float = setting(0.065, "Scale", low=0.01, high=1.0, step=0.005, hint="1 is as in the literature")

    def extent(self) -> Extent:
        return Extent.square(39.0, 1.32).scaled(self.scale)


class FiveModesSpec(FewNormals):
    """Five Gaussians on a ring, as in the 6.S184 notes, figure 4."""

    title: ClassVar[str] = "Five modes"
    has_parts = True
    kind: Literal["five-modes"] = "five-modes"
    radius: float = setting(1.8, "Radius", low=0.1, high=10.0, step=0.1)
    std: float = setting(0.3, "Width", low=0.01, high=3.0, step=0.01)

    def normals(self) -> tuple[Component, ...]:
        return _ring_of_components(5, self.radius, self.std, math.pi / 2)


class RingSpec(Law):
    """A circle, blurred by a normal of the given width."""

    title: ClassVar[str] = "Ring"
    is_normal = has_parts = False
    kind: Literal["ring"] = "ring"
    radius: float = setting(1.5, "Radius", low=0.1, high=10.0, step=0.1)
    width: float = setting(0.1, "Width", low=0.01, high=1.0, step=0.01)

    def extent(self) -> Extent:
        return Extent.square(self.radius, self.width)


class UniformSquareSpec(Law):
    """Uniform on [-half, half]^2."""

    title: ClassVar[str] = "Uniform square"
    is_normal = has_parts = False
    kind: Literal["uniform-square"] = "uniform-square"
    half: float = setting(1.7, "Half side", low=0.1, high=10.0, step=0.1)

    def extent(self) -> Extent:
        return Extent.square(self.half)


class TwoMoonsSpec(Law):
    """Two interleaved half circles of unit radius, blurred, then scaled and shifted.

    The unscaled moons are those of scikit-learn (upper moon around the origin, lower one around (1, 1/2));
    ``scale`` multiplies, ``shift`` is added afterwards.
    """

    title: ClassVar[str] = "Two moons"
    has_parts = True
    is_normal = False
    kind: Literal["two-moons"] = "two-moons"
    noise: float = setting(0.07, "Noise", low=0.01, high=1.0, step=0.01)
    scale: float = setting(1.6, "Scale", low=0.1, high=10.0, step=0.1)
    shift: Vector = (-0.8, -0.4)

    def extent(self) -> Extent:
        moons = Extent(Interval(0.5, 1.5, self.noise), Interval(0.25, 0.75, self.noise))
        return moons.scaled(self.scale).plus(Extent.square(0.0, 0.0, *self.shift))


class CheckerboardSpec(Law):
    """The dark squares of a 4 x 4 board, each uniform; edges are as sharp as the raster that holds them."""

    title: ClassVar[str] = "Checkerboard"
    has_parts = True
    is_normal = False
    kind: Literal["checkerboard"] = "checkerboard"
    half: float = setting(2.0, "Half side", low=0.1, high=10.0, step=0.1)

    def extent(self) -> Extent:
        return Extent.square(self.half)


class TwoSpiralsSpec(Law):
    """Two Archimedean spirals, blurred."""

    title: ClassVar[str] = "Two spirals"
    has_parts = True
    is_normal = False
    kind: Literal["two-spirals"] = "two-spirals"
    radius: float = setting(2.2, "Radius", low=0.1, high=10.0, step=0.1)
    turns: float = setting(1.5, "Turns", low=0.5, high=4.0, step=0.25)
    noise: float = setting(0.07, "Noise", low=0.01, high=1.0, step=0.01)

    def extent(self) -> Extent:
        return Extent.square(self.radius, self.noise)


class PinwheelSpec(Law):
    """Five bent arms."""

    title: ClassVar[str] = "Pinwheel"
    has_parts = True
    is_normal = False
    kind: Literal["pinwheel"] = "pinwheel"
    arms: int = setting(5, "Arms", low=2, high=12, step=1)
    scale: float = setting(1.0, "Scale", low=0.1, high=10.0, step=0.1)

    def extent(self) -> Extent:
        """The arms end at radius 2.35 and are 0.12 wide."""
        return Extent.square(2.35, 0.12).scaled(self.scale)


class RingsSpec(Law):
    """Concentric circles, blurred."""

    title: ClassVar[str] = "Rings"
    has_parts = True
    is_normal = False
    kind: Literal["rings"] = "rings"
    count: int = setting(3, "Rings", low=1, high=6, step=1)
    radius: float = setting(2.2, "Radius", low=0.1, high=10.0, step=0.1)
    noise: float = setting(0.07, "Noise", low=0.01, high=1.0, step=0.01)

    def extent(self) -> Extent:
        return Extent.square(self.radius, self.noise)


class SCurveSpec(Law):
    """The letter S, as two three-quarter circles, blurred."""

    title: ClassVar[str] = "S-curve"
    is_normal = has_parts = False
    kind: Literal["s-curve"] = "s-curve"
    scale: float = setting(1.1, "Scale", low=0.1, high=10.0, step=0.1)
    noise: float = setting(0.08, "Noise", low=0.01, high=1.0, step=0.01)

    def extent(self) -> Extent:
        return Extent(Interval(0.0, 1.0, self.noise), Interval(0.0, 2.0, self.noise)).scaled(self.scale)
