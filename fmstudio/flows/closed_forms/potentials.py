"""Potentials of the Schroedinger bridge as sums of normals, and the gauge in which they stay in range.

A potential f = sum_i w_i N(. ; c_i, h^2 I) obeys the heat equation in closed form: after the time t of a
Brownian motion with sigma, every normal has the variance h^2 + sigma^2 t. Between ends that are far apart or
of very different scale, the weights run over thousands of decades, nearly all of it along a quadratic. With
x' and z' relative to the middles of the ends, D the difference of the middles and any l > 0,

    |x - z|^2 = (l |x'|^2 - 2 x' . z' + |z'|^2 / l)
                + (1 - l) |x'|^2 + (1 - 1/l) |z'|^2 + 2 D . (x' - z') + |D|^2,

so the kernel of sigma is one of the ends brought to one place and one size, times a quadratic of either end.
Weights are kept without that quadratic, and normals meet it by completing the square.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

LEAST = 1e-285
"""A sum of kernels times weights, the largest of which is 1, below this has lost terms to underflow."""


@final
@dataclass(frozen=True)
class Gauge:
    """How the ends of a bridge are brought to one place and one size: their middles (2,), and l."""

    source: Tensor
    target: Tensor
    scale: float

    def kernel(self, x: Tensor, z: Tensor, coordinate: int, sigma: float) -> Tensor:
        """(len(x), len(z)): exp(-(sqrt(l) x' - z' / sqrt(l))^2 / (2 sigma^2)) of one coordinate."""
        root = math.sqrt(self.scale)
        gap = root * (x - self.source[coordinate])[:, None] - (z - self.target[coordinate]) / root
        return torch.exp(-gap.square() / (2 * sigma**2))

    def quadratic(self, of_target: bool, sigma: float) -> tuple[Tensor, float, Tensor]:
        """(centre, a, b): the weights of that end lack the factor exp(-a |c|^2 / 2 - b . c), c = node -
        centre."""
        apart = (self.source - self.target) / sigma**2
        if of_target:
            return self.target, -(1 - 1 / self.scale) / sigma**2, apart
        return self.source, -(1 - self.scale) / sigma**2, -apart


@final
@dataclass(frozen=True)
class Potential:
    """f(x) = exp(log_scale) sum_i W_i exp(-a |c_i|^2 / 2 - b . c_i) N(x; centre + c_i, variance), on nodes
    c_i of ``x`` by ``y`` relative to ``centre``; ``blur`` is the variance of its normals to begin with."""

    x: Tensor
    y: Tensor
    weights: Tensor
    centre: Tensor
    a: float
    b: Tensor
    blur: float = 0.0
    log_scale: float = 0.0

    def log_on(self, xs: Tensor, ys: Tensor, time: float) -> Tensor:
        """log f (ny, nx) on a grid, after a Brownian motion of variance ``time``; float64."""
        variance = self.blur + time
        kx, ky, rest = self._axes(xs, ys, variance)
        total = ky @ self.weights @ kx.T
        value = total.log() + rest
        low = total < LEAST
        return self._continued(xs, ys, value, low, (kx, ky), variance) if bool(low.any()) else value

    def rows(self, x: Tensor, time: float) -> tuple[Tensor, Tensor]:
        """At points (n, 2): how much each column and each row of nodes is seen, (n, nx) and (n, ny)."""
        variance = self.blur + time
        return tuple(  # type: ignore[return-value]
            _kernel(*self._meeting(x[:, k], k, variance), nodes) for k, nodes in ((0, self.x), (1, self.y))
        )

    def places(self, columns: Tensor, rows: Tensor) -> Tensor:
        """(n, 2): the nodes of these indices."""
        return torch.stack([self.x[columns], self.y[rows]], 1) + self.centre

    def log_rest(self, xs: Tensor, ys: Tensor, time: float) -> Tensor:
        """log f less the logarithm of the sum of weights times kernels, (ny, nx)."""
        return self._axes(xs, ys, self.blur + time)[2]

    def _meeting(self, x: Tensor, coordinate: int, variance: float) -> tuple[Tensor, float]:
        """Where a normal about ``x`` and the quadratic have their peak, and the variance of their product."""
        both = 1 / (1 / variance + self.a)
        local = x - self.centre[coordinate]
        return both * (local / variance - self.b[coordinate]), both

    def _axes(self, xs: Tensor, ys: Tensor, variance: float) -> tuple[Tensor, Tensor, Tensor]:
        kernels, rests = [], []
        for k, (points, nodes) in enumerate(((xs, self.x), (ys, self.y))):
            peak, both = self._meeting(points, k, variance)
            kernels.append(_kernel(peak, both, nodes))
            local = points - self.centre[k]
            rests.append(peak.square() / (2 * both) - local.square() / (2 * variance))
        constant = self.log_scale - math.log(2 * math.pi * variance)
        return kernels[0], kernels[1], rests[1][:, None] + rests[0] + constant

    def _continued(
        self,
        xs: Tensor,
        ys: Tensor,
        value: Tensor,
        low: Tensor,
        kernels: tuple[Tensor, Tensor],
        variance: float,
    ) -> Tensor:
        """Where sums underflow, the nearest place where they do not, continued by the normal about the mean
        of what is seen there: the far-field limit."""
        from scipy.ndimage import distance_transform_edt

        kx, ky = kernels
        steps = (float(ys[1] - ys[0]), float(xs[1] - xs[0]))
        row, column = distance_transform_edt(
            low.numpy(), sampling=steps, return_distances=False, return_indices=True
        )
        row, column = torch.as_tensor(row)[low].long(), torch.as_tensor(column)[low].long()
        total = (ky @ self.weights @ kx.T)[row, column]
        mean_x = (ky @ self.weights @ (kx * self.x).T)[row, column] / total + self.centre[0]
        mean_y = ((ky * self.y) @ self.weights @ kx.T)[row, column] / total + self.centre[1]
        here = low.nonzero()
        gained = (xs[column] - mean_x).square() + (ys[row] - mean_y).square()
        gained = gained - (xs[here[:, 1]] - mean_x).square() - (ys[here[:, 0]] - mean_y).square()
        filled = value.clone()
        filled[low] = value[row, column] + gained / (2 * variance)
        return filled


def _kernel(x: Tensor, variance: float, nodes: Tensor) -> Tensor:
    return torch.exp(-(x[:, None] - nodes).square() / (2 * variance))
