"""The built-in targets as laws with a closed form: blurred curves as clouds, the checkerboard as a lattice.

A curve blurred by a normal is an integral over the curve; here it is a sum over points of the curve that lie
closer together than the blur is wide, which differs from the integral by less than 1e-6 of its value. All
shapes are centred about the origin and, with their defaults, lie in [-3, 3]^2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from fmstudio.flows.paths.distributions import (
    Cloud,
    Distribution,
    GaussianMixture,
    Lattice,
    UniformBox,
    positive,
)

SPACING = 0.8
"""Distance of neighbouring curve points in units of the blur's width."""


def eight_gaussians(radius: float = 2.0, std: float = 0.2) -> GaussianMixture:
    """Eight round Gaussians on a ring."""
    return GaussianMixture.isotropic(circle(radius, 8), std, "eight Gaussians")


def five_modes(radius: float = 1.8, std: float = 0.3) -> GaussianMixture:
    """Five round Gaussians on a ring, one at the top (6.S184 notes, Fig 4)."""
    return GaussianMixture.isotropic(circle(radius, 5, math.pi / 2), std, "five modes")


def forty_gaussians(scale: float = 0.065) -> GaussianMixture:
    """GMM-40 of Midgley et al. 2023 (arXiv 2208.01893): means uniform on [-40, 40]^2, as their seed 0 draws
    them, standard deviations softplus(1) = 1.31; all of it times ``scale``."""
    uniform = torch.rand((40, 2), generator=torch.Generator().manual_seed(0))
    std = math.log1p(math.e)
    return GaussianMixture.isotropic(
        (uniform - 0.5) * 80 * positive(scale, "scale"), std * scale, "40 Gaussians"
    )


def ring(radius: float = 1.5, width: float = 0.1) -> Cloud:
    """A circle, blurred."""
    return _blurred([circle(radius, _count(2 * math.pi * radius, width))], width, "ring")


def rings(count: int = 3, radius: float = 2.2, noise: float = 0.07) -> Cloud:
    """``count`` concentric circles of equal mass per length, blurred; labelled from the inside out."""
    radii = [positive(radius, "radius") * (k + 1) / count for k in range(_at_least(count, "count", 1))]
    n = [_count(2 * math.pi * r, noise) for r in radii]
    # Mass per point is the same on every circle only if the spacing is; it differs by rounding up.
    weights = torch.cat([torch.full((k,), r / k) for r, k in zip(radii, n, strict=True)])
    return _blurred([circle(r, k) for r, k in zip(radii, n, strict=True)], noise, "rings", weights)


def two_moons(noise: float = 0.07, scale: float = 1.6, shift: tuple[float, float] = (-0.8, -0.4)) -> Cloud:
    """Two half circles (the upper about 0, the lower about (1, 1/2)), blurred, scaled, shifted."""
    n = _count(math.pi, noise)
    angle = math.pi * _midpoints(n)
    upper = torch.stack([angle.cos(), angle.sin()], 1)
    lower = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], 1)
    move = torch.tensor(shift, dtype=torch.float64)
    return _blurred([upper * scale + move, lower * scale + move], noise * scale, "two moons")


def two_spirals(radius: float = 2.2, turns: float = 1.5, noise: float = 0.07) -> Cloud:
    """Two Archimedean spirals of uniform mass per length, half a turn apart, blurred."""

    def arm(s: Tensor) -> Tensor:
        r = positive(radius, "radius") * (0.1 + 0.9 * s)
        angle = 2 * math.pi * turns * s
        return torch.stack([r * angle.cos(), r * angle.sin()], 1)

    one = _along(arm, noise)
    return _blurred([one, -one], noise, "two spirals")


def pinwheel(arms: int = 5, scale: float = 1.0) -> Cloud:
    """Bent arms: normal along the radius, narrow across, turned by an angle that grows with the radius."""
    width = 0.12 * positive(scale, "scale")

    def bent(s: Tensor) -> Tensor:
        r = 0.35 + 2.0 * s
        angle = 0.6 * (r - 0.35)
        return scale * torch.stack([r * angle.cos(), r * angle.sin()], 1)

    one = _along(bent, width)
    along = (one.norm(dim=1) / scale - 0.35) / 2.0
    weight = torch.exp(-(((along - 0.45) / 0.33) ** 2) / 2)
    turns = [2 * math.pi * k / _at_least(arms, "arms", 1) for k in range(arms)]
    return _blurred([_turned(one, a) for a in turns], width, "pinwheel", weights=weight.repeat(arms))


def s_curve(scale: float = 1.1, noise: float = 0.08) -> Cloud:
    """The letter S: two three-quarter circles that meet in the origin, blurred, then scaled."""
    n = _count(1.5 * math.pi, noise)
    angle = 1.5 * math.pi * _midpoints(n)
    lower = torch.stack([angle.sin(), angle.cos() - 1], 1)
    return _blurred([lower * scale, -lower * scale], noise * scale, "S-curve")


def checkerboard(half: float = 2.0, cells: int = 128) -> Lattice:
    """The dark squares of a 4 x 4 board, each uniform up to the cells of its raster; labelled 0 to 7."""
    if cells < 4 or cells % 4:
        raise ValueError(f"cells must be a positive multiple of 4, got {cells}")
    square = torch.arange(cells) // (cells // 4)
    dark = (square[:, None] + square) % 2 == 0
    labels = (4 * square[:, None] + square) // 2
    return Lattice(dark.float(), half, labels, "checkerboard")


def square(half: float = 1.7, cells: int = 64) -> Lattice:
    """The uniform square as a lattice: its edge is blurred by one cell."""
    return Lattice(torch.ones(cells, cells), half, name="uniform square")


def circle(radius: float, n: int, turn: float = 0.0) -> Tensor:
    """``n`` points evenly on a circle, the first at angle ``turn``."""
    angle = 2 * math.pi * torch.arange(n, dtype=torch.float64) / n + turn
    return (positive(radius, "radius") * torch.stack([angle.cos(), angle.sin()], 1)).float()


def _midpoints(n: int) -> Tensor:
    """(i + 1/2)/n: the midpoint rule on [0, 1]."""
    return (torch.arange(n, dtype=torch.float64) + 0.5) / n


def _count(length: float, width: float) -> int:
    return max(2, math.ceil(length / (SPACING * positive(width, "width"))))


def _along(curve: Callable[[Tensor], Tensor], width: float) -> Tensor:
    """Points of ``curve`` (of a parameter in [0, 1]) at equal distances along it, midpoint rule."""
    fine = curve(torch.linspace(0, 1, 4001, dtype=torch.float64))
    length = torch.cat([fine.new_zeros(1), (fine[1:] - fine[:-1]).norm(dim=1).cumsum(0)])
    at = _midpoints(_count(float(length[-1]), width)) * length[-1]
    k = torch.searchsorted(length, at).clamp(1, len(length) - 1)
    w = ((at - length[k - 1]) / (length[k] - length[k - 1]))[:, None]
    return (1 - w) * fine[k - 1] + w * fine[k]


def _blurred(curves: Sequence[Tensor], width: float, name: str, weights: Tensor | None = None) -> Cloud:
    """The cloud along some curves, labelled by curve."""
    labels = torch.cat([torch.full((len(c),), i) for i, c in enumerate(curves)])
    points = torch.cat(list(curves)).float()
    return Cloud(points, None if weights is None else weights.float(), width, labels, name)


def _at_least(value: int, argument: str, least: int) -> int:
    if value < least:
        raise ValueError(f"{argument} must be at least {least}, got {value}")
    return value


def _turned(points: Tensor, angle: float) -> Tensor:
    c, s = math.cos(angle), math.sin(angle)
    return points @ torch.tensor([[c, s], [-s, c]], dtype=points.dtype)


SHAPES: dict[str, Callable[..., Distribution]] = {
    "eight-gaussians": eight_gaussians,
    "five-modes": five_modes,
    "forty-gaussians": forty_gaussians,
    "ring": ring,
    "uniform-square": UniformBox,
    "two-moons": two_moons,
    "checkerboard": checkerboard,
    "two-spirals": two_spirals,
    "pinwheel": pinwheel,
    "rings": rings,
    "s-curve": s_curve,
}
"""By kind; a named law is made of its settings by name."""
