"""Logarithms of potentials as cubic splines: values, gradients and second derivatives anywhere.

The logarithm of a sum of normals is smooth on the normals' width and falls like a parabola far away, which a
cubic spline represents exactly: nothing is noise in the tails. Beyond the box the parabola goes on.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import final

import torch
from scipy.ndimage import spline_filter
from torch import Tensor

from fmstudio.flows.closed_forms.spectra import gathered, spline_weights


@final
@dataclass(frozen=True)
class Jet:
    """Of each channel at each point: value (n, c), gradient (n, c, 2), second derivatives xx, xy, yy (n, c,
    3) if asked for."""

    value: Tensor
    gradient: Tensor
    second: Tensor | None = None


@final
class LogSplines:
    """Channels (ny, nx) on a grid, with the second derivative by which each goes on beyond it."""

    def __init__(self, xs: Tensor, ys: Tensor, channels: list[Tensor], curvatures: list[float]) -> None:
        self._low = torch.stack([xs[0], ys[0]])
        self._high = torch.stack([xs[-1], ys[-1]])
        self._step = torch.stack([xs[1] - xs[0], ys[1] - ys[0]])
        self.highest = float(torch.stack(channels).sum(0).max())
        """the largest sum of all channels on the grid"""
        filtered = [torch.as_tensor(spline_filter(c.numpy(), order=3, mode="mirror")) for c in channels]
        # The mirror of its neighbours is what the filter continued each edge by.
        self._spline = torch.stack([_mirrored(c) for c in filtered], -1)
        self._curvatures = torch.tensor(curvatures, dtype=torch.float64)

    def combined(self, shares: list[float]) -> LogSplines:
        """One channel: the sum of all, each times its share; ``highest`` stays that of all."""
        one = copy(self)
        weights = torch.tensor(shares, dtype=torch.float64)
        one._spline = (self._spline @ weights)[..., None]
        one._curvatures = (self._curvatures @ weights)[None]
        return one

    def at(self, x: Tensor, second: bool = False) -> Jet:
        """At points (n, 2) float64."""
        inside = torch.minimum(torch.maximum(x, self._low), self._high)
        place = (inside - self._low) / self._step
        first = torch.minimum(place.floor(), self._last)
        fraction = place - first
        columns, rows = self._spline.shape[1], self._spline.shape[0]
        steps = torch.arange(4)
        index = (first[:, 1:].long() + steps)[:, :, None] * columns + (first[:, :1].long() + steps)[:, None]
        near = self._spline.reshape(rows * columns, -1)[index.reshape(len(x), 16)].reshape(len(x), 4, 4, -1)
        weights = [_weights(fraction[:, k], float(self._step[k]), second) for k in (0, 1)]
        across = [torch.einsum("nrkc,nk->nrc", near, w) for w in weights[0]]
        jet = _jet(across, weights[1])
        return self._beyond(jet, x - inside)

    def on_grid(self, xs: Tensor, ys: Tensor, second: bool = False) -> Jet:
        """The same on a grid, one coordinate after the other: leading shape (ny, nx)."""
        firsts, weights, beyond = [], [], []
        for k, points in enumerate((xs, ys)):
            inside = points.clamp(float(self._low[k]), float(self._high[k]))
            place = (inside - self._low[k]) / self._step[k]
            first = torch.minimum(place.floor(), self._last[k])
            firsts.append(first.long())
            weights.append(_weights(place - first, float(self._step[k]), second))
            beyond.append(points - inside)
        by_column = self._spline.permute(1, 2, 0)
        across = [gathered(by_column, firsts[0], w).permute(2, 1, 0) for w in weights[0]]
        orders = ORDERS[: 6 if second else 3]
        # The channels first, (c, ny, nx): what is made of them is a sum of whole pictures.
        found = [
            gathered(across[i], firsts[1], weights[1][j]).transpose(0, 1).contiguous() for i, j in orders
        ]
        value, gradient = self._grid_beyond(found[0], torch.stack(found[1:3]), beyond[0], beyond[1])
        curves = torch.stack(found[3:]).permute(2, 3, 1, 0) if second else None
        return Jet(value.permute(1, 2, 0), gradient.permute(2, 3, 1, 0), curves)

    def _grid_beyond(
        self, value: Tensor, gradient: Tensor, across: Tensor, along: Tensor
    ) -> tuple[Tensor, Tensor]:
        """``_beyond`` for values (c, ny, nx) and gradients (2, c, ny, nx) on a grid."""
        if not bool((across != 0).any()) and not bool((along != 0).any()):
            return value, gradient
        along, curves = along[:, None], self._curvatures[:, None, None]
        value = value + gradient[0] * across + gradient[1] * along
        value += (across.square() + along.square()) * (curves / 2)
        gradient[0] += across * curves
        gradient[1] += along * curves
        return value, gradient

    @property
    def _last(self) -> Tensor:
        """The last cell of the grid, by coordinate."""
        rows, columns = self._spline.shape[:2]
        return torch.tensor([columns - 4, rows - 4], dtype=torch.float64)

    def _beyond(self, jet: Jet, step: Tensor) -> Jet:
        """Continued by parabolas for points that lie ``step`` outside."""
        if not bool((step != 0).any()):
            return jet
        along = (jet.gradient * step[..., None, :]).sum(-1)
        value = jet.value + along + step.square().sum(-1, keepdim=True) * (self._curvatures / 2)
        gradient = jet.gradient + step[..., None, :] * self._curvatures[:, None]
        return Jet(value, gradient, jet.second)


ORDERS = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))


def _jet(across: list[Tensor], along: list[Tensor]) -> Jet:
    values = [torch.einsum("nrc,nr->nc", across[i], along[j]) for i, j in ORDERS[: (3, 6)[len(along) - 2]]]
    if len(along) == 2:
        value, dx, dy = values[:3]
        return Jet(value, torch.stack([dx, dy], -1))
    value, dx, dy, *seconds = values
    return Jet(value, torch.stack([dx, dy], -1), torch.stack(seconds, -1))


def _weights(fraction: Tensor, step: float, second: bool) -> list[Tensor]:
    """Of the four nodes about a place, (n, 4): for the value, the first and the second derivative."""
    f, g = fraction[:, None], 1 - fraction[:, None]
    found = [
        spline_weights(fraction),
        torch.cat([-g.square(), 3 * f.square() - 4 * f, 4 * g - 3 * g.square(), f.square()], 1) / (2 * step),
    ]
    if second:
        found.append(torch.cat([g, 3 * f - 2, 3 * g - 2, f], 1) / step**2)
    return found


def _mirrored(spline: Tensor) -> Tensor:
    """One more row and column at every side."""
    tall = torch.cat([spline[1:2], spline, spline[-2:-1]])
    return torch.cat([tall[:, 1:2], tall, tall[:, -2:-1]], 1)
