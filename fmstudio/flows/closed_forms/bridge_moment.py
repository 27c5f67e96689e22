"""One moment t of a Schroedinger bridge: all that follows from the logarithms of its two potentials.

p_t = f_t g_t with f the heat flow of the source's potential and g that, back in time, of the target's. With
F = log f_t, G = log g_t and the past and the future independent given x_t = x:

    u = (sigma^2 / 2) (grad G - grad F),    drift b = sigma^2 grad G,    score = grad F + grad G,
    E[z given x] = x + r grad G,     Cov[z given x] = r (I + r H G),      r = sigma^2 (1 - t),
    E[x_0 given x] = x + r grad F,   Cov[x_0 given x] = r (I + r H F),    r = sigma^2 t.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import torch
from torch import Tensor

from fmstudio.flows.closed_forms.kernels import symmetric
from fmstudio.flows.closed_forms.log_splines import Jet, LogSplines
from fmstudio.flows.closed_forms.marginals import FirstOrder
from fmstudio.flows.closed_forms.nodes import Nodes
from fmstudio.flows.closed_forms.potentials import Potential

TAIL = 5.0
"""Standard deviations of the bridges' noise that the splines' box holds."""
STEP = 0.4
"""Of the splines, to a width of what is narrowest at t."""
MOST_STEPS = 400
PARTING_STEPS = 200
"""At most so many for the line along which a bridge parts: it may be finer than any grid."""
CLOSE = 1e-12
"""A time this near an end counts as the end in what is divided by it."""


@final
@dataclass(frozen=True, eq=False)
class Course:
    """A bridge, once its potentials are known: nodes and potentials of (source, target)."""

    ends: tuple[Nodes, Nodes]
    potentials: tuple[Potential, Potential]
    sigma: float


@final
class BridgeMoment:
    """A bridge at t: float64 within."""

    def __init__(self, course: Course, t: float) -> None:
        self._ends, self._potentials, self.sigma = course.ends, course.potentials, course.sigma
        self.t = t
        self._past, self._future = self.sigma**2 * t, self.sigma**2 * (1 - t)

    @cached_property
    def _splines(self) -> LogSplines:
        f, g = self._potentials
        xs, ys = self._grid()
        channels = [f.log_on(xs, ys, self._past), g.log_on(xs, ys, self._future)]
        return LogSplines(xs, ys, channels, [-1 / (f.blur + self._past), -1 / (g.blur + self._future)])

    @cached_property
    def log_peak(self) -> float:
        """Of p_t, by the splines' own nodes."""
        return self._splines.highest

    @cached_property
    def _flow(self) -> LogSplines:
        """The potential of the probability flow: u is its gradient."""
        half = self.sigma**2 / 2
        return self._splines.combined([-half, half])

    def _grid(self) -> tuple[Tensor, Tensor]:
        source, target = self._ends
        boxes = zip(source.box, target.box, strict=True)
        low, high = ((1 - self.t) * one + self.t * other for one, other in boxes)
        room = TAIL * self.sigma * math.sqrt(self.t * (1 - self.t))
        narrow = min(math.hypot(source.width, self._past**0.5), math.hypot(target.width, self._future**0.5))
        parting = self.sigma**2 / (source.reach + target.reach)
        axes = []
        for k in (0, 1):
            length = float(high[k] - low[k]) + 2 * room
            for_width = min(MOST_STEPS, math.ceil(length / (STEP * narrow)))
            for_parting = min(PARTING_STEPS, math.ceil(length / (STEP * parting)))
            count = max(8, for_width, for_parting)
            ends = float(low[k]) - room, float(high[k]) + room
            axes.append(torch.linspace(*ends, count, dtype=torch.float64))
        return axes[0], axes[1]

    # ---- at points -------------------------------------------------------------------------------

    def velocity(self, x: Tensor) -> Tensor:
        return self._flow.at(x.double()).gradient[:, 0]

    def drifts(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Of the SDE forward in time, and of the one backward in time."""
        gradient = self._splines.at(x.double()).gradient
        return self.sigma**2 * gradient[..., 1, :], self.sigma**2 * gradient[..., 0, :]

    def first_order(self, x: Tensor) -> FirstOrder:
        return self._first(x.double(), self._splines.at(x.double()))

    def second_order(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Cov[z given x] (n, 2, 2), div u (n,), and the variance of the flow's target (n,)."""
        jet = self._splines.at(x.double(), second=True)
        assert jet.second is not None
        curves = jet.second[:, 1]
        eye = torch.eye(2, dtype=torch.float64)
        cov = self._future * (eye + self._future * symmetric(*curves.unbind(-1)))
        return cov, self._divergence(jet), self._target_variance(jet)

    def source_mean(self, x: Tensor) -> Tensor:
        return x.double() + self._past * self._splines.at(x.double()).gradient[..., 0, :]

    # ---- on grids --------------------------------------------------------------------------------

    def on_grid(self, xs: Tensor, ys: Tensor, divergence: bool) -> tuple[FirstOrder, Tensor | None]:
        jet = self._splines.on_grid(xs.double(), ys.double(), divergence)
        x = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), -1).double()
        return self._first(x, jet), self._divergence(jet) if divergence else None

    def density_on_grid(self, xs: Tensor, ys: Tensor) -> Tensor:
        f, g = self._potentials
        xs, ys = xs.double(), ys.double()
        return (f.log_on(xs, ys, self._past) + g.log_on(xs, ys, self._future)).exp()

    # ---- what follows ----------------------------------------------------------------------------

    def _velocity(self, jet: Jet) -> Tensor:
        return (self.sigma**2 / 2) * (jet.gradient[..., 1, :] - jet.gradient[..., 0, :])

    def _first(self, x: Tensor, jet: Jet) -> FirstOrder:
        mean = x + self._future * jet.gradient[..., 1, :]
        log_prob = jet.value[..., 0] + jet.value[..., 1]
        score = jet.gradient[..., 0, :] + jet.gradient[..., 1, :]
        return FirstOrder(log_prob, self._velocity(jet), score, mean)

    def _divergence(self, jet: Jet) -> Tensor:
        assert jet.second is not None
        laplacian = jet.second[..., 0] + jet.second[..., 2]
        return (self.sigma**2 / 2) * (laplacian[..., 1] - laplacian[..., 0])

    def _target_variance(self, jet: Jet) -> Tensor:
        """Of (z - x) / (2 (1 - t)) - (x_0 - x) / (2 t), whose mean is u: past and future are independent."""
        assert jet.second is not None
        laplacian = jet.second[..., 0] + jet.second[..., 2]
        square = self.sigma**2
        near = (max(self.t, CLOSE), max(1 - self.t, CLOSE))
        parts = [(2 * square / near[k] + square**2 * laplacian[..., k]) / 4 for k in (0, 1)]
        return (parts[0] + parts[1]).clamp(min=0)
