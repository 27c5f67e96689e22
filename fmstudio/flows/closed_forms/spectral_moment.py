"""One moment t of the path between any two ends, by their characteristic functions (see ``spectral``).

The moment has a period that holds all of p_t and as many modes as its narrowest normal needs, or fewer where
both ends' characteristic functions have died away. Pictures are summed mode by mode, by two products of
matrices. Scattered points read a cubic B-spline whose coefficients are those of the field exactly: the
spline's own transfer function is divided out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import torch
from scipy.fft import next_fast_len
from torch import Tensor

from fmstudio.flows.closed_forms.border import Border
from fmstudio.flows.closed_forms.kernels import grid_points
from fmstudio.flows.closed_forms.marginals import FAINT, Coefficients, FirstOrder
from fmstudio.flows.closed_forms.spectra import TAIL, Spectrum, gathered, spline_weights
from fmstudio.flows.paths.schedules import END, Schedule

MOST_MODES = 384
"""Modes a side, of one sign. A law that is finer is smoothed to what they resolve."""

SPARSE = 2
"""Every other node of the splines tells where mass ends: they are three or four to a mode."""


@final
@dataclass(frozen=True)
class Precision:
    """How much is computed for points of one dtype."""

    dtype: torch.dtype
    cut: float
    """frequencies go to at most cut / width of the narrowest normal"""
    negligible: float
    """modes smaller than this are left out"""
    faint: float
    """of the peak of p_t: below it a quotient of two sums is not trusted"""
    nodes: int
    """of the spline, to each mode of one sign"""

    @property
    def complex(self) -> torch.dtype:
        return torch.complex64 if self.dtype == torch.float32 else torch.complex128


PRECISIONS = {
    torch.float32: Precision(torch.float32, cut=5.3, negligible=1e-6, faint=FAINT, nodes=3),
    torch.float64: Precision(torch.float64, cut=7.0, negligible=1e-12, faint=1e-9, nodes=4),
}


@final
class SpectralMoment:
    """All that is asked of one moment t, in one precision."""

    def __init__(
        self,
        ends: tuple[Spectrum, Spectrum],
        schedule: Schedule,
        t: float,
        precision: Precision,
        noise: float = 0.0,
    ) -> None:
        """``noise`` is the a of an interpolant's gamma_t = a sqrt(t (1 - t))."""
        self._source, self._target = ends
        self._precision = precision
        # beta' E[x_0 given x] is infinite times 0 at t = 1 of some schedules: the moment next to it serves.
        c = Coefficients.at(schedule, min(t, 1 - END), torch.zeros(1, 2, dtype=torch.float64))
        self.alpha, self.beta = float(c.alpha), float(c.beta)
        self.dalpha, self.dbeta = float(c.dalpha), float(c.dbeta)
        self._beta_dbeta = float(c.beta_dbeta)
        within = min(max(t, END), 1 - END)
        self.noise_variance = noise**2 * t * (1 - t)
        self.noise_rate = noise**2 * (1 - 2 * t) / 2
        """gamma gamma'"""
        self.noise_speed = noise**2 * (1 - 2 * within) ** 2 / (4 * within * (1 - within))
        """gamma'^2, next to the ends where it is infinite"""
        self._set_period()

    def _set_period(self) -> None:
        a, b, h1, h0 = self.alpha, self.beta, self._target.width, self._source.width
        self.centre = a * self._target.centre + b * self._source.centre
        self.half = 1.02 * (a * self._target.reach + b * self._source.reach)
        self.half = self.half + TAIL * math.sqrt(self.noise_variance)
        narrow = (a * h1) ** 2 + (b * h0) ** 2 + self.noise_variance
        cut = self._precision.cut
        finest = (cut * float(self.half.max()) / (math.pi * MOST_MODES)) ** 2
        self.smoothing = max(finest - narrow, 0.0)
        """variance of the normal that the law is smoothed by, where it is finer than the modes"""
        self.variance = narrow + self.smoothing
        rate = a * self.dalpha * h1**2 + self._beta_dbeta * h0**2 + self.noise_rate
        self.slope = rate / self.variance
        highest = self._highest(cut / math.sqrt(self.variance))
        modes = [math.ceil(highest * float(h) / math.pi) + 2 for h in self.half]
        self.kx, self.ky = (
            (torch.arange(m, dtype=torch.float64) * (math.pi / float(h))).to(self._precision.dtype)
            for m, h in zip(modes, self.half, strict=True)
        )
        self.rows = torch.cat([-self.ky[1:].flip(0), self.ky])

    def _highest(self, most: float) -> float:
        """The frequency beyond which nothing of p_t is left, at most ``most``."""
        k = torch.linspace(0, most, 400, dtype=torch.float64)
        left = self._target.decay(self.alpha * k) * self._source.decay(self.beta * k)
        left = left * torch.exp(-k.square() * (self.noise_variance / 2))
        seen = (left > self._precision.negligible).nonzero()
        return float(k[min(int(seen[-1]) + 1, len(k) - 1)])

    # ---- spectra -----------------------------------------------------------------------------------

    @cached_property
    def _moments(self) -> tuple[list[Tensor], list[Tensor]]:
        return self._to_degree(1)

    def _to_degree(self, degree: int) -> tuple[list[Tensor], list[Tensor]]:
        """Moments of (target, source) at alpha k and beta k; the target's carry smoothing and noise."""
        added = self.smoothing + self.noise_variance
        blur = torch.exp(-(self.kx.square() + self.rows[:, None].square()) * (added / 2))
        ones = self._target.moments(self.alpha * self.kx, self.alpha * self.ky, degree)
        zeros = self._source.moments(self.beta * self.kx, self.beta * self.ky, degree)
        return [m * blur for m in ones], zeros

    @cached_property
    def density_modes(self) -> Tensor:
        ones, zeros = self._moments
        return ones[0] * zeros[0]

    def _flux_modes(self) -> list[Tensor]:
        """p u: alpha' E[z] + beta' E[x_0], with the centres' own motion, and gamma' E[W], which is -gamma
        gamma' score."""
        ones, zeros = self._moments
        moving = self.dalpha * self._target.centre + self.dbeta * self._source.centre
        return [
            self.dalpha * ones[i] * zeros[0]
            + self.dbeta * ones[0] * zeros[i]
            + float(moving[i - 1]) * self.density_modes
            - self.noise_rate * gradient
            for i, gradient in zip((1, 2), self._gradient_modes(), strict=True)
        ]

    def _gradient_modes(self) -> list[Tensor]:
        return [1j * self.kx * self.density_modes, 1j * self.rows[:, None] * self.density_modes]

    def _target_modes(self) -> list[Tensor]:
        ones, zeros = self._moments
        return [ones[i] * zeros[0] + float(self._target.centre[i - 1]) * self.density_modes for i in (1, 2)]

    # ---- grids -------------------------------------------------------------------------------------

    def density_on_grid(self, xs: Tensor, ys: Tensor) -> Tensor:
        x, y = xs - float(self.centre[0]), ys - float(self.centre[1])
        inside = (x.abs() <= float(self.half[0])) & (y.abs() <= float(self.half[1]))[:, None]
        along = torch.polar(torch.ones(len(y), len(self.rows), dtype=xs.dtype), y[:, None] * self.rows)
        weights = torch.full_like(self.kx, 2.0)
        weights[0] = 1.0  # the other half plane is the conjugate of this one
        across = torch.polar(weights.expand(len(x), -1).contiguous(), x[:, None] * self.kx)
        values = torch.real(along @ self.density_modes @ across.T) / (4 * float(self.half.prod()))
        return torch.where(inside, values, 0.0).clamp(min=0)

    # ---- scattered points --------------------------------------------------------------------------

    @cached_property
    def _sizes(self) -> tuple[int, int]:
        """Nodes of the spline (x, y): more than the modes ask for."""
        return _nodes(self.kx, self._precision), _nodes(self.ky, self._precision)

    def _spline(self, modes: list[Tensor]) -> Tensor:
        """(ny, nx, channels): B-spline coefficients of the fields with these modes."""
        nx, ny = self._sizes
        damp = _transfer(self.kx, self.half[0], nx) * _transfer(self.rows, self.half[1], ny)[:, None]
        # The period starts at -half: a phase of (-1)^m; rows are in the order of the transform.
        sign_x = (1 - 2 * (torch.arange(len(self.kx)) % 2)).to(self.kx)
        index = torch.arange(-len(self.ky) + 1, len(self.ky))
        sign_y = (1 - 2 * (index.abs() % 2)).to(self.kx)
        factor = sign_x * sign_y[:, None] / damp * (nx * ny) / (4 * float(self.half.prod()))
        channels = []
        for mode in modes:
            padded = torch.zeros(ny, nx // 2 + 1, dtype=self._precision.complex)
            padded[index % ny, : len(self.kx)] = mode * factor
            channels.append(torch.fft.irfft2(padded, s=(ny, nx)))
        return torch.stack(channels, -1)

    @cached_property
    def _density_spline(self) -> Tensor:
        return self._spline([self.density_modes])

    @cached_property
    def _flux_spline(self) -> Tensor:
        return torch.cat([self._density_spline, self._spline(self._flux_modes())], -1)

    @cached_property
    def _picture_spline(self) -> Tensor:
        return torch.cat([self._flux_spline, self._spline(self._gradient_modes())], -1)

    @cached_property
    def _first_spline(self) -> Tensor:
        return torch.cat([self._picture_spline, self._spline(self._target_modes())], -1)

    def _read(self, spline: Tensor, x: Tensor) -> Tensor:
        """(n, channels) at points within the period; beyond it the nearest edge."""
        ny, nx = spline.shape[:2]
        place = (x - (self.centre - self.half).to(x)) / (2 * self.half).to(x)
        place = place.clamp(0, 1) * x.new_tensor([nx, ny])
        first = place.floor()
        shares = spline_weights(place - first)
        steps = torch.arange(-1, 3)
        column = (first[:, :1].long() + steps) % nx
        row = (first[:, 1:].long() + steps) % ny
        index = (row[:, :, None] * nx + column[:, None, :]).flatten(1)
        weights = (shares[:, 1, :, None] * shares[:, 0, None, :]).flatten(1)
        return torch.einsum("nk,nkc->nc", weights, spline.reshape(ny * nx, -1)[index])

    def _read_grid(self, spline: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
        """(ny nx, channels) on a grid: one axis after the other."""
        low, length = (self.centre - self.half).to(xs), (2 * self.half).to(xs)
        values = spline
        for k, points in enumerate((xs, ys)):
            nodes = spline.shape[1 - k]
            place = ((points - low[k]) / length[k]).clamp(0, 1) * nodes
            first = place.floor()
            values = gathered(values.transpose(0, 1), first.long() - 1, spline_weights(place - first))
        return values.reshape(-1, spline.shape[2])

    @cached_property
    def _peak(self) -> float:
        return float(self._density_spline.max())

    @cached_property
    def _border(self) -> Border:
        """Of where p_t is not faint, among the nodes of the splines."""
        sparse = self._density_spline[::SPARSE, ::SPARSE, 0]
        ny, nx = self._density_spline.shape[:2]
        cell = 2 * self.half / torch.tensor([nx, ny], dtype=torch.float64)
        solid = sparse > 10 * self._precision.faint * self._peak
        return Border(solid, self.centre - self.half, SPARSE * cell)

    def _anchored(self, x: Tensor, spline: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Values at ``x``, or where p_t is faint at the nearest that is not: (values, anchor, is_far)."""
        values = self._read(spline, x)
        beyond_x, beyond_y = ((x - self.centre.to(x)).abs() > self.half.to(x)).unbind(1)
        far = beyond_x | beyond_y | (values[:, 0] < self._precision.faint * self._peak)
        rows = far.nonzero()[:, 0]
        if not len(rows):
            return values, x, far
        points = self._border.points.to(x)
        index = self._border.nearest(x[rows])
        at_border = self._read(spline, points) if len(rows) > len(points) else None
        found = self._read(spline, points[index]) if at_border is None else at_border[index]
        return values.index_copy(0, rows, found), x.index_copy(0, rows, points[index]), far

    def _anchored_grid(self, xs: Tensor, ys: Tensor, spline: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same of a grid's points, row by row."""
        values, x = self._read_grid(spline, xs, ys), grid_points(xs, ys).reshape(-1, 2)
        beyond = [
            (p - float(c)).abs() > float(h) for p, c, h in zip((xs, ys), self.centre, self.half, strict=True)
        ]
        far = (beyond[1][:, None] | beyond[0]).flatten() | (values[:, 0] < self._precision.faint * self._peak)
        if not bool(far.any()):
            return values, x, far
        points, index = self._border.points.to(x), self._border.nearest_on_grid(xs, ys)
        at_border = self._read(spline, points).index_select(0, index)
        row = far[:, None]
        return torch.where(row, at_border, values), torch.where(row, points.index_select(0, index), x), far

    def velocity(self, x: Tensor) -> Tensor:
        values, anchor, _ = self._anchored(x, self._flux_spline)
        return values[:, 1:3] / values[:, :1] + self.slope * (x - anchor)

    def first_order(self, x: Tensor) -> FirstOrder:
        values, anchor, _ = self._anchored(x, self._first_spline)
        log_prob, velocity, score = self._fields(values, x - anchor)
        drawn = self.alpha * self._target.width**2 / self.variance * (x - anchor)
        return FirstOrder(log_prob, velocity, score, values[:, 5:7] / values[:, :1] + drawn)

    def fields_on_grid(self, xs: Tensor, ys: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Of a grid's points, row by row: log p_t, velocity, score, and whether p_t has mass."""
        values, anchor, far = self._anchored_grid(xs, ys, self._picture_spline)
        has_mass = ~far & (values[:, 0] >= FAINT * self._peak)
        return *self._fields(values, grid_points(xs, ys).reshape(-1, 2) - anchor), has_mass

    def _fields(self, values: Tensor, step: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """log p_t, velocity and score ``step`` away from where the values are read."""
        p = values[:, :1]
        near = values[:, 3:5] / p
        x, y = step.unbind(1)
        log_prob = p[:, 0].log() + near[:, 0] * x + near[:, 1] * y
        log_prob -= (x.square() + y.square()) / (2 * self.variance)
        return log_prob, values[:, 1:3] / p + self.slope * step, near - step / self.variance

    def second_order(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        values, _, far = self._anchored(x, self._second_spline)
        p = values[:, 0]
        mean = values[:, 1:3] / p[:, None]
        raw = values[:, 3:6] / p[:, None]
        cov = torch.stack([raw[:, 0], raw[:, 1], raw[:, 1], raw[:, 2]], 1).reshape(-1, 2, 2)
        cov = cov - mean[:, :, None] * mean[:, None, :]
        velocity = values[:, 6:8] / p[:, None]
        gradient = values[:, 10:12] / p[:, None]
        divergence = values[:, 8] / p - (velocity * gradient).sum(1)
        variance = values[:, 9] / p - velocity.square().sum(1)
        return cov, torch.where(far, 2 * self.slope, divergence), variance.clamp(min=0)

    @cached_property
    def _second_spline(self) -> Tensor:
        """p; E z; E z z; u; div(p u); E |target|^2; grad p: all times p, about the ends' own centres."""
        ones, zeros = self._to_degree(2)
        p = ones[0] * zeros[0]
        a, b = self.dalpha, self.dbeta
        mean = [ones[i] * zeros[0] for i in (1, 2)]
        raw = [ones[i] * zeros[0] for i in (3, 4, 5)]
        gradient = [1j * self.kx * p, 1j * self.rows[:, None] * p]
        drawn = [a * ones[i] * zeros[0] + b * ones[0] * zeros[i] for i in (1, 2)]
        flux = [d - self.noise_rate * g for d, g in zip(drawn, gradient, strict=True)]
        spread = 1j * self.kx * flux[0] + 1j * self.rows[:, None] * flux[1]
        square = torch.zeros_like(p)
        for first, second in ((1, 3), (2, 5)):
            square = square + a * a * ones[second] * zeros[0] + b * b * ones[0] * zeros[second]
            square = square + 2 * a * b * ones[first] * zeros[first]
        if self.noise_speed:
            long = self.kx.square() + self.rows[:, None].square()
            square = square + self.noise_speed * (2 - self.noise_variance * long) * p
            pushed = 1j * self.kx * drawn[0] + 1j * self.rows[:, None] * drawn[1]
            square = square - 2 * self.noise_rate * pushed
        return self._spline([p, *mean, *raw, *flux, spread, square, *gradient])


def _transfer(k: Tensor, half: Tensor, nodes: int) -> Tensor:
    """What a cubic B-spline on the nodes of a period makes of each mode: its coefficients are divided by
    it."""
    turn = k * (2 * float(half) / nodes)
    return (2 + torch.cos(turn)) / 3


def _nodes(k: Tensor, precision: Precision) -> int:
    return int(next_fast_len(precision.nodes * len(k), real=True))
