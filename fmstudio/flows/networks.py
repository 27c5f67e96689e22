"""The velocity network: an MLP with SiLU, all of whose numbers are one flat vector.

v(x, t) = offset_t + skip_t (x - centre_t) + out_t F(y, waves of y, features of t),  y = (x - centre_t) / in_t

with per-axis constants such that a perfect F has zero mean and unit variance at every t if x_0 and z were
Gaussian: offset + skip (x - centre) is the best linear predictor of the velocity alpha' z + beta' x_0 from
x_t, out_t the standard deviation of what it leaves (the preconditioning of Karras et al. 2022, App. B, for
any schedule). A fresh network therefore already flows the source onto a Gaussian of the target's mean and
variance.

Layout of ``flat``: first the ``Normalisation`` table, NODES x COLUMNS numbers at the times
t_k = sin^2(pi k / (2 NODES - 2)) (linear in asin sqrt t between them, so that square-root ends are followed),
then layer by layer the weight (inputs, outputs), row-major, and the bias. The table is data, not trained.

Forward, backward and forward-tangent passes are written out by hand: at this size autograd's bookkeeping
costs more than the arithmetic.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, final

import torch
from torch import Tensor

from fmstudio.flows.schedules import Schedule

Time = float | Tensor

DIMENSION = 2
NODES = 65
WAVES = (1.5, 3.0)
"""Frequencies of the sines and cosines of y that F sees beside y: they let a small network draw fine detail
(Tancik et al. 2020). Low enough to be smooth: their periods are 4 and 2 standard deviations of x_t."""
SPACE = DIMENSION * (1 + 2 * len(WAVES))
TIME = 5
"""Features of time: see ``time_features``."""
GAIN = 1.5
"""Standard deviation of a unit's input from unit inputs at the start; the last layer starts at 0."""
TILE = 4096
"""Rows that are pushed through at once: two layers of them fit into the cache."""

_COLUMNS = 5 * DIMENSION + 1


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
    """The table (NODES, COLUMNS): centre, in, skip, offset, out (an axis each), angle."""

    table: Tensor

    @classmethod
    def identity(cls) -> Self:
        """x and F as they are: for a network without a schedule."""
        table = torch.zeros(NODES, _COLUMNS)
        table[:, 2:4] = 1.0
        table[:, 8:10] = 1.0
        table[:, 10] = torch.linspace(1, -1, NODES)
        return cls(table)

    @classmethod
    def of(cls, schedule: Schedule, moments: PairMoments) -> Self:
        """By linear regression of alpha' z + beta' x_0 on alpha z + beta x_0, axis by axis."""
        t = torch.sin(torch.linspace(0, math.pi / 2, NODES, dtype=torch.float64)).square()[:, None]
        alpha, beta, dalpha = schedule.alpha(t), schedule.beta(t), schedule.dalpha(t)
        beta_dbeta = schedule.beta_dbeta(t)
        # An infinite beta' (VP and the like, t = 1) is cut: any out_t serves, the network adapts to it.
        dbeta = schedule.dbeta(t).clamp_min(-20 * max(1.0, schedule.source_scale))
        m, s = moments, moments.covariance
        variance = (alpha * m.target_std) ** 2 + (beta * m.source_std) ** 2 + 2 * alpha * beta * s
        variance = variance.clamp_min(1e-12)
        covariance = alpha * dalpha * m.target_std**2 + beta_dbeta * m.source_std**2
        covariance = covariance + (alpha * dbeta + dalpha * beta) * s
        left = ((m.source_std * m.target_std) ** 2 - s**2).clamp_min(
            1e-6 * (m.source_std * m.target_std) ** 2
        )
        columns = [
            alpha * m.target_mean + beta * m.source_mean,
            variance.sqrt(),
            covariance / variance,
            dalpha * m.target_mean + dbeta * m.source_mean,
            (dalpha * beta - alpha * dbeta).abs() * (left / variance).sqrt(),
            _angle(alpha, beta, m),
        ]
        return cls(torch.cat(columns, dim=1).to(torch.float32))


def _angle(alpha: Tensor, beta: Tensor, m: PairMoments) -> Tensor:
    """The schedule-free time: 1 for pure source, -1 for pure target, the angle between their scales."""
    signal = alpha * m.target_std.square().mean().sqrt()
    noise = beta * m.source_std.square().mean().sqrt()
    return torch.atan2(noise, signal) * (4 / math.pi) - 1


def space_features(y: Tensor) -> Tensor:
    """(n, SPACE): y, then sin and cos of w y for each w of ``WAVES``."""
    waves = [wave(w * y) for w in WAVES for wave in (torch.sin, torch.cos)]
    return torch.cat([y, *waves], dim=1)


def _space_slopes(y: Tensor, axis: int) -> Tensor:
    """d space_features / d y_axis at its columns of that axis: (n, SPACE / 2)."""
    y = y[:, axis]
    slopes = [s for w in WAVES for s in (w * torch.cos(w * y), -w * torch.sin(w * y))]
    return torch.stack([torch.ones_like(y), *slopes], dim=1)


def time_features(angle: Tensor) -> Tensor:
    """(..., TIME) of the schedule-free time in [-1, 1]: the angle, and half the log of the noise-to-
    signal ratio (cut at 100 : 1), which spreads out the last moments, when details form."""
    ratio = torch.tan(((angle + 1) * (math.pi / 4)).clamp(0.01, math.pi / 2 - 0.01))
    half_log = ratio.log() / 2
    waves = [torch.sin(math.pi * angle), torch.sin(2 * half_log), torch.cos(2 * half_log)]
    return torch.stack([angle, half_log, *waves], dim=-1)


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


@final
class MLP:
    """The network: ``layers`` hidden layers of ``width`` units. A plain value but for ``flat``, which
    training overwrites in place. It computes in the dtype and on the device of ``flat``."""

    def __init__(self, width: int, layers: int, generator: torch.Generator | None = None) -> None:
        """A fresh network (weights of ``generator``, or of seed 0). Raises ValueError for an empty shape."""
        if width < 1 or layers < 1:
            raise ValueError(f"width and layers must be at least 1, got {width} and {layers}")
        self.width, self.layers = width, layers
        self._bind(torch.zeros(self.size(width, layers)))
        self.normalise(Normalisation.identity())
        generator = generator or torch.Generator().manual_seed(0)
        for weight, _ in self.parameters(self.trained):
            draw = torch.rand(weight.shape, generator=generator, device=generator.device)
            weight.copy_((2 * draw - 1) * GAIN * math.sqrt(3 / len(weight)))
        self.parameters(self.trained)[-1][0].zero_()

    @classmethod
    def from_flat(cls, width: int, layers: int, flat: Tensor) -> Self:
        """The network with these numbers (copied). Raises ValueError for a wrong length or NaN."""
        if flat.shape != (cls.size(width, layers),):
            expected = cls.size(width, layers)
            raise ValueError(
                f"flat must hold {expected} numbers for {layers} layers of {width}, got {flat.shape}"
            )
        if not bool(torch.isfinite(flat).all()):
            raise ValueError("flat holds NaN or infinite numbers")
        network = cls(width, layers)
        network._bind(flat.detach().clone())
        return network

    @staticmethod
    def size(width: int, layers: int) -> int:
        """The length of ``flat``."""
        return NODES * _COLUMNS + sum(a * b + b for a, b in _shapes(width, layers))

    def _bind(self, flat: Tensor) -> None:
        self.flat = flat
        self.table = flat[: NODES * _COLUMNS].view(NODES, _COLUMNS)
        self.trained = flat[NODES * _COLUMNS :]

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> Self:
        """A copy there."""
        return type(self).from_flat(self.width, self.layers, self.flat.to(device=device, dtype=dtype))

    def normalise(self, normalisation: Normalisation) -> None:
        """Takes over the table."""
        self.table.copy_(normalisation.table)

    def parameters(self, trained: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Views (weight (inputs, outputs), bias) of a vector laid out like ``trained``, layer by layer."""
        return list(_views(trained, self.width, self.layers))

    def coefficients(self, t: Time) -> Coefficients:
        """The normalisation at ``t``, a float, a 0-d tensor, (n,) or (n, 1)."""
        t = torch.as_tensor(t, dtype=self.flat.dtype, device=self.flat.device).reshape(-1)
        if t.stride(0) == 0:  # one time, expanded over the rows
            t = t[:1]
        place = torch.asin(t.clamp(0, 1).sqrt()) * ((NODES - 1) * 2 / math.pi)
        left = place.floor().clamp(0, NODES - 2)
        index = left.long()
        rows = torch.lerp(self.table[index], self.table[index + 1], (place - left)[:, None])
        centre, scale, skip, offset, out = (rows[:, i : i + DIMENSION] for i in range(0, 10, DIMENSION))
        return Coefficients(centre, scale, skip, offset, out, time_features(rows[:, 10]))

    # ---- inference ------------------------------------------------------------------------------------

    def __call__(self, x: Tensor, t: Time) -> Tensor:
        """v(x, t): (n, 2)."""
        return self._tiled(x, t, divergence=False)[0]

    def velocity_and_divergence(self, x: Tensor, t: Time) -> tuple[Tensor, Tensor]:
        """v (n, 2) and div v (n,), exactly, by two forward tangents."""
        return self._tiled(x, t, divergence=True)

    @torch.no_grad()
    def _tiled(self, x: Tensor, t: Time, divergence: bool) -> tuple[Tensor, Tensor]:
        at = self.coefficients(t)
        x_in = x.to(self.flat)
        velocity = torch.empty_like(x_in)
        trace = torch.empty_like(x_in[:, 0]) if divergence else x_in.new_empty(0)
        for first in range(0, len(x), TILE):
            rows = slice(first, first + TILE)
            tile = Coefficients(*(c if len(c) == 1 else c[rows] for c in vars(at).values()))
            if divergence:
                velocity[rows], trace[rows] = self._with_tangents(x_in[rows], tile)
            else:
                velocity[rows] = self._velocity(x_in[rows], tile)
        return velocity.to(x), trace.to(x.dtype)

    def _velocity(self, x: Tensor, at: Coefficients) -> Tensor:
        gap = x - at.centre
        weights = self.parameters(self.trained)
        h = _first_layer(gap / at.scale, at.features, weights[0])
        for weight, bias in weights[1:]:
            h = torch.addmm(bias, torch.nn.functional.silu(h, inplace=True), weight)
        return at.offset + at.skip * gap + at.out * h

    def _with_tangents(self, x: Tensor, at: Coefficients) -> tuple[Tensor, Tensor]:
        gap = x - at.centre
        weights = self.parameters(self.trained)
        y, first = gap / at.scale, weights[0][0]
        h = _first_layer(y, at.features, weights[0])
        tangents = torch.stack([_space_slopes(y, i) @ first[i:SPACE:DIMENSION] for i in range(DIMENSION)])
        for weight, bias in weights[1:]:
            gate = torch.sigmoid(h)
            slope = gate * (1 + h * (1 - gate))
            tangents = (tangents * slope) @ weight
            h = torch.addmm(bias, h.mul_(gate), weight)
        diagonal = tangents.diagonal(dim1=0, dim2=2)
        divergence = (at.skip + at.out / at.scale * diagonal).sum(1)
        return at.offset + at.skip * gap + at.out * h, divergence


def _first_layer(y: Tensor, features: Tensor, layer: tuple[Tensor, Tensor]) -> Tensor:
    """The first layer before its SiLU; one time's features are folded into the bias."""
    weight, bias = layer
    from_time = torch.addmm(bias, features, weight[SPACE:])
    return torch.addmm(from_time, space_features(y), weight[:SPACE])


def _shapes(width: int, layers: int) -> list[tuple[int, int]]:
    sizes = [SPACE + TIME, *[width] * layers, DIMENSION]
    return list(itertools.pairwise(sizes))


def _views(trained: Tensor, width: int, layers: int) -> Iterator[tuple[Tensor, Tensor]]:
    first = 0
    for inputs, outputs in _shapes(width, layers):
        weight = trained[first : first + inputs * outputs].view(inputs, outputs)
        first += inputs * outputs
        yield weight, trained[first : first + outputs]
        first += outputs


@final
class BackwardPass:
    """Loss and gradient of sum_ij w_ij (F_ij - y_ij)^2 / n for batches of a fixed size, in preallocated
    buffers. ``gradient`` is laid out like ``MLP.trained`` and overwritten by each call."""

    def __init__(self, network: MLP, weights: Tensor, batch: int) -> None:
        """``weights`` is the vector to differentiate by, laid out like ``MLP.trained``; it is only read."""
        shape = (batch, network.width)
        self.gradient = torch.zeros_like(weights)
        self._layers = network.parameters(weights)
        self._gradients = network.parameters(self.gradient)
        self._before = [weights.new_empty(shape) for _ in range(network.layers)]
        self._after = [weights.new_empty(shape) for _ in range(network.layers)]
        self._back = [weights.new_empty(shape) for _ in range(network.layers)]
        self._ones = weights.new_ones(batch)
        self._answer = weights.new_empty(batch, DIMENSION)

    @torch.no_grad()
    def __call__(self, inputs: Tensor, y: Tensor, w: Tensor) -> Tensor:
        """The loss, a scalar tensor. inputs (n, SPACE + TIME), y and w (n, 2)."""
        h = inputs
        for (weight, bias), before, after in zip(self._layers, self._before, self._after, strict=False):
            torch.addmm(bias, h, weight, out=before)
            h = torch.ops.aten.silu.out(before, out=after)
        weight, bias = self._layers[-1]
        gap = torch.addmm(bias, h, weight, out=self._answer).sub_(y)
        pull = gap * w
        loss = torch.dot(gap.view(-1), pull.view(-1)) / len(y)
        self._propagate(inputs, pull.mul_(2 / len(y)))
        return loss

    def _propagate(self, inputs: Tensor, back: Tensor) -> None:
        for i in range(len(self._layers) - 1, -1, -1):
            weight_gradient, bias_gradient = self._gradients[i]
            below = inputs if i == 0 else self._after[i - 1]
            torch.mm(below.t(), back, out=weight_gradient)
            torch.mv(back.t(), self._ones, out=bias_gradient)
            if i > 0:
                back = torch.mm(back, self._layers[i][0].t(), out=self._back[i - 1])
                torch.ops.aten.silu_backward.grad_input(back, self._before[i - 1], grad_input=back)
