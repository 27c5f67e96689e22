"""The Fokker-Planck equation on a grid: d_t p = -div(p b) + sigma^2/2 lap p (6.S184 notes, Thm 2.4; Chen
2024, sec 6; Liao et al. 2024).

Finite volumes: a cell's mass changes by what flows through its four faces, so mass is kept to rounding, and
no mass leaves the grid. Transport is of second order with limited slopes and a step below the bound under
which no cell can become negative; diffusion is the exact heat kernel of the grid between walls. With
sigma = 0 it is the continuity equation (6.S184 notes, Thm 2.2; “Vector fields” post). A grid is as in
``densities``; its points are the centres of the cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.kernels import grid_points
from fmstudio.flows.measures.densities import even_step

Drift = Callable[[Tensor, float], Tensor]
"""b(x (n, 2), t) -> (n, 2)"""

COURANT = 0.45
"""Of a cell's mass at most this share leaves through one face of each axis in a step; below 1/2 none turns
negative, because the two face values of a limited slope add up to twice the cell's."""

FAINT = 1e-8
"""Cells below this share of the largest, with none above it within two cells, are held still for a step. Far
away a field is steep, and would dictate the step to cells that hold nothing."""


@final
@dataclass(frozen=True)
class _Faces:
    """Normal velocities through the inner faces, in cells per time: (ny, nx - 1) and (ny - 1, nx)."""

    across: Tensor
    along: Tensor

    def courant(self) -> float:
        """The largest share of a cell per time, both axes together."""
        x = torch.nn.functional.pad(self.across.abs(), (1, 1))
        y = torch.nn.functional.pad(self.along.abs(), (0, 0, 1, 1))
        return float((torch.maximum(x[:, 1:], x[:, :-1]) + torch.maximum(y[1:], y[:-1])).max())


def solve_continuity(
    density: Tensor, xs: Tensor, ys: Tensor, velocity: Drift, times: Sequence[float]
) -> Iterator[Tensor]:
    """Solves d_t p = -div(p u): the Fokker-Planck equation without noise; see ``solve_fokker_planck``."""
    return solve_fokker_planck(density, xs, ys, velocity, lambda _: 0.0, times)


def solve_fokker_planck(
    density: Tensor,
    xs: Tensor,
    ys: Tensor,
    drift: Drift,
    diffusion: Callable[[float], float],
    times: Sequence[float],
    steady: bool = False,
) -> Iterator[Tensor]:
    """Yields p (ny, nx) at each of the rising ``times``; the first is ``density`` itself.

    Between times it takes as many steps as stability asks for. A ``steady`` drift is asked only once. Raises
    ValueError for times that do not rise, a density of another shape or below zero, or sigma < 0.
    """
    steps = (even_step(xs, "xs"), even_step(ys, "ys"))
    _check(density, xs, ys, times)
    current = _Current(drift, xs, ys, steady)
    yield density
    moving = current.at(times[0], density)
    for before, after in pairwise(times):
        t = before
        while t < after - 1e-12:
            # The last step's speeds say where the middle of this one is; its own say whether that is too far.
            dt = min(after - t, (after - before) / 2, COURANT / max(moving.courant(), 1e-12))
            moving = current.at(t + dt / 2, density)
            dt = min(dt, COURANT / max(moving.courant(), 1e-12))
            spread = _heat(density, steps, diffusion(t + dt / 2), dt)
            density = spread(_transported(spread(density), moving, dt))
            t += dt
        yield density


def _check(density: Tensor, xs: Tensor, ys: Tensor, times: Sequence[float]) -> None:
    if density.shape != (len(ys), len(xs)):
        raise ValueError(f"density must have shape {(len(ys), len(xs))}, got {tuple(density.shape)}")
    if not bool(torch.isfinite(density).all()) or bool((density < 0).any()):
        raise ValueError("density must be finite and at least 0")
    if len(times) < 1 or any(b <= a for a, b in pairwise(times)):
        raise ValueError(f"times must rise, got {list(times)}")


@final
class _Current:
    """The drift through the faces of all cells that hold something, or are near one that does."""

    def __init__(self, drift: Drift, xs: Tensor, ys: Tensor, steady: bool) -> None:
        self._drift = drift
        self._steps = (even_step(xs, "xs"), even_step(ys, "ys"))
        self._points = (grid_points((xs[1:] + xs[:-1]) / 2, ys), grid_points(xs, (ys[1:] + ys[:-1]) / 2))
        everywhere = torch.ones(len(ys), len(xs), dtype=torch.bool)
        self._kept = self._through(everywhere, 0.0, xs) if steady else None

    def at(self, t: float, density: Tensor) -> _Faces:
        held = (density > FAINT * density.max()).to(density)[None, None]
        near = torch.nn.functional.max_pool2d(held, 5, stride=1, padding=2)[0, 0] > 0
        if self._kept is None:
            return self._through(near, t, density)
        return _Faces(self._kept.across * _joined(near.T).T, self._kept.along * _joined(near))

    def _through(self, near: Tensor, t: float, like: Tensor) -> _Faces:
        across = self._speed(_joined(near.T).T, t, 0, like)
        return _Faces(across, self._speed(_joined(near), t, 1, like))

    def _speed(self, wanted: Tensor, t: float, axis: int, like: Tensor) -> Tensor:
        speed = like.new_zeros(wanted.shape)
        speed[wanted] = self._drift(self._points[axis][wanted], t)[:, axis].to(like) / self._steps[axis]
        return speed


def _joined(cells: Tensor) -> Tensor:
    """The faces along the rows' axis with such a cell on either side."""
    return cells[1:] | cells[:-1]


def _transported(p: Tensor, faces: _Faces, dt: float) -> Tensor:
    """One step of Heun's method in the form that keeps positivity: the mean of p and two Euler steps."""
    once = p + dt * _inflow(p, faces)
    return (p + once + dt * _inflow(once, faces)) / 2


def _inflow(p: Tensor, faces: _Faces) -> Tensor:
    return _inflow_along(p, faces.along) + _inflow_along(p.T, faces.across.T).T


def _inflow_along(p: Tensor, speed: Tensor) -> Tensor:
    """What flows into each cell along the rows' axis, by upwind values at the faces of limited slopes."""
    half = _limited_slope(p) / 2
    flux = speed.clamp(min=0) * (p + half)[:-1] + speed.clamp(max=0) * (p - half)[1:]
    wall = torch.zeros_like(p[:1])
    return torch.cat([wall, flux]) - torch.cat([flux, wall])


def _limited_slope(p: Tensor) -> Tensor:
    """The central slope per cell, cut to twice the lesser one-sided one: no new extrema, no face below 0."""
    rise = p[1:] - p[:-1]
    left, right = rise[:-1], rise[1:]
    size = torch.minimum((left + right).abs() / 2, 2 * torch.minimum(left.abs(), right.abs()))
    wall = torch.zeros_like(p[:1])
    return torch.cat([wall, torch.where(left * right > 0, size * left.sign(), 0.0), wall])


def _heat(p: Tensor, steps: tuple[float, float], sigma: float, dt: float) -> Callable[[Tensor], Tensor]:
    """Half a step of diffusion, sigma^2/2 lap p over dt/2, between walls: a product from either side."""
    if not sigma >= 0 or math.isinf(sigma):
        raise ValueError(f"sigma must be finite and at least 0, got {sigma}")
    if sigma == 0:
        return lambda q: q
    along, across = (
        _heat_matrix(n, sigma**2 / 2 * dt / 2 / step**2, p)
        for n, step in ((p.shape[0], steps[1]), (p.shape[1], steps[0]))
    )
    return lambda q: along @ q @ across.T


def _heat_matrix(n: int, amount: float, like: Tensor) -> Tensor:
    """exp(amount * second difference) on n cells between walls, by its cosines; symmetric, columns sum to 1.

    Its entries are probabilities; rounding below zero is cut and the columns made to sum to 1 again.
    """
    index = torch.arange(n, dtype=torch.float64)
    basis = torch.cos(math.pi * (index[:, None] + 0.5) * index / n)
    basis = basis / basis.norm(dim=0)
    decay = torch.exp(-4 * amount * torch.sin(math.pi * index / (2 * n)) ** 2)
    matrix = ((basis * decay) @ basis.T).clamp(min=0)
    stochastic: Tensor = matrix / matrix.sum(0)
    return stochastic.to(like)
