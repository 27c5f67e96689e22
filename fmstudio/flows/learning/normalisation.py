"""What the network sees and what its answer is multiplied by: the normalisation, and features of x and t.

With per-axis constants of time, y = (x - centre_t) / in_t has unit variance, offset_t + skip_t (x - centre_t)
is the best linear predictor of the velocity alpha' z + beta' x_0 from x_t, and out_t the standard deviation
of what it leaves: the preconditioning of Karras et al. 2022 (App. B), for any schedule and coupling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Self, final

import torch
from torch import Tensor

from fmstudio.flows.paths.schedules import Schedule, Time
from fmstudio.flows.paths.way_noise import NO_NOISE, WayNoise

DIMENSION = 2
NODES = 257
"""Rows of the table."""
COLUMNS = 5 * DIMENSION + 1
NEAR = 0.01
"""So far from the ends the scale of the answer is taken where noise on the way has an infinite rate."""
WAVES = (1.5, 3.0)
"""Frequencies of the sines and cosines of y that the network sees beside y: they let a small one draw fine
detail (Tancik et al. 2020). Low enough to be smooth: periods of 4 and 2 standard deviations of x_t."""
SPACE = DIMENSION * (1 + 2 * len(WAVES))
"""Features of place: see ``space_features``."""
TIME = 5
"""Features of time: see ``time_features``."""


@final
@dataclass(frozen=True)
class PairMoments:
    """Per-axis means and standard deviations of x_0 and z, and their covariance as coupled: (2,) each."""

    source_mean: Tensor
    source_std: Tensor
    target_mean: Tensor
    target_std: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, x_0: Tensor, z: Tensor) -> Self:
        """From paired draws (n, 2) each. An axis without spread counts as a thousandth of the widest."""
        x_0, z = x_0.double(), z.double()
        covariance = ((x_0 - x_0.mean(0)) * (z - z.mean(0))).mean(0)
        return cls(x_0.mean(0), _spread(x_0), z.mean(0), _spread(z), covariance)


def _spread(x: Tensor) -> Tensor:
    std = x.std(0)
    return std.clamp_min(max(1e-3 * float(std.max()), 1e-6))


@final
@dataclass(frozen=True)
class Normalisation:
    """The table (NODES, COLUMNS) of centre, in, skip, offset, out (two axes each) and angle at the times
    t_k = sin^2(pi k / (2 NODES - 2)); linear in asin sqrt t between them, so that square-root ends are
    followed."""

    table: Tensor

    @classmethod
    def identity(cls) -> Self:
        """x and F as they are: for a network without a schedule."""
        table = torch.zeros(NODES, COLUMNS)
        table[:, 2:4] = 1.0
        table[:, 8:10] = 1.0
        table[:, 10] = torch.linspace(1, -1, NODES)
        return cls(table)

    @classmethod
    def of(cls, schedule: Schedule, moments: PairMoments, way: WayNoise = NO_NOISE) -> Self:
        """By linear regression of alpha' z + beta' x_0 + gamma' W on alpha z + beta x_0 + gamma W, axis by
        axis."""
        t = _node_times()
        alpha, beta, dalpha = schedule.alpha(t), schedule.beta(t), schedule.dalpha(t)
        beta_dbeta = schedule.beta_dbeta(t)
        # An infinite beta' (VP and the like, t = 1) is cut: any out_t serves, the network adapts to it.
        dbeta = schedule.dbeta(t).clamp_min(-20 * max(1.0, schedule.source_scale))
        m, s = moments, moments.covariance
        variance = (alpha * m.target_std) ** 2 + (beta * m.source_std) ** 2 + 2 * alpha * beta * s
        variance = (variance + way.variance(t)).clamp_min(1e-12)
        covariance = way.rate(t) + alpha * dalpha * m.target_std**2 + beta_dbeta * m.source_std**2
        covariance = covariance + (alpha * dbeta + dalpha * beta) * s
        left = ((m.source_std * m.target_std) ** 2 - s**2).clamp_min(
            1e-6 * (m.source_std * m.target_std) ** 2
        )
        # Where source and target velocity agree (polynomial, t = 0) nothing is left; out_t stays above 0.
        square = schedule.wronskian(t).clamp(max=20 * schedule.source_scale).square() * left
        if way.spread:  # by W: Var(gamma v - gamma' x) of the velocity v and the place x without it
            # Near the ends gamma' is infinite and the field is not: out_t is that of a little way in.
            gamma, speed = way.variance(t).sqrt(), way.speed(t.clamp(NEAR, 1 - NEAR))
            on_z, on_x_0 = gamma * dalpha - speed * alpha, gamma * dbeta - speed * beta
            parts = (on_z * m.target_std) ** 2 + (on_x_0 * m.source_std) ** 2 + 2 * on_z * on_x_0 * s
            square = square + parts.clamp_min(0)
        out = (square / variance).sqrt()
        columns = [
            alpha * m.target_mean + beta * m.source_mean,
            variance.sqrt(),
            covariance / variance,
            dalpha * m.target_mean + dbeta * m.source_mean,
            out.clamp_min(1e-3 * float(out.max())),
            _angle(alpha, beta, m),
        ]
        return cls(torch.cat(columns, dim=1).to(torch.float32))

    @classmethod
    def of_score(cls, schedule: Schedule, moments: PairMoments, way: WayNoise) -> Self:
        """By linear regression of the conditional score -W/gamma on x_t; near the ends, where gamma is 0, as
        it is a hundredth of the way from them. Raises ValueError without noise on the way."""
        if not way.spread:
            raise ValueError("the score of a way without noise is no mean of conditional scores")
        t = _node_times()
        plain = cls.of(schedule, moments, way).table.double()
        variance = plain[:, 2:4].square()
        narrow = way.variance(t.clamp(NEAR, 1 - NEAR))
        out = ((variance - way.variance(t)).clamp_min(1e-4 * variance) / (variance * narrow)).sqrt()
        columns = [plain[:, :4], -1 / variance, torch.zeros_like(variance), out, plain[:, 10:]]
        return cls(torch.cat(columns, dim=1).to(torch.float32))


def _node_times() -> Tensor:
    """(NODES, 1)"""
    return torch.sin(torch.linspace(0, math.pi / 2, NODES, dtype=torch.float64)).square()[:, None]


def _angle(alpha: Tensor, beta: Tensor, m: PairMoments) -> Tensor:
    """The schedule-free time: 1 for pure source, -1 for pure target, the angle between their scales."""
    signal = alpha * m.target_std.square().mean().sqrt()
    noise = beta * m.source_std.square().mean().sqrt()
    return torch.atan2(noise, signal) * (4 / math.pi) - 1


@final
@dataclass(frozen=True)
class Coefficients:
    """The normalisation at some times: (n, 2) each, or (1, 2) for one time; features (n, TIME)."""

    centre: Tensor
    scale: Tensor
    skip: Tensor
    offset: Tensor
    out: Tensor
    features: Tensor


def lookup(table: Tensor, t: Time) -> Coefficients:
    """The table (NODES, COLUMNS) at ``t``: a float, a 0-d tensor, (n,) or (n, 1)."""
    t = torch.as_tensor(t, dtype=table.dtype, device=table.device).reshape(-1)
    if t.stride(0) == 0:  # one time, expanded over the rows
        t = t[:1]
    place = torch.asin(t.clamp(0, 1).sqrt()) * ((NODES - 1) * 2 / math.pi)
    left = place.floor().clamp(0, NODES - 2)
    index = left.long()
    before, after = table.index_select(0, index), table.index_select(0, index + 1)
    rows = torch.lerp(before, after, (place - left)[:, None])
    centre, scale, skip, offset, out = (rows[:, i : i + DIMENSION] for i in range(0, 10, DIMENSION))
    return Coefficients(centre, scale, skip, offset, out, time_features(rows[:, 10]))


def space_features(y: Tensor) -> Tensor:
    """(SPACE, n) of y (2, n), turned so that rows are contiguous: y, then sin(w y) and cos(w y) for each w of
    ``WAVES``."""
    frequency, phase = _waves(y.device, y.dtype)
    return torch.cat([y, torch.sin(frequency[1:] * y + phase[1:]).flatten(0, 1)])


def space_slopes(features: Tensor, dy: Tensor) -> Tensor:
    """The change (m, SPACE, n) of ``space_features`` (SPACE, n) as y changes by dy (m, 2, n or 1)."""
    waves = _other_waves(features) * _slopes_by_wave(dy)
    return torch.cat([dy.expand(-1, -1, features.shape[1]), waves], dim=1)


@final
class SpaceFeatures:
    """``space_features`` and ``space_slopes`` of y = (x - centre) / in, tile by tile, into given memory."""

    def __init__(self, at: Coefficients, along: Tensor) -> None:
        """``along`` (2, m, n or 1): the directions in which x changes."""
        frequency, phase = _waves(along.device, along.dtype)
        per_x = (1 / at.scale).t()
        self._factor = frequency * per_x
        self._shift = phase - self._factor * at.centre.t()
        self._dy = along * per_x[:, None]
        self._slopes = _slopes_by_wave(self._dy.transpose(0, 1)).transpose(0, 1)

    def fill(self, into: Tensor, points: Tensor, rows: slice) -> None:
        """``into`` (SPACE, 1 + m, rows): the features of points (2, rows), and their changes."""
        features = into[:, 0]
        angles = features.view(-1, DIMENSION, features.shape[1])
        torch.addcmul(_columns(self._shift, rows), points, _columns(self._factor, rows), out=angles)
        torch.sin(features[DIMENSION:], out=features[DIMENSION:])
        if into.shape[1] > 1:
            into[:DIMENSION, 1:] = _columns(self._dy, rows)
            waves = _other_waves(features)[:, None]
            torch.mul(waves, _columns(self._slopes, rows), out=into[DIMENSION:, 1:])


def _columns(values: Tensor, rows: slice) -> Tensor:
    """Those of some points; one time's stand for every point."""
    return values if values.shape[-1] == 1 else values[..., rows]


def _other_waves(features: Tensor) -> Tensor:
    """For each sine its cosine and for each cosine its sine: (SPACE - 2, n) of ``space_features``."""
    return features[DIMENSION:].view(len(WAVES), 2, DIMENSION, -1).flip(1).flatten(0, 2)


def _slopes_by_wave(dy: Tensor) -> Tensor:
    """(m, SPACE - 2, n or 1): what the other wave is to be multiplied by, since sin(w y) changes by
    w cos(w y) dy and cos(w y) by -w sin(w y) dy."""
    return torch.cat([sign * w * dy for w in WAVES for sign in (1, -1)], dim=1)


@lru_cache(maxsize=8)
@torch.inference_mode(mode=False)
def _waves(device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Frequency and phase, (1 + 2 waves, 1, 1) each: 1 and 0 for y itself, then for sine and cosine."""
    frequency = [1.0, *(w for w in WAVES for _ in range(2))]
    phase = [0.0, *(angle for _ in WAVES for angle in (0.0, math.pi / 2))]
    values = torch.tensor([frequency, phase], device=device, dtype=dtype)[..., None, None]
    return values[0], values[1]


def time_features(angle: Tensor) -> Tensor:
    """(..., TIME) of the schedule-free time in [-1, 1]: the angle, and half the log of the noise-to-
    signal ratio (cut at 100 : 1), which spreads out the last moments, when details form."""
    ratio = torch.tan(((angle + 1) * (math.pi / 4)).clamp(0.01, math.pi / 2 - 0.01))
    half_log = ratio.log() / 2
    waves = [torch.sin(math.pi * angle), torch.sin(2 * half_log), torch.cos(2 * half_log)]
    return torch.stack([angle, half_log, *waves], dim=-1)
