"""A law as masses on even nodes: what potentials of the Schroedinger bridge are found on.

The trapezoidal rule on nodes that lie half a width of the law's narrowest normal apart is exact to rounding
for what the bridge sums: a Gaussian kernel of sigma times the law.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.marginals import NoClosedForm
from fmstudio.flows.closed_forms.spectra import TAIL, Spectrum, spectrum
from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture, Lattice, UniformBox

PER_WIDTH = 2.0
"""Nodes to a standard deviation of what is summed."""
LEAST_PER_WIDTH = 1.2
"""Nodes to a width of the law: one that is finer is smoothed to it."""
PARTING = 0.9
"""Distance of nodes beside sigma^2 / reach, the width of the line along which a bridge parts to two sides."""
STILL_PER_WIDTH = 0.8
"""Nodes to a width with which sums are right to 1e-5."""
MOST_NODES = 320
"""Nodes a side."""
FAINT = 1e-8
"""Of the peak: nodes with less are empty."""
EDGE = 1 / 50
"""Of half a box's side: the width by which its edges are smoothed."""


@final
@dataclass(frozen=True, eq=False)
class Nodes:
    """Nodes ``x`` (nx,) by ``y`` (ny,), ``spacing`` apart, of mass (ny, nx) summing to 1; ``width`` is that
    of the narrowest normal which the masses are made of."""

    x: Tensor
    y: Tensor
    mass: Tensor
    spacing: float
    width: float

    @property
    def box(self) -> tuple[Tensor, Tensor]:
        """The lowest and the highest node, (2,) each."""
        return torch.stack([self.x[0], self.y[0]]), torch.stack([self.x[-1], self.y[-1]])

    @property
    def centre(self) -> Tensor:
        """(2,) the middle of the box."""
        return (self.box[0] + self.box[1]) / 2

    @property
    def reach(self) -> float:
        """Half a side of the box, on average."""
        return float((self.box[1] - self.box[0]).mean()) / 2

    def coarser(self) -> Nodes:
        """Every other node: as they are where they still resolve the law, else smoothed to it."""
        mass = self.mass
        if self.width < STILL_PER_WIDTH * 2 * self.spacing:
            mass = torch.nn.functional.pad(mass, (1, 1, 1, 1))
            mass = mass[1:-1] + (mass[:-2] + mass[2:]) / 2
            mass = (mass[:, 1:-1] + (mass[:, :-2] + mass[:, 2:]) / 2) / 4
        kept = mass[::2, ::2].contiguous()
        return Nodes(self.x[::2], self.y[::2], kept / kept.sum(), 2 * self.spacing, self.width)


def nodes_of(law: Distribution, other: Distribution, sigma: float) -> Nodes:
    """The nodes of a law for a bridge of that sigma to or from an ``other``. Raises NoClosedForm where a
    characteristic function is not known, and where sigma is finer than the nodes."""
    known, reach = _spectrum(law), float(_spectrum(other).reach.max())
    width = known.width or EDGE * float(known.reach.max())
    least = least_spacing(law)
    parting = PARTING * sigma**2 / reach
    spacing = max(min(width / math.hypot(1, width / sigma) / PER_WIDTH, parting), least)
    if spacing > sigma:
        raise NoClosedForm(
            f"The bridge's sigma = {sigma:.3g} is finer than {MOST_NODES} nodes across a {law.name}: take at "
            f"least {1.05 * least:.2g}."
        )
    smoothed = max(width, LEAST_PER_WIDTH * spacing)
    more = TAIL * math.sqrt(max(smoothed**2 - known.width**2, 0.0))
    x, y = (_axis(float(known.centre[k]), float(known.reach[k]) + more, spacing) for k in (0, 1))
    return _trimmed(x, y, _density(law, x, y, smoothed), spacing, smoothed)


def least_spacing(law: Distribution) -> float:
    """The distance of nodes where there are as many as may be."""
    return 2 * float(_spectrum(law).reach.max()) / MOST_NODES


def _spectrum(law: Distribution) -> Spectrum:
    known = spectrum(law)
    if known is None:
        raise NoClosedForm(f"No closed form for a {law.name}: train a model.")
    return known


def _axis(centre: float, reach: float, spacing: float) -> Tensor:
    count = max(3, math.ceil(2 * reach / spacing)) + 1
    return centre + (torch.arange(count, dtype=torch.float64) - (count - 1) / 2) * spacing


def _density(law: Distribution, x: Tensor, y: Tensor, width: float) -> Tensor:
    """(ny, nx), with normals no narrower than ``width``."""
    one = torch.ones((), dtype=torch.float64)
    match law:
        case Cloud() | Lattice():
            return law.kernel.grid_density(x, y, one, width**2 * one)
        case GaussianMixture():
            places = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
            return _no_narrower(law, width).log_prob(places.reshape(-1, 2)).exp().reshape(len(y), len(x))
        case UniformBox():
            across, along = (_smooth_box(axis, law.half, width) for axis in (x, y))
            return along[:, None] * across
    raise NoClosedForm(f"No closed form for a {law.name}: train a model.")


def _no_narrower(mixture: GaussianMixture, width: float) -> GaussianMixture:
    missing = max(0.0, width**2 - mixture.narrowest**2)
    covs = mixture.covs.double() + missing * torch.eye(2, dtype=torch.float64)
    return GaussianMixture(mixture.weights.double(), mixture.means.double(), covs, mixture.name)


def _smooth_box(axis: Tensor, half: float, width: float) -> Tensor:
    scale = 1 / (width * math.sqrt(2))
    return (torch.erf((axis + half) * scale) - torch.erf((axis - half) * scale)) / (4 * half)


def _trimmed(x: Tensor, y: Tensor, density: Tensor, spacing: float, width: float) -> Nodes:
    mass = torch.where(density < FAINT * density.max(), 0.0, density)
    columns, rows = (mass.amax(0) > 0).nonzero()[:, 0], (mass.amax(1) > 0).nonzero()[:, 0]
    across, along = slice(int(columns[0]), int(columns[-1]) + 1), slice(int(rows[0]), int(rows[-1]) + 1)
    kept = mass[along, across].contiguous()
    return Nodes(x[across], y[along], kept / kept.sum(), spacing, width)
