"""Characteristic functions of distributions: phi(k) = E exp(-i k . z), with the moments that travel with it.

For x_t = alpha z + beta x_0 with independent ends, phi_t(k) = phi_1(alpha k) phi_0(beta k): with both ends'
characteristic functions every marginal is known, whatever the ends are. A law whose parts separate into a
factor of each coordinate,

    z = (node of a raster, chosen by its mass) + independent noise of both coordinates,

has E[z_x^i z_y^j exp(-i k . z)] = P_j(k_y) H P_i(k_x)^T, H the raster, P_i(k) = i^i d^i/dk^i of the factors
exp(-i k node) G(k) of one coordinate: products of small matrices. A drawing is such a law as it stands; a
mixture has a diagonal raster and a G for each component; the points of a cloud are spread onto a raster by a
cubic B-spline, which G divides out again.

All coordinates are relative to the law's ``centre``, so that phases stay small.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture, Lattice, UniformBox

TAIL = 7.0
"""Standard deviations to which a normal reaches: 3e-12 of its mass lies beyond."""

SPREAD_CELLS = 2.5
"""Cells of the raster that a cloud is spread on, to one width of its points: aliases fall below 1e-6."""
MOST_CELLS = 640
"""Cells a side of that raster; a cloud that is finer still is resolved to its cells."""

RINGS = 192
"""Rings of frequencies in the table of a characteristic function's decay."""
FEW_POINTS = 512
"""A cloud of so few points is summed as it is: a diagonal raster."""

ORDERS = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
"""Powers (i, j) of the moments, by rising degree; the first 1, 3 or 6 are those up to degree 0, 1 or 2."""


def count_of(degree: int) -> int:
    """How many moments there are up to a degree."""
    return (1, 3, 6)[degree]


class Spectrum(ABC):
    """The characteristic function of one law, with moments; frequencies are (m,) for each coordinate, from 0
    up for x and of either sign for y."""

    centre: Tensor
    """(2,) float64: where coordinates are relative to"""
    reach: Tensor
    """(2,) float64: the law lies within centre +- reach, tails to ``TAIL``"""
    width: float
    """standard deviation of the narrowest normal that the law is made of, 0 if it has edges"""

    @abstractmethod
    def moments(self, kx: Tensor, ky: Tensor, degree: int) -> list[Tensor]:
        """E[z_x^i z_y^j exp(-i k . z)] for the (i, j) of ``ORDERS`` up to ``degree``: (2 my - 1, mx) complex,
        for k_y from -ky[-1] to ky[-1] (``ky`` rises from 0) and k_x in ``kx``."""

    def decay(self, k: Tensor) -> Tensor:
        """A falling bound of |phi| at frequencies of that length, read off a table: it misses no more than
        what lies between the table's rings."""
        radii, bounds = self._bounds
        index = torch.searchsorted(radii, k.clamp(max=float(radii[-1]))).clamp(max=len(radii) - 1)
        return torch.where(k > radii[-1], 0.0, bounds[(index - 1).clamp(min=0)])

    @cached_property
    def _bounds(self) -> tuple[Tensor, Tensor]:
        """(radii, bounds), (RINGS,): the largest |phi| at or beyond each radius."""
        last = TAIL / self.width
        radii = torch.linspace(0, last, RINGS, dtype=torch.float64)
        size = self.moments(radii, radii, 0)[0].abs()
        y = torch.cat([-radii[1:].flip(0), radii])
        ring = (torch.hypot(radii.expand(len(y), -1), y[:, None]) / radii[1]).long().clamp(max=RINGS - 1)
        largest = torch.zeros(RINGS, dtype=torch.float64)
        largest.scatter_reduce_(0, ring.flatten(), size.flatten(), "amax")
        return radii, largest.flip(0).cummax(0).values.flip(0)


@final
@dataclass(frozen=True)
class _Factor:
    """G(k) = exp(-(k width)^2 / 2) / sinc(k cell / 2)^4 and i G', -G'': (m, columns) for widths
    (columns,)."""

    widths: Tensor
    cell: float = 0.0

    def derivatives(self, k: Tensor, degree: int) -> list[Tensor]:
        """[G, i G' without its i, -G''] as real tensors: G' is real, so i G' is kept as its imaginary
        part."""
        k = k[:, None]
        variance = self.widths.to(k).square()
        g = torch.exp(-k.square() * variance / 2)
        slope, curve = -k * variance, -variance  # of log G
        if self.cell:
            half = self.cell / 2
            y = k * half
            sinc = torch.sinc(y / math.pi)
            g = g / sinc**4
            ratio = _log_sinc_slope(y)
            slope = slope - 4 * half * ratio
            curve = curve - 4 * half**2 * _log_sinc_curve(y, ratio)
        first = g * slope
        return [g, first, -g * (curve + slope.square())][: degree + 1]


def _log_sinc_slope(y: Tensor) -> Tensor:
    """(log sinc)' = cot y - 1/y, by its series near 0."""
    near = y.abs() < 0.1
    safe = torch.where(near, torch.ones_like(y), y)
    return torch.where(near, -y / 3 - y**3 / 45 - 2 * y**5 / 945, 1 / torch.tan(safe) - 1 / safe)


def _log_sinc_curve(y: Tensor, slope: Tensor) -> Tensor:
    """(log sinc)'' = 1/y^2 - 1/sin^2 y, by its series near 0. ``slope`` only gives the shape."""
    near = y.abs() < 0.1
    safe = torch.where(near, torch.ones_like(y), y)
    series = -1 / 3 - y.square() / 15 - 2 * y**4 / 189
    return torch.where(near, series, 1 / safe.square() - 1 / torch.sin(safe).square()).expand_as(slope)


@final
class SeparableSpectrum(Spectrum):
    """Nodes (gx,) and (gy,), relative to ``centre``; raster (gy, gx) of mass 1; a factor for each
    coordinate."""

    def __init__(
        self,
        centre: Tensor,
        nodes: tuple[Tensor, Tensor],
        raster: Tensor,
        factors: tuple[_Factor, _Factor],
        reach: Tensor,
        width: float,
    ) -> None:
        self.centre, self.reach, self.width = centre, reach, width
        self._nodes, self._raster, self._factors = nodes, raster, factors

    def moments(self, kx: Tensor, ky: Tensor, degree: int) -> list[Tensor]:
        raster = self._raster.to(kx)
        across = _powers(kx, self._nodes[0].to(kx), self._factors[0], degree)
        along = _powers(ky, self._nodes[1].to(kx), self._factors[1], degree)
        blurred = [_times(raster, power.T) for power in across]
        return [_both_signs(along[j], blurred[i]) for i, j in ORDERS[: count_of(degree)]]


def _powers(k: Tensor, nodes: Tensor, factor: _Factor, degree: int) -> list[Tensor]:
    """P_i(k) for i up to ``degree``, (m, nodes) complex."""
    waves = torch.polar(torch.ones_like(k[:, None] * nodes), -k[:, None] * nodes)
    g = factor.derivatives(k, degree)
    powers = [waves * g[0]]
    if degree >= 1:
        powers.append(waves * torch.complex(nodes * g[0], g[1].expand(len(k), len(nodes))))
    if degree >= 2:
        powers.append(waves * torch.complex(nodes.square() * g[0] + g[2], 2 * nodes * g[1]))
    return powers


def _times(real: Tensor, complex_: Tensor) -> Tensor:
    """A real matrix times a complex one, by one real product."""
    parts = real @ torch.cat([complex_.real, complex_.imag], 1)
    m = complex_.shape[1]
    return torch.complex(parts[:, :m].contiguous(), parts[:, m:].contiguous())


def _both_signs(power: Tensor, blurred: Tensor) -> Tensor:
    """P(k) X for k from -k_max to k_max, given P for k >= 0: P(-k) is the conjugate of P(k)."""
    real, imaginary = _times(power.real.contiguous(), blurred), _times(power.imag.contiguous(), blurred)
    turned = 1j * imaginary
    return torch.cat([(real - turned)[1:].flip(0), real + turned])


@final
class TiltedSpectrum(Spectrum):
    """A mixture with tilted components: its cross terms do not separate, so each component is summed."""

    def __init__(self, mixture: GaussianMixture, centre: Tensor, reach: Tensor, width: float) -> None:
        self.centre, self.reach, self.width = centre, reach, width
        self._mixture = mixture

    def moments(self, kx: Tensor, ky: Tensor, degree: int) -> list[Tensor]:
        both = torch.cat([-ky[1:].flip(0), ky])
        x, y = kx.expand(len(both), -1), both[:, None].expand(-1, len(kx))
        totals = [torch.zeros_like(x, dtype=_complex(kx)) for _ in range(count_of(degree))]
        for weight, mean, cov in zip(
            self._mixture.weights, self._mixture.means, self._mixture.covs, strict=True
        ):
            m, s = (mean.double() - self.centre).to(kx), cov.to(kx)
            pushed = (s[0, 0] * x + s[0, 1] * y, s[0, 1] * x + s[1, 1] * y)
            wave = weight.to(kx) * torch.exp(-(x * pushed[0] + y * pushed[1]) / 2)
            phi = torch.polar(wave, -(x * m[0] + y * m[1]))
            a, b = torch.complex(m[0].expand_as(x), -pushed[0]), torch.complex(m[1].expand_as(x), -pushed[1])
            terms = [phi, a * phi, b * phi]
            if degree == 2:
                terms += [(a * a + s[0, 0]) * phi, (a * b + s[0, 1]) * phi, (b * b + s[1, 1]) * phi]
            totals = [total + term for total, term in zip(totals, terms[: count_of(degree)], strict=True)]
        return totals


@final
class BoxSpectrum(Spectrum):
    """Uniform on [-half, half]^2: sin(k half) / (k half) in each coordinate."""

    def __init__(self, half: float) -> None:
        self.half, self.width = half, 0.0
        self.centre = torch.zeros(2, dtype=torch.float64)
        self.reach = torch.full((2,), half, dtype=torch.float64)

    def moments(self, kx: Tensor, ky: Tensor, degree: int) -> list[Tensor]:
        both = torch.cat([-ky[1:].flip(0), ky])
        across, along = self._powers(kx, degree), self._powers(both, degree)
        return [along[j][:, None] * across[i] for i, j in ORDERS[: count_of(degree)]]

    def decay(self, k: Tensor) -> Tensor:
        return 1 / (k * self.half).clamp(min=1)

    def _powers(self, k: Tensor, degree: int) -> list[Tensor]:
        y = k.double() * self.half
        near = y.abs() < 0.05
        safe = torch.where(near, torch.ones_like(y), y)
        value = torch.sinc(y / math.pi)
        slope = torch.where(near, -y / 3 + y**3 / 30, (torch.cos(safe) - torch.sin(safe) / safe) / safe)
        curve = torch.where(near, -1 / 3 + y.square() / 10, -value - 2 * slope / safe)
        parts = (
            torch.complex(value, torch.zeros_like(y)),
            torch.complex(torch.zeros_like(y), self.half * slope),
            torch.complex(-(self.half**2) * curve, torch.zeros_like(y)),
        )
        return [part.to(_complex(k)) for part in parts[: degree + 1]]


def spectrum(distribution: Distribution) -> Spectrum | None:
    """The characteristic function of a law, or None where it is not known."""
    match distribution:
        case GaussianMixture():
            return _of_mixture(distribution)
        case Cloud():
            return _of_cloud(distribution)
        case Lattice():
            return _of_lattice(distribution)
        case UniformBox():
            return BoxSpectrum(distribution.half)
    return None


def _of_mixture(mixture: GaussianMixture) -> Spectrum:
    means, covs = mixture.means.double(), mixture.covs.double()
    stds = covs.diagonal(dim1=-2, dim2=-1).sqrt()
    centre, reach = _box((means - TAIL * stds).amin(0), (means + TAIL * stds).amax(0))
    width = float(torch.linalg.eigvalsh(covs)[:, 0].min().sqrt())
    if bool((covs[:, 0, 1].abs() > 1e-9 * stds.prod(1)).any()):
        return TiltedSpectrum(mixture, centre, reach, width)
    offsets = means - centre
    factors = (_Factor(stds[:, 0]), _Factor(stds[:, 1]))
    nodes = (offsets[:, 0], offsets[:, 1])
    return SeparableSpectrum(centre, nodes, torch.diag(mixture.weights.double()), factors, reach, width)


def _of_lattice(lattice: Lattice) -> Spectrum:
    mass, centres, h = lattice.mass.double(), lattice.centres.double(), lattice.cell
    columns, rows = (mass.amax(0) > 0).nonzero()[:, 0], (mass.amax(1) > 0).nonzero()[:, 0]
    across = slice(int(columns[0]), int(columns[-1]) + 1)
    along = slice(int(rows[0]), int(rows[-1]) + 1)
    x, y = centres[across], centres[along]
    low, high = torch.stack([x[0], y[0]]), torch.stack([x[-1], y[-1]])
    centre, reach = _box(low - TAIL * h, high + TAIL * h)
    factor = _Factor(torch.tensor([h], dtype=torch.float64))
    nodes = (x - centre[0], y - centre[1])
    return SeparableSpectrum(centre, nodes, mass[along, across] / mass.sum(), (factor, factor), reach, h)


def _of_cloud(cloud: Cloud) -> Spectrum:
    points, weights, h = cloud.points.double(), cloud.weights.double(), cloud.width
    low, high = points.amin(0), points.amax(0)
    centre, reach = _box(low - TAIL * h, high + TAIL * h)
    factor = torch.tensor([h], dtype=torch.float64)
    if len(points) <= FEW_POINTS:
        offsets, mass = points - centre, torch.diag(weights / weights.sum())
        both = (_Factor(factor), _Factor(factor))
        return SeparableSpectrum(centre, (offsets[:, 0], offsets[:, 1]), mass, both, reach, h)
    span = float((high - low).max())
    cell = max(h / SPREAD_CELLS, span / MOST_CELLS)
    sides = ((high - low) / cell).ceil().long() + 5
    place = (points - low) / cell + 2
    raster = _spread(place, weights / weights.sum(), (int(sides[1]), int(sides[0])))
    nodes = [low[i] - centre[i] + (torch.arange(int(sides[i])).double() - 2) * cell for i in (0, 1)]
    both = (_Factor(factor, cell), _Factor(factor, cell))
    return SeparableSpectrum(centre, (nodes[0], nodes[1]), raster, both, reach, h)


def _box(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    return (low + high) / 2, (high - low) / 2


def spline_weights(fraction: Tensor) -> Tensor:
    """The weights (..., 4) of the cubic B-spline at the nodes floor - 1 ... floor + 2."""
    f = fraction[..., None]
    g = 1 - f
    return torch.cat([g**3, 3 * f**3 - 6 * f.square() + 4, 3 * g**3 - 6 * g.square() + 4, f**3], -1) / 6


def gathered(values: Tensor, first: Tensor, weights: Tensor) -> Tensor:
    """(m, ...): of each place, its rows ``first``, ``first`` + 1, ... of (n, ...), round and round, by their
    weights (m, k)."""
    rows = values.reshape(len(values), -1)
    found = rows.new_zeros(len(first), rows.shape[1])
    for k in range(weights.shape[1]):
        found.addcmul_(rows.index_select(0, (first + k) % len(rows)), weights[:, k, None])
    return found.reshape(len(first), *values.shape[1:])


def _spread(place: Tensor, weights: Tensor, shape: tuple[int, int]) -> Tensor:
    """Points at ``place`` (n, 2), in cells of a raster (rows, columns), as B-splines on its nodes."""
    first = place.floor()
    shares = spline_weights(place - first)
    column = first[:, 0].long()[:, None] + torch.arange(-1, 3)
    row = first[:, 1].long()[:, None] + torch.arange(-1, 3)
    index = row[:, :, None] * shape[1] + column[:, None, :]
    mass = weights[:, None, None] * shares[:, 1, :, None] * shares[:, 0, None, :]
    raster = torch.zeros(shape[0] * shape[1], dtype=torch.float64)
    return raster.index_add_(0, index.flatten(), mass.flatten()).reshape(shape)


def _complex(like: Tensor) -> torch.dtype:
    return torch.complex64 if like.dtype == torch.float32 else torch.complex128
